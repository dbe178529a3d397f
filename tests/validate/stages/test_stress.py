"""Stress runs have the requested costs and delay, and the break-even cost breaks even."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from backtesting import Strategy
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.figures import Figures
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.spans import run_span
from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.backtest.sweep.evaluator import row_of
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import PRESETS, Costs
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, never
from skills_lib.validate.stages.break_even import search_root
from skills_lib.validate.stages.stress import CostStress, at_side_cost, scaled, stress
from skills_lib.validate.stages.stress_runs import one_bar_later
from tests.backtest.market import hourly_bars
from tests.validate.markets import random_walk

SETTINGS = BacktestSettings()
CROSSOVER: dict[str, Value] = {"fast": 6, "slow": 25}


class BuysOnce(SignalStrategy):
    """Signals long at bar `at` and flat at bar 5; both are filled one bar later."""

    at = Integer(2, low=0, high=4)

    def signals(self, bars: Bars) -> Signals:
        enters, leaves = (np.arange(len(bars)) == bar for bar in (self.at, 5))
        return Signals(enters, never(len(bars)), leaves, never(len(bars)))


class NeverTrades(SignalStrategy):
    """Signals nothing."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(*[never(len(bars))] * 4)


class Plain(Strategy):  # type: ignore[misc]
    """A strategy with its own next(): long for a day, flat for a day."""

    def init(self) -> None: ...

    def next(self) -> None:
        if len(self.data) % 24 == 0:
            if self.position:
                self.position.close()
            else:
                self.buy(size=0.9)


def trending(bars: int, seed: int) -> Bars:
    """A market in which a crossover earns money: long waves with noise."""
    generated = random_walk(bars, seed, volatility=0.004)
    wave = np.exp(0.08 * np.sin(np.arange(bars) / 40))
    prices: dict[str, Any] = {name: getattr(generated, name) * wave for name in ("open", "high", "low", "close")}
    prices["high"] = np.maximum.reduce(list(prices.values()))
    prices["low"] = np.minimum.reduce(list(prices.values()))
    return replace(generated, **prices)


def crossed(bars: Bars, costs: Costs = PRESETS["default"], span: Span | None = None) -> CostStress:
    settings = SETTINGS.model_copy(update={"costs": costs})
    return stress(strategies.load("sma_crossover"), bars, CROSSOVER, settings, span or Span(0, len(bars)))


def on_reference(bars: Bars, costs: Costs, span: Span) -> Figures:
    settings = SETTINGS.model_copy(update={"costs": costs})
    execution = run_span(strategies.load("sma_crossover"), bars, CROSSOVER, settings, span)
    return compute_metrics(execution, bars[span.start : span.stop], costs)


@pytest.mark.parametrize("costs", ["default", "usdm-taker"])
def test_each_level_is_the_references_run_at_that_many_times_the_costs(costs: str) -> None:
    bars, span = trending(900, seed=1), Span(300, 800)
    found = crossed(bars, PRESETS[costs], span)
    assert [level.multiple for level in found.levels] == [0, 1, 2, 3]
    for level in found.levels:
        expected = on_reference(bars, scaled(PRESETS[costs], level.multiple), span)
        assert row_of(level.metrics) == pytest.approx(row_of(expected), rel=1e-9, nan_ok=True)
        assert level.side_bps == pytest.approx(PRESETS[costs].side_bps() * level.multiple)


def test_more_costs_leave_less() -> None:
    returns = [level.metrics["return_pct"] or 0.0 for level in crossed(trending(1_500, seed=2)).levels]
    assert returns == sorted(returns, reverse=True)
    assert len(set(returns)) == 4


def test_one_trade_from_100_to_101_breaks_even_at_1_in_201_a_side() -> None:
    bars = hourly_bars([100, 100, 100, 100, 100.5, 101, 101, 101, 101, 101])
    found = stress(BuysOnce, bars, {"at": 2}, SETTINGS, Span(0, len(bars)))
    assert found.break_even_cost_bps == pytest.approx(1e4 / 201, abs=0.02)
    assert found.survives_double is True
    assert found.levels[3].metrics["return_pct"] < 0  # type: ignore[operator]


@hypothesis_settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), funding=st.sampled_from([0.0, 1.0]), charged=st.sampled_from([0.0, 5.0, 20.0]))
def test_at_the_break_even_cost_nothing_is_left(seed: int, funding: float, charged: float) -> None:
    bars = trending(1_200, seed)
    costs = Costs(commission_bps=charged, funding_bps_per_8h=funding)
    found = crossed(bars, costs).break_even_cost_bps
    assert found is not None
    assert found > 0
    left, upper, before = (
        crossed(bars, at_side_cost(costs, max(found + move, 0))).levels[1].metrics for move in (0, 0.05, -0.05)
    )
    assert abs(left["return_pct"] or 0.0) < 0.05
    assert (upper["return_pct"] or 0.0) < (before["return_pct"] or 0.0)


def test_a_strategy_that_loses_without_costs_breaks_even_at_none() -> None:
    falling = hourly_bars([110, 109, 108, 107, 106, 105, 104, 103, 102, 101])
    found = stress(BuysOnce, falling, {"at": 2}, SETTINGS, Span(0, len(falling)))
    assert found.break_even_cost_bps == 0.0
    assert found.survives_double is False


