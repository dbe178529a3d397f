"""Compiled execution of signals by the rules of backtesting.py 0.6.6.

Every floating-point operation that decides a size, a price or cash stands in the reference's order, so results
are equal bit for bit.

One position at a time is enough: an entry is taken only where that direction is not held, and closes what is held,
with `exclusive_orders` or without. Between two events (a wish, a stop or target reached) nothing changes but the
mark to market, so the loops jump from event to event.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit

from skills_lib.domain.bars import FloatArray, IntArray

F = TypeVar("F", bound=Callable[..., Any])
compiled: Callable[[F], F] = njit(cache=True, nogil=True, error_model="numpy")
# Columns of an outcome.
STATUS, TRADES, CANCELLED = range(3)
OUTCOME_COLUMNS = 3
DONE, BOOK_FULL, TOO_LARGE = range(3)

LARGEST_POSITION = 2.0**53
"""Units beyond which the reference's whole numbers stop being equal to floats."""

# What is held, in a float64 array.
_CASH, _UNITS, _ENTRY, _ENTRY_BAR, _STOP, _TARGET, _LOWER, _UPPER = range(8)
_NO_ENTRY = 0.0


class Market(NamedTuple):
    """Bars as the kernel reads them. Prices are per fractional unit; `raw_close` and `unit_funding` are not.

    `day_last`: the last bar of each UTC day. `market`: daily returns of the instrument less their mean.
    The funding arrays are empty where funding is not charged; otherwise one element a boundary, except
    `boundaries_before[bar]`: boundaries up to and including the bar's open.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    raw_close: FloatArray
    open_time_ns: IntArray
    day_last: IntArray
    market: FloatArray
    market_mean: float
    market_variance: float
    unit_funding: FloatArray
    running_funding: FloatArray
    boundary_bar: IntArray
    boundaries_before: IntArray


class Rules(NamedTuple):
    """Settings as the reference's broker holds them; rates are fractions."""

    cash: float
    commission: float
    spread: float
    leverage: float
    unit: float
    on_close: bool


class Book(NamedTuple):
    """Closed trades, one element each, in the order they closed: signed whole units and scaled prices."""

    entry_bar: IntArray
    exit_bar: IntArray
    units: FloatArray
    entry: FloatArray
    exit: FloatArray
    stop: FloatArray
    target: FloatArray
    commission: FloatArray
    pnl: FloatArray
    returns: FloatArray
    funding: FloatArray


class Scratch(NamedTuple):
    """Buffers one thread reuses for every combination."""

    equity: FloatArray
    state: FloatArray
    daily: FloatArray
    spare: FloatArray
    trades: FloatArray
    more_trades: FloatArray
    holding: FloatArray


class Wishes(NamedTuple):
    """One combination's signals; an array of length 0 stands for "none"."""

    long_entry: Any
    short_entry: Any
    long_exit: Any
    short_exit: Any
    sizes: Any
    size: float
    stops: Any
    targets: Any


@compiled
def execute_wishes(market, rules, wishes, warm_up, book, scratch, outcome):  # noqa: PLR0915 one event loop
    """Fill the book and the equity of every bar; a run starts one bar after the warm-up."""
    n, equity, state = len(market.close), scratch.equity, scratch.state
    outcome[:] = 0
    state[:] = 0.0
    state[_CASH] = rules.cash
    start = bar = warm_up + 1
    equity[: min(start, n)] = rules.cash
    while bar < n:
        wish, direction = _next_wish(market, rules, wishes, state, bar)
        hit = _next_hit(market, state, bar + 1, min(wish, n - 1))
        end = min(hit, wish + 1, n)
        ruin = _mark(market.close, equity, state, bar, end)
        if ruin >= 0:
            _bankrupt(market, rules, book, scratch, outcome, ruin)
            break
        bar = end
        if hit < n:
            _leave_at_hit(market, rules, book, state, outcome, hit)
        elif wish >= n - 1:
            _finalize(market, rules, wishes, book, scratch, outcome, direction)
            break
        else:
            _orders(market, rules, wishes, book, state, outcome, bar, wish, direction)
    if start < n:
        equity[:start] = equity[start]
    if outcome[TRADES] > len(book.pnl):
        outcome[STATUS] = BOOK_FULL


