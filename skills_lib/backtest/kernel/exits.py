"""How a position is left within a bar: rules 8 to 10 of docs/execution-rules.md, compiled."""

import math
from typing import Any

import numpy as np

from skills_lib.backtest import margin as margin_rules
from skills_lib.backtest.kernel.arrays import inlined
from skills_lib.backtest.margin import LIQUIDATION_FEE

ORDER, STOP_REACHED, TARGET_REACHED, LIQUIDATION, LAST_BAR, NO_EQUITY = range(6)  # as in EXIT_REASONS
NO_EXIT = -1
liquidation_price: Any = inlined(margin_rules.liquidation_price)
price_at_liquidation: Any = inlined(margin_rules.price_at_liquidation)
liquidation_fee: Any = inlined(margin_rules.liquidation_fee)


@inlined
def level_at(paid, by_open, tiers, bar, units, entry, margin, funded_from):
    """The price of liquidation at a bar, after the funding due by its open."""
    due = units * (paid[by_open[bar]] - paid[funded_from])
    return liquidation_price(units, abs(units) * entry, margin - max(due, 0.0), tiers)


@inlined
def reach(units, stop, target, level):
    """The prices at or below and at or above which a position is left."""
    if units > 0:
        return max(level, -np.inf if math.isnan(stop) else stop), np.inf if math.isnan(target) else target
    return -np.inf if math.isnan(target) else target, min(level, np.inf if math.isnan(stop) else stop)


@inlined
def exit_reason(units, opening, low, high, stop, target, level, is_held):
    """Why a position is left in a bar: what the open has reached first, then liquidation or stop, then the target.

    `is_held`: whether it was held before the open. Comparisons with nan are false.
    """
    sign = math.copysign(1.0, units)
    worst, best = (low, high) if units > 0 else (-high, -low)
    opening, stop, target, level = sign * opening, sign * stop, sign * target, sign * level
    if is_held and opening <= level:
        return LIQUIDATION
    if opening <= stop:
        return STOP_REACHED
    if opening >= target:
        return TARGET_REACHED
    if worst <= stop and not level > stop:
        return STOP_REACHED
    if worst <= level:
        return LIQUIDATION
    return TARGET_REACHED if best >= target else NO_EXIT


@inlined
def exit_price_for(reason, units, opening, stop, target):
    """The stop or a worse open; the target or a better one."""
    if reason == STOP_REACHED:
        return min(opening, stop) if units > 0 else max(opening, stop)
    return max(opening, target) if units > 0 else min(opening, target)


@inlined
def liquidated(units, entry, margin, opening, level):
    """The price a position is liquidated at, and the fee."""
    basis = abs(units) * entry
    price = price_at_liquidation(units, basis, margin, opening, level)
    return price, liquidation_fee(units, basis, margin, price, LIQUIDATION_FEE)
