"""Finds places where a price does not continue: a relisting, a redenomination, or another asset under the same symbol.

A profit across such a place was nobody's. An outage also ends at another price than it began, but a plausible one: the
longest of Binance's spot markets since 2020 moved by less than 0.2 deviations as defined here.
"""

from collections.abc import Iterator

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.options import option
from skills_lib.domain.time import SECOND_NS

BREAK_FACTOR = 5.0
BREAK_DEVIATIONS = 8.0
_DEVIATION_BARS = 50
_LEVEL_BARS = 5
_NORMAL = 1.4826
"""Standard deviation of normal values over their median absolute value."""
BREAK_WORDS = "The price does not continue"


class PriceBreak(FrozenModel):
    """Two neighbouring bars, by open time in UTC; `factor`: the open of the second over the close of the first."""

    after: str
    before: str
    missing_bars: int
    factor: float

    def line(self) -> str:
        """What was found and what to do, in one line."""
        size = f"{self.factor:,.0f}" if self.factor >= 10 else f"{self.factor:.3g}"
        hole = f" across {self.missing_bars:,} missing bars" if self.missing_bars else ""
        return (
            f"{BREAK_WORDS}: × {size}{hole} after {self.after}, so it is relisted, redenominated or another asset. "
            f"Use one side: {option('until', self.before)} or {option('since', self.before)}."
        )


def is_break_line(text: str) -> bool:
    """Whether `text` is the line of a `PriceBreak`."""
    return text.startswith(BREAK_WORDS)


def price_breaks(bars: Bars) -> list[PriceBreak]:
    """Places where `bars`, in any order, do not continue, oldest first.

    The open after is at least 5 times the close before, or at most a fifth, and further away than 8 robust deviations
    of a bar × √(bars from one to the other). The deviation is 1.4826 times the median absolute log return of the 50
    closes on either side. The median of the 5 closes on either side must show the same: a wrong print is a spike, and
    not a break.
    """
    times, opens, closes = _in_order(bars)
    with np.errstate(divide="ignore", invalid="ignore"):
        opens, closes = np.log(opens), np.log(closes)
        jumps = opens[1:] - closes[:-1]
        candidates = np.flatnonzero(np.isfinite(jumps) & (np.abs(jumps) >= np.log(BREAK_FACTOR)))
        return list(_breaks(times, closes, jumps, candidates, bars.interval_ns))


def _in_order(bars: Bars) -> tuple[IntArray, FloatArray, FloatArray]:
    """Times, opens and closes by time, each time once: the first bar that has it."""
    if (np.diff(bars.open_time_ns) > 0).all():
        return bars.open_time_ns, bars.open, bars.close
    times, first = np.unique(bars.open_time_ns, return_index=True)
    return times, bars.open[first], bars.close[first]


def _breaks(
    times: IntArray, closes: FloatArray, jumps: FloatArray, candidates: IntArray, interval_ns: int
) -> Iterator[PriceBreak]:
    for last in candidates:
        steps = max(int(times[last + 1] - times[last]) // interval_ns, 1) if interval_ns else 1
        bound = max(np.log(BREAK_FACTOR), BREAK_DEVIATIONS * _deviation(closes, last) * np.sqrt(steps))
        level = _level(closes[last + 1 : last + 1 + _LEVEL_BARS]) - _level(closes[: last + 1][-_LEVEL_BARS:])
        if min(np.sign(jumps[last]) * level, abs(jumps[last])) >= bound:
            yield PriceBreak(
                after=iso(times[last]),
                before=iso(times[last + 1]),
                missing_bars=steps - 1,
                factor=float(np.exp(jumps[last])),
            )


def _deviation(closes: FloatArray, last: int) -> float:
    before, after = closes[: last + 1][-_DEVIATION_BARS:], closes[last + 1 : last + 1 + _DEVIATION_BARS]
    returns = np.abs(np.concatenate((np.diff(before), np.diff(after))))
    returns = returns[np.isfinite(returns)]
    return _NORMAL * float(np.median(returns)) if len(returns) else 0.0


def _level(closes: FloatArray) -> float:
    return float(np.median(closes))


def iso(time_ns: np.int64) -> str:
    """A time as `2024-01-31T23:00:00Z`."""
    return f"{np.datetime64(int(time_ns) // SECOND_NS, 's')}Z"