@compiled
def _finalize(market, rules, wishes, book, scratch, outcome, direction):
    """The reference processes the last bar once more: everything closes, and the last wish is still filled."""
    last = len(market.close) - 1
    _orders(market, rules, wishes, book, scratch.state, outcome, last, last, direction)
    if _mark(market.close, scratch.equity, scratch.state, last, last + 1) >= 0:
        _bankrupt(market, rules, book, scratch, outcome, last)


@compiled
def _bankrupt(market, rules, book, scratch, outcome, bar):
    state = scratch.state
    if state[_UNITS] != 0:
        _close(rules, book, state, outcome, market.close[bar], bar)
    scratch.equity[bar:] = 0.0


@compiled
def _orders(market, rules, wishes, book, state, outcome, bar, wish, direction):
    """One bar's queue: the order to close what is held comes before its stop and target, then the entry and its own."""
    price, at = market.open[bar], bar
    if rules.on_close:
        price, at = market.close[bar - 1], bar - 1
    if state[_UNITS] != 0:
        _close(rules, book, state, outcome, price, at)
    if direction == _NO_ENTRY:
        return
    _enter(rules, wishes, state, outcome, wish, direction, price, at)
    if state[_UNITS] != 0 and _is_hit(market, state, bar):
        _leave_at_hit(market, rules, book, state, outcome, bar)


@compiled
def _enter(rules, wishes, state, outcome, wish, direction, price, at):
    share = _share(wishes, wish)
    adjusted = price * (1 + math.copysign(rules.spread, direction))
    cost = adjusted + share * price * rules.commission / share
    margin = max(state[_CASH], 0.0)
    units = margin * rules.leverage * share // cost
    if units == 0 or units * cost > margin * rules.leverage:
        outcome[CANCELLED] += 1
        return
    if units >= LARGEST_POSITION:
        outcome[STATUS] = TOO_LARGE
    _open(rules, wishes, state, math.copysign(units, direction), adjusted, wish, at)


@compiled
def _open(rules, wishes, state, units, price, wish, at):
    stop, target = _price(wishes.stops, wish), _price(wishes.targets, wish)
    state[_CASH] -= abs(units) * price * rules.commission
    state[_UNITS], state[_ENTRY], state[_ENTRY_BAR] = units, price, at
    state[_STOP], state[_TARGET] = stop, target
    below, above = (stop, target) if units > 0 else (target, stop)
    state[_LOWER] = -np.inf if math.isnan(below) else below
    state[_UPPER] = np.inf if math.isnan(above) else above


@compiled
def _close(rules, book, state, outcome, price, at):
    """Close the position. A trade beyond the book's end is counted, not kept: the caller grows the book."""
    units, entry, i = state[_UNITS], state[_ENTRY], outcome[TRADES]
    commission = abs(units) * price * rules.commission
    gained = units * (price - entry)
    state[_CASH] += gained - commission
    paid = commission + abs(units) * entry * rules.commission
    state[_UNITS] = 0.0
    outcome[TRADES] += 1
    if i >= len(book.pnl):
        return
    book.entry_bar[i], book.exit_bar[i], book.units[i] = int(state[_ENTRY_BAR]), at, units
    book.entry[i], book.exit[i] = entry, price
    book.stop[i], book.target[i] = state[_STOP], state[_TARGET]
    book.commission[i], book.pnl[i], book.funding[i] = paid, gained - paid, 0.0
    book.returns[i] = (math.copysign(1, units) * (price / entry - 1) - paid / (abs(units) * entry)) * 100


