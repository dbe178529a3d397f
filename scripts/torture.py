"""`twokey torture`: run any bot against the faults of the local exchange and score it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.tape_argument import TAPE_HELP, tape_of
from scripts.torture_subject import Subject, print_daemon_schedules, subject_of

if TYPE_CHECKING:
    from live.torture.trial import Trial
    from skills_lib.answers.torture import TortureLine

LIMITS = (
    "One run per fault on one tape: a clean line is no proof. Orders of other bots on the account count as this bot's. "
    "A bot that pyramids on purpose repeats intents in the control run too: compare with the line `none`."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("torture")(torture)


def torture(
    bot: Annotated[
        str, typer.Option(help='Command that starts the bot, in quotes; {port} is replaced: "python bot.py {port}".')
    ] = "",
    subject: Annotated[
        Subject, typer.Option(help="bot, or daemon: `twokey live run` in a workspace of its own, which is killed too.")
    ] = Subject.BOT,
    schedules: Annotated[
        int, typer.Option(callback=within(0, 1_000_000), help="Of the daemon: so many in virtual time instead.")
    ] = 0,
    schedule: Annotated[
        int | None, typer.Option(callback=within(0, 10**15), help="Repeat one of them and tell its story.")
    ] = None,
    deaths: Annotated[
        int | None,
        typer.Option(callback=within(0, 100), help="Kills under each fault.", show_default="daemon 2, bot 0"),
    ] = None,
    tape: Annotated[Path, typer.Option(callback=tape_of, help=TAPE_HELP)] = Path("sample"),
    port: Annotated[
        int, typer.Option(callback=within(0, 65_535), help="Port of the exchange; 0 picks a free one for each fault.")
    ] = 9001,
    faults: Annotated[str, typer.Option(help="Names of faults, separated by commas, or all.")] = "all",
    seconds: Annotated[
        float, typer.Option(callback=within(1, 86_400), help="How long the bot trades under each fault.")
    ] = 20.0,
    speed: Annotated[
        float, typer.Option(callback=within(0.01, 1_000), help="Exchange seconds in a second of this machine.")
    ] = 5.0,
    seed: Annotated[int, typer.Option(help="Seed of latencies and of faults by chance.")] = 0,
    jobs: Annotated[int, typer.Option(callback=within(1, 64), help="Faults tried at the same time, with port 0.")] = 1,
    logs: Annotated[Path | None, typer.Option(help="Folder for the bot's output, one file for each fault.")] = None,
    json: AsJson = False,
) -> None:
    """Start the bot against a fresh local exchange once for each fault, and score it from the exchange's side.

    The bot finds the exchange in TWOKEY_EXCHANGE and its keys in TWOKEY_API_KEY and TWOKEY_API_SECRET. It is asked to
    end with SIGTERM; ten seconds later it is killed.

    Example: twokey torture --bot "python bot.py {port}" --port 9001
    """
    if subject is Subject.DAEMON and (schedules or schedule is not None):
        print_daemon_schedules(schedules, schedule, seed, jobs, json)
        return
    from live.torture.run import TortureRequest, torture_bot

    with subject_of(subject, bot, deaths) as chosen, progress_bar(not json) as progress:
        given = chosen.run | {"tape": tape, "port": port, "seconds": seconds, "logs": logs}
        request = TortureRequest.checked(faults=faults, speed=speed, seed=seed, jobs=jobs, **given)
        trials = torture_bot(request, progress)
        violations = chosen.violations(trials)
    bot = chosen.run["command"]
    lines = [_line(trial) for trial in trials]
    failed = [trial.fault for trial in trials[1:] if not trial.score.clean] or [trials[-1].fault]
    after = command("simulate", "--tape", tape, "--start", "first-request", "--faults", failed[0])
    clean = sum(trial.score.clean for trial in trials)
    if json:
        from skills_lib.answers.torture import TortureAnswer

        answer = TortureAnswer(bot=bot, faults=lines, clean=clean, violations=tuple(violations), limits=LIMITS)
        print_answer(ended(answer, after), "torture")
    else:
        from scripts.tables.torture import print_trials

        print_trials(lines, clean, LIMITS, violations)
        print_ending(after)
    if violations:
        raise typer.Exit(1)


def _line(trial: "Trial") -> "TortureLine":
    from skills_lib.answers.torture import TortureLine

    score = trial.score
    counts = score.model_dump(exclude={"longest_naked_ms", "flat_after_ms"})
    flat_ms = score.flat_after_ms
    return TortureLine(
        fault=trial.fault,
        applied=trial.applied,
        ended=trial.ended,
        longest_naked_s=score.longest_naked_ms / 1000,
        flat_after_s=None if flat_ms is None else flat_ms / 1000,
        **counts,
    )
