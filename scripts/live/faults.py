"""`twokey live faults`: the engine against the local exchange under schedules of faults."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from live.schedules.many import RunsSchedule, Tally
    from skills_lib.answers.schedules import SchedulesAnswer

LIMITS = (
    "Markets of schedules are drawn to make everything happen, not to be likely. A schedule without a violation proves "
    "what was checked on it and no more: docs/schedules.md lists the invariants."
)


def add_verbs(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(faults)


def faults(
    schedules: Annotated[int, typer.Option(callback=within(1, 1_000_000), help="How many schedules are run.")] = 300,
    seed: Annotated[int, typer.Option(callback=within(0, 10**12), help="Seed of the first; the others follow.")] = 1,
    jobs: Annotated[int, typer.Option(callback=within(1, 64), help="Processes that run them.")] = 2,
    schedule: Annotated[
        int | None, typer.Option(callback=within(0, 10**15), help="Repeat one schedule and tell its story.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Run the engine on the local exchange under seeded faults, and check every invariant after every step.

    A schedule that breaks one is made smaller until one number and a short story are left.

    Example: twokey live faults --schedules 300 --seed 1
    """
    answer = repeated(schedule) if schedule is not None else ran(schedules, seed, jobs, not json)
    print_faults(answer, command("live", "faults", "--schedule", answer.worst.seed) if answer.worst else "", json)


def print_faults(answer: "SchedulesAnswer", after: str, json: bool) -> None:
    """Print an answer. after: the next command.

    Raises:
        Exit: an invariant was broken.
    """
    if json:
        print_answer(ended(answer, after), "live-faults")
    else:
        from scripts.tables.schedules import print_schedules

        print_schedules(answer)
        print_ending(after)
    if answer.violations:
        raise typer.Exit(1)


def ran(schedules: int, seed: int, jobs: int, shown: bool, run: "RunsSchedule | None" = None) -> "SchedulesAnswer":
    """What schedules came to, with the story of the first that broke an invariant. run: by default of the engine."""
    from live.schedules.many import run_many
    from live.schedules.run import run_schedule
    from live.schedules.shrink import shrink

    runs = run or run_schedule

    with progress_bar(shown) as progress:
        tally = run_many(
            seed,
            schedules,
            min(jobs, schedules),
            lambda tally: progress(tally.schedules, schedules, f"{tally.violations} violations"),
            runs,
        )
    worst = shrink(tally.failures[0], runs).number if tally.failures else None
    return _answer(tally, worst, runs)


def repeated(schedule: int, run: "RunsSchedule | None" = None) -> "SchedulesAnswer":
    """One schedule with its story."""
    from live.schedules.many import Tally
    from live.schedules.run import run_schedule

    tally, runs = Tally(), run or run_schedule
    tally.add(runs(schedule))
    return _answer(tally, schedule, runs)


def _answer(tally: "Tally", shown: int | None, run: "RunsSchedule") -> "SchedulesAnswer":
    """shown: the schedule whose story is part of the answer."""
    from live.schedules.story import story
    from skills_lib.answers.schedules import SchedulesAnswer, WorstSchedule

    failure = tally.failures[0].violations[0].invariant if tally.failures else ""
    return SchedulesAnswer(
        schedules=tally.schedules,
        events=tally.events,
        trades=tally.trades,
        violations=tally.violations,
        worst=WorstSchedule(seed=shown or 0, invariant=failure) if failure else None,
        kinds={kind: tally.kinds[kind] for kind in sorted(tally.kinds)},
        story=story(shown, run) if shown is not None else [],
        limits=LIMITS,
    )