@compiled
def _leave_at_hit(market, rules, book, state, outcome, bar):
    """Close at the stop (or a worse open) where it was reached, else at the target (or a better open)."""
    opening, is_long = market.open[bar], state[_UNITS] > 0
    if is_long:
        price = min(opening, state[_LOWER]) if market.low[bar] <= state[_LOWER] else max(opening, state[_UPPER])
    else:
        price = max(opening, state[_UPPER]) if market.high[bar] >= state[_UPPER] else min(opening, state[_LOWER])
    _close(rules, book, state, outcome, price, bar)


@compiled
def _is_hit(market, state, bar):
    return market.low[bar] <= state[_LOWER] or market.high[bar] >= state[_UPPER]


@compiled
def _next_hit(market, state, bar, last):
    """The first bar from `bar` to `last` that reaches stop or target, or the number of bars."""
    low, high, lower, upper = market.low, market.high, state[_LOWER], state[_UPPER]
    if state[_UNITS] == 0 or (lower == -np.inf and upper == np.inf):
        return len(low)
    while bar + 8 <= last + 1:
        found = 0
        for k in range(8):
            found |= (low[bar + k] <= lower) | (high[bar + k] >= upper)
        if found:
            break
        bar += 8
    while bar <= last:
        if low[bar] <= lower or high[bar] >= upper:
            return bar
        bar += 1
    return len(low)


@compiled
def _mark(close, equity, state, bar, end):
    """Equity at the closes of `bar` to `end` - 1; returns the first bar at which nothing is left, or -1."""
    cash, units, basis = state[_CASH], state[_UNITS], state[_UNITS] * state[_ENTRY]
    ruined = 0
    for i in range(bar, end):
        worth = cash + (close[i] * units - basis)
        equity[i] = worth
        ruined += worth <= 0
    if ruined:
        for i in range(bar, end):
            if equity[i] <= 0:
                return i
    return -1


@compiled
def _share(wishes, bar):
    share = wishes.sizes[bar] if len(wishes.sizes) else wishes.size
    return 1 - 2.220446049250313e-16 if share == 1 else share


@compiled
def _price(prices, bar):
    return prices[bar] if len(prices) else np.nan


@compiled
def _next_wish(market, rules, wishes, state, bar):
    """The next bar whose wish is carried out, with the direction of its entry (0: an exit); bars if none."""
    held, n = state[_UNITS], len(market.close)
    one = wishes.long_exit if held > 0 else wishes.long_entry
    other = wishes.short_exit if held < 0 else wishes.short_entry
    while True:
        bar = _next_set(one, other, bar)
        if bar >= n:
            return n, _NO_ENTRY
        direction = 1.0 if wishes.long_entry[bar] else -1.0 if wishes.short_entry[bar] else _NO_ENTRY
        already_held = direction * held > 0
        if direction == _NO_ENTRY or (not already_held and _is_accepted(market, rules, wishes, bar, direction)):
            return bar, direction
        bar += 1


@compiled
def _is_accepted(market, rules, wishes, bar, direction):
    """Whether stop and target lie on the right sides of the close that the spread has moved."""
    stop, target = _price(wishes.stops, bar), _price(wishes.targets, bar)
    adjusted = market.close[bar] * (1 + math.copysign(rules.spread, direction))
    below, above = (stop, target) if direction > 0 else (target, stop)
    return not (adjusted <= below or adjusted >= above)


@compiled
def _next_set(one, other, bar):
    """The first index from `bar` at which either array of bytes is set, eight at a time."""
    n = len(one)
    while bar < n and bar % 8:
        if one[bar] | other[bar]:
            return bar
        bar += 1
    words, others = one[: n - n % 8].view(np.uint64), other[: n - n % 8].view(np.uint64)
    word = bar // 8
    while word < len(words) and not words[word] | others[word]:
        word += 1
    bar = max(bar, word * 8)
    while bar < n and not one[bar] | other[bar]:
        bar += 1
    return bar
