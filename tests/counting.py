"""A trial ledger for tests that call a pipeline directly."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.source import StrategySource
from skills_lib.ledger.counter import LedgerTrialCounter, open_trial_counter
from skills_lib.ledger.ledger import Ledger
from skills_lib.market.candles.model import Candles


def counter_beside(folder: Path) -> Callable[[StrategySource, Candles, BacktestSettings], LedgerTrialCounter]:
    """Opens counters in a ledger beside `folder`."""
    return partial(open_trial_counter, ledger_beside(folder), "a test")


def ledger_beside(folder: Path) -> Ledger:
    """The ledger of `counter_beside`."""
    beside = folder.with_name(f"{folder.name}-ledger")
    return Ledger(beside / "user" / "trials.sqlite", beside / "workspace")
