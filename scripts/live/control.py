"""`twokey live status`, `pause`, `resume`, `stop`, `kill` and `reset`: a running daemon from outside."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import print_whole
from scripts.next_step import command, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from live.control.folder import SessionFolder
    from live.control.protocol import ControlReply

Session = Annotated[str, typer.Option(help="Name of the session.", show_default="the only one")]
Reason = Annotated[str, typer.Option(help="Why, for the journal.")]
_WITHIN_S = 120.0
_KILL_WITHIN_S = 1_000.0
_WORD = "reset"


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (status, pause, resume, stop, kill, reset):
        app.command()(verb)


def status(session: Session = "", json: AsJson = False) -> None:
    """Say what a session does and holds: position, cover, orders, the day, limits, journal, market data.

    Without a running daemon it is the last status that it wrote.

    Example: twokey live status --json
    """
    import msgspec

    from live.control.finding import status_of_session

    found = status_of_session(_folder(session))
    if json:
        print_whole(msgspec.to_builtins(found))
        return
    from scripts.tables.live import print_status

    print_status(found)
    print_ending(command("live", "reset") if found.killed.latched else command("live", "status", "--json"))


def pause(session: Session = "", reason: Reason = "a person", json: AsJson = False) -> None:
    """Enter nothing more until `resume`; what is open is looked after, and waiting entries are cancelled.

    Example: twokey live pause --reason "news at 14:00"
    """
    _order("pause", session, reason, json)


def resume(session: Session = "", reason: Reason = "a person", json: AsJson = False) -> None:
    """Allow entries again after `pause`. It releases no kill.

    Example: twokey live resume
    """
    _order("resume", session, reason, json)


def stop(session: Session = "", reason: Reason = "a person", json: AsJson = False) -> None:
    """Enter nothing more, close what the run holds, prove it, and end the daemon. Exit code 0 only if proven.

    Example: twokey live stop
    """
    _end("stop", session, reason, _WITHIN_S, json)


def kill(session: Session = "", reason: Reason = "a person", json: AsJson = False) -> None:
    """Close everything of the account, whoever opened it, and latch the session. Exit code 0 only if proven flat.

    Only `twokey live reset` at a terminal releases the latch. Without a running daemon: `twokey live emergency-stop`.

    Example: twokey live kill --reason "it trades against me"
    """
    _end("kill", session, reason, _KILL_WITHIN_S, json)


def reset(session: Session = "") -> None:
    """Release the latch of a killed session, after its reason was found: only for a person at a terminal.

    Example: twokey live reset
    """
    import sys

    from live.control.latch import latched
    from live.control.lock import is_running
    from skills_lib.domain.errors import InputError, TwokeyError

    folder = _folder(session)
    found = latched(folder)
    if found is None and not folder.kill_file.exists():
        raise InputError(f"Session '{folder.name}' is not killed. Nothing was changed.")
    if is_running(folder):
        raise TwokeyError(f"Session '{folder.name}' still runs. Wait until it has ended: twokey live status")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TwokeyError("Only a person at a terminal releases a kill. Run `twokey live reset` there.")
    typer.echo(f"Killed: {found.reason if found else 'the file KILL'}.")
    if typer.prompt(f"Type {_WORD} to release it") != _WORD:
        raise TwokeyError("It was not released.")
    _release(folder)
    typer.echo("Released.")
    print_ending(command("live", "run"))


def _release(folder: "SessionFolder") -> None:
    from live.control.latch import release
    from live.daemon.runs import forgive_drawdown

    forgive_drawdown(folder)
    release(folder)


def _order(verb: str, session: str, reason: str, json: bool) -> None:
    reply = _asked(verb, session, reason, 5.0)
    if json:
        print_whole({"done": reply.done})
    else:
        typer.echo(reply.done)
        print_ending(command("live", "status"))


def _end(verb: str, session: str, reason: str, within_s: float, json: bool) -> None:
    import msgspec

    reply = _asked(verb, session, reason, within_s)
    answer = reply.kill
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    if json:
        print_whole(fields)
    else:
        from scripts.tables.live import print_end

        print_end(reply.done, answer)
        print_ending(command("live", "reset") if verb == "kill" else command("live", "run"))
    if answer is None or not answer.flat:
        raise typer.Exit(1)


def _asked(verb: str, session: str, reason: str, within_s: float) -> "ControlReply":
    from live.control.client import ask
    from live.control.protocol import ControlCommand

    return ask(_folder(session), ControlCommand(verb), reason, within_s)


def _folder(session: str) -> "SessionFolder":
    from live.control.finding import the_session
    from skills_lib.settings import Settings

    return the_session(Settings().home, session or None)
