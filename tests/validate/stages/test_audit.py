"""Defects of candles are counted, and those that invalidate any result are fatal."""

import math
from dataclasses import replace

import numpy as np
import pytest

from skills_lib.domain.bars import OHLCV, Bars
from skills_lib.validate.stages.audit import audit, minimum_days
from tests.strategies.generated_bars import pick
from tests.validate.markets import candles_of, random_walk


def without(bars: Bars, *gone: slice) -> Bars:
    retained = np.ones(len(bars), dtype=np.bool_)
    for part in gone:
        retained[part] = False
    return pick(bars, retained)


def test_complete_candles_pass_without_warnings() -> None:
    found = audit(candles_of(random_walk(24 * 400, seed=1)))
    assert found.passed
    assert (found.warnings, found.fatal, found.outages) == ([], [], [])
    assert (found.bars, found.days, found.gaps) == (9_600, 400.0, 0)
    assert found.years == pytest.approx(400 / 365)


def test_outages_are_listed_longest_first_with_their_hours() -> None:
    found = audit(candles_of(without(random_walk(24 * 400, 1), slice(100, 103), slice(5_000, 5_010))))
    assert [outage.hours for outage in found.outages] == [10.0, 3.0]
    assert (found.outages[1].after, found.outages[1].before) == ("2023-01-05T03:00:00Z", "2023-01-05T07:00:00Z")
    assert (found.gaps, found.missing_bars) == (2, 13)
    assert found.missing_share == pytest.approx(13 / 9_600)
    assert found.passed
    assert any("2 gaps with 13 missing bars" in message for message in found.warnings)


def test_too_many_missing_bars_are_fatal() -> None:
    found = audit(candles_of(without(random_walk(24 * 400, 1), slice(1_000, 1_600))))
    assert not found.passed
    assert any("6.2% of the bars are missing" in message for message in found.fatal)


@pytest.mark.parametrize(
    ("order", "message"), [([0, 1, 1, 2, 3], "1 bars are duplicates"), ([0, 2, 1, 3, 4], "1 bars are older")]
)
def test_bars_that_repeat_or_go_back_are_fatal(order: list[int], message: str) -> None:
    bars = random_walk(24 * 200, seed=1)
    rows = np.array([*order, *range(5, len(bars))])
    columns = {name.lower(): getattr(bars, name.lower())[rows] for name in OHLCV}
    found = audit(candles_of(replace(bars, open_time_ns=bars.open_time_ns[rows], **columns)))
    assert not found.passed
    assert any(message in line for line in found.fatal)


def test_impossible_prices_are_fatal() -> None:
    bars = random_walk(24 * 200, seed=1)
    high = bars.high.copy()
    high[7] = bars.low[7] * 0.9
    found = audit(candles_of(replace(bars, high=high)))
    assert found.ohlc_violations == 1
    assert not found.passed


def test_bars_without_volume_and_synthetic_candles_are_reported() -> None:
    bars = random_walk(24 * 200, seed=1)
    volume = bars.volume.copy()
    volume[:240] = 0
    found = audit(candles_of(replace(bars, volume=volume), synthetic=True))
    assert found.passed
    assert found.synthetic
    assert found.zero_volume_share == pytest.approx(0.05)
    assert any("5.0% of the bars have no volume" in message for message in found.warnings)
    assert any("synthetic" in message for message in found.warnings)


def test_after_the_minimum_days_a_normal_sharpe_lies_1_645_errors_above_zero() -> None:
    for sharpe in (0.5, 1.0, 2.5):
        days, daily = minimum_days(sharpe), sharpe / math.sqrt(365)
        assert days is not None
        error = math.sqrt((1 + daily**2 / 2) / (days - 1))
        assert daily / error == pytest.approx(1.6448536, rel=1e-6)
    assert minimum_days(1.0) == pytest.approx(2.71 * 365, rel=0.01)


def test_a_history_too_short_for_its_claim_is_reported() -> None:
    candles = candles_of(random_walk(24 * 400, seed=1))
    found = audit(candles, trades=12, sharpe=1.0)
    assert found.minimum_days_for_claim == pytest.approx(990, abs=2)
    assert any("days to be above 0 at 95 %" in message for message in found.warnings)
    assert any("12 trades are too few" in message for message in found.warnings)
    assert audit(candles, trades=200, sharpe=2.0).warnings == []
    assert audit(candles, sharpe=-1.0).minimum_days_for_claim is None


def test_one_bar_is_no_history() -> None:
    bars = random_walk(10, seed=1)
    assert not audit(candles_of(bars[:0])).passed
    assert not audit(candles_of(bars[:1])).passed


def test_a_quality_report_of_other_bars_is_recomputed() -> None:
    candles = candles_of(random_walk(24 * 200, seed=1))
    cut = replace(candles, bars=without(candles.bars, slice(10, 20)))
    assert audit(cut).missing_bars == 10
