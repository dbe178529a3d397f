"""`twokey scan`: rank instruments by trading cost relative to price movement."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.tape import VenueName
from scripts.tape_argument import tape_of

if TYPE_CHECKING:
    from skills_lib.market.scanner import Scan

_HEADINGS = {
    "rank": "#",
    "symbol": "symbol",
    "quote": "quote",
    "venue": "venue",
    "seconds": "seconds",
    "spread_bps": "spread",
    "depth_5bps": "depth 5",
    "depth_10bps": "depth 10",
    "depth_25bps": "depth 25",
    "volume_quote_per_hour": "volume/h",
    "volatility_bps_per_minute": "vol/min",
    "imbalance_persistence": "persist",
    "typical_move_bps": "move",
    "fee_burden": "burden",
}
_TEXTS = ("symbol", "quote", "venue")
_MONEY = {"depth_5bps", "depth_10bps", "depth_25bps", "volume_quote_per_hour"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    tape: Annotated[
        Path | None, typer.Option(callback=tape_of, help="A folder of tapes, or a tape, instead of the exchange.")
    ] = None,
    venue: Annotated[VenueName, typer.Option(help="usdm or spot; detected from tapes with --tape.")] = VenueName.USDM,
    host: Annotated[
        str | None,
        typer.Option(
            help="A local server instead of Binance, such as 127.0.0.1:9001.", show_default="setting streams_host"
        ),
    ] = None,
    count: Annotated[
        int, typer.Option(callback=within(1, 100), help="How many instruments, by volume; at most 100.")
    ] = 20,
    seconds: Annotated[float, typer.Option(callback=within(1, 86_400), help="Seconds to sample each book.")] = 30.0,
    taker_fee_bps: Annotated[
        float | None, typer.Option(callback=within(-100, 1_000), help="Taker fee per side.", show_default="the venue's")
    ] = None,
    json: AsJson = False,
) -> None:
    """Rank instruments by spread, depth, volume, volatility, imbalance persistence, and costs relative to movement.

    Example: twokey scan --tape data/tapes
    """
    from skills_lib.market.scanner import scan_tapes, venue_fee_bps

    if tape is not None:
        found = scan_tapes(tape, taker_fee_bps)
    else:
        with progress_bar(not json) as progress:
            from skills_lib.market.depth.feed.settings import Endpoints
            from skills_lib.market.depth.model import Venue
            from skills_lib.market.scanner_live import ScanSettings, scan_exchange
            from skills_lib.settings import Settings

            endpoints = Endpoints.of(Venue(venue.value), host or Settings().streams_host)
            fee = venue_fee_bps(endpoints.venue) if taker_fee_bps is None else taker_fee_bps
            found = scan_exchange(ScanSettings(endpoints, fee, count, seconds), progress)
    after = _record_first(found, host)
    if json:
        from skills_lib.answers.market import ScanAnswer

        print_answer(ended(ScanAnswer.of(found), after), "scan", found.model_dump())
    else:
        _print(found)
        print_ending(after)


def _record_first(found: "Scan", host: str | None) -> str:
    """Record the instrument whose costs are lowest relative to its moves."""
    place = ("--host", host) if host else ()
    if not found.rows:
        return command("record", "BTCUSDT", *place)
    row = found.rows[0]
    return command("record", row.symbol, "--venue", row.venue, *place)


def _print(found: "Scan") -> None:
    from scripts.tables.layout import Cell, Column
    from scripts.tables.screen import Screen

    screen = Screen()
    columns = [Column(heading, right=name not in _TEXTS) for name, heading in _HEADINGS.items()]
    screen.table(columns, [[Cell(_cell(name, getattr(row, name))) for name in _HEADINGS] for row in found.rows])
    screen.text(
        "Spread, volatility and move in bps; volume, and depth within 5, 10 and 25 bps of mid, in the quote asset."
    )
    screen.text(
        "Burden: two taker fees and the spread over the mean move of a minute; above 1 the move does not cover them."
    )
    for name, reason in found.skipped.items():
        screen.note(f"{name}: {reason}")


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return _short(value) if name in _MONEY else f"{value:,.3f}"
    return str(value)


def _short(value: float) -> str:
    for unit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:,.1f}{suffix}"
    return f"{value:,.0f}"
