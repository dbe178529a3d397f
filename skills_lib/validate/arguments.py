"""A validation in the words a person or a client typed, checked in one place, before candles are fetched."""

from dataclasses import dataclass
from itertools import product

from backtesting import Strategy

from skills_lib.backtest.strategy import parameter_space
from skills_lib.backtest.sweep.open import parse_engine
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.optimize.pipeline import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.table import Objective
from skills_lib.validate.plan import Plan, parse_seed, validation_space
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class ValidationArguments:
    """How to validate, as typed. `train`, `test`, `step`: None takes the usual windows."""

    search: SearchArguments
    train: str | None
    test: str | None
    step: str | None
    embargo: str
    anchored: bool
    pick: str
    symbols: str
    timeframes: str
    open_sealed: bool
    reason: str

    def plan(self, strategy: type[Strategy]) -> Plan:
        """What the words mean for `strategy`.

        Raises:
            InputError: the first word that does not fit.
        """
        words = self.search
        engine, objective = parse_engine(words.engine), Objective.parse(words.maximize, words.min_trades)
        sampled = SearchPlan.parse(words.method, words.trials, words.seed)
        space = validation_space(parameter_space(strategy), words.param, words.constraint)
        if sampled.method == "grid":
            _ = space.admissible  # a grid too large to enumerate is told now
        search = SearchRequest(space, sampled, objective, engine)
        return Plan(search, windows=self._windows(), pick=parse_pick(self.pick), seed=parse_seed(words.seed))

    def opening(self) -> str | None:
        """Why the sealed bars are to be opened; None leaves them closed.

        Raises:
            InputError: opened without a reason, or a reason without opening.
        """
        reason = " ".join(self.reason.split())
        if self.open_sealed and not reason:
            raise InputError("--open-sealed needs --reason: the bars are unseen only once, and the look is recorded.")
        if reason and not self.open_sealed:
            raise InputError("--reason says why sealed bars are opened: add --open-sealed, or leave it out.")
        return reason or None

    def pairs(self, symbol: str, timeframe: str) -> list[tuple[str, str]]:
        """Every (symbol, timeframe) asked for, the main one among them.

        Raises:
            InputError: a symbol or timeframe that cannot be read.
        """
        symbols = [Instrument.parse(text).symbol for text in _listed(self.symbols) or [symbol]]
        timeframes = [Timeframe.parse(text).value for text in _listed(self.timeframes) or [timeframe]]
        own = (Instrument.parse(symbol).symbol, Timeframe.parse(timeframe).value)
        every = product(dict.fromkeys([own[0], *symbols]), dict.fromkeys([own[1], *timeframes]))
        return list(every)

    def _windows(self) -> WindowPlan | None:
        typed = (self.train, self.test, self.step)
        if typed == (None, None, None) and not self.anchored and self.embargo.strip() in ("0", "0d"):
            return None
        if self.train is None or self.test is None:
            raise InputError("Name --train and --test together, such as --train 365d --test 90d, or no window at all.")
        return WindowPlan.parse(self.train, self.test, self.step or self.test, self.embargo, self.anchored)


def _listed(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]
