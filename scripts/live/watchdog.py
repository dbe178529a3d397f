"""`twokey live watchdog`: closes the account when the daemon's heartbeat stops."""

import sys
from typing import Annotated

import typer

from scripts.limits import within
from scripts.live.options import Host, Symbols, Venue, opened_venue, session_folder, symbols_in
from scripts.next_step import command, print_ending


def add_verbs(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(watchdog)


def watchdog(
    session: Annotated[str, typer.Option(help="The session whose daemon is watched.")],
    symbols: Symbols,
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    seconds: Annotated[int, typer.Option(callback=within(3, 60), help="Close after so long without a heartbeat.")] = 10,
) -> None:
    """Watch a daemon from a process of its own, with a key of its own, and close the account when its heartbeat stops.

    Start it before the daemon. Ctrl-C ends it and leaves the account as it is.

    Example: twokey live watchdog --session simulator-paper --symbols BTCUSDT
    """
    import asyncio

    from live.sockets.keys import KeyHolder
    from live.watchdog.process import Watchdog

    folder = session_folder(session)
    address, signer = opened_venue(venue, host, KeyHolder.WATCHDOG)
    folder.make()

    async def watch() -> None:
        import signal

        watched = Watchdog(folder, address, signer, symbols_in(symbols), seconds)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, watched.stop)
        sys.stderr.write(f"Watching session '{session}': {seconds} s without a heartbeat close the account.\n")
        sys.stderr.flush()
        await watched.watch()

    asyncio.run(watch())
    print_ending(command("live", "status"))
