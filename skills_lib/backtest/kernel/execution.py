"""Compiled execution of signals by docs/execution-rules.md.

Every floating-point operation that decides a size, a price or cash stands in the order of the reference's broker, so
results are equal bit for bit.

One position at a time is enough: an entry is taken only where that direction is not held, and closes what is held,
with `exclusive_orders` or without. Between two events (a signal; a stop, target or liquidation reached) nothing changes
but the mark to market, so the loops jump from event to event and write down the segment of the equity curve between
them.
"""

import math

import numpy as np

from skills_lib.backtest.kernel.arrays import (
    BASIS,
    CANCELLED,
    CASH,
    DONE,
    FUNDED_FROM,
    HIGH,
    LOW,
    PAID,
    SEGMENTS,
    START,
    STATUS,
    TABLE_FULL,
    TOO_LARGE,
    TRADES,
    UNITS,
    inlined,
    part,
    trailing_zeros,
)
from skills_lib.backtest.kernel.exits import (
    LAST_BAR,
    LIQUIDATION,
    NO_EQUITY,
    NO_EXIT,
    ORDER,
    exit_price_for,
    exit_reason,
    level_at,
    liquidated,
    liquidation_price,
    reach,
)
from skills_lib.backtest.kernel.segments import bounds
from skills_lib.backtest.margin import NOTHING_LEFT

LARGEST_POSITION = 2.0**53
"""Units beyond which the reference's whole numbers stop being equal to floats."""

_ENTRY_BAR, _EXIT_BAR, _UNITS, _ENTRY, _EXIT, _STOP, _TARGET, _COMMISSION, _PNL, _RETURNS, _FUNDING, _REASON = range(12)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NONE = np.uint64(0)


