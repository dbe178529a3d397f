"""A sweep on the kernel and one on the reference are the same table."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, never
from tests.backtest.market import random_walk
from tests.command import Command

BARS = random_walk(1_500, seed=3)
SETTINGS = BacktestSettings(costs=PRESETS["usdm-taker"])
SPANS = [Span(0, 1_500), Span(200, 900), Span(900, 1_500)]
SWEPT = {
    "sma_crossover": [{"fast": fast, "slow": slow} for fast in (5, 10, 20) for slow in (30, 60, 90)],
    "donchian_breakout": [
        {"entry_period": n, "exit_period": 10, "atr_period": 20, "stop_atr": stop, "direction": "both"}
        for n in (20, 40)
        for stop in (0.0, 1.5)
    ],
    "opening_range_breakout": [
        {"open_hour": hour, "range_minutes": 120, "direction": "both", "stop": "range", "target_ranges": target}
        for hour in (0, 8)
        for target in (0.0, 1.5)
    ],
}


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("name", SWEPT)
def test_every_metric_of_every_combination_is_the_references(name: str, span: Span) -> None:
    strategy, combinations = strategies.load(name), SWEPT[name]
    kernel = KernelSweep(strategy, BARS, SETTINGS, threads=2).evaluate(combinations, span)
    reference = ReferenceSweep(ReferenceTask(strategy, BARS, SETTINGS)).evaluate(combinations, span)
    np.testing.assert_allclose(kernel, reference, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("costs", ["default", "usdm-taker"])
@pytest.mark.parametrize("span", SPANS, ids=str)
def test_daily_returns_are_the_references(span: Span, costs: str) -> None:
    settings = BacktestSettings(costs=PRESETS[costs])
    strategy, combinations = strategies.load("donchian_breakout"), SWEPT["donchian_breakout"]
    kernel = KernelSweep(strategy, BARS, settings).daily_returns(combinations, span)
    reference = ReferenceSweep(ReferenceTask(strategy, BARS, settings)).daily_returns(combinations, span)
    assert kernel.shape == reference.shape
    np.testing.assert_allclose(kernel, reference, rtol=1e-9, atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(0, 1_400),
    length=st.integers(2, 700),
    fast=st.integers(2, 20),
    slow=st.integers(21, 120),
    costs=st.sampled_from(["default", "usdm-taker"]),
)
def test_a_run_on_any_span_is_the_references(start: int, length: int, fast: int, slow: int, costs: str) -> None:
    strategy, span = strategies.load("sma_crossover"), Span(start, min(start + length, 1_500))
    options, asked = BacktestSettings(costs=PRESETS[costs]), [{"fast": fast, "slow": slow}]
    kernel, reference = KernelSweep(strategy, BARS, options), ReferenceSweep(ReferenceTask(strategy, BARS, options))
    np.testing.assert_allclose(kernel.evaluate(asked, span), reference.evaluate(asked, span), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("metric", ["sharpe", "return_pct", "profit_factor"])
def test_kernel_and_reference_rank_a_grid_the_same(metric: str) -> None:
    strategy, column = strategies.load("sma_crossover"), list(METRICS).index(metric)
    grid = [{"fast": fast, "slow": slow} for fast in range(4, 24, 4) for slow in range(30, 100, 10)]
    kernel = KernelSweep(strategy, BARS, SETTINGS, threads=3).evaluate(grid, SPANS[0])[:, column]
    reference = ReferenceSweep(ReferenceTask(strategy, BARS, SETTINGS)).evaluate(grid, SPANS[0])[:, column]
    assert np.argsort(kernel).tolist() == np.argsort(reference).tolist()


def test_a_stitched_run_is_the_references_too() -> None:
    strategy, span = strategies.load("sma_crossover"), Span(400, 1_100)
    kernel = KernelSweep(strategy, BARS, SETTINGS).execute({"fast": 8, "slow": 30}, span, cash=54_321.0)
    reference = ReferenceSweep(ReferenceTask(strategy, BARS, SETTINGS)).execute(
        {"fast": 8, "slow": 30}, span, cash=54_321.0
    )
    assert (kernel.equity == reference.equity).all()
    assert kernel.trades["entry_bar"].tolist() == reference.trades["entry_bar"].tolist()


def test_signals_remembered_between_spans_change_nothing_even_when_some_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skills_lib.backtest.sweep.batches._REMEMBERED_BYTES", 0)
    strategy, grid = strategies.load("donchian_breakout"), SWEPT["donchian_breakout"]
    sweep, reference = KernelSweep(strategy, BARS, SETTINGS), ReferenceSweep(ReferenceTask(strategy, BARS, SETTINGS))
    for span, part in [(SPANS[1], grid[:2]), (SPANS[2], grid[2:]), (SPANS[1], grid), (SPANS[2], grid[:1])]:
        np.testing.assert_allclose(sweep.evaluate(part, span), reference.evaluate(part, span), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", SWEPT)
def test_spans_side_by_side_give_what_each_gives_alone(
    name: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_lib.backtest.sweep.kernel._MIN_BARS_FOR_THREADS_IN_ONE_SPAN", 0)
    strategy, grid = strategies.load(name), SWEPT[name]
    asked = [(grid, SPANS[1]), (grid, SPANS[2]), (grid[1:3], SPANS[1]), (grid[:1], SPANS[0])]
    together = KernelSweep(strategy, BARS, SETTINGS, threads).evaluate_spans(asked)
    for (part, span), rows in zip(asked, together, strict=True):
        assert np.array_equal(rows, KernelSweep(strategy, BARS, SETTINGS).evaluate(part, span), equal_nan=True)


def test_spans_side_by_side_keep_to_the_rules_of_one_span(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, early, late = [{"value": value} for value in (1, 5, 6)], Span(0, 10), Span(600, 900)
    single = KernelSweep(FailsAtFive, BARS, SETTINGS)
    sweep = KernelSweep(FailsAtFive, BARS, SETTINGS)
    for span, rows in zip((early, late), sweep.evaluate_spans([(grid, early), (grid, late)]), strict=True):
        assert np.array_equal(rows, single.evaluate(grid, span), equal_nan=True)
    assert sweep.notes == single.notes
    holed = KernelSweep(HoleInTheMiddle, BARS, SETTINGS).evaluate_spans([([{}], SPANS[1]), ([{}], SPANS[2])])
    reference = ReferenceSweep(ReferenceTask(HoleInTheMiddle, BARS, SETTINGS))
    np.testing.assert_allclose(holed[0], reference.evaluate([{}], SPANS[1]), rtol=1e-9, atol=1e-9)
    monkeypatch.setattr("skills_lib.backtest.sweep.batches._REMEMBERED_BYTES", 0)
    crowded = KernelSweep(FailsAtFive, BARS, SETTINGS).evaluate_spans([(grid[:1], late)])
    assert np.array_equal(crowded[0], single.evaluate(grid[:1], late), equal_nan=True)
    assert sweep.evaluate_spans([]) == []


class HoleInTheMiddle(SignalStrategy):
    """An indicator that is undefined again later: a span that begins there waits for it, as in the reference."""

    def signals(self, bars: Bars) -> Signals:
        n = len(bars)
        line = np.where((np.arange(n) < 20) | ((np.arange(n) >= 180) & (np.arange(n) < 260)), np.nan, bars.close)
        odd = np.arange(n) % 7 == 0
        return Signals(odd, np.roll(odd, 3), never(n), never(n), indicators={"line": line})


def test_an_indicator_undefined_again_later_is_waited_for() -> None:
    kernel = KernelSweep(HoleInTheMiddle, BARS, SETTINGS).evaluate([{}], SPANS[1])
    reference = ReferenceSweep(ReferenceTask(HoleInTheMiddle, BARS, SETTINGS)).evaluate([{}], SPANS[1])
    np.testing.assert_allclose(kernel, reference, rtol=1e-9, atol=1e-9)


class FailsAtFive(SignalStrategy):
    """Raises for one value, asks for too much warm-up at another."""

    value = Integer(1, low=1, high=10)

    def signals(self, bars: Bars) -> Signals:
        if self.value == 5:
            raise ZeroDivisionError("five")
        none, n = never(len(bars)), len(bars)
        indicator = np.full(n, np.nan if self.value == 6 else 1.0)
        return Signals(none, none, none, none, indicators={"line": indicator})


def test_combinations_that_cannot_run_are_nan_and_told_once() -> None:
    sweep = KernelSweep(FailsAtFive, BARS, SETTINGS)
    rows = sweep.evaluate([{"value": value} for value in (1, 5, 6, 5, 7)], SPANS[0])
    trades = rows[:, list(METRICS).index("trades")]
    assert np.isnan(trades).tolist() == [False, True, True, True, False]
    assert len(sweep.notes) == 2
    assert "ZeroDivisionError: five" in sweep.notes[0]
    assert "fewer than the warm-up" in sweep.notes[1]


def test_more_trades_than_the_book_holds_are_all_kept() -> None:
    class Flips(SignalStrategy):
        def signals(self, bars: Bars) -> Signals:
            odd = np.arange(len(bars)) % 2 == 0
            none = never(len(bars))
            return Signals(odd, ~odd, none, none)

    bars = random_walk(6_000, seed=1)
    rows = KernelSweep(Flips, bars, SETTINGS).evaluate([{}], Span(0, len(bars)))
    reference = ReferenceSweep(ReferenceTask(Flips, bars, SETTINGS)).evaluate([{}], Span(0, len(bars)))
    np.testing.assert_allclose(rows, reference, rtol=1e-9, atol=1e-9)
    assert rows[0, list(METRICS).index("trades")] > 2_048


def test_the_command_runs_on_either_engine_with_equal_figures(twokey: Command) -> None:
    job = ("test-strategy", "BTC", "1h", "donchian_breakout", "--source", "sample", "--since", "2023-01-01", "--json")
    kernel, reference = (twokey(*job, "--engine", engine).whole for engine in ("kernel", "reference"))
    assert kernel["settings"]["engine"] == "kernel"
    assert kernel["metrics"] == pytest.approx(reference["metrics"])
    assert kernel["run_id"] != reference["run_id"]


def test_what_the_kernel_refuses_runs_on_the_reference_and_says_so(twokey: Command) -> None:
    job = ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample", "--since", "2024-06-01", "--json")
    result = json.loads(twokey(*job, "--engine", "kernel", "--costs", "ib-stock").out)
    assert "The reference ran instead of the kernel: the commission of costs 'ib-stock'" in result["warnings"][-1]
