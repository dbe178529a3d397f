"""Indicators whose definition or exactness TA-Lib's lack; all others are `domain.ta`. Values are nan until defined.

`sma` and `rolling_std` are exact, so that equal averages compare equal. `ema`, `macd`, `rsi` and `atr` start from the
first value instead of an average of the first ones, and `rsi` is 50 where price does not move; TA-Lib's is 0.
docs/decisions/0014 has the figures.
"""

from typing import TYPE_CHECKING

import numpy as np

from skills_lib.domain.bars import BoolArray, FloatArray, IntArray
from skills_lib.domain.lazy import LazyModule
from skills_lib.domain.memory import remembered
from skills_lib.domain.sessions import session_number, since_session_open
from skills_lib.domain.time import MINUTE_NS
from skills_lib.domain.whole_numbers import REST, BinaryUnits, binary_units, decimal_units

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

_WIDEST_RANGE = 6.0e9
"""Period × range in units of the last decimal place: with values centred, period² × range² / 4 stays below 2^63."""


@remembered
def sma(values: FloatArray, period: int) -> FloatArray:
    """Simple moving average over `period` bars; nan where one of them is not a finite number.

    Of decimals, as prices are, it is the float nearest to the exact mean: equal averages compare equal, whatever their
    periods. Other values are summed to 80 bits (`whole_numbers`), so no error accumulates; a window of equal values has
    exactly that mean.
    """
    if len(values) < period:
        return np.full(len(values), np.nan)
    decimal = decimal_units(values)
    if period <= decimal.longest:
        return _after_warm_up(_window_sums(decimal.whole, period) / (period * decimal.per_one), period)
    binary = binary_units(values)
    if period <= binary.longest:
        return _mean_of_binary(values, binary, period)
    finite = np.isfinite(values)
    if finite.all():
        return pd.Series(values).rolling(period).mean().to_numpy()
    out = sma(np.where(finite, values, 0.0), period).copy()
    out[period - 1 :][_window_sums((~finite).astype(np.float64), period) > 0] = np.nan
    return out


def _window_sums(whole: FloatArray, period: int) -> FloatArray:
    """Sums of the last `period` values from the first whole window on; exact for whole numbers below 2^53."""
    sums = np.empty(len(whole) - period + 1)
    sums[0] = whole[:period].sum()
    np.subtract(whole[period:], whole[:-period], out=sums[1:])
    return np.cumsum(sums, out=sums)


def _after_warm_up(values: FloatArray, period: int) -> FloatArray:
    return np.concatenate((np.full(period - 1, np.nan), values))


def _mean_of_binary(values: FloatArray, units: BinaryUnits, period: int) -> FloatArray:
    sums = _window_sums(units.whole, period) + _window_sums(units.rest, period) * REST
    sums /= period * units.per_one
    if _longest_unchanged(values) >= period:
        unchanged = _bars_unchanged(values)[period - 1 :] >= period
        sums[unchanged] = values[period - 1 :][unchanged]
    return _after_warm_up(sums, period)


@remembered
def _bars_unchanged(values: FloatArray) -> FloatArray:
    """Number of bars, this one included, for which the value has been the same."""
    bars = np.arange(len(values), dtype=np.float64)
    changed = np.ones(len(values), dtype=np.bool_)
    changed[1:] = values[1:] != values[:-1]
    return bars - np.maximum.accumulate(np.where(changed, bars, 0.0)) + 1


@remembered
def _longest_unchanged(values: FloatArray) -> FloatArray:
    """The maximum of `_bars_unchanged`."""
    return np.asarray(_bars_unchanged(values).max())


@remembered
def ema(values: FloatArray, period: int) -> FloatArray:
    """Exponential moving average, alpha = 2 / (period + 1), defined after `period` bars."""
    return pd.Series(values).ewm(span=period, adjust=False, min_periods=period).mean().to_numpy()