@part
def execute_signals(market, broker, signal_arrays, span, warm_up, table, segments, outcome):  # noqa: C901, PLR0912, PLR0915
    """Fill the table (one row a column of TradeTable) and the segments; a run starts one bar after the warm-up.

    All bars are counted from the market's first; `span`: the first bar of the run and the bar behind its last.

    Beyond the end of either table trades and segments are only counted.

    One long function on purpose: handing arrays to another costs more than the work of an event (see TradeTable).
    """
    opens, high, low, close = market.open, market.high, market.low, market.close
    block_low, block_high = market.block_low, market.block_high
    block_lows, block_highs, tiers = market.block_lows, market.block_highs, market.tiers
    paid, by_open, by_close = market.paid, market.by_open, market.by_close
    has_funding = len(paid) > 0
    longs, shorts, long_exits, short_exits = (
        signal_arrays.long_entry,
        signal_arrays.short_entry,
        signal_arrays.long_exit,
        signal_arrays.short_exit,
    )
    sizes, stops, targets = signal_arrays.sizes, signal_arrays.stops, signal_arrays.targets
    first, n = span
    last, words = n - 1, n // 8
    long_words, short_words = longs[: words * 8].view(np.uint64), shorts[: words * 8].view(np.uint64)
    has_exits = len(long_exits) > 0
    if not has_exits:  # masked out below
        long_exits, short_exits = longs, shorts
    has_brackets = len(stops) > 0 or len(targets) > 0
    long_exit_words = long_exits[: words * 8].view(np.uint64)
    short_exit_words = short_exits[: words * 8].view(np.uint64)
    cash, units, entry, entry_bar = broker.cash, 0.0, 0.0, 0
    stop = target = np.nan
    margin, level, funded_from = 0.0, 0.0, 0
    trades = cancelled = made = 0
    unchanged = False  # nothing is held and nothing was since the last segment began: it goes on
    floor, ruined = NOTHING_LEFT * broker.cash, False
    status = DONE
    start = bar = warm_up + 1
    lowest_low, highest_high = bounds(block_lows, block_highs, start, n)
    if start >= n:
        _write_segment(segments, made, first, cash, 0.0, 0.0, cash, cash, 0)
        made = 1
    while bar < n:
        # Find the next signal that changes the position. Bytes are 0 or 1, so eight bars are read in one word.
        for_long, for_short = (_ALL if units <= 0 else _NONE), (_ALL if units >= 0 else _NONE)
        leave_long = _ALL if has_exits and units > 0 else _NONE
        leave_short = _ALL if has_exits and units < 0 else _NONE
        signal_bar, direction = bar - 1, 0.0
        while True:
            signal_bar += 1
            word, found = signal_bar >> 3, _NONE
            unseen = _ALL << np.uint64(8 * (signal_bar & 7))
            if word < words:
                if has_exits:
                    while True:
                        found = (
                            (long_words[word] & for_long)
                            | (short_words[word] & for_short)
                            | (long_exit_words[word] & leave_long)
                            | (short_exit_words[word] & leave_short)
                        ) & unseen
                        unseen, word = _ALL, word + 1
                        if found or word >= words:
                            break
                    word -= 1
                elif units > 0:
                    word, found = _next_bitmap_word(short_words, word, words, unseen)
                elif units < 0:
                    word, found = _next_bitmap_word(long_words, word, words, unseen)
                else:
                    word, found = _next_bitmap_word_of_two(long_words, short_words, word, words, unseen)
            if found:
                signal_bar = 8 * word + (trailing_zeros(found) >> 3)
            else:
                signal_bar = max(signal_bar, 8 * words)
                while signal_bar < n and not (
                    (longs[signal_bar] and units <= 0)
                    or (shorts[signal_bar] and units >= 0)
                    or (has_exits and long_exits[signal_bar] and units > 0)
                    or (has_exits and short_exits[signal_bar] and units < 0)
                ):
                    signal_bar += 1
            direction = 0.0
            if signal_bar >= n:
                break
            if longs[signal_bar]:
                direction = 1.0
            elif shorts[signal_bar]:
                direction = -1.0
            if direction == 0:
                break
            if direction * units > 0:
                continue
            if not has_brackets:
                break
            new_stop = stops[signal_bar] if len(stops) else np.nan
            new_target = targets[signal_bar] if len(targets) else np.nan
            if _is_accepted(close[signal_bar], broker.spread, direction, new_stop, new_target):
                break
        # Find the first bar before it that reaches stop, target or liquidation. Funding moves the price of liquidation
        # towards the market, so the search takes the last one and looks again where it may have been too early.
        hit, until = n, min(signal_bar, last)
        if units != 0:
            furthest = level
            if has_funding:
                furthest = level_at(paid, by_open, tiers, until, units, entry, margin, funded_from)
            lower, upper = reach(units, stop, target, furthest)
            if lower >= lowest_low or upper <= highest_high:
                hit = _next_hit(low, high, block_lows, block_highs, lower, upper, bar + 1, until, n)
            while has_funding and hit < n:
                level = level_at(paid, by_open, tiers, hit, units, entry, margin, funded_from)
                if exit_reason(units, opens[hit], low[hit], high[hit], stop, target, level, True) != NO_EXIT:
                    break
                hit = _next_hit(low, high, block_lows, block_highs, lower, upper, hit + 1, until, n)
        # Mark to market up to that event, or to the bar that uses up all equity; record the segment between. The last
        # bar is marked at the end.
        end = min(hit, signal_bar + 1, n)
        basis, began, marked = units * entry, bar, min(end, last)
        lowest_equity = highest_equity = cash
        if units != 0:
            lowest, highest = bounds(block_low, block_high, began, end)
            lowest_equity, highest_equity = cash + (lowest * units - basis), cash + (highest * units - basis)
            lowest_equity, highest_equity = min(lowest_equity, highest_equity), max(lowest_equity, highest_equity)
            if has_funding and began < marked:
                lowest_equity -= max(units * (paid[by_close[marked - 1]] - paid[funded_from]), 0.0)
        if lowest_equity <= floor:
            while bar < marked:
                due = units * (paid[by_close[bar]] - paid[funded_from]) if has_funding else 0.0
                if cash + (close[bar] * units - basis) - due <= floor:
                    ruined, end = True, bar
                    break
                bar += 1
        if began < min(end, last) and not unchanged:
            _write_segment(
                segments,
                made,
                began if made else first,
                cash,
                units,
                basis,
                max(lowest_equity, 0.0),
                max(highest_equity, 0.0),
                funded_from,
            )
            made += 1
        unchanged = False
        if ruined:
            break
        # Stop, target or liquidation: leave the position, and look at this bar's signals next.
        if hit < n:
            bar = hit
            reason = exit_reason(units, opens[bar], low[bar], high[bar], stop, target, level, True)
            price = exit_price_for(reason, units, opens[bar], stop, target)
            due = units * (paid[by_open[bar]] - paid[funded_from]) if has_funding else 0.0
            charge = abs(units) * price * broker.commission
            if reason == LIQUIDATION:
                price, charge = liquidated(units, entry, margin - max(due, 0.0), opens[bar], level)
            cash += units * (price - entry) - charge
            cash -= due
            _record(table, trades, broker, units, entry, entry_bar, price, bar, stop, target, charge, due, reason)
            trades, units = trades + 1, 0.0
            continue
        # End of the run: a signal of the last bar is not filled.
        if signal_bar >= last:
            break
        # Signal: fill at the next open (or at the signal's close).
        bar = signal_bar + 1
        price, at = opens[bar], bar
        if broker.on_close:
            price, at = close[signal_bar], signal_bar
        was_flat = units == 0
        # Close the position held, which may be liquidated at this open.
        if units != 0:
            due = units * (paid[by_open[bar]] - paid[funded_from]) if has_funding else 0.0
            charge, reason, exit_price = abs(units) * price * broker.commission, ORDER, price
            if not broker.on_close:
                if has_funding:
                    level = level_at(paid, by_open, tiers, bar, units, entry, margin, funded_from)
                if price <= level if units > 0 else price >= level:
                    reason = LIQUIDATION
                    exit_price, charge = liquidated(units, entry, margin - max(due, 0.0), price, level)
            cash += units * (exit_price - entry) - charge
            cash -= due
            _record(table, trades, broker, units, entry, entry_bar, exit_price, at, stop, target, charge, due, reason)
            trades, units = trades + 1, 0.0
        if direction == 0:
            continue
        # Open the new one: whole units that margin can pay for, or a cancelled entry.
        share = _share(sizes[signal_bar] if len(sizes) else signal_arrays.size)
        adjusted = price * (1 + math.copysign(broker.spread, direction))
        per_unit = adjusted / broker.leverage + adjusted * max(broker.commission, 0.0)
        whole = np.floor(max(cash, 0.0) * share / (per_unit * broker.unit))
        units = math.copysign(whole * broker.unit, direction)
        margin = abs(units) * adjusted / broker.leverage
        level = liquidation_price(units, abs(units) * adjusted, margin, tiers) if whole else 0.0
        if whole == 0 or (level >= adjusted if units > 0 else level <= adjusted):
            units = 0.0
            cancelled += 1
            unchanged = was_flat
            continue
        status = TOO_LARGE if whole >= LARGEST_POSITION else status
        cash -= abs(units) * adjusted * broker.commission
        entry, entry_bar = adjusted, at
        funded_from = by_open[bar] if has_funding else 0
        stop = stops[signal_bar] if len(stops) else np.nan
        target = targets[signal_bar] if len(targets) else np.nan
        # It may be left in the bar of entry.
        lower, upper = reach(units, stop, target, level)
        if low[bar] <= lower or high[bar] >= upper:
            reason = exit_reason(units, opens[bar], low[bar], high[bar], stop, target, level, broker.on_close)
            exit_price = exit_price_for(reason, units, opens[bar], stop, target)
            charge = abs(units) * exit_price * broker.commission
            if reason == LIQUIDATION:
                exit_price, charge = liquidated(units, entry, margin, opens[bar], level)
            cash += units * (exit_price - entry) - charge
            _record(table, trades, broker, units, entry, entry_bar, exit_price, bar, stop, target, charge, 0.0, reason)
            trades, units = trades + 1, 0.0
    # Close what is held, at the last close or at the close that used up all equity; there the account stays at zero.
    if start < n:
        bar = bar if ruined else last
        if units != 0:
            price, reason, due = close[bar], NO_EQUITY if ruined else LAST_BAR, 0.0
            if has_funding:
                due = units * ((paid[by_close[bar]] if ruined else market.paid_by_end[bar]) - paid[funded_from])
            charge = abs(units) * price * broker.commission
            cash += units * (price - entry) - charge
            cash -= due
            _record(table, trades, broker, units, entry, entry_bar, price, bar, stop, target, charge, due, reason)
            trades += 1
        worth = cash if cash > floor and not ruined else 0.0
        _write_segment(segments, made, bar if made else first, worth, 0.0, 0.0, worth, worth, 0)
        made += 1
    outcome[STATUS] = TABLE_FULL if trades > table.shape[1] or made > segments.shape[1] else status
    outcome[TRADES], outcome[CANCELLED], outcome[SEGMENTS] = trades, cancelled, made


