"""The split into three spans, and the Sharpe ratio's drop with its standard error."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.validate.stages.holdout import sharpe_decay, split
from skills_lib.validate.stages.sharpe import annual_sharpe


def normal_days(days: int, sharpe: float, seed: int = 0) -> FloatArray:
    """Daily returns whose annual Sharpe ratio is exactly `sharpe`."""
    generated = np.random.default_rng(seed).normal(size=days)
    standard = (generated - generated.mean()) / generated.std(ddof=1)
    return 0.01 * (standard + sharpe / math.sqrt(365))


@given(bars=st.integers(20, 1_000_000))
def test_the_parts_cover_every_bar_once_at_70_20_and_10_per_cent(bars: int) -> None:
    parts = split(bars)
    assert [part.start for part in parts] == [0, parts.in_sample.stop, parts.out_of_sample.stop]
    assert parts.sealed.stop == bars
    for part, share in zip(parts, (0.7, 0.2, 0.1), strict=True):
        assert abs(part.stop - part.start - share * bars) <= 1


def test_too_few_bars_cannot_be_split() -> None:
    with pytest.raises(InputError, match="19 bars cannot be split"):
        split(19)


def test_the_error_of_normal_returns_is_los() -> None:
    generated = np.random.default_rng(1).normal(0.002, 0.02, 200_000)
    found = annual_sharpe(generated)
    daily = found.sharpe / math.sqrt(365)
    assert found.error == pytest.approx(math.sqrt((1 + daily**2 / 2) / len(generated) * 365), rel=0.005)


def test_the_error_is_the_spread_of_estimates_for_skewed_returns_with_fat_tails() -> None:
    rng = np.random.default_rng(2)
    samples = -(rng.exponential(1.0, (3_000, 400)) ** 1.3) + 1.4  # rare large losses, Sharpe well above 0 a day
    estimates = [annual_sharpe(days) for days in samples]
    spread = np.std([found.sharpe for found in estimates])
    assert np.mean([found.error for found in estimates]) == pytest.approx(spread, rel=0.1)
    lo = math.sqrt((1 + np.mean([found.sharpe for found in estimates]) ** 2 / 365 / 2) / 400 * 365)
    assert abs(lo / spread - 1) > 0.1, "the plain formula would not do here"


def test_without_a_true_drop_significance_has_its_nominal_frequency() -> None:
    rng = np.random.default_rng(3)
    days = rng.standard_t(5, (1_500, 1_250)) * 0.01 + 0.0005
    found = np.array([sharpe_decay(row[:1_000], row[1_000:]).p for row in days], dtype=np.float64)
    assert 0.035 < (found < 0.05).mean() < 0.07
    assert 0.45 < (found < 0.5).mean() < 0.55


@pytest.mark.parametrize(
    ("out_of_sample", "reading"),
    [(2.1, "none"), (1.7, "expected"), (1.5, "large"), (1.0, "too much"), (-1.0, "too much")],
)
def test_the_rule_of_thumb_uses_the_share_of_the_drop(out_of_sample: float, reading: str) -> None:
    found = sharpe_decay(normal_days(1_000, 2.0), normal_days(300, out_of_sample, seed=1))
    assert found.reading == reading
    assert found.fall_share == pytest.approx(1 - out_of_sample / 2.0)


def test_over_a_short_span_a_large_drop_is_not_significant() -> None:
    found = sharpe_decay(normal_days(1_000, 2.0), normal_days(290, 1.0, seed=1))
    assert found.reading == "too much"
    assert found.p is not None
    assert found.p > 0.05
    assert "not significant" in found.words
    assert found.standard_error == pytest.approx(math.hypot(365**0.5 / 999**0.5, 365**0.5 / 289**0.5), rel=0.02)


def test_over_a_long_span_the_same_drop_is_significant() -> None:
    found = sharpe_decay(normal_days(10_000, 2.0), normal_days(10_000, 1.0, seed=1))
    assert "more than sampling error explains" in found.words
    assert found.z == pytest.approx(1.0 / (2 * 365 / 10_000) ** 0.5, rel=0.02)


def test_without_an_in_sample_edge_the_share_is_undefined() -> None:
    found = sharpe_decay(normal_days(500, -0.5), normal_days(200, -1.5, seed=1))
    assert found.fall_share is None
    assert found.reading == "undefined"
    assert "not above 0" in found.words


def test_returns_without_variance_are_not_compared() -> None:
    found = sharpe_decay(np.zeros(400), normal_days(100, 1.0))
    assert (found.in_sample_sharpe, found.p, found.reading) == (None, None, "undefined")
    assert found.words.startswith("No comparison")
    assert sharpe_decay(np.empty(0), np.empty(0)).in_sample_days == 0
