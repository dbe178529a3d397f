"""Fixtures of the ledger tests: a ledger in a temporary folder, candles and a context."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.counter import LedgerTrialCounter, open_trial_counter
from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.model import CandleIdentity, EvaluationContext
from skills_lib.market.candles.model import Candles
from tests.validate.markets import candles_of, random_walk

BARS = random_walk(400, seed=3)
CANDLES = candles_of(BARS)
SMA = LoadedStrategy("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
DATA = CandleIdentity("BTCUSDT", "1h", False, 0, 1000 * DAY_NS, "d" * 64)
CONTEXT = EvaluationContext("a test", "sma_crossover", "c" * 64, "5" * 64, DATA)


class LedgerFixture(NamedTuple):
    """A ledger in a workspace and a user's folder."""

    user: Path
    home: Path

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.user / "trials.sqlite", self.home)

    @property
    def files(self) -> dict[str, Path]:
        return {"user": self.ledger.files.user, "workspace": self.ledger.files.workspace}

    def count(self, data: CandleIdentity = DATA) -> int:
        return self.ledger.count(data).configurations

    @property
    def notices(self) -> list[str]:
        return self.ledger.count(DATA).notices


def keys(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.uint64)


def counter_of(
    fixture: LedgerFixture,
    candles: Candles = CANDLES,
    subject: LoadedStrategy = SMA,
    context: BacktestSettings = BacktestSettings(),
) -> LedgerTrialCounter:
    return open_trial_counter(fixture.ledger, "a test", subject.source, candles, context)
