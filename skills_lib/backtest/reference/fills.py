"""At which price of a bar a waiting order is filled. The open is the first price of a bar, the close its last."""

from typing import Any, NamedTuple

from skills_lib.backtest.reference.trade import FractionalTrade


class BarPrices(NamedTuple):
    """The prices of the bar that is processed, quote currency, and its number."""

    open: float
    high: float
    low: float
    close: float
    number: int


def is_market(order: Any) -> bool:
    """Whether an order fills at the next price."""
    return not (order.limit or order.stop)


def is_reached_at(order: Any, price: float) -> bool:
    """Whether a stop or limit order that waits is filled once the market trades at `price`."""
    stop, limit = order.stop, order.limit
    if not (stop or limit):
        return False
    if order.is_long:
        return (not stop or price >= stop) and (not limit or price <= limit)
    return (not stop or price <= stop) and (not limit or price >= limit)


def entry_price_within(order: Any, bar: BarPrices) -> float | None:
    """The price at which an order that opens a position is filled after the open; None where the bar does not reach it.

    A stop-limit order that is triggered becomes a limit order.
    """
    up, stop, limit = order.is_long, order.stop, order.limit
    if stop:
        if bar.high < stop if up else bar.low > stop:
            return None
        order._replace(stop_price=None if limit else stop)
        if not limit or (limit >= stop if up else limit <= stop):
            return float(stop)
        return None  # the price must come back to the limit, which the bar may have done before
    if limit and (bar.low <= limit if up else bar.high >= limit):
        return float(limit)
    return None


def worst_price(trade: FractionalTrade, bar: BarPrices) -> float:
    """The price of the bar that is worst for a trade; one opened within the bar is taken to have seen it."""
    return bar.low if trade.is_long else bar.high


def is_stop_reached(trade: FractionalTrade, bar: BarPrices) -> bool:
    """Whether the bar's worst price reaches a trade's stop."""
    if not trade.sl:
        return False
    return bool(bar.low <= trade.sl if trade.is_long else bar.high >= trade.sl)


def is_target_reached(trade: FractionalTrade, bar: BarPrices) -> bool:
    """Whether the bar reaches a trade's target, after the trade was opened."""
    if not trade.tp:
        return False
    if trade.opened_within_bar == bar.number:
        return bool(trade.later_high >= trade.tp if trade.is_long else trade.later_low <= trade.tp)
    return bool(bar.high >= trade.tp if trade.is_long else bar.low <= trade.tp)


def note_entry_within_bar(trade: FractionalTrade, price: float, bar: BarPrices, by_limit: bool) -> bool:
    """Keep what surely comes after an entry at `price` within the bar; whether something stays unknown.

    The price moves through a stop order's price towards the bar's extreme, so that extreme comes later. A limit order
    is filled on the way to the other extreme: of the near side only the close comes later.
    """
    trade.opened_within_bar = bar.number
    trade.later_low, trade.later_high = bar.low, bar.high
    if not by_limit:
        has_recovered = trade.sl and (bar.close > trade.sl if trade.is_long else bar.close < trade.sl)
        return bool(has_recovered and is_stop_reached(trade, bar))
    reached = trade.tp and (bar.high >= trade.tp if trade.is_long else bar.low <= trade.tp)
    if trade.is_long:
        trade.later_high = max(price, bar.close)
    else:
        trade.later_low = min(price, bar.close)
    return bool(reached and not is_target_reached(trade, bar))
