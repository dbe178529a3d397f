"""Metrics against quantstats, backtesting.py and figures computed by hand."""

import numpy as np
import pandas as pd
import pytest
import quantstats.stats as qs
from backtesting import Strategy

import strategies
from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.figures import METRICS, perfect
from skills_lib.backtest.metrics import compute_metrics, daily_equity, measure, spanned_days
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.report.markdown import describe_figure
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS, Costs
from skills_lib.domain.signals import Signals, never
from skills_lib.domain.time import DAY_NS
from tests.backtest.market import HOUR_NS, START_NS, equal_days, hourly_bars, random_walk

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


def kernel_row(strategy: type[SignalStrategy], bars: Bars, settings: BacktestSettings) -> dict[str, float]:
    """The figures of the compiled metrics."""
    (row,) = KernelSweep(strategy, bars, settings, threads=1).evaluate([{}], Span(0, len(bars)))
    return dict(zip(METRICS, row.tolist(), strict=True))


def both_engines(strategy: type[SignalStrategy], bars: Bars, settings: BacktestSettings) -> dict[str, float]:
    """The reference's figures, once the kernel's are equal to them."""
    found = measure(run_reference(strategy, bars, {}, settings).execution, bars, settings.costs)
    assert kernel_row(strategy, bars, settings) == pytest.approx(found, rel=1e-9, abs=1e-9, nan_ok=True)
    return {name: float(value) for name, value in found.items()}


class HoldFromThird(SignalStrategy):
    """Buys at the close of the second bar, for the third open, and holds."""

    def signals(self, bars: Bars) -> Signals:
        entry, none = np.zeros(len(bars), dtype=np.bool_), never(len(bars))
        entry[1] = True
        return Signals(entry, none, none, none)


class HourlyRound(SignalStrategy):
    """Buys each day at two o'clock and sells at eight: 100 to 104 on `equal_days`."""

    def signals(self, bars: Bars) -> Signals:
        hour, none = bars.open_time_ns // HOUR_NS % 24, never(len(bars))
        return Signals(hour == 1, none, hour == 7, none)


UNITS = BacktestSettings(costs=FREE, cash=1_000, fractional_unit=1)


def weekly_bars() -> Bars:
    opens, closes = np.array([100.0, 100, 100, 105]), np.array([100.0, 100, 105, 110])
    times = START_NS + 7 * DAY_NS * np.arange(4, dtype=np.int64)
    return Bars(times, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(4), 7 * DAY_NS)


def test_four_weekly_bars_are_28_days() -> None:
    bars = weekly_bars()
    # + 5 % in four weeks: 1.05^(365 / 28) - 1 = 88.9 %, not 124.7 % over the 22 days from open to open.
    equity = np.array([1_000.0, 1_000, 1_000, 1_050])
    execution = executed(equity, 1_000.0)
    found = compute_metrics(execution, bars, FREE)
    assert found["cagr_pct"] == pytest.approx((1.05 ** (365 / 28) - 1) * 100) == pytest.approx(88.9, abs=0.05)
    daily = daily_equity(bars.open_time_ns, bars.interval_ns, equity, 1_000.0)
    assert daily.tolist() == [1_000.0] * 28 + [1_050.0]
    assert spanned_days(bars) == 28
    mean, deviation = 0.05 / 28, 0.05 * np.sqrt((1 - 1 / 28) / 27)
    assert found["sharpe"] == pytest.approx(mean / deviation * np.sqrt(365))


def test_both_engines_measure_weekly_bars_alike() -> None:
    both_engines(HoldFromThird, weekly_bars(), UNITS)
    sweep = KernelSweep(HoldFromThird, weekly_bars(), UNITS, threads=1)
    days = sweep.daily_returns([{}], Span(0, 4))
    assert days.shape == (1, 28)
    assert set(np.flatnonzero(days[0])) <= {20, 27}  # the ends of the third and of the fourth week
    assert sweep.daily_returns([{}], Span(1, 4)).shape == (1, 21)


def test_the_annual_return_takes_the_hours_of_an_unfinished_day() -> None:
    bars = hourly_bars([100.0] * 36)
    found = compute_metrics(executed(np.linspace(1_000, 1_010, 36), 1_000.0), bars, FREE)
    assert found["cagr_pct"] == pytest.approx((1.01 ** (365 / 1.5) - 1) * 100)


