"""Compiled execution of signals by the rules of backtesting.py 0.6.6.

Every floating-point operation that decides a size, a price or cash stands in the reference's order, so results
are equal bit for bit.

One position at a time is enough: an entry is taken only where that direction is not held, and closes what is held,
with `exclusive_orders` or without. Between two events (a signal, a stop or target reached) nothing changes but the
mark to market, so the loops jump from event to event and write down the segment of the equity curve between them.
"""

import math

import numpy as np

from skills_lib.backtest.kernel.arrays import (
    BASIS,
    CANCELLED,
    CASH,
    DONE,
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
from skills_lib.backtest.kernel.segments import bounds

LARGEST_POSITION = 2.0**53
"""Units beyond which the reference's whole numbers stop being equal to floats."""

_ENTRY_BAR, _EXIT_BAR, _UNITS, _ENTRY, _EXIT, _STOP, _TARGET, _COMMISSION, _PNL, _RETURNS, _FUNDING = range(11)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NONE = np.uint64(0)


@part
def execute_signals(market, broker, signal_arrays, span, warm_up, table, segments, outcome):  # noqa: C901, PLR0912, PLR0915
    """Fill the table (one row a column of TradeTable) and the segments; a run starts one bar after the warm-up.

    All bars are counted from the market's first; `span`: the first bar of the run and the bar behind its last.

    Beyond the end of either table trades and segments are only counted.

    One long function on purpose: handing arrays to another costs more than the work of an event (see TradeTable).
    """
    opens, high, low, close, unit = market.open, market.high, market.low, market.close, broker.unit
    block_low, block_high = market.block_low, market.block_high
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
    lower, upper = -np.inf, np.inf
    trades = cancelled = made = 0
    unchanged = False  # nothing is held and nothing was since the last segment began: it goes on
    status = DONE
    start = bar = warm_up + 1
    if start >= n:
        _write_segment(segments, made, first, cash, 0.0, 0.0, cash, cash)
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
            if _is_accepted(close[signal_bar] * unit, broker.spread, direction, new_stop, new_target):
                break
        # Find the first bar before it that reaches the stop or the target.
        hit = n
        if units != 0 and (lower > -np.inf or upper < np.inf):
            hit = _next_hit(low, high, unit, lower, upper, bar + 1, min(signal_bar, last), n)
        # Mark to market up to that event, or to the bar that uses up all equity; record the segment between. The last
        # bar is marked again below, after what the reference does at the end.
        end = min(hit, signal_bar + 1, n)
        basis, began = units * entry, bar
        lowest_equity = highest_equity = cash
        if units != 0:
            lowest_equity, highest_equity = bounds(block_low, block_high, unit, began, end)
            lowest_equity, highest_equity = (
                cash + (lowest_equity * units - basis),
                cash + (highest_equity * units - basis),
            )
            lowest_equity, highest_equity = min(lowest_equity, highest_equity), max(lowest_equity, highest_equity)
        ruined = False
        if lowest_equity <= 0:
            while bar < end and cash + (close[bar] * unit * units - basis) > 0:
                bar += 1
            ruined, end = bar < end, bar
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
            )
            made += 1
        unchanged = False
        if ruined:
            break
        bar = end
        # Stop or target: close at its price, or at a worse open.
        if hit < n:
            price = _price_at_hit(opens[hit] * unit, low[hit] * unit, high[hit] * unit, units, lower, upper)
            cash += _record(table, trades, units, entry, entry_bar, price, hit, stop, target, broker.commission)
            trades, units = trades + 1, 0.0
            continue
        # Signal: fill at the next open (or at the signal's close). The closing order comes before the position's stop
        # and target, then the entry and its own. The reference processes the last bar twice: every position closes,
        # and a signal of the last bar is still filled.
        at_end = signal_bar >= last
        bar = at = last if at_end else bar
        price = opens[bar] * unit
        if broker.on_close:
            price, at = close[bar - 1] * unit, bar - 1
        was_flat = units == 0
        # Close the position held.
        if units != 0:
            cash += _record(table, trades, units, entry, entry_bar, price, at, stop, target, broker.commission)
            trades, units = trades + 1, 0.0
        # Open the new one: whole units that margin can pay for, or a cancelled entry.
        if direction != 0:
            share = _share(sizes[signal_bar] if len(sizes) else signal_arrays.size)
            adjusted = price * (1 + math.copysign(broker.spread, direction))
            cost = adjusted + share * price * broker.commission / share
            margin = max(cash, 0.0) * broker.leverage
            units = _whole(margin * share, cost)
            if units == 0 or units * cost > margin:
                units = 0.0
                cancelled += 1
                unchanged = was_flat
            else:
                status = TOO_LARGE if units >= LARGEST_POSITION else status
                cash -= units * adjusted * broker.commission
                units, entry, entry_bar = math.copysign(units, direction), adjusted, at
                stop = stops[signal_bar] if len(stops) else np.nan
                target = targets[signal_bar] if len(targets) else np.nan
                lower, upper = _bracket(stop, target, direction)
                # Its stop or target may be reached in the bar of entry.
                lowest, highest = low[bar] * unit, high[bar] * unit
                if lowest <= lower or highest >= upper:
                    price = _price_at_hit(opens[bar] * unit, lowest, highest, units, lower, upper)
                    cash += _record(table, trades, units, entry, entry_bar, price, bar, stop, target, broker.commission)
                    trades, units = trades + 1, 0.0
        # End of the span: value what is left at the last close.
        if at_end:
            price = close[last] * unit
            worth = cash + (price * units - units * entry)
            if worth > 0:
                _write_segment(segments, made, last if made else first, worth, 0.0, 0.0, worth, worth)
                made += 1
            bar = n if worth > 0 else last
            break
    # Equity used up: close at that bar's close; the account stays at zero.
    if start < n and bar < n:
        price = close[bar] * unit
        if units != 0:
            _record(table, trades, units, entry, entry_bar, price, bar, stop, target, broker.commission)
            trades += 1
        _write_segment(segments, made, bar if made else first, 0.0, 0.0, 0.0, 0.0, 0.0)
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
def _write_segment(segments, i, start, cash, units, basis, low, high):
    if i < segments.shape[1]:
        segments[START, i], segments[CASH, i], segments[UNITS, i], segments[BASIS, i] = start, cash, units, basis
        segments[PAID, i], segments[LOW, i], segments[HIGH, i] = 0.0, low, high