def test_without_trades_there_is_no_break_even_cost() -> None:
    bars = random_walk(200, seed=1)
    found = stress(NeverTrades, bars, {}, SETTINGS, Span(0, 200))
    assert found.break_even_cost_bps is None
    assert found.survives_double is False


def test_one_bar_late_equals_a_strategy_with_signals_one_bar_later() -> None:
    bars = random_walk(60, seed=1)
    late = stress(BuysOnce, bars, {"at": 2}, SETTINGS, Span(0, 60)).delayed_one_bar
    signals = one_bar_later(BuysOnce(None, None, {"at": 2}).signals(bars))
    assert (np.flatnonzero(signals.long_entry).tolist(), np.flatnonzero(signals.long_exit).tolist()) == ([3], [6])
    settings = SETTINGS.model_copy(update={"costs": PRESETS["free"]})
    free = stress(BuysOnce, bars, {"at": 2}, settings, Span(0, 60)).delayed_one_bar
    assert free is not None
    assert free["return_pct"] == pytest.approx((bars.open[7] / bars.open[4] - 1) * 100, rel=1e-3)
    assert late is not None
    assert late["trades"] == 1


@pytest.mark.parametrize("name", ["donchian_breakout", "opening_range_breakout"])
def test_the_kernels_delay_is_the_references(name: str) -> None:
    strategy, bars, span = strategies.load(name), random_walk(900, seed=3), Span(200, 900)
    parameters = parameter_space(strategy).defaults()

    class Late(strategy):  # type: ignore[misc, valid-type]
        def signals(self, bars: Bars) -> Signals:
            return one_bar_later(super().signals(bars))

    execution = run_span(Late, bars, parameters, SETTINGS, span)
    expected = compute_metrics(execution, bars[200:], SETTINGS.costs)
    found = stress(strategy, bars, parameters, SETTINGS, span).delayed_one_bar
    assert found is not None
    assert row_of(found) == pytest.approx(row_of(expected), rel=1e-9, nan_ok=True)


@hypothesis_settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1_000))
def test_bars_after_the_span_change_nothing(seed: int) -> None:
    bars, span = trending(900, seed), Span(300, 700)
    assert crossed(bars, span=span) == crossed(bars[:700], span=span)


def test_a_strategy_with_its_own_next_is_stressed_on_the_reference_and_not_delayed() -> None:
    bars = trending(24 * 20, seed=4)
    found = stress(Plain, bars, {}, SETTINGS, Span(0, len(bars)))
    assert found.delayed_one_bar is None
    assert found.notes == ["Delay not tested: Plain has its own next(), so its signals cannot be delayed."]
    free = SETTINGS.model_copy(update={"costs": scaled(SETTINGS.costs, 0)})
    expected = compute_metrics(run_reference(Plain, bars, {}, free).execution, bars, free.costs)
    assert found.levels[0].metrics == expected
    assert found.break_even_cost_bps is not None
    if found.break_even_cost_bps:
        settings = SETTINGS.model_copy(update={"costs": at_side_cost(SETTINGS.costs, found.break_even_cost_bps)})
        left = run_reference(Plain, bars, {}, settings).execution
        assert left.equity[-1] / left.cash == pytest.approx(1, abs=2e-3)


def test_non_proportional_charges_are_multiplied_on_the_reference() -> None:
    bars = trending(400, seed=5)
    found = crossed(bars, PRESETS["ib-stock"])
    assert (
        found.levels[2].metrics["fees_paid"]
        == on_reference(bars, scaled(PRESETS["ib-stock"], 2), Span(0, 400))["fees_paid"]
    )
    assert found.delayed_one_bar is not None
    assert any("Minimum, cap and charge per unit" in note for note in found.notes)


def test_a_rebate_is_not_paid_twice() -> None:
    rebate = Costs(commission_bps=-1, spread_bps=2, funding_bps_per_8h=1)
    assert [scaled(rebate, multiple).commission_bps for multiple in (0, 1, 2, 3)] == [0, -1, 0, 0]
    assert [scaled(rebate, multiple).spread_bps for multiple in (0, 1, 2, 3)] == [0, 2, 4, 6]
    assert [scaled(rebate, multiple).funding_bps_per_8h for multiple in (0, 1, 2, 3)] == [0, 1, 2, 3]
    assert any("Rebates" in note for note in crossed(random_walk(300, 1), rebate).notes)


@given(
    root=st.floats(0.05, 1_900),
    bend=st.floats(0.3, 3.0),
    guess=st.floats(0.1, 1_500),
)
def test_the_search_finds_the_root_of_any_falling_curve(root: float, bend: float, guess: float) -> None:
    found = search_root(lambda x: 1 - (x / root) ** bend, 1.0, guess, 2_000, 0.01, 60)
    assert found == pytest.approx(root, abs=0.02)


def test_the_search_gives_up_where_the_curve_stays_above_zero() -> None:
    assert search_root(lambda x: 1 + 1 / (1 + x), 2.0, 1.0, 2_000, 0.01, 60) is None


def test_an_edge_larger_than_any_cost_is_reported() -> None:
    rising = hourly_bars([1, 1, 1, 1, 2, 4, 8, 16, 32, 64])
    found = stress(BuysOnce, rising, {"at": 2}, SETTINGS, Span(0, len(rising)))
    assert found.break_even_cost_bps is None
    assert found.notes == ["No break-even cost: the strategy still earns at 999 bps per side."]
