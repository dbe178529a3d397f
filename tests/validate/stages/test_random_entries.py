"""Random entries keep what they must, give uniform p without skill, and detect skill."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import preset
from skills_lib.domain.parameters import Integer, Real
from skills_lib.domain.signals import Signals, never
from skills_lib.validate.stages.random_entries import RandomEntries, places_without_overlap, random_entries
from tests.backtest.market import hourly_bars
from tests.validate.markets import random_walk


class DiceTrader(SignalStrategy):
    """Random entries and exits; `skill` percent of the entries look ten bars ahead."""

    seed = Integer(1, low=0, high=10_000)
    skill = Integer(0, low=0, high=100)
    often = Real(0.05, low=0.01, high=0.5, step=0.01)

    def signals(self, bars: Bars) -> Signals:
        rng, n = np.random.default_rng(self.seed), len(bars)
        enters, up, leaves = rng.random(n) < self.often, rng.random(n) < 0.5, rng.random(n) < 0.1
        ahead = np.append(bars.close[10:], np.full(min(10, n), bars.close[-1])) > bars.close
        up = np.where(rng.random(n) * 100 < self.skill, ahead, up)
        return Signals(enters & up, enters & ~up, leaves, leaves)


class BuysOnce(SignalStrategy):
    """Buys on the first possible bar and holds."""

    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(np.ones(len(bars), dtype=np.bool_), none, none, none)


class Waits(SignalStrategy):
    """Never trades."""

    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(none, none, none, none)


COSTLY = BacktestSettings(costs=preset("usdm-taker"))


def run(bars: Bars, seed: int, skill: int = 0, costly: BacktestSettings = COSTLY) -> Execution:
    return run_kernel(DiceTrader, bars, {"seed": seed, "skill": skill, "often": 0.05}, costly)


def placed(execution: Execution, bars: Bars, samples: int = 200, seed: int = 0) -> RandomEntries:
    return random_entries(execution, bars, COSTLY.costs, samples, seed)


@given(
    widths=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    free=st.integers(0, 30),
    seed=st.integers(0, 1000),
)
@examples(deadline=None)
def test_trades_keep_their_number_and_length_and_never_overlap(widths: list[int], free: int, seed: int) -> None:
    width, available = np.array(widths), sum(widths) + free
    order, starts = places_without_overlap(width, available, 20, np.random.default_rng(seed))
    ends = starts + width[order]
    assert (np.sort(order, axis=1) == np.arange(len(widths))).all()
    assert (starts[:, 1:] >= ends[:, :-1]).all()
    assert starts.min() >= 0
    assert ends.max() <= available


def test_a_single_trade_begins_everywhere_equally_often() -> None:
    _, starts = places_without_overlap(np.array([5]), 24, 20_000, np.random.default_rng(1))
    counts = np.bincount(starts[:, 0], minlength=20)
    assert len(counts) == 20
    assert ((counts - 1000) ** 2 / 1000).sum() < 45  # the 99.9th percentile of chi-square with 19 degrees is 43.8


def test_identical_bars_give_random_entries_the_observed_return() -> None:
    """Prices grow by 0.1 % per bar, so a trade's net return depends only on side, duration and costs."""
    bars = hourly_bars(100 * 1.001 ** np.arange(3001))[:3000]
    costs = preset("usdm-taker").model_copy(update={"funding_bps_per_8h": 0.0})
    execution = run(bars, seed=3, costly=BacktestSettings(costs=costs))
    found = random_entries(execution, bars, costs, 300, 0)
    assert found.trades == len(execution.trades) > 100
    assert set(execution.trades["side"]) == {"long", "short"}
    assert found.null_return_pct is not None
    assert (found.null_return_pct.p5, found.null_return_pct.p95) == pytest.approx([found.observed_return_pct] * 2)
    assert found.p == 1


def test_every_p_is_equally_likely_where_entries_are_luck() -> None:
    found = []
    for seed in range(400):
        bars = random_walk(1000, seed)
        found.append(placed(run(bars, seed), bars, 99, seed).p)
    p = np.sort(np.array(found, dtype=np.float64))
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.03)
    distance = np.abs(p - (np.arange(400) + 0.5) / 400).max()
    assert distance < 1.63 / np.sqrt(400)  # Kolmogorov and Smirnov's bound at 99 %


def test_a_planted_edge_is_seen() -> None:
    markets = [random_walk(2000, seed) for seed in range(20)]
    found = [placed(run(bars, seed, skill=70), bars).p for seed, bars in enumerate(markets)]
    assert np.mean(np.array(found, dtype=np.float64) < 0.05) > 0.9


def test_a_trade_with_one_possible_placement_is_not_significant() -> None:
    bars = random_walk(500, 4)
    execution = run_kernel(BuysOnce, bars, {}, COSTLY)
    found = placed(execution, bars)
    assert found.trades == 1
    assert found.p is not None
    assert found.p > 0.3


def test_the_p_value_is_never_zero() -> None:
    bars = random_walk(2000, 5)
    assert placed(run(bars, 5, skill=100), bars, samples=50).p == pytest.approx(1 / 51)


def test_the_observed_return_is_that_of_the_trades_after_costs() -> None:
    bars = random_walk(2000, 6)
    execution = run(bars, 6)
    total = execution.trades["pnl"].sum() / execution.cash * 100
    assert placed(execution, bars).observed_return_pct == pytest.approx(total)


def test_fills_at_the_close_are_placed_at_closes() -> None:
    """Constant prices with one jump within each bar: only open-to-open or close-to-close earns nothing."""
    opens = np.full(800, 100.0)
    bars = hourly_bars(opens, opens * 1.01)
    settings = BacktestSettings(costs=preset("free"), trade_on_close=True)
    execution = run(bars, 7, costly=settings)
    found = random_entries(execution, bars, settings.costs, 100, 0)
    assert found.trades > 20
    assert found.null_return_pct is not None
    assert (found.null_return_pct.p5, found.null_return_pct.p95) == pytest.approx((0, 0), abs=1e-6)


def test_overlapping_trades_are_placed_independently() -> None:
    bars = random_walk(400, 8)
    execution = run_kernel(BuysOnce, bars, {}, COSTLY)
    trades = execution.trades.loc[[0, 0, 0]].reset_index(drop=True)
    found = placed(Execution(trades, execution.equity, execution.cash, execution.first_bar), bars)
    assert found.overlapping
    assert found.trades == 3
    assert found.p is not None


def test_no_trades_have_no_p_value() -> None:
    bars = random_walk(100, 9)
    found = placed(run_kernel(Waits, bars, {}, COSTLY), bars)
    assert (found.p, found.null_return_pct, found.trades, found.observed_return_pct) == (None, None, 0, 0)


def test_the_same_seed_gives_the_same_null() -> None:
    bars = random_walk(1500, 10)
    execution = run(bars, 10)
    assert placed(execution, bars, seed=1) == placed(execution, bars, seed=1)
    assert placed(execution, bars, seed=1).null_return_pct != placed(execution, bars, seed=2).null_return_pct
