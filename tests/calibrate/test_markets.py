"""Null markets have no drift, no directional dependence and no edge inside a bar, and lose after costs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.calibrate.family import sized
from skills_lib.calibrate.garch import ANNUAL_VOLATILITY, HOURLY_DEVIATION, HOURS_PER_YEAR, garch_bars
from skills_lib.calibrate.markets import HOURS, NULL_KINDS, AssetHistory, NullKind, flipped, null_market
from skills_lib.calibrate.moves import Moves
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.costs import preset
from skills_lib.domain.quality import valid_ohlc
from tests.validate.markets import random_walk

POINTS = [{"fast": 4, "slow": 20}, {"fast": 20, "slow": 95}, {"fast": 64, "slow": 280}]
MARKETS = 24


def trending() -> Bars:
    """A history with an obvious edge: it rises steadily, with noise."""
    bars = random_walk(HOURS // 2, seed=6, volatility=0.006)
    rise = np.exp(0.0004 * np.arange(len(bars)))
    return Bars(
        bars.open_time_ns,
        bars.open * rise,
        bars.high * rise,
        bars.low * rise,
        bars.close * rise,
        bars.volume,
        bars.interval_ns,
    )


HISTORIES = (AssetHistory("TREND", trending()), AssetHistory("WALK", random_walk(HOURS // 2, seed=7, volatility=0.008)))


def market(kind: NullKind, number: int) -> Bars:
    """One null market by number."""
    return null_market(kind, HISTORIES, number, np.random.default_rng([1, NULL_KINDS.index(kind), number]))


def returns(bars: Bars) -> FloatArray:
    """Simple returns from close to close."""
    return np.asarray(bars.close[1:] / bars.close[:-1] - 1)


def sharpes(kind: NullKind, costs: str) -> FloatArray:
    """Annual Sharpe ratios of three points of the trend family: float64[markets, points]."""
    family, settings = sized(strategies.load("sma_crossover")), BacktestSettings(costs=preset(costs))  # type: ignore[arg-type]
    found = []
    for number in range(MARKETS):
        bars = market(kind, number)
        rows = KernelSweep(family, bars, settings, threads=1).evaluate(POINTS, Span(0, len(bars)))
        found.append(rows[:, COLUMNS["sharpe"]])
    return np.array(found)


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_bars_of_a_null_market_are_possible_bars_in_order(kind: NullKind) -> None:
    bars = market(kind, 0)
    assert valid_ohlc(bars).all()
    assert (np.diff(bars.open_time_ns) > 0).all()
    assert (bars.volume > 0).all()


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_a_null_market_is_the_same_for_the_same_seed_and_another_for_another(kind: NullKind) -> None:
    again, other = market(kind, 3), market(kind, 5)
    assert np.array_equal(market(kind, 3).close, again.close)
    assert not np.array_equal(again.close, other.close)


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_a_null_market_has_no_drift_and_no_momentum(kind: NullKind) -> None:
    pooled = [returns(market(kind, number)) for number in range(MARKETS)]
    every = np.concatenate(pooled)
    assert abs(every.mean()) < 4 * every.std() / np.sqrt(len(every))
    for lag in (1, 24, 100):
        products = np.concatenate([found[lag:] * found[:-lag] for found in pooled])
        assert abs(products.mean()) < 4 * products.std() / np.sqrt(len(products))


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_no_point_of_the_family_earns_before_costs_and_all_lose_after(kind: NullKind) -> None:
    free, paid = sharpes(kind, "free"), sharpes(kind, "default")
    error = free.std(axis=0) / np.sqrt(MARKETS)
    assert (abs(free.mean(axis=0)) < 4 * error).all()
    assert (paid.mean(axis=0) < free.mean(axis=0)).all()
    assert (paid.mean(axis=0)[:2] < 0).all()


def test_the_source_history_has_a_positive_drift() -> None:
    bars = HISTORIES[0].bars
    every = returns(bars)
    assert every.mean() > 4 * every.std() / np.sqrt(len(every))


@pytest.fixture(scope="module")
def long_market() -> Bars:
    """Forty-five years of GARCH hours."""
    return garch_bars(np.random.default_rng(8), 400_000)


@pytest.mark.parametrize("away", [0.5, 1.0, 2.0])
def test_a_target_inside_a_garch_bar_is_worth_nothing(long_market: Bars, away: float) -> None:
    bars = long_market
    for side, reached in ((1, bars.high / bars.open - 1), (-1, 1 - bars.low / bars.open)):
        level = away * HOURLY_DEVIATION
        earned = np.where(reached >= level, level, side * (bars.close / bars.open - 1))
        assert abs(earned.mean()) < 4 * earned.std() / np.sqrt(len(earned))


def test_garch_bars_have_realistic_volatility_tails_and_clustering(long_market: Bars) -> None:
    every = returns(long_market)
    assert every.std() * np.sqrt(HOURS_PER_YEAR) == pytest.approx(ANNUAL_VOLATILITY, rel=0.1)
    standard = (every - every.mean()) / every.std()
    assert np.mean(standard**4) > 5
    size = abs(every) - abs(every).mean()
    assert np.mean(size[1:] * size[:-1]) / np.mean(size**2) > 0.05


@given(seed=st.integers(0, 10_000))
def test_mirrored_bars_are_possible_and_exactly_as_likely_to_rise_as_to_fall(seed: int) -> None:
    bars = random_walk(60, seed=seed)
    moves, signs = Moves.of(bars), np.random.default_rng(seed).choice([-1.0, 1.0], 59)
    here, there = moves.mirrored(signs), moves.mirrored(-signs)
    assert np.array_equal(here.close, -there.close)
    assert np.array_equal(here.high, -there.low)
    assert valid_ohlc(here.bars(bars.open_time_ns[1:], bars.interval_ns)).all()


def test_moves_put_together_again_are_the_bars_they_are_from() -> None:
    bars = random_walk(500, seed=3)
    again = Moves.of(bars).bars(bars.open_time_ns[1:], bars.interval_ns)
    for name in ("open", "high", "low", "close"):
        column = getattr(bars, name)[1:] / bars.close[0] * 100
        assert np.allclose(getattr(again, name), column, rtol=1e-12)


def test_without_drift_means_exactly_none_and_bars_stay_possible() -> None:
    moves = Moves.of(trending()).without_drift()
    assert abs(moves.close.mean()) < 1e-18
    assert (moves.low <= np.minimum(moves.open, moves.close)).all()
    assert (moves.high >= np.maximum(moves.open, moves.close)).all()


def test_a_flipped_market_keeps_times_and_sizes_and_turns_whole_days() -> None:
    bars = random_walk(24 * 30 + 1, seed=4)
    found = flipped(bars, np.random.default_rng(5))
    before, after = Moves.of(bars).without_drift().close[1:], returns(found)
    assert np.array_equal(found.open_time_ns, bars.open_time_ns[1:])
    assert np.allclose(abs(before), abs(after), rtol=1e-9)
    turned = np.sign(before) != np.sign(after)
    days = found.open_time_ns[1:] // (24 * 3_600 * 1_000_000_000)
    for day in np.unique(days):
        assert len(set(turned[(days == day) & (before != 0)].tolist())) == 1
    assert 0 < turned.mean() < 1
