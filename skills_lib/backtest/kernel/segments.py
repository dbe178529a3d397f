"""The equity curve as segments (see arrays), compiled: between two events only the mark to market changes.

Within a segment equity rises or falls with the close, rounding included, so its extremes are those of the closes: most
segments, and most blocks of the others, are passed over without looking at their bars.
"""

import numpy as np

from skills_lib.backtest.kernel.arrays import (
    BASIS,
    CASH,
    FUNDED_FROM,
    HIGH,
    LOW,
    PAID,
    START,
    UNITS,
    inlined,
    inlined_extremes,
    leading_zeros,
    part,
)
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.rounding import NO_CHANGE
from skills_lib.domain.time import DAY_NS

_SHIFT = 4
BLOCK = 1 << _SHIFT
"""Bars whose lowest and highest close are known together. Here, where compiled code takes it in: numba's cache sees
changes of a function's own file."""
_LEVELS = 6
_LEVEL = 1 - NO_CHANGE


def block_extremes(close: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest close of 2^level blocks from each block on: two float64[level, block].

    Two overlapping entries of one level cover any stretch without a loop (Bender and Farach-Colton, 2000).
    """
    starts = np.arange(0, len(close), BLOCK)
    low, high = [np.minimum.reduceat(close, starts)], [np.maximum.reduceat(close, starts)]
    for level in range(1, _LEVELS):
        other = np.minimum(np.arange(len(starts)) + (1 << (level - 1)), len(starts) - 1)
        low.append(np.minimum(low[-1], low[-1][other]))
        high.append(np.maximum(high[-1], high[-1][other]))
    return np.array(low), np.array(high)


@inlined_extremes
def bounds(block_low, block_high, start, end):
    """What no value of `start` to `end` lies outside of: the extremes of all blocks they touch.

    inf and -inf where there are none.
    """
    low, high = np.inf, -np.inf
    block, block_end = start >> _SHIFT, (end + BLOCK - 1) >> _SHIFT
    while block < block_end:
        level = min(63 - leading_zeros(np.uint64(block_end - block)), _LEVELS - 1)
        width = 1 << level
        low = min(low, min(block_low[level, block], block_low[level, block_end - width]))
        high = max(high, max(block_high[level, block], block_high[level, block_end - width]))
        block += width
        if block_end - block <= width:
            break
    return low, high


@inlined_extremes
def extremes(close, block_low, block_high, start, end):
    """The lowest and the highest close of `start` to `end`.

    The first and the last BLOCK closes may overlap with whole blocks between: a fixed number of closes is compared
    without branches.
    """
    whole = (start + BLOCK - 1) >> _SHIFT << _SHIFT, end >> _SHIFT << _SHIFT
    low, high = bounds(block_low, block_high, whole[0], whole[1])
    if end - start < BLOCK:
        few = close[start:end]
        for i in range(len(few)):
            low = min(low, few[i])
            high = max(high, few[i])
        return low, high
    front, back = close[start : start + BLOCK], close[end - BLOCK : end]
    for i in range(BLOCK):
        low = min(low, min(front[i], back[i]))
        high = max(high, max(front[i], back[i]))
    return low, high


@inlined
def worth(segments, segment, close):
    """Equity at a close within a segment."""
    value = segments[CASH, segment] + (close * segments[UNITS, segment] - segments[BASIS, segment])
    return max(value - segments[PAID, segment], 0.0)


@inlined
def end_of(segments, segment, count, span_end):
    """The bar after a segment's last bar; `span_end` for the last segment."""
    return int(segments[START, segment + 1]) if segment + 1 < count else span_end


@part
def equity_of_bars(market, span, segments, count, equity):
    """The equity of every bar of the span."""
    first, span_end = span
    for segment in range(count):
        start, end = int(segments[START, segment]), end_of(segments, segment, count, span_end)
        prices, out = market.close[start:end], equity[start - first : end - first]
        cash, units, basis, paid = (
            segments[CASH, segment],
            segments[UNITS, segment],
            segments[BASIS, segment],
            segments[PAID, segment],
        )
        for i in range(len(out)):
            out[i] = max(cash + (prices[i] * units - basis) - paid, 0.0)


@inlined
def split_at_funding(market, span, scratch, count):
    """Cut the segments where funding falls due and set what each has paid; cash is net of earlier positions' funding.

    Returns how many segments there are now, in `scratch.charged`.
    """
    segments, charged, made = scratch.segments, scratch.charged, 0
    payment, payments = market.by_open[span[0]], len(market.payment_bar)
    for segment in range(count):
        at, end = int(segments[START, segment]), end_of(segments, segment, count, span[1])
        units, funded_from = segments[UNITS, segment], int(segments[FUNDED_FROM, segment])
        while at < end:
            while payment < payments and market.payment_bar[payment] <= at:
                payment += 1
            until = min(end, market.payment_bar[payment]) if payment < payments and units != 0 else end
            for row in range(len(segments)):
                charged[row, made] = segments[row, segment]
            charged[START, made] = at
            if units != 0:
                charged[PAID, made] = units * (market.paid[payment] - market.paid[funded_from])
                low, high = bounds(market.block_low, market.block_high, at, until)
                charged[LOW, made], charged[HIGH, made] = span_of(charged, made, low, high)
            at, made = until, made + 1
    return made


@inlined
def day_ends(market, span):
    """Where the days of a span begin and end in `market.day_last`: from its first open to the end of its last bar."""
    first, end = span
    base, last_ns = market.open_time_ns[0] // DAY_NS, market.open_time_ns[end - 1] + market.interval_ns - 1
    return market.open_time_ns[first] // DAY_NS - base, last_ns // DAY_NS - base + 1


@inlined
def day_end(market, span, day):
    """The last bar that has ended by the end of a day of the span; before the span where none of it has."""
    return min(market.day_last[day], span[1] - 1)


@inlined
def daily_returns(market, broker, span, days, segments, count, daily):
    """Fill `daily` with the change of equity from day to day, as a fraction."""
    d, n = 0, days[1] - days[0]
    while d < n and day_end(market, span, days[0] + d) < span[0]:  # in the first bar, where it is longer than a day
        daily[d] = broker.cash
        d += 1
    for segment in range(count):
        end = end_of(segments, segment, count, span[1])
        while d < n:
            bar = day_end(market, span, days[0] + d)
            if bar >= end:
                break
            daily[d] = worth(segments, segment, market.close[bar])
            d += 1
    before = broker.cash
    for d in range(n):
        after = daily[d]
        daily[d] = (after - before) / before if before > 0 else 0.0
        before = after


@inlined
def drawdown(market, span, segments, count):
    """Deepest fall as a fraction and the longest time below a peak in nanoseconds; nan and 0 where all was lost.

    A worth is level with the peak unless it is below by more than NO_CHANGE of it, which is rounding.
    """
    first, span_end = span
    times = market.open_time_ns
    peak = trough = worth(segments, 0, market.close[first])
    deepest, at, longest, passed, level = 0.0, first, 0, 0, peak * _LEVEL
    for segment in range(count):
        if segments[HIGH, segment] < level:
            continue
        start, end = int(segments[START, segment]), end_of(segments, segment, count, span_end)
        trough = _trough(market, span, segments, count, passed, segment, trough)
        passed = segment + 1
        if segments[UNITS, segment] == 0:
            longest = max(longest, _time_below(times, at, start))
            at = end - 1
            if segments[HIGH, segment] > peak:
                deepest = max(deepest, 1 - trough / peak)
                peak = trough = segments[HIGH, segment]
        else:
            found = _climb(market, segments, segment, start, end, peak, trough, at)
            deepest, longest = max(deepest, found[0]), max(longest, found[1])
            peak, trough, at = found[2], found[3], found[4]
        level = peak * _LEVEL
    trough = _trough(market, span, segments, count, passed, count, trough)
    longest, deepest = max(longest, times[span_end - 1] - times[at]), max(deepest, 1 - trough / peak)
    return (deepest if deepest > NO_CHANGE else 0.0, longest) if peak > 0 else (np.nan, 0)


@inlined
def _trough(market, span, segments, count, passed, until, trough):
    """The least worth in the segments from `passed` to `until`, or `trough`.

    Where it is likely to be is looked at first, so that few others could lie below.
    """
    lowest, minimum = np.inf, passed
    for segment in range(passed, until):
        if segments[LOW, segment] < lowest:
            lowest, minimum = segments[LOW, segment], segment
    if lowest >= trough:
        return trough
    for i in range(passed - 1, until):
        segment = i if i >= passed else minimum
        if segments[LOW, segment] < trough:
            start, end = int(segments[START, segment]), end_of(segments, segment, count, span[1])
            low, high = extremes(market.close, market.block_low, market.block_high, start, end)
            trough = min(trough, span_of(segments, segment, low, high)[0])
    return trough


@inlined
def _climb(market, segments, segment, start, end, peak, trough, at):
    """Drawdowns within a segment that reaches the peak: deepest, longest; then peak, trough and the peak's bar."""
    deepest, longest, bar, level = 0.0, 0, start, peak * _LEVEL
    while bar < end:
        block = bar // BLOCK
        block_end = min((block + 1) * BLOCK, end)
        if block_end - bar == BLOCK:
            lowest, highest = span_of(segments, segment, market.block_low[0, block], market.block_high[0, block])
            if highest < level:
                trough = min(trough, lowest)
                bar = block_end
                continue
        for i in range(bar, block_end):
            value = worth(segments, segment, market.close[i])
            if value < level:
                trough = min(trough, value)
                continue
            longest = max(longest, _time_below(market.open_time_ns, at, i))
            if value > peak:
                deepest, peak, trough = max(deepest, 1 - trough / peak), value, value
                level = peak * _LEVEL
            at = i
        bar = block_end
    return deepest, longest, peak, trough, at


@inlined
def _time_below(times, peak, bar):
    """Time from a peak to a bar that is not its neighbour."""
    return times[bar] - times[peak] if bar - peak > 1 else 0


@inlined
def span_of(segments, segment, low, high):
    """The least and the greatest worth between two closes."""
    one, other = worth(segments, segment, low), worth(segments, segment, high)
    return min(one, other), max(one, other)
