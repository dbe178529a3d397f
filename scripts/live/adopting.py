"""`twokey live adopt`: a person takes a position of somebody else into the run."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_whole
from scripts.live.control import Session
from scripts.live.options import Host, Venue, opened_venue
from scripts.next_step import command, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from live.account.reads import HeldPosition
    from live.control.folder import SessionFolder
    from live.control.protocol import AdoptAnswer

_WORD = "adopted"
_WITHIN_S = 60.0


def add_verbs(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(adopt)


def adopt(
    symbol: Annotated[str, typer.Option(help="Whose position, such as BTCUSDT.")],
    session: Session = "",
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    json: AsJson = False,
) -> None:
    """Take a position that the journal does not know into the run: only for a person at a terminal.

    It gets one stop, counts for the limits and is closed by the run's rules; one above a limit is refused. Orders and
    stops of others in its symbol are cancelled. With a daemon at once, else at the start of the next run.

    Example: twokey live adopt --symbol BTCUSDT --session simulator
    """
    import msgspec

    from live.control.finding import the_session
    from live.control.lock import is_running
    from skills_lib.domain.instruments import upper_symbol
    from skills_lib.settings import Settings

    _require_person()
    folder, wanted = the_session(Settings().home, session or None), upper_symbol(symbol)
    done = _in_the_run(folder, wanted) if is_running(folder) else _at_the_next_start(folder, wanted, venue, host)
    if json:
        print_whole(msgspec.to_builtins(done))
        return
    when = (
        "at the start of the next run"
        if done.pending
        else f"as {done.stop.removesuffix('S')}, with the stop {done.stop}"
    )
    typer.echo(f"{done.symbol} {done.quantity} is adopted {when}.")
    print_ending(command("live", "run") if done.pending else command("live", "status"))


def _require_person() -> None:
    import sys

    from skills_lib.domain.errors import TwokeyError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TwokeyError("Only a person at a terminal adopts a position. Run `twokey live adopt` there.")


def _confirm(text: str) -> None:
    from skills_lib.domain.errors import TwokeyError

    typer.echo(text)
    asked = f"It gets a stop and is closed by the run's rules; orders of others are cancelled. Type {_WORD}"
    if typer.prompt(asked) != _WORD:
        raise TwokeyError("Nothing was changed.")


def _in_the_run(folder: "SessionFolder", symbol: str) -> "AdoptAnswer":
    from live.control.client import ask
    from live.control.protocol import ControlCommand

    status = ask(folder, ControlCommand.STATUS).status
    held = [one for one in status.positions if one.symbol == symbol] if status else []
    texts = [f"{one.side} {one.quantity} at {one.entry}, {one.cover}" for one in held]
    _confirm(f"{symbol} in session {folder.name}: {texts[0] if texts else 'no position that the run knows of'}.")
    adopted = ask(folder, ControlCommand.ADOPT, "a person", _WITHIN_S, symbol).adopted
    assert adopted is not None
    return adopted


def _at_the_next_start(folder: "SessionFolder", symbol: str, venue: str, host: str) -> "AdoptAnswer":
    """The decision is kept; the start compares it with the account once more."""
    import time

    from live.control.lock import DaemonLock
    from live.control.protocol import AdoptAnswer
    from live.daemon.adopting import keep_decision
    from live.daemon.runs import last_run
    from live.money import plain
    from skills_lib.domain.errors import TwokeyError

    folder.make()
    lock = DaemonLock(folder)
    try:
        last = last_run(folder.journals)
        if last is not None and last.carried is None:
            raise TwokeyError(
                f"The run {last.path.stem} has not ended. Start it and adopt while it runs: twokey live run. Or end "
                "it: twokey live resolve"
            )
        position, others = _held(symbol, venue, host)
        _confirm(f"{position} at {venue}" + (f", with orders of others: {', '.join(others)}." if others else "."))
        keep_decision(folder, position, time.time_ns())
    finally:
        lock.release()
    return AdoptAnswer(symbol, plain(position.quantity), pending=True)


def _held(symbol: str, venue: str, host: str) -> "tuple[HeldPosition, list[str]]":
    """The position, and the client ids of what rests beside it.

    Raises:
        TwokeyError: the account does not tell, or has no such position.
    """
    import asyncio

    from live.account.reads import read_account
    from live.binance.calls import CallWriter
    from live.sockets.running import run
    from skills_lib.domain.errors import TwokeyError

    address, signer = opened_venue(venue, host)
    seen = asyncio.run(run(address, CallWriter(signer), lambda _: read_account((symbol,))))
    if seen.unknown:
        raise TwokeyError(f"The account is not known: {seen.unknown[0]}. Adopt again.")
    if len(seen.positions) != 1:
        raise TwokeyError(f"The account holds no single position of {symbol}. There is nothing to adopt.")
    return seen.positions[0], [one.client_id for one in seen.resting]