@inlined
def _record(table, i, units, entry, entry_bar, price, at, stop, target, rate):
    """Write down a closed trade (beyond the table's end it is only counted); return what it adds to cash."""
    commission = abs(units) * price * rate
    gained = units * (price - entry)
    paid = commission + abs(units) * entry * rate
    if i < table.shape[1]:
        table[_ENTRY_BAR, i], table[_EXIT_BAR, i], table[_UNITS, i] = entry_bar, at, units
        table[_ENTRY, i], table[_EXIT, i], table[_STOP, i], table[_TARGET, i] = entry, price, stop, target
        table[_COMMISSION, i], table[_PNL, i], table[_FUNDING, i] = paid, gained - paid, 0.0
        table[_RETURNS, i] = (math.copysign(1, units) * (price / entry - 1) - paid / (abs(units) * entry)) * 100
    return gained - commission


@inlined
def _price_at_hit(opening, low, high, units, lower, upper):
    """The stop (or a worse open) where it was reached, else the target (or a better open)."""
    if units > 0:
        return min(opening, lower) if low <= lower else max(opening, upper)
    return max(opening, upper) if high >= upper else min(opening, lower)


@inlined
def _bracket(stop, target, direction):
    """The prices at or below and at or above which the position is left."""
    below, above = (stop, target) if direction > 0 else (target, stop)
    return (-np.inf if math.isnan(below) else below), (np.inf if math.isnan(above) else above)


@inlined
def _is_accepted(close, spread, direction, stop, target):
    """Whether stop and target lie on the right sides of the close that the spread has moved."""
    adjusted = close * (1 + math.copysign(spread, direction))
    below, above = (stop, target) if direction > 0 else (target, stop)
    return not (adjusted <= below or adjusted >= above)


@inlined
def _next_hit(low, high, unit, lower, upper, bar, last, end):
    """The first bar from `bar` to `last` that reaches stop or target, or `end`."""
    while bar + 8 <= last + 1:
        lows, highs = low[bar : bar + 8], high[bar : bar + 8]
        found = 0
        for k in range(8):
            found |= (lows[k] * unit <= lower) | (highs[k] * unit >= upper)
        if found:
            break
        bar += 8
    while bar <= last:
        if low[bar] * unit <= lower or high[bar] * unit >= upper:
            return bar
        bar += 1
    return end


@inlined
def _whole(amount, price):
    """`amount // price` as Python computes it; fmod, which is slow, only where rounding could matter."""
    if amount < price:
        return 0.0
    quotient = amount / price
    whole = np.floor(quotient)
    if np.floor(quotient * (1 - 1e-15)) == whole == np.floor(quotient * (1 + 1e-15)):
        return whole
    return amount // price


@inlined
def _share(share):
    return 1 - 2.220446049250313e-16 if share == 1 else share
