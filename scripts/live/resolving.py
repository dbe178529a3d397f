"""`twokey live resolve`: a person ends a run that cannot go on."""

import typer

from scripts.live.control import Session
from scripts.live.options import Host, Venue, opened_venue
from scripts.next_step import command, print_ending

_WORD = "resolved"


def add_verbs(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(resolve)


def resolve(session: Session = "", venue: Venue = "simulator", host: Host = "127.0.0.1:9001") -> None:
    """End a run that cannot go on, such as one whose journal is damaged: only for a person at a terminal.

    The account must be flat, by two reads. The journal is kept in `journals/set-aside`; the next start is a new run,
    which takes the day's loss from the exchange's ledger.

    Example: twokey live resolve --venue simulator --host 127.0.0.1:9001
    """
    import sys

    from live.control.finding import the_session
    from live.control.lock import DaemonLock
    from live.daemon.resolving import set_aside, unresolved
    from skills_lib.domain.errors import TwokeyError
    from skills_lib.settings import Settings

    folder = the_session(Settings().home, session or None)
    lock = DaemonLock(folder)
    try:
        journal = unresolved(folder)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise TwokeyError("Only a person at a terminal ends a run. Run `twokey live resolve` there.")
        _require_flat(venue, host)
        typer.echo(f"The account is flat, by two reads. The run {journal.stem} has not ended.")
        if typer.prompt(f"Compare its journal with the account's trades. Type {_WORD} to end it") != _WORD:
            raise TwokeyError("Nothing was changed.")
        typer.echo(f"Its journal is kept: {set_aside(folder, journal)}")
        _take_mark_away(venue, host)
    finally:
        lock.release()
    print_ending(command("live", "run"))


def _take_mark_away(venue: str, host: str) -> None:
    """The run's user stream is over too, though its key lives for an hour."""
    import asyncio

    from live.account.preflight.mark import take_away
    from live.binance.calls import CallWriter
    from live.sockets.running import run

    address, signer = opened_venue(venue, host)
    asyncio.run(run(address, CallWriter(signer), lambda _: take_away()))


def _require_flat(venue: str, host: str) -> None:
    """Raises TwokeyError: the account holds something, or does not tell."""
    import asyncio

    from live.account.flatness import what_is_left
    from live.binance.calls import CallWriter
    from live.sockets.running import run
    from skills_lib.domain.errors import TwokeyError

    address, signer = opened_venue(venue, host)
    left = asyncio.run(run(address, CallWriter(signer), lambda _: what_is_left()))
    if left:
        raise TwokeyError(f"The account is not flat: {'; '.join(left[:5])}. Close it first: twokey live emergency-stop")