@inlined
def _next_bitmap_word(bits, word, words, unseen):
    """The first word from `word` that is not 0, or the last one; of the first only the `unseen` bits count."""
    found = bits[word] & unseen
    if found:
        return word, found
    word += 1
    while word + 4 <= words:
        four = bits[word : word + 4]
        if four[0] | four[1] | four[2] | four[3]:
            break
        word += 4
    while word < words and bits[word] == 0:
        word += 1
    if word >= words:
        return words - 1, _NONE
    return word, bits[word]


@inlined
def _next_bitmap_word_of_two(bits, others, word, words, unseen):
    """`_next_bitmap_word` of either."""
    found = (bits[word] | others[word]) & unseen
    if found:
        return word, found
    word += 1
    while word + 4 <= words:
        one, two = bits[word : word + 4], others[word : word + 4]
        if one[0] | one[1] | one[2] | one[3] | two[0] | two[1] | two[2] | two[3]:
            break
        word += 4
    while word < words and not (bits[word] | others[word]):
        word += 1
    if word >= words:
        return words - 1, _NONE
    return word, bits[word] | others[word]


@inlined
def _write_segment(segments, i, start, cash, units, basis, low, high, funded_from):
    if i < segments.shape[1]:
        segments[START, i], segments[CASH, i], segments[UNITS, i], segments[BASIS, i] = start, cash, units, basis
        segments[PAID, i], segments[LOW, i], segments[HIGH, i], segments[FUNDED_FROM, i] = 0.0, low, high, funded_from


