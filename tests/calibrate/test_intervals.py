"""Exact intervals match published values and never cover less than their nominal confidence."""

import numpy as np
import pytest
from scipy.stats import binom

from skills_lib.calibrate import intervals
from skills_lib.calibrate.intervals import PassRate, clopper_pearson
from skills_lib.domain.errors import TwokeyError


@pytest.mark.parametrize(
    ("passes", "markets", "low", "high"),
    [
        (0, 1_000, 0.0, 1 - 0.025 ** (1 / 1_000)),
        (4, 1_000, 0.001091, 0.010209),
        (3, 1_000, 0.000619, 0.008742),
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (81, 263, 0.2527, 0.3676),  # Newcombe (1998), table I
    ],
)
def test_the_interval_is_the_published_one(passes: int, markets: int, low: float, high: float) -> None:
    assert clopper_pearson(passes, markets) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("truth", [0.001, 0.01, 0.2, 0.5, 0.83])
def test_at_least_95_of_100_intervals_hold_the_truth(truth: float) -> None:
    markets = 60
    held = np.array([low <= truth <= high for low, high in (clopper_pearson(k, markets) for k in range(markets + 1))])
    assert binom.pmf(np.arange(markets + 1), markets, truth)[held].sum() >= 0.95


def test_no_markets_give_the_full_interval() -> None:
    assert PassRate.of(0, 0) == PassRate(markets=0, passes=0, rate=0.0, ci95=(0.0, 1.0))


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "find_spec", lambda name: None)
    with pytest.raises(TwokeyError, match=r"twokey\[evidence\]"):
        clopper_pearson(1, 10)
