"""Checks of an entry, the gravest first; the first that fails refuses it."""

from collections.abc import Iterable
from typing import Final

from live.engine.intents import Intent, LimitUse
from live.engine.limits import UNITS
from live.engine.risk.costs import BPS
from live.engine.risk.exposure import entries, held
from live.engine.risk.forms import (
    Found,
    entry_form,
    notional_filter,
    planned_exits,
    price_filters,
    quantity_filters,
)
from live.engine.risk.margins import free, required
from live.engine.risk.profit import profit, reached
from live.engine.risk.reasons import Reason
from live.engine.state import EngineState
from live.engine.units import Unit

MARK_AGE_NS: Final = 10_000_000_000
"""An older mark price values nothing; the venue sends one every second (three at the slower rate)."""


def refusal(state: EngineState, intent: Intent, uses: Iterable[LimitUse]) -> Found | None:
    """Why an entry is refused; None if it is not. uses: of each limit with this entry."""
    return (
        _ended(state)
        or _market(state, intent)
        or entry_form(intent)
        or _filters(state, intent)
        or _collar(state, intent)
        or _over(uses)
        or _margin(state, intent)
    )


def _ended(state: EngineState) -> Found | None:
    if state.latch is not None:
        return Reason.LATCHED, f"Entries have ended for this run: {state.latch.reason}."
    if loss := reached(state, profit(state)):
        return loss, f"The limit {loss} is reached."
    if state.stopping:
        return Reason.STOPPING, "The run is being stopped."
    if state.paused:
        return Reason.PAUSED, "Entries are paused."
    return _disconnected(state)


def _disconnected(state: EngineState) -> Found | None:
    if not (state.market_up and state.user_up):
        return Reason.DISCONNECTED, "A stream of the exchange is down."
    if not state.account_known:
        return Reason.DISCONNECTED, "The account or its contracts were not read of late."
    return None


def _market(state: EngineState, intent: Intent) -> Found | None:
    market = state.markets[intent.symbol]
    if not market.contract.trading:
        return Reason.NOT_TRADING, f"{intent.symbol} takes no orders now."
    if not market.mark or state.now_ns - market.mark_ns > MARK_AGE_NS:
        return Reason.NO_MARK, f"{intent.symbol} has no mark price younger than {MARK_AGE_NS // 10**9} s."
    position = state.positions.get(intent.symbol)
    idle = position is None or (position.idle and not held(position))
    if idle and not any(entries(state, intent.symbol)):
        return None
    return Reason.SYMBOL_BUSY, f"{intent.symbol} has a position, a stop, or an entry whose outcome is open."


def _filters(state: EngineState, intent: Intent) -> Found | None:
    contract = state.markets[intent.symbol].contract
    return (
        price_filters(contract, intent.price)
        or planned_exits(contract, intent)
        or quantity_filters(contract, intent.quantity, contract.max_quantity)
        or notional_filter(contract, intent.quantity, intent.price)
    )


def _collar(state: EngineState, intent: Intent) -> Found | None:
    mark, collar = state.markets[intent.symbol].mark, state.limits.collar_bps
    if abs(intent.price - mark) * BPS <= collar * mark:
        return None
    off = Unit.BPS.show(abs(intent.price - mark) * BPS // mark)
    return Reason.COLLAR, f"The price is {off} from the mark price; allowed are {Unit.BPS.show(collar)}."


def _over(uses: Iterable[LimitUse]) -> Found | None:
    for use in uses:
        if use.used > use.allowed:
            show = UNITS[use.limit].show
            return Reason(use.limit), f"{use.limit} would be {show(use.used)}; allowed are {show(use.allowed)}."
    return None


def _margin(state: EngineState, intent: Intent) -> Found | None:
    needed, unbound = required(state, intent), free(state)
    if needed <= unbound:
        return None
    show = Unit.USD.show
    return Reason.MARGIN, f"The entry needs {show(needed)} of margin and fees; {show(unbound)} are free."
