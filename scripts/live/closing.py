"""`twokey live emergency-stop` closes an account without the daemon; `twokey live drill` rehearses it."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer
from scripts.limits import within
from scripts.live.options import Host, Symbols, Venue, opened_venue, session_folder, symbols_in
from scripts.next_step import command, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from live.account.closing.model import Closed
    from live.account.drill import Drill
    from skills_lib.answers.closing import ClosingAnswer
    from skills_lib.answers.drill import DrillAnswer


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("emergency-stop")(emergency_stop)
    app.command("drill")(drill)


def emergency_stop(
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    symbols: Symbols = "",
    minutes: Annotated[int, typer.Option(callback=within(1, 1440), help="How long it is tried.")] = 15,
    session: Annotated[str, typer.Option(help="Session to latch.", show_default="all of the venue")] = "",
    json: AsJson = False,
) -> None:
    """Cancel every order and close every position of the account, whoever opened it, and prove that it is flat.

    It needs the key and a connection, and no daemon. Exit code 0 only if flat was proven by two reads. Sessions of the
    venue are killed first, so that no daemon trades again until `twokey live reset`.

    Example: twokey live emergency-stop --venue simulator --host 127.0.0.1:9001
    """
    answer = _stopped(venue, host, symbols, minutes, session)
    if json:
        print_answer(answer, "live-emergency-stop", is_stored=False)
    else:
        from scripts.tables.closing import print_closing

        print_closing(answer)
        print_ending(command("live", "reset") if answer.latched else command("live", "status"))
    if not answer.flat:
        raise typer.Exit(1)


def drill(
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    symbols: Symbols = "BTCUSDT",
    session: Annotated[str, typer.Option(help="Keep the date in this session's folder.")] = "",
    json: AsJson = False,
) -> None:
    """Rehearse every call of a closing with the present position, and change nothing that the account holds.

    Exit code 1 if one step fails.

    Example: twokey live drill --symbols BTCUSDT --session simulator-paper
    """
    answer = _drilled(venue, host, symbols, session)
    if json:
        print_answer(answer, "live-drill", is_stored=False)
    else:
        from scripts.tables.closing import print_drill

        print_drill(answer)
        print_ending(command("live", "run"))
    if not answer.passed:
        raise typer.Exit(1)


def _drilled(venue: str, host: str, symbols: str, session: str) -> "DrillAnswer":
    from live.emergency.drill import drill_now, keep

    folder = session_folder(session) if session else None
    address, signer = opened_venue(venue, host)
    done = drill_now(address, signer, symbols_in(symbols))
    if folder is not None:
        keep(folder, done)
    return _drill_answer(done, kept=folder is not None)


def _drill_answer(done: "Drill", kept: bool) -> "DrillAnswer":
    from datetime import UTC, datetime

    from skills_lib.answers.drill import DrillAnswer, DrillStep

    return DrillAnswer(
        passed=done.passed,
        time=datetime.fromtimestamp(done.time_ns // 1_000_000_000, UTC).isoformat(),
        seconds=done.took_ns / 1e9,
        shadow=[str(position) for position in done.shadow],
        steps=[DrillStep(name=step.name, passed=step.passed, found=step.found) for step in done.steps],
        kept=kept,
    )


def _stopped(venue: str, host: str, symbols: str, minutes: int, session: str) -> "ClosingAnswer":
    from live.account.closing.model import ClosingRequest
    from live.client.wire import S
    from live.emergency.stop import stop_now

    address, signer = opened_venue(venue, host)
    latched = _latched(venue, session)
    asked = ClosingRequest("stop", named=symbols_in(symbols), give_up_ns=minutes * 60 * S)
    return _answer(stop_now(address, signer, asked), latched)


def _latched(venue: str, session: str) -> tuple[str, ...]:
    """Names of the sessions that are latched; a workspace that is missing or broken keeps no account open."""
    import time

    from live.control.folder import SessionFolder
    from live.emergency.latching import latch_sessions, sessions_at
    from skills_lib.domain.errors import TwokeyError
    from skills_lib.settings import Settings

    try:
        home = Settings().home
        folders = [SessionFolder.of(home, session)] if session else sessions_at(home, venue)
    except (TwokeyError, OSError) as error:
        typer.echo(f"No session is latched: {error}", err=True)
        return ()
    return latch_sessions(folders, time.time_ns())


def _answer(closed: "Closed", latched: tuple[str, ...]) -> "ClosingAnswer":
    from skills_lib.answers.closing import ClosingAnswer

    return ClosingAnswer(
        flat=closed.flat,
        verified_reads=closed.verified_reads,
        cancelled=len(closed.cancelled),
        closed=[str(position) for position in closed.closed],
        left=list(closed.left),
        refused=list(closed.refused),
        seconds=None if closed.flat_ns is None else closed.flat_ns / 1e9,
        verified_after_seconds=closed.took_ns / 1e9,
        latched=list(latched),
    )
