"""Indicators as arrays, computed with pandas windows. Values are nan until an indicator is defined.

pandas instead of TA-Lib saves a compiled dependency and has no threshold below which a variance counts as zero:
older TA-Lib releases have one at 1e-14, and backtesting.py's fractional units scale prices by 1e-8.
"""

import numpy as np
import pandas as pd

from skills_lib.domain.bars import BoolArray, FloatArray, IntArray
from skills_lib.domain.memory import remembered
from skills_lib.domain.sessions import session_number, since_session_open
from skills_lib.domain.time import MINUTE_NS


@remembered
def sma(values: FloatArray, period: int) -> FloatArray:
    """Simple moving average over `period` bars.

    A running sum of differences takes a quarter of the time of pandas' compensated sum. As in pandas, a window of
    equal values has exactly that mean, so that two averages of a constant price do not cross.
    """
    if len(values) < period or np.isnan(values.sum()):
        return pd.Series(values).rolling(period).mean().to_numpy()
    out = np.empty(len(values))
    out[: period - 1] = np.nan
    sums = out[period - 1 :]
    sums[0] = np.cumsum(values[:period])[-1]
    np.subtract(values[period:], values[:-period], out=sums[1:])
    np.cumsum(sums, out=sums)
    sums /= period
    if _longest_unchanged(values) >= period:
        unchanged = _bars_unchanged(values)[period - 1 :] >= period
        sums[unchanged] = values[period - 1 :][unchanged]
    return out


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
    """Population standard deviation over `period` bars, as in Bollinger bands."""
    return pd.Series(values).rolling(period).std(ddof=0).to_numpy()


@remembered
def highest(values: FloatArray, period: int) -> FloatArray:
    """Largest of the last `period` values, the current one included."""
    return pd.Series(values).rolling(period).max().to_numpy()


@remembered
def lowest(values: FloatArray, period: int) -> FloatArray:
    """Smallest of the last `period` values, the current one included."""
    return pd.Series(values).rolling(period).min().to_numpy()


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