@remembered
def macd(close: FloatArray, fast: int, slow: int, signal: int) -> tuple[FloatArray, FloatArray]:
    """MACD line (fast less slow exponential average) and its signal line, in price units."""
    line = ema(close, fast) - ema(close, slow)
    return line, ema(line, signal)


@remembered
def rolling_std(values: FloatArray, period: int) -> FloatArray:
    """Population standard deviation over `period` bars, as in Bollinger bands.

    Of decimals it is exact but for the rounding of the root: (period × sum of squares - square of the sum) is a whole
    number. Other values, and decimals with too wide a range for 64 bits, take pandas' compensated sums.
    """
    units = decimal_units(values)
    low, high = units.whole.min(initial=np.inf), units.whole.max(initial=-np.inf)
    if not 1 <= period <= min(len(values), units.longest) or period * (high - low) > _WIDEST_RANGE:
        return pd.Series(values).rolling(period).std(ddof=0).to_numpy()
    centred = (units.whole - np.rint((low + high) / 2)).astype(np.int64)
    total, squares = _integer_sums(centred, period), _integer_sums(centred * centred, period)
    variance = (period * squares - total * total).astype(np.float64)
    return _after_warm_up(np.sqrt(variance) / (period * units.per_one), period)


def _integer_sums(values: IntArray, period: int) -> IntArray:
    """Sums of the last `period` values from the first whole window on."""
    sums = np.empty(len(values) - period + 1, dtype=np.int64)
    sums[0] = values[:period].sum()
    np.subtract(values[period:], values[:-period], out=sums[1:])
    return np.cumsum(sums, out=sums)


@remembered
def rsi(close: FloatArray, period: int) -> FloatArray:
    """Relative strength index, 0 to 100, with Wilder's smoothing (alpha = 1 / period); 50 where price did not move."""
    change = pd.Series(close).diff()
    gain = change.clip(lower=0).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    loss = (-change.clip(upper=0)).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    total = (gain + loss).to_numpy()
    with np.errstate(invalid="ignore"):
        share = np.where(total == 0, 0.5, gain.to_numpy() / total)
    return 100 * share


@remembered
def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Largest of high-low, |high - previous close|, |low - previous close|; the first bar has high-low."""
    before = np.concatenate(([close[0]], close[:-1])) if len(close) else close
    return np.maximum(high, before) - np.minimum(low, before)


@remembered
def atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int) -> FloatArray:
    """Average true range with Wilder's smoothing, in price units."""
    ranges = pd.Series(true_range(high, low, close))
    return ranges.ewm(alpha=1 / period, adjust=False, min_periods=period).mean().to_numpy()


@remembered
def previous(values: FloatArray) -> FloatArray:
    """The series one bar earlier; the first is nan."""
    out = np.full(len(values), np.nan)
    out[1:] = values[:-1]
    return out


@remembered
def opening_range(
    open_time_ns: IntArray, high: FloatArray, low: FloatArray, interval_ns: int, open_hour: int, minutes: int
) -> tuple[FloatArray, FloatArray]:
    """High and low of the last completed opening range: the bars that open in the session's first `minutes`.

    A bar longer than that is the whole range. While a range forms, the previous one stays in effect, so the lines are
    nan only before the first complete range.
    """
    window = max(minutes * MINUTE_NS, interval_ns)
    since = since_session_open(open_time_ns, open_hour)
    inside = since < window
    forming = inside & (since + interval_ns < window)
    session = session_number(open_time_ns, open_hour)
    top = pd.Series(np.where(inside, high, np.nan)).groupby(session).cummax()
    bottom = pd.Series(np.where(inside, low, np.nan)).groupby(session).cummin()
    return _standing(top, forming), _standing(bottom, forming)


def _standing(level: "pd.Series[float]", forming: BoolArray) -> FloatArray:
    return np.asarray(level.ffill().mask(forming).ffill(), dtype=np.float64)
