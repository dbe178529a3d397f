"""How much of each limit is used: now, and with an entry added."""

from typing import Final

from live.engine.constants import DIFFERENCE_GRACE_NS
from live.engine.intents import Intent, LimitUse
from live.engine.limits import ORDERS_PER_TRADE
from live.engine.risk.costs import loss_at_stop
from live.engine.risk.exposure import (
    entries,
    exposed_symbols,
    held,
    instrument_notional,
    notional,
    position_notional,
    unfilled,
)
from live.engine.risk.profit import drawdown, loss_today, profit
from live.engine.state import EngineState, Position
from live.engine.stops import distance_bps, planned_stop

SECOND_NS: Final = 1_000_000_000
_WITH_ENTRIES: Final = ("instrument", "loss_at_stop")
APPROACHED_PERCENT: Final = 80
"""A limit is said to be approached from this share of it on."""


def with_entry(state: EngineState, intent: Intent) -> list[LimitUse]:
    """Use of each limit if an entry is sent: at its price or the mark price, whichever is higher."""
    market = state.markets[intent.symbol]
    price = max(intent.price, market.mark)
    amount = notional(intent.quantity, price)
    symbols = exposed_symbols(state) | {intent.symbol}
    limits, day = state.limits, state.day
    used = {
        "position": position_notional(state, intent.symbol) + amount,
        "instrument": instrument_notional(state, intent.symbol) + amount,
        "loss_at_stop": _loss(state, intent.symbol) + _of_entry(state, intent, intent.quantity, price),
        "open_positions": len(symbols),
        "orders_per_second": orders_in_a_second(state) + ORDERS_PER_TRADE,
        "trades_per_day": day.trades + _unfilled_entries(state) + 1,
    }
    order_use = LimitUse("orders_per_fill", day.orders + 1, limits.orders_per_fill * (1 + day.fills))
    return [LimitUse(name, value, getattr(limits, name)) for name, value in used.items()] + [order_use]


def losses(state: EngineState) -> list[LimitUse]:
    """Use of the loss limits."""
    now = profit(state)
    return [
        LimitUse("daily_loss", loss_today(state, now), state.limits.daily_loss),
        LimitUse("drawdown", drawdown(state, now), state.limits.drawdown),
    ]


def current(state: EngineState) -> list[LimitUse]:
    """Use of each limit now; of limits that hold for one instrument or position, the highest."""
    limits, day, symbols = state.limits, state.day, exposed_symbols(state)
    highest = {
        "position": max((position_notional(state, symbol) for symbol in symbols), default=0),
        "instrument": max((instrument_notional(state, symbol) for symbol in symbols), default=0),
        "loss_at_stop": max((_loss(state, symbol) for symbol in symbols), default=0),
        "open_positions": len(symbols),
        "orders_per_second": orders_in_a_second(state),
        "trades_per_day": day.trades + _unfilled_entries(state),
    }
    order_use = LimitUse("orders_per_fill", day.orders, limits.orders_per_fill * (1 + day.fills))
    return [LimitUse(name, value, getattr(limits, name)) for name, value in highest.items()] + [
        order_use,
        *losses(state),
    ]


def approaching(state: EngineState) -> list[LimitUse]:
    """Limits of which `APPROACHED_PERCENT` or more is used."""
    return [use for use in current(state) if use.used * 100 >= use.allowed * APPROACHED_PERCENT]


def newly_approached(state: EngineState) -> list[LimitUse]:
    """Those of `approaching` that were not returned before on this UTC day.

    The venue reports a position before the fill that made it. Until both are known, the entry counts beside what it has
    made: enough to refuse another entry, and no use to tell a person of.
    """
    settling = _is_settling(state)
    found = [
        use
        for use in approaching(state)
        if use.limit not in state.approached and not (settling and use.limit in _WITH_ENTRIES)
    ]
    state.approached.update(use.limit for use in found)
    return found


def _is_settling(state: EngineState) -> bool:
    """True while a report of the venue and the fills of a position differ, and events of one fill explain it."""
    since = [position.differs_ns for position in state.positions.values() if position.differs_ns]
    return any(state.now_ns < differs_ns + DIFFERENCE_GRACE_NS for differs_ns in since)


def orders_in_a_second(state: EngineState) -> int:
    """Orders sent in the second up to now."""
    return sum(time_ns > state.now_ns - SECOND_NS for time_ns in state.day.order_times_ns)


def _unfilled_entries(state: EngineState) -> int:
    """Entries without a fill so far: each may still become a trade of the day."""
    return sum(not order.filled for order in entries(state))


def _loss(state: EngineState, symbol: str) -> int:
    """What a symbol's position and its entries lose at the stop."""
    loss = sum(_of_entry(state, order.intent, unfilled(order), order.intent.price) for order in entries(state, symbol))
    position = state.positions.get(symbol)
    return loss + (_of_position(state, position) if position is not None else 0)


def _of_entry(state: EngineState, intent: Intent, quantity: int, price: int) -> int:
    """Of so much of an entry, filled at a price, with a stop as far away as the one it names is from its own price."""
    contract, stop_bps = state.markets[intent.symbol].contract, _distance(state, intent.price, intent.stop_price)
    return loss_at_stop(contract, quantity, price, stop_bps)


def _of_position(state: EngineState, position: Position) -> int:
    market = state.markets[position.symbol]
    price = abs(position.price) or market.mark
    stop_bps = _distance(state, price, planned_stop(state, position.id))
    return loss_at_stop(market.contract, held(position), price, stop_bps)


def _distance(state: EngineState, price: int, stop: int) -> int:
    """From a price to the stop that an entry named, else the distance of the settings."""
    return distance_bps(price, stop) if stop and price else state.settings.stop_bps
