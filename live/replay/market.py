"""A tape as the engine's market events, read once for any number of runs."""

from collections.abc import Iterable, Iterator, Sequence

from live.binance.markets import MarketReader
from live.engine.events import BookChanged, MarkChanged
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, MarkPrice, Snapshot

LEVELS = 20
"""Levels a side that the engine sees: the deepest that a sensitivity looks at."""
_MARK_NS = 1_000_000_000

MarketEvent = BookChanged | MarkChanged


def market_events(tape: Sequence[Played], symbol: str) -> list[MarketEvent]:
    """Books and mark prices of a symbol at the exchange's time, before any delay.

    A tape without mark prices, as recordings often are, gets one a second: the mid price, which is what the exchange in
    process marks positions with as nearly as a second allows.
    """
    events = list(_read(tape, symbol))
    return events if any(type(event) is MarkChanged for event in events) else list(_marked(events))


def _read(tape: Iterable[Played], symbol: str) -> Iterator[MarketEvent]:
    reader, opened = MarketReader(symbol, LEVELS), False
    for line in tape:
        if line.symbol != symbol:
            continue
        if not opened:
            reader.opened(line.time_ns)
            opened = True
        event: MarketEvent | None = None
        if isinstance(line.message, Snapshot):
            event = reader.on_snapshot(line.raw, line.time_ns)
        elif isinstance(line.message, DepthUpdate | MarkPrice):
            event = reader.on_frame(line.raw, line.time_ns)
        if event is not None:
            yield event


def _marked(events: Iterable[MarketEvent]) -> Iterator[MarketEvent]:
    due_ns = 0
    for event in events:
        if type(event) is BookChanged and event.usable and event.time_ns >= due_ns:
            mid = (event.bids[0] + event.asks[0]) // 2
            yield MarkChanged(event.time_ns, event.symbol, event.event_ns, mid)
            due_ns = event.time_ns + _MARK_NS
        yield event
