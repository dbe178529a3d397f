"""Makes walk-forward windows: a train span, an embargo and a test span, moved along the bars."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.model import Span
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.options import OptionName, option
from skills_lib.domain.time import DAY_NS, SECOND_NS

_UNIT_NS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
MIN_BARS = 2
MAX_WINDOWS = 10_000
MAX_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Lengths in nanoseconds. Anchored windows all start at the first bar; others roll with a fixed length."""

    train_ns: int
    test_ns: int
    step_ns: int
    embargo_ns: int = 0
    anchored: bool = False

    @classmethod
    def parse(cls, train: str, test: str, step: str, embargo: str, anchored: bool) -> "WindowPlan":
        """Read durations such as `180d`, `12h` or `4w`.

        Raises:
            InputError: not a duration, one of more than `MAX_DAYS`, or 0 where a positive one is required.
        """
        return cls(
            train_ns=_duration("train", train, minimum=1),
            test_ns=_duration("test", test, minimum=1),
            step_ns=_duration("step", step, minimum=1),
            embargo_ns=_duration("embargo", embargo, minimum=0),
            anchored=anchored,
        )


class Window(NamedTuple):
    """Bars of one window, and the times that bound them: UTC nanoseconds, ends not included."""

    train: Span
    test: Span
    train_start_ns: int
    train_end_ns: int
    test_start_ns: int
    test_end_ns: int

    @property
    def train_days(self) -> float:
        return (self.train_end_ns - self.train_start_ns) / DAY_NS

    @property
    def test_days(self) -> float:
        return (self.test_end_ns - self.test_start_ns) / DAY_NS


def make_windows(bars: Bars, plan: WindowPlan) -> list[Window]:
    """All windows that end within the bars, oldest first; windows in a gap of the data are left out.

    Raises:
        InputError: the bars are shorter than one window, or a span holds fewer than two bars.
    """
    _refuse_short(bars, plan)
    first, end = int(bars.open_time_ns[0]), int(bars.open_time_ns[-1]) + bars.interval_ns
    needed = plan.train_ns + plan.embargo_ns + plan.test_ns
    if first + needed > end:
        raise InputError(
            f"One window needs {_days(needed)} (train, embargo and test), but the data spans {_days(end - first)}. "
            f"Shorten {option('train')} or {option('test')}, or extend the span."
        )
    count = (end - first - needed) // plan.step_ns + 1
    if count > MAX_WINDOWS:
        raise InputError(
            f"A step of {_days(plan.step_ns)} makes {count:,} windows; at most {MAX_WINDOWS:,}. Use a longer step."
        )
    windows = [_window(bars, plan, first, number) for number in range(count)]
    found = [w for w in windows if min(_length(w.train), _length(w.test)) >= MIN_BARS]
    if not found:
        raise InputError("Every window falls into a gap in the data. Check the candles, or use longer windows.")
    return found


def stitched_spans(windows: Sequence[Window]) -> list[Span]:
    """The bars each window contributes to the stitched run: its test up to the next test; the last all of its test."""
    following = [window.test.start for window in windows[1:]] + [windows[-1].test.stop]
    return [Span(w.test.start, min(w.test.stop, after)) for w, after in zip(windows, following, strict=True)]


def _window(bars: Bars, plan: WindowPlan, first: int, number: int) -> Window:
    moved = first + number * plan.step_ns
    train_start, train_end = (first if plan.anchored else moved), moved + plan.train_ns
    test_start = train_end + plan.embargo_ns
    times = (train_start, train_end, test_start, test_start + plan.test_ns)
    a, b, c, d = np.searchsorted(bars.open_time_ns, times).tolist()
    return Window(Span(a, b), Span(c, d), *times)


def _refuse_short(bars: Bars, plan: WindowPlan) -> None:
    spans: list[tuple[OptionName, int]] = [("train", plan.train_ns), ("test", plan.test_ns), ("step", plan.step_ns)]
    for name, length in spans:
        if length < MIN_BARS * bars.interval_ns:
            raise InputError(f"{option(name)} is shorter than {MIN_BARS} bars. Use a longer one, or a finer timeframe.")


def _length(span: Span) -> int:
    return span.stop - span.start


def _duration(name: OptionName, text: str, minimum: int) -> int:
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None and text.strip() == "0":
        nanoseconds = 0
    elif match is None:
        raise InputError(f"{option(name, text)} is not a duration. Write a number and m, h, d or w, such as 180d.")
    elif float(match[1]) * _UNIT_NS[match[2]] > MAX_DAYS * _UNIT_NS["d"]:
        raise InputError(f"{option(name, text)} is too long. Give at most {MAX_DAYS}d, a century.")
    else:
        nanoseconds = round(float(match[1]) * _UNIT_NS[match[2]]) * SECOND_NS
    if nanoseconds < minimum:
        raise InputError(f"{option(name, text)} is not allowed. Give more than 0, such as 30d.")
    return nanoseconds


def _days(nanoseconds: int) -> str:
    return f"{nanoseconds / DAY_NS:,.6g} days"
