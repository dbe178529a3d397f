"""`twokey live emergency-stop`: closes an account without the daemon."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer
from scripts.limits import within
from scripts.options import AsJson

if TYPE_CHECKING:
    from live.account.closing.model import Closed
    from skills_lib.answers.closing import ClosingAnswer

Venue = Annotated[str, typer.Option(help="simulator, demo or mainnet.")]
Host = Annotated[str, typer.Option(help="host:port of the simulator.")]
Symbols = Annotated[str, typer.Option(help="Such as BTCUSDT,ETHUSDT; cancelled there although no list shows an order.")]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("emergency-stop")(emergency_stop)


def emergency_stop(
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    symbols: Symbols = "",
    minutes: Annotated[int, typer.Option(callback=within(1, 1440), help="How long it is tried.")] = 15,
    json: AsJson = False,
) -> None:
    """Cancel every order and close every position of the account, whoever opened it, and prove that it is flat.

    It needs the key and a connection, and no daemon. Exit code 0 only if flat was proven by two reads.

    Example: twokey live emergency-stop --venue simulator --host 127.0.0.1:9001
    """
    answer = _answer(_stopped(venue, host, symbols, minutes))
    if json:
        print_answer(answer, "live-emergency-stop", is_stored=False)
    else:
        from scripts.tables.closing import print_closing

        print_closing(answer)
    if not answer.flat:
        raise typer.Exit(1)


def _stopped(venue: str, host: str, symbols: str, minutes: int) -> "Closed":
    import os

    from live.account.closing.model import ClosingRequest
    from live.client.wire import S
    from live.emergency.stop import stop_now
    from live.sockets.endpoints import TradingVenue, VenueAddress, require_armed
    from live.sockets.keys import signer_of
    from scripts.live.options import venue_of

    where = venue_of(venue)
    require_armed(where)
    address = VenueAddress.of(where, host if where is TradingVenue.SIMULATOR else "")
    named = tuple(symbol.strip().upper() for symbol in symbols.split(",") if symbol.strip())
    asked = ClosingRequest("stop", named=named, give_up_ns=minutes * 60 * S)
    return stop_now(address, signer_of(where, os.environ), asked)


def _answer(closed: "Closed") -> "ClosingAnswer":
    from skills_lib.answers.closing import ClosingAnswer

    return ClosingAnswer(
        flat=closed.flat,
        verified_reads=closed.verified_reads,
        cancelled=len(closed.cancelled),
        closed=[str(position) for position in closed.closed],
        left=list(closed.left),
        refused=list(closed.refused),
        seconds=closed.flat_ns / 1e9 if closed.flat_ns else None,
        verified_after_seconds=closed.took_ns / 1e9,
    )
