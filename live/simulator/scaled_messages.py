"""Market messages with their numbers read once, as the exchange's inputs in units of 1e-8.

Each is a message as decoded from the wire and one thing more, so a tape can be scaled once and played many times;
`MarketFeed` scales what is not. A message with an invalid number stays as it is, and the feed judges it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from live.enums import Side
from live.money import DIGITS, parse
from live.simulator.core.commands import Marked, Quoted, Traded
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    MarkPrice,
    Message,
    Trade,
    WireError,
)
from skills_lib.market.depth.scale import scaled as read_units

UNKNOWN_TIME = 2**62

_MAX_KEPT = 1 << 17


class _Numbers(dict[str, int]):
    """Numbers of the wire in units of 1e-8, read once: the same texts come again and again."""

    def __missing__(self, text: str) -> int:
        if len(self) >= _MAX_KEPT:
            self.clear()
        number = self[text] = read_units(text, DIGITS)
        return number


_UNITS = _Numbers()


class ScaledTicker(BookTicker, frozen=True, gc=False, kw_only=True):
    """A bookTicker with the exchange's input."""

    quoted: Quoted


class ScaledTrade(Trade, frozen=True, gc=False, kw_only=True):
    """A trade with the exchange's input."""

    traded: Traded


class ScaledAggTrade(AggTrade, frozen=True, gc=False, kw_only=True):
    """An aggregate trade with the exchange's input."""

    traded: Traded


class ScaledMark(MarkPrice, frozen=True, gc=False, kw_only=True):
    """A mark price with the exchange's input."""

    marked: Marked


def scaled(message: Message) -> Message:
    """The message with its numbers read; unchanged if it needs none.

    Raises:
        WireError: a number is invalid.
    """
    scale = _SCALES.get(type(message))
    return scale(message) if scale else message


def scaled_tape(lines: Iterable[Played]) -> Iterator[Played]:
    """A decoded tape with its numbers read, to be played any number of times."""
    return map(scaled_line, lines)


def scaled_line(line: Played) -> Played:
    """A decoded line with its numbers read; unchanged if one is invalid."""
    try:
        return Played(scaled(line.message), line.raw, line.symbol, line.time_ns)
    except WireError:
        return line


def _ticker(it: BookTicker) -> ScaledTicker:
    return ScaledTicker(
        it.symbol,
        it.update_id,
        it.bid_price,
        it.bid_quantity,
        it.ask_price,
        it.ask_quantity,
        it.event_ts_ms,
        it.transaction_ts_ms,
        quoted=quoted(it),
    )


def quoted(it: BookTicker) -> Quoted:
    """The exchange's input of a ticker.

    Raises:
        WireError: a number is invalid.
    """
    numbers, transacted_ms = _UNITS, it.transaction_ts_ms
    return Quoted(
        it.symbol,
        it.event_ts_ms or transacted_ms or 0,
        it.update_id,
        UNKNOWN_TIME if transacted_ms is None else transacted_ms,
        numbers[it.bid_price],
        numbers[it.bid_quantity],
        numbers[it.ask_price],
        numbers[it.ask_quantity],
    )


def _trade(it: Trade) -> ScaledTrade:
    return ScaledTrade(
        it.symbol,
        it.event_ts_ms,
        it.trade_ts_ms,
        it.trade_id,
        it.price,
        it.quantity,
        it.buyer_is_maker,
        it.kind,
        traded=_traded(it),
    )


def _agg_trade(it: AggTrade) -> ScaledAggTrade:
    return ScaledAggTrade(
        it.symbol,
        it.event_ts_ms,
        it.trade_ts_ms,
        it.aggregate_id,
        it.price,
        it.quantity,
        it.first_trade_id,
        it.last_trade_id,
        it.buyer_is_maker,
        traded=_traded(it),
    )


def _traded(trade: Trade | AggTrade) -> Traded:
    taker = Side.SELL if trade.buyer_is_maker else Side.BUY
    price, quantity = _UNITS[trade.price], _UNITS[trade.quantity]
    return Traded(trade.symbol, trade.event_ts_ms, price, quantity, taker, trade.trade_ts_ms)


def _mark(mark: MarkPrice) -> ScaledMark:
    try:
        # A delivery contract names neither a rate nor a time: it has no funding.
        rate = parse(mark.funding_rate or ("0.0001" if mark.next_funding_ts_ms else "0"))
    except ValueError:
        raise WireError("A funding rate is not a number.") from None
    marked = Marked(
        symbol=mark.symbol,
        time_ms=mark.event_ts_ms,
        mark_price=_UNITS[mark.mark_price],
        index_price=_UNITS[mark.index_price or "0"],
        funding_rate=rate,
        next_funding_ms=mark.next_funding_ts_ms,
    )
    return ScaledMark(
        mark.symbol,
        mark.event_ts_ms,
        mark.mark_price,
        mark.index_price,
        mark.funding_rate,
        mark.next_funding_ts_ms,
        marked=marked,
    )


SCALED: dict[type, type] = {
    BookTicker: ScaledTicker,
    Trade: ScaledTrade,
    AggTrade: ScaledAggTrade,
    MarkPrice: ScaledMark,
}
"""What each message becomes."""

_SCALES: dict[type, Callable[[Any], Message]] = {
    BookTicker: _ticker,
    Trade: _trade,
    AggTrade: _agg_trade,
    MarkPrice: _mark,
}
