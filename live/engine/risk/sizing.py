"""How large an entry may be, and how small an account: quantities, prices and money in units of 1e-8."""

from typing import Final

from live.engine.contract import Contract
from live.engine.limits import CEILINGS, Executor
from live.engine.risk.costs import loss_at_stop, margin
from live.engine.risk.exposure import instrument_notional, notional
from live.engine.risk.margins import free
from live.engine.state import EngineState
from live.engine.stops import distance_bps
from live.money import SCALE

ROUNDING: Final = 10
"""Losses and margins are sums of fewer than this many amounts, each rounded up to 1e-8."""


def entry_quantity(state: EngineState, symbol: str, price: int, stop: int = 0, share: int = SCALE) -> int:
    """The largest entry at `price`, in whole steps, that `order_usd`, the limits and the free margin allow; or 0.

    stop: its price; 0 where the stop lies at the distance of the settings. share: of `order_usd`, in units of 1e-8.
    """
    market, limits = state.markets[symbol], state.limits
    contract, worst = market.contract, max(price, market.mark)
    stop_bps = distance_bps(price, stop) if stop else state.settings.stop_bps
    amount = min(
        state.settings.order_usd * share // SCALE,
        limits.position,
        limits.instrument - instrument_notional(state, symbol),
        _within(limits.loss_at_stop, _loss_of_one(contract, worst, stop_bps), worst),
        _within(free(state), margin(contract, worst), worst),
    )
    return min(contract.whole_steps(max(amount, 0) * SCALE // worst), contract.max_quantity)


def smallest_quantity(contract: Contract, price: int) -> int:
    """The smallest order that the contract's filters accept at `price`."""
    by_notional = -(-contract.min_notional * SCALE // price)
    return -(-max(contract.min_quantity, by_notional) // contract.step) * contract.step


def smallest_capital(contract: Contract, price: int, executor: Executor, stop_bps: int) -> int:
    """The smallest capital whose limits and margin allow the contract's smallest order at `price`.

    0 where the limit of a position does not allow it at any capital.
    """
    ceilings, quantity = CEILINGS[executor], smallest_quantity(contract, price)
    amount = notional(quantity, price)
    if amount > ceilings.position_usd:
        return 0
    loss = loss_at_stop(contract, quantity, price, stop_bps)
    return max(
        -(-amount * SCALE // ceilings.instrument_share),
        -(-loss * SCALE // ceilings.loss_at_stop_share),
        margin(contract, amount),
    )


def _loss_of_one(contract: Contract, price: int, stop_bps: int) -> int:
    return loss_at_stop(contract, SCALE, price, stop_bps)


def _within(allowed: int, of_one: int, price: int) -> int:
    """Notional at which `allowed` is used up, where one unit of the contract uses `of_one`."""
    return (allowed - ROUNDING) * price // of_one
