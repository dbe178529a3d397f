"""Runs on part of the bars: warmed up by what came before, blind to what comes after."""

import numpy as np
import pandas as pd
import pytest
from backtesting import Strategy
from backtesting.lib import crossover
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.spans import run_span
from skills_lib.backtest.sweep.evaluator import COLUMNS, figures_of
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.domain.costs import PRESETS
from skills_lib.domain.indicators import sma
from tests.validate.markets import random_walk

SMA = strategies.load("sma_crossover")
BARS = random_walk(900, seed=3)
POINT = {"fast": 5, "slow": 30}


class PlainCross(Strategy):
    """The same idea as a hand-written `next()`."""

    fast, slow = 5, 30

    def init(self) -> None:
        self.quick = self.I(lambda: sma(np.asarray(self.data.Close), self.fast))
        self.calm = self.I(lambda: sma(np.asarray(self.data.Close), self.slow))

    def next(self) -> None:
        if crossover(self.quick, self.calm):
            self.buy()
        elif crossover(self.calm, self.quick):
            self.sell()


def test_a_span_from_the_first_bar_is_an_ordinary_run() -> None:
    whole = run_reference(SMA, BARS[:600], dict(POINT), BacktestSettings()).execution
    part = run_span(SMA, BARS, POINT, BacktestSettings(), Span(0, 600))
    pd.testing.assert_frame_equal(part.trades, whole.trades)
    assert np.array_equal(part.equity, whole.equity)


def test_indicators_are_defined_from_the_first_bar_and_nothing_is_traded_before() -> None:
    part = run_span(SMA, BARS, POINT, BacktestSettings(), Span(400, 700))
    cold = run_reference(SMA, BARS[400:700], dict(POINT), BacktestSettings()).execution
    assert part.first_bar == 0
    assert cold.first_bar == 29
    assert len(part.equity) == 300
    assert part.equity[:2].tolist() == [100_000.0, 100_000.0]
    assert part.trades["entry_bar"].min() >= 2


def test_the_entries_on_a_span_are_the_crosses_of_averages_over_all_bars() -> None:
    fast, slow = sma(BARS.close, 5), sma(BARS.close, 30)
    crossed = np.flatnonzero(np.diff(np.sign(fast - slow)[29:]) != 0) + 30
    wished = [bar - 400 + 1 for bar in crossed if 400 < bar < 698]
    part = run_span(SMA, BARS, POINT, BacktestSettings(), Span(400, 700))
    assert part.trades["entry_bar"].tolist() == wished


@pytest.mark.parametrize("costs", ["free", "usdm-taker", "ib-stock"])
def test_a_hand_written_next_trades_a_span_as_its_signals_do(costs: str) -> None:
    conditions = BacktestSettings(costs=PRESETS[costs])
    signals = run_span(SMA, BARS, POINT, conditions, Span(400, 700))
    by_hand = run_span(PlainCross, BARS, POINT, conditions, Span(400, 700))
    pd.testing.assert_frame_equal(by_hand.trades, signals.trades)
    assert np.array_equal(by_hand.equity, signals.equity)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 800), st.integers(40, 99))
def test_bars_behind_a_span_change_nothing_on_it(start: int, length: int) -> None:
    span = Span(start, start + length)
    known = run_span(SMA, BARS[: span.stop], POINT, BacktestSettings(), span)
    later = run_span(SMA, BARS, POINT, BacktestSettings(), span)
    pd.testing.assert_frame_equal(known.trades, later.trades)


def test_the_matrix_holds_the_same_metrics_as_a_single_run() -> None:
    sweep, span = ReferenceSweep(ReferenceTask(SMA, BARS, BacktestSettings())), Span(200, 900)
    points = [{"fast": 5, "slow": slow} for slow in (20, 30, 40)]
    rows = sweep.evaluate(points, span)
    for point, row in zip(points, rows, strict=True):
        execution = sweep.execute(point, span, 100_000.0)
        assert figures_of(row) == compute_metrics(execution, BARS[200:900], BacktestSettings().costs)


def test_a_combination_that_cannot_run_is_a_row_of_nan_with_a_note() -> None:
    sweep = ReferenceSweep(ReferenceTask(SMA, BARS, BacktestSettings()))
    rows = sweep.evaluate([{"fast": 5, "slow": 30}, {"fast": 5, "slow": 200}], Span(0, 100))
    assert np.isnan(rows[1]).all()
    assert rows[0, COLUMNS["trades"]] > 0
    assert "100 bars are fewer than the warm-up of SmaCrossover: 'SMA 200'" in sweep.notes[0]
