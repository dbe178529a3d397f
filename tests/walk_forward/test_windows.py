"""Invariants of windows, and lengths that are refused."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.time import DAY_NS
from skills_lib.walk_forward.windows import Window, WindowPlan, make_windows, stitched_spans
from tests.validate.markets import HOUR_NS, START_NS, random_walk

TWO_YEARS = random_walk(24 * 730, seed=1)


def bars_at(hours: list[int]) -> Bars:
    times = START_NS + HOUR_NS * np.array(hours, dtype=np.int64)
    ones = np.ones(len(times))
    return Bars(times, ones, ones, ones, ones, ones, HOUR_NS)


def plan(train: str = "180d", test: str = "60d", step: str = "30d", embargo: str = "0", anchored: bool = False):
    return WindowPlan.parse(train, test, step, embargo, anchored)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Bars, WindowPlan, list[Window]]:
    """Bars with holes, and windows that fit in them."""
    train, test, step = (draw(st.integers(2, 40)) for _ in range(3))
    embargo, count = draw(st.integers(0, 10)), draw(st.integers(60, 200))
    missing = draw(st.sets(st.integers(1, count - 2), max_size=count // 2))
    bars = bars_at([hour for hour in range(count) if hour not in missing])
    lengths = WindowPlan(train * HOUR_NS, test * HOUR_NS, step * HOUR_NS, embargo * HOUR_NS, draw(st.booleans()))
    try:
        return bars, lengths, make_windows(bars, lengths)
    except InputError:
        assume(False)
        raise


@given(cases())
def test_train_never_reaches_into_the_embargo_or_the_test(case: tuple[Bars, WindowPlan, list[Window]]) -> None:
    bars, lengths, windows = case
    for window in windows:
        assert window.train.stop <= window.test.start
        last_close = bars.open_time_ns[window.train.stop - 1] + bars.interval_ns
        assert bars.open_time_ns[window.test.start] - last_close >= lengths.embargo_ns


@given(cases())
def test_windows_end_within_the_data(case: tuple[Bars, WindowPlan, list[Window]]) -> None:
    bars, _, windows = case
    for window in windows:
        assert 0 <= window.train.start < window.train.stop
        assert window.test.start < window.test.stop <= len(bars)
        assert window.test_end_ns <= bars.open_time_ns[-1] + bars.interval_ns


@given(cases())
def test_stitching_takes_every_test_bar_exactly_once(case: tuple[Bars, WindowPlan, list[Window]]) -> None:
    _, _, windows = case
    stitched = [bar for span in stitched_spans(windows) for bar in range(span.start, span.stop)]
    assert stitched == sorted({bar for window in windows for bar in range(window.test.start, window.test.stop)})


@given(cases())
def test_no_window_is_missing_at_the_end(case: tuple[Bars, WindowPlan, list[Window]]) -> None:
    bars, lengths, windows = case
    following = windows[-1].test_end_ns + lengths.step_ns
    end = bars.open_time_ns[-1] + bars.interval_ns
    hole = len(bars) < (end - bars.open_time_ns[0]) // bars.interval_ns
    assert following > end or hole


@given(cases())
def test_rolling_windows_keep_their_length_and_anchored_ones_their_beginning(
    case: tuple[Bars, WindowPlan, list[Window]],
) -> None:
    bars, lengths, windows = case
    for window in windows:
        assert window.test_end_ns - window.test_start_ns == lengths.test_ns
        if lengths.anchored:
            assert window.train_start_ns == bars.open_time_ns[0]
        else:
            assert window.train_end_ns - window.train_start_ns == lengths.train_ns
    steps = {(b.test_start_ns - a.test_start_ns) % lengths.step_ns for a, b in itertools.pairwise(windows)}
    assert steps <= {0}


def test_two_years_of_hours_make_seventeen_windows_by_default() -> None:
    windows = make_windows(TWO_YEARS, plan())
    assert len(windows) == 17
    assert windows[0].train == (0, 180 * 24)
    assert windows[0].test == (180 * 24, 240 * 24)
    assert windows[1].train.start == 30 * 24
    assert (windows[0].train_days, windows[0].test_days) == (180, 60)


def test_each_window_contributes_one_step_and_the_last_its_whole_test() -> None:
    spans = stitched_spans(make_windows(TWO_YEARS, plan()))
    assert [span.stop - span.start for span in spans] == [30 * 24] * 16 + [60 * 24]


def test_an_embargo_moves_the_test_and_not_the_train() -> None:
    plain, held = make_windows(TWO_YEARS, plan())[0], make_windows(TWO_YEARS, plan(embargo="36h"))[0]
    assert held.train == plain.train
    assert held.test.start == plain.test.start + 36


def test_weeks_and_minutes_are_durations_too() -> None:
    lengths = WindowPlan.parse("26w", "1.5d", "90m", "0d", anchored=True)
    assert (lengths.train_ns, lengths.test_ns) == (26 * 7 * DAY_NS, 3 * DAY_NS // 2)
    assert lengths.step_ns == 3 * HOUR_NS // 2


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ({"train": "700d"}, "One window needs 760 days (train, embargo and test), but the data spans 730 days."),
        ({"embargo": "500d"}, "One window needs 740 days"),
        ({"train": "half a year"}, "`train=half a year` is not a duration."),
        ({"train": "180"}, "`train=180` is not a duration."),
        ({"test": "-60d"}, "`test=-60d` is not a duration."),
        ({"step": "0d"}, "`step=0d` is not allowed. Give more than 0"),
        ({"step": "36526d"}, "`step=36526d` is too long. Give at most 36525d, a century."),
        ({"train": "9" * 400 + "d"}, "9d` is too long."),
        ({"step": "1h"}, "`step` is shorter than 2 bars."),
        ({"test": "90m"}, "`test` is shorter than 2 bars."),
    ],
)
def test_windows_that_do_not_fit_are_refused_in_one_line(lengths: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        make_windows(TWO_YEARS, plan(**lengths))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_step_that_makes_too_many_windows_is_refused() -> None:
    with pytest.raises(InputError, match="at most 10,000"):
        make_windows(bars_at(list(range(30_000))), plan("2h", "2h", "2h"))
