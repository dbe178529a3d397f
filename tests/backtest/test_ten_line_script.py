"""On real candles every strategy trades as in a ten-line script that uses backtesting.py directly, up to a known bar.

Where they part is written in docs/backtesting.md: the last bar, a target that a bar's open has passed, liquidation.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest, Strategy

import strategies
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.domain.bars import Bars
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from tests.repository import SHARED_CANDLES

COLUMNS = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL", "Commission"]
UNITS = 1e8  # a bare Backtest trades whole units: cash in hundred-millionths of the quote currency buys ours
OURS = ["size", "entry_bar", "exit_bar", "entry_price", "exit_price", "pnl", "commission"]
SCALE = np.array([UNITS, 1, 1, 1, 1, UNITS, UNITS])


def ten_line_script(file: Path, strategy: type[Strategy]) -> pd.Series:
    """A script as written in a notebook."""
    frame = pd.read_csv(file, parse_dates=["open_time"], index_col="open_time")
    frame.index = frame.index.tz_localize(None)
    frame.columns = [name.capitalize() for name in frame.columns]
    backtest = Backtest(
        frame, strategy, cash=100_000 * UNITS, commission=0.002, exclusive_orders=True, finalize_trades=True
    )
    return backtest.run()


def first_difference(execution: Execution, bars: Bars) -> int:
    """The bar at which a bare script may part: the last, or the first where one of our rules applies."""
    trades, last = execution.trades, len(bars) - 1
    opening = bars.open[trades["exit_bar"]]
    passed = (trades["exit_reason"] == "target") & (opening != trades["target_price"])
    at_open = passed & (trades["exit_price"] == opening)
    ours = at_open | trades["exit_reason"].isin(["liquidation", "no equity"])
    return int(min(last, trades["exit_bar"][ours].min() if ours.any() else last))


def test_the_shared_candles_are_beside_this_checkout(shared_data: Path) -> None:
    assert len(SHARED_CANDLES) == len(list((shared_data / "candles").glob("*.csv.gz"))) > 0


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("file", SHARED_CANDLES, ids=lambda file: file.name.removesuffix(".csv.gz"))
def test_every_strategy_trades_as_in_a_ten_line_script(file: Path) -> None:
    base, timeframe = file.name.split("_")[-4].removesuffix("USDT"), file.name.split("_")[-3]
    bars = candles.load_file(file, Instrument(base), Timeframe(timeframe)).bars
    for name in strategies.available():
        strategy = strategies.load(name)
        expected = ten_line_script(file, strategy)
        execution = run_reference(strategy, bars, {}, BacktestSettings()).execution
        until = first_difference(execution, bars)
        compared = execution.trades["exit_bar"] < until
        found = execution.trades[OURS][compared].to_numpy(dtype=float)
        wanted = expected["_trades"][COLUMNS][: compared.sum()].to_numpy(dtype=float) / SCALE
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-4, err_msg=name)
        curve = expected["_equity_curve"]["Equity"].to_numpy()[:until] / UNITS
        np.testing.assert_allclose(execution.equity[:until], curve, rtol=1e-9, atol=1e-3, err_msg=name)
