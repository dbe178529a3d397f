"""On real candles every strategy trades exactly as in a ten-line script that uses backtesting.py directly."""

from pathlib import Path

import pandas as pd
import pytest
from backtesting import Strategy
from backtesting.lib import FractionalBacktest

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference import run_reference
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from tests.repository import SHARED_CANDLES

COLUMNS = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL", "Commission"]
OURS = ["size", "entry_bar", "exit_bar", "entry_price", "exit_price", "pnl", "commission"]


def ten_line_script(file: Path, strategy: type[Strategy]) -> pd.Series:
    """A script as written in a notebook."""
    frame = pd.read_csv(file, parse_dates=["open_time"], index_col="open_time")
    frame.index = frame.index.tz_localize(None)
    frame.columns = [name.capitalize() for name in frame.columns]
    backtest = FractionalBacktest(
        frame, strategy, cash=100_000, commission=0.002, exclusive_orders=True, finalize_trades=True
    )
    return backtest.run()


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
        found = execution.trades[OURS].to_numpy(dtype=float)
        assert (found == expected["_trades"][COLUMNS].to_numpy(dtype=float)).all(), name
        assert (execution.equity == expected["_equity_curve"]["Equity"].to_numpy()).all(), name