@inlined
def _record(table, i, broker, units, entry, entry_bar, price, at, stop, target, charge, due, reason):
    """Write down a closed trade; beyond the table's end it is only counted. `charge`, `due`: commission or liquidation
    fee at the exit, and funding."""
    if i < table.shape[1]:
        fees = charge + abs(units) * entry * broker.commission
        table[_ENTRY_BAR, i], table[_EXIT_BAR, i], table[_UNITS, i] = entry_bar, at, units
        table[_ENTRY, i], table[_EXIT, i], table[_STOP, i], table[_TARGET, i] = entry, price, stop, target
        table[_COMMISSION, i], table[_PNL, i], table[_FUNDING, i] = fees, units * (price - entry) - fees - due, due
        table[_RETURNS, i] = (math.copysign(1, units) * (price / entry - 1) - fees / (abs(units) * entry)) * 100
        table[_REASON, i] = reason


@inlined
def _is_accepted(close, spread, direction, stop, target):
    """Whether stop and target lie on the right sides of the close that the spread has moved."""
    adjusted = close * (1 + math.copysign(spread, direction))
    below, above = (stop, target) if direction > 0 else (target, stop)
    return not (adjusted <= below or adjusted >= above)


@inlined
def _next_hit(low, high, block_lows, block_highs, lower, upper, bar, last, end):
    """The first bar from `bar` to `last` whose low or high reaches `lower` or `upper`, or `end`."""
    lowest, highest = bounds(block_lows, block_highs, bar, last + 1)
    if lowest > lower and highest < upper:
        return end
    while bar + 8 <= last + 1:
        lows, highs = low[bar : bar + 8], high[bar : bar + 8]
        found = 0
        for k in range(8):
            found |= (lows[k] <= lower) | (highs[k] >= upper)
        if found:
            break
        bar += 8
    while bar <= last:
        if low[bar] <= lower or high[bar] >= upper:
            return bar
        bar += 1
    return end


@inlined
def _share(share):
    return 1 - 2.220446049250313e-16 if share == 1 else share
