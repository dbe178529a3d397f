"""Prints candles and what the cache holds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.market import CacheLine, CandlesAnswer

SYNTHETIC_NOTE = "SYNTHETIC data: generated, not from a market."
_COUNTS = ("gaps", "missing_bars", "duplicates", "unordered", "ohlc_violations", "zero_volume", "spikes", "breaks")
_CACHE_COLUMNS = (
    *(Column(heading) for heading in ("exchange", "symbol", "timeframe")),
    Column("bars", right=True),
    *(Column(heading) for heading in ("from", "to", "stored", "origin")),
)


def print_candles(found: "CandlesAnswer") -> None:
    """Print the span, source and defects of candles, and first of all where the price does not continue."""
    from skills_lib.domain.continuity import PriceBreak

    screen = Screen()
    for one in found.first_breaks:
        screen.note(PriceBreak(**one).line(), "bold red")
    place = f"{found.symbol or ''} {found.timeframe}".strip()
    screen.flow([place, f"{found.bars:,} bars", f"{found.start} .. {found.end}"])
    screen.text(f"Source: {found.source}")
    if found.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    screen.flow(f"{name.replace('_', ' ')} {getattr(found, name):,}" for name in _COUNTS)
    for gap in found.largest_gaps:
        screen.text(
            f"  gap of {gap['missing_bars']:,} bars after {gap['after']}, next bar {gap['before']}", indent="    "
        )


def print_caches(rows: "Sequence[CacheLine]") -> None:
    """Print the cached series, or what to do where there are none."""
    screen = Screen()
    if not rows:
        screen.text("No candles yet. Run `twokey data fetch BTC 1h` or `twokey data import FILE`.")
        return
    cells = [
        (row.exchange, row.symbol, row.timeframe, f"{row.bars:,}", row.start, row.end, row.stored_at, row.origin)
        for row in rows
    ]
    screen.table(_CACHE_COLUMNS, [[Cell(text) for text in row] for row in cells])
