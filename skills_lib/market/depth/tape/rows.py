"""Converts a tape to rows: one per level or trade."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from skills_lib.market.depth.event_ids import TradesOnce
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    Message,
    Snapshot,
    Trade,
    Venue,
    WireLevel,
)
from skills_lib.market.depth.tape.attribution import attributed
from skills_lib.market.depth.tape.check import identify_tape, lines_of
from skills_lib.market.depth.tape.lines import TapeLine
from skills_lib.market.depth.tape.receive_clock import ReceiveClock


class Row(NamedTuple):
    """One level or trade. `kind` is depth, snapshot, clear, trade or book_ticker.

    `side` is bid or ask; for trades, the taker side: buy or sell. A `clear` before a snapshot invalidates all earlier
    levels up to `price`.
    """

    local_ts_ns: int | None
    exch_ts_ns: int | None
    kind: str
    update_id: int
    side: str
    price: float
    quantity: float


def rows_of(
    path: Path, symbol: str | None = None, snapshots: Path | None = None, clock: ReceiveClock | None = None
) -> Iterator[Row]:
    """Every level and trade of one symbol in receive order, a repeated trade once; what is invalid is skipped.

    Receive times are corrected where the recorder's clock was set, and never decrease; `clock` tells where.

    Raises:
        InputError: no such tape or symbol.
    """
    symbol, venue = identify_tape(path, symbol)
    clock, once = clock or ReceiveClock(), TradesOnce()
    for line, message in _messages(path, symbol, venue, snapshots):
        clock.add(line.local_ts_ns, getattr(message, "exch_ts_ns", None))
    times = clock.corrected()
    for line, message in _messages(path, symbol, venue, snapshots):
        local_ts_ns = times.next(line.local_ts_ns)
        if once.is_new(message):
            yield from _rows(local_ts_ns, message)


def _messages(path: Path, symbol: str, venue: Venue, snapshots: Path | None) -> Iterator[tuple[TapeLine, Message]]:
    for entry in attributed(lines_of(path, symbol, snapshots), venue):
        if entry.message is None or entry.refusal or entry.symbol != symbol:
            continue
        if isinstance(entry.line, TapeLine):
            yield entry.line, entry.message


def _rows(local_ts_ns: int | None, message: Message) -> Iterator[Row]:
    if isinstance(message, DepthUpdate):
        yield from _levels(local_ts_ns, message, "depth", message.final_update_id)
    elif isinstance(message, Snapshot):
        for side, levels in (("bid", message.bids), ("ask", message.asks)):
            if levels:
                worst = float(levels[-1][0])
                yield Row(local_ts_ns, message.exch_ts_ns, "clear", message.last_update_id, side, worst, 0.0)
        yield from _levels(local_ts_ns, message, "snapshot", message.last_update_id)
    elif isinstance(message, Trade | AggTrade):
        taker = "sell" if message.buyer_is_maker else "buy"
        number = message.trade_id if isinstance(message, Trade) else message.last_trade_id
        price, quantity = float(message.price), float(message.quantity)
        yield Row(local_ts_ns, message.exch_ts_ns, "trade", number, taker, price, quantity)
    elif isinstance(message, BookTicker):
        bid, ask = (message.bid_price, message.bid_quantity), (message.ask_price, message.ask_quantity)
        best = DepthUpdate(message.symbol, 0, 0, 0, [bid], [ask])
        for row in _levels(local_ts_ns, best, "book_ticker", message.update_id):
            yield row._replace(exch_ts_ns=message.exch_ts_ns)


def _levels(local_ts_ns: int | None, message: DepthUpdate | Snapshot, kind: str, update_id: int) -> Iterator[Row]:
    sides: tuple[tuple[str, list[WireLevel]], ...] = (("bid", message.bids), ("ask", message.asks))
    for side, levels in sides:
        for price, quantity in levels:
            yield Row(local_ts_ns, message.exch_ts_ns, kind, update_id, side, float(price), float(quantity))
