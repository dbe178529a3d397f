"""Each run on another market equals the reference, and one that cannot run does not stop the rest."""

from dataclasses import replace

import pytest

import strategies
from skills_lib.backtest.metrics import compute_metrics, execution_returns
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.sweep.evaluator import row_of
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Candles
from skills_lib.validate.stages.breadth import cross_market_results
from skills_lib.validate.stages.sharpe import annual_sharpe
from tests.validate.markets import candles_of, random_walk
from tests.validate.stages.cheats import PlainHonest

SETTINGS = BacktestSettings()


def candles(symbol: str, bars: int, seed: int) -> Candles:
    return replace(candles_of(random_walk(bars, seed)), instrument=Instrument(symbol))


def test_each_run_is_the_references_on_all_its_bars() -> None:
    requested = [candles("ETH", 800, 1), candles("SOL", 900, 2)]
    found = cross_market_results(strategies.load("sma_crossover"), {"fast": 5, "slow": 20}, requested, SETTINGS)
    assert [(run.symbol, run.timeframe, run.bars) for run in found] == [("ETHUSDT", "1h", 800), ("SOLUSDT", "1h", 900)]
    for run, its in zip(found, requested, strict=True):
        bars = its.bars
        execution = run_reference(strategies.load("sma_crossover"), bars, {"fast": 5, "slow": 20}, SETTINGS).execution
        expected = row_of(compute_metrics(execution, bars, SETTINGS.costs))
        assert row_of(run.metrics) == pytest.approx(expected, rel=1e-9, nan_ok=True)
        daily = execution_returns(execution, bars)
        assert run.days == len(daily)
        assert run.sharpe_error == pytest.approx(annual_sharpe(daily).error, rel=1e-6)


def test_candles_too_short_are_reported_and_the_others_still_run() -> None:
    requested = [candles("ETH", 15, 1), replace(candles("SOL", 400, 2), timeframe=Timeframe.H4)]
    short, whole = cross_market_results(strategies.load("sma_crossover"), {"fast": 5, "slow": 20}, requested, SETTINGS)
    assert short.metrics == {}
    assert short.sharpe_error is None
    assert short.problem is not None
    assert "fewer than the warm-up" in short.problem
    assert (whole.problem, whole.timeframe) == (None, "4h")
    assert whole.metrics["trades"]


def test_a_plain_strategy_runs_on_other_markets_too() -> None:
    (run,) = cross_market_results(PlainHonest, {}, [candles("ETH", 300, 1)], SETTINGS)
    assert run.problem is None
    assert run.metrics["trades"]
