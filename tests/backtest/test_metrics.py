"""Metrics against quantstats, backtesting.py and figures computed by hand."""

import numpy as np
import pandas as pd
import pytest
import quantstats.stats as qs
from backtesting import Strategy

import strategies
from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.metrics import METRICS, compute_metrics, daily_equity
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference import run_reference
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS, Costs
from tests.backtest.market import HOUR_NS, START_NS, hourly_bars, random_walk

FREE = PRESETS["free"]
WALKS = [random_walk(83 * 24, seed) for seed in range(5)]  # whole days: quantstats counts days, CAGR takes the span


class BuyOnce(Strategy):
    """Buys at the second open and holds."""

    def init(self) -> None: ...

    def next(self) -> None:
        if not self.position:
            self.buy()


def executed(equity: np.ndarray, cash: float) -> Execution:
    return Execution(pd.DataFrame({name: [] for name in TRADE_COLUMNS}), equity, cash, first_bar=0)


def equity_path(bars: Bars, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 100_000 * np.exp(np.cumsum(rng.normal(0.00005, 0.004, len(bars))))


def daily_returns(bars: Bars, equity: np.ndarray) -> pd.Series:
    """Resampled by pandas, independently of the code under test."""
    daily = pd.Series(equity, index=bars.to_frame().index).resample("D").last()
    return pd.concat([pd.Series([100_000.0], index=[daily.index[0] - pd.Timedelta(days=1)]), daily]).pct_change()[1:]


@pytest.mark.parametrize("seed", range(5))
def test_risk_figures_agree_with_quantstats(seed: int) -> None:
    bars = WALKS[seed]
    equity = equity_path(bars, seed)
    found = compute_metrics(executed(equity, 100_000.0), bars, FREE)
    returns = daily_returns(bars, equity)
    assert found["sharpe"] == pytest.approx(qs.sharpe(returns, periods=365), rel=1e-9)
    assert found["sortino"] == pytest.approx(qs.sortino(returns, periods=365), rel=1e-9)
    assert found["cagr_pct"] == pytest.approx(qs.cagr(returns, periods=365) * 100, rel=1e-9)
    assert found["volatility_ann_pct"] == pytest.approx(qs.volatility(returns, periods=365) * 100, rel=1e-9)
    assert found["omega"] == pytest.approx(qs.omega(returns, periods=365), rel=1e-9)
    by_bar = pd.Series(equity, index=bars.to_frame().index)
    assert found["max_drawdown_pct"] == pytest.approx(qs.max_drawdown(by_bar) * 100, rel=1e-9)
    tail = qs.conditional_value_at_risk(returns, confidence=0.95, method="historical")
    assert found["cvar_95_pct"] == pytest.approx(tail * 100, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_alpha_and_beta_agree_with_quantstats(seed: int) -> None:
    bars = WALKS[seed]
    equity = equity_path(bars, seed) * bars.close / bars.close[0]
    found = compute_metrics(executed(equity, 100_000.0), bars, FREE)
    market = daily_returns(bars, bars.close / bars.close[0] * 100_000)
    greeks = qs.greeks(daily_returns(bars, equity), market, periods=365, prepare_returns=False)
    assert found["beta"] == pytest.approx(greeks["beta"], rel=1e-9)
    assert found["alpha_ann_pct"] == pytest.approx(greeks["alpha"] * 100, rel=1e-9)


@pytest.mark.parametrize("name", ["sma_crossover", "mean_reversion", "donchian_breakout"])
@pytest.mark.parametrize("seed", range(3))
def test_figures_defined_alike_equal_backtesting_py(name: str, seed: int) -> None:
    strategy, bars = strategies.load(name), WALKS[seed]
    run = run_reference(strategy, bars, {}, BacktestSettings())
    found, theirs = compute_metrics(run.execution, bars, PRESETS["default"]), run.backtest._results
    same = {
        "return_pct": "Return [%]",
        "buy_hold_return_pct": "Buy & Hold Return [%]",
        "max_drawdown_pct": "Max. Drawdown [%]",
        "exposure_pct": "Exposure Time [%]",
        "win_rate_pct": "Win Rate [%]",
        "expectancy_pct": "Expectancy [%]",
        "sqn": "SQN",
        "kelly": "Kelly Criterion",
        "trades": "# Trades",
        "fees_paid": "Commissions [$]",
        "final_equity": "Equity Final [$]",
    }
    for ours, label in same.items():
        assert found[ours] == pytest.approx(theirs[label], rel=1e-9), ours
    longest = theirs["Max. Drawdown Duration"] / pd.Timedelta(days=1)
    assert found["max_drawdown_days"] == pytest.approx(longest)


def test_break_even_cost_is_the_commission_at_which_the_same_trade_earns_nothing() -> None:
    bars = hourly_bars([100, 100, 100, 110, 110])
    free = compute_metrics(run_reference(BuyOnce, bars, {}, BacktestSettings(costs=FREE)).execution, bars, FREE)
    # One unit bought at 100 and sold at 110: 10 gained on 210 traded.
    assert free["break_even_cost_bps"] == pytest.approx(10 / 210 * 1e4)
    costs = Costs(commission_bps=free["break_even_cost_bps"])
    charged = compute_metrics(run_reference(BuyOnce, bars, {}, BacktestSettings(costs=costs)).execution, bars, costs)
    assert charged["net_pnl"] == pytest.approx(0, abs=0.01)
    assert charged["break_even_cost_bps"] == pytest.approx(free["break_even_cost_bps"])


def test_spread_and_slippage_are_counted_and_given_back_in_the_gross_profit() -> None:
    bars = hourly_bars([100, 100, 100, 110, 110])
    costs = Costs(commission_bps=0, spread_bps=20, slippage_bps=15)
    run = run_reference(BuyOnce, bars, {}, BacktestSettings(costs=costs))
    found = compute_metrics(run.execution, bars, costs)
    units = run.execution.trades["size"].iloc[0]
    assert run.execution.trades["entry_price"].iloc[0] == pytest.approx(100 * 1.005)
    assert found["spread_paid"] == pytest.approx(units * 0.5)
    assert found["gross_pnl"] == pytest.approx(units * 10)
    assert found["net_pnl"] == pytest.approx(units * 9.5)


def test_days_without_bars_count_as_flat() -> None:
    times = START_NS + HOUR_NS * np.array([0, 1, 72, 73], dtype=np.int64)
    daily = daily_equity(times, HOUR_NS, np.array([1.0, 2.0, 3.0, 4.0]), start=1.0)
    assert daily.tolist() == [1.0, 2.0, 2.0, 2.0, 4.0]


def test_figures_without_trades_or_variance_are_undefined_rather_than_zero() -> None:
    bars = hourly_bars([100.0] * 48)
    found = compute_metrics(executed(np.full(48, 100_000.0), 100_000.0), bars, FREE)
    undefined = {"sharpe", "sortino", "win_rate_pct", "profit_factor", "break_even_cost_bps", "beta", "kelly"}
    assert {name for name in undefined if found[name] is None} == undefined
    assert found["trades"] == 0
    assert found["return_pct"] == 0
    assert list(found) == list(METRICS)


def test_a_bankrupt_run_measures_without_dividing_by_zero() -> None:
    bars = hourly_bars([100.0] * 72)
    equity = np.concatenate([np.full(30, 100_000.0), np.zeros(42)])
    found = compute_metrics(executed(equity, 100_000.0), bars, FREE)
    assert found["return_pct"] == -100
    assert found["max_drawdown_pct"] == -100
    assert found["cagr_pct"] == -100