def test_equal_daily_returns_have_no_sharpe_ratio() -> None:
    growth = np.repeat(1.1 ** np.arange(1, 11), 24)
    found = measure(executed(1_000 * growth, 1_000.0), hourly_bars([100.0] * 240), FREE)
    assert (found["sharpe"], found["volatility_ann_pct"]) == (np.inf, 0)
    figures = compute_metrics(executed(1_000 * growth, 1_000.0), hourly_bars([100.0] * 240), FREE)
    assert figures["sharpe"] is None
    assert perfect(figures)["sharpe"] == "no variance"
    falling = measure(executed(1_000 / growth, 1_000.0), hourly_bars([100.0] * 240), FREE)
    assert np.isnan(falling["sharpe"])


def test_a_run_without_a_loss_is_perfect_and_not_undefined() -> None:
    found = both_engines(HourlyRound, equal_days(20), BacktestSettings(costs=FREE, cash=1_000))
    ratios = ("profit_factor", "kelly", "calmar", "sortino", "omega", "sharpe", "sqn")
    assert {name: found[name] for name in ratios[:-1]} == dict.fromkeys(ratios[:-1], np.inf)
    assert (found["max_drawdown_pct"], found["max_drawdown_days"], found["trades"]) == (0, 0, 20)
    settings = BacktestSettings(costs=FREE, cash=1_000)
    figures = compute_metrics(run_reference(HourlyRound, equal_days(20), {}, settings).execution, equal_days(20), FREE)
    assert {figures[name] for name in ratios[:-1]} == {None}
    assert (
        perfect(figures).items()
        >= {"profit_factor": "no loss", "calmar": "no drawdown", "omega": "no down day"}.items()
    )
    assert describe_figure("profit_factor", figures) == "no loss"


def test_a_run_without_trades_is_undefined_and_not_perfect() -> None:
    figures = compute_metrics(executed(np.full(48, 1_000.0), 1_000.0), hourly_bars([100.0] * 48), FREE)
    assert perfect(figures) == {}
    assert describe_figure("profit_factor", figures) == "n/a"


def test_a_drawdown_within_rounding_is_none() -> None:
    equity = np.linspace(1_000, 1_100, 48)
    equity[10:40] = equity[10] * (1 - 2e-16)  # as floats leave a position that is worth the same
    found = measure(executed(equity, 1_000.0), hourly_bars([100.0] * 48), FREE)
    assert (found["max_drawdown_pct"], found["max_drawdown_days"]) == (0, 0)
    assert found["calmar"] == np.inf


def test_a_drawdown_that_lasts_to_the_end_has_a_length() -> None:
    bars = hourly_bars([100, 100, 100, 110, 55, 55, 55], closes=[100, 100, 110, 55, 55, 55, 55])
    found = both_engines(HoldFromThird, bars, UNITS)
    assert found["max_drawdown_days"] == pytest.approx(4 / 24)
    equity = np.array([1_000.0, 1_100, 1_050, 1_060, 1_040])
    # From the end of the second bar to the end of the last.
    lasting = measure(executed(equity, 1_000.0), hourly_bars([100.0] * 5), FREE)
    assert lasting["max_drawdown_days"] == pytest.approx(
        3 / 24
    )  # from the end of the second bar to the end of the last
    last = measure(executed(np.array([1_000.0, 1_100, 1_050]), 1_000.0), hourly_bars([100.0] * 3), FREE)
    assert last["max_drawdown_days"] == pytest.approx(1 / 24)


def test_gross_edge_and_break_even_cost_have_one_weighting() -> None:
    # A trade of 1,000 gains 2 % and one of 3,000 loses 1 %: - 10 on 4,000, though the mean of the two is + 0.5 %.
    trades = pd.DataFrame(
        {
            "size": [10.0, 30.0],
            "entry_price": [100.0, 100.0],
            "exit_price": [102.0, 99.0],
            "pnl": [20.0, -30.0],
            "return_pct": [2.0, -1.0],
            "entry_bar": [1, 3],
            "exit_bar": [2, 4],
            "commission": [0.0, 0.0],
            "funding": [0.0, 0.0],
        }
    )
    found = measure(Execution(trades, np.linspace(1_000, 990, 6), 1_000.0, 0), hourly_bars([100.0] * 6), FREE)
    assert found["gross_edge_bps"] == pytest.approx(-10 / 4_000 * 1e4)
    assert found["break_even_cost_bps"] == pytest.approx(-10 / 7_990 * 1e4)
    # Rests 20 + 2.5 and -30 + 7.5: the error of the ratio is √(2 × 2 × 22.5²) / 4,000.
    assert found["gross_edge_error_bps"] == pytest.approx(1.96 * 2 * 22.5 / 4_000 * 1e4)


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
