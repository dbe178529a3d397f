"""Parses the arguments of a validation, before candles are loaded."""

from dataclasses import dataclass
from itertools import product

from skills_lib.backtest.sweep.open import parse_engine
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.domain.timeframes import Timeframe
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.table import Objective
from skills_lib.validate.plan import Plan, parse_seed, validation_space
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class ValidationArguments:
    """Unparsed arguments of a validation. `train`, `test`, `step`: None for the default windows."""

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

    def plan(self, declared: ParameterSpace) -> Plan:
        """The plan of a validation of a strategy with these parameters.

        Raises:
            InputError: the first argument that is invalid.
        """
        given = self.search
        engine, objective = parse_engine(given.engine), Objective.parse(given.maximize, given.min_trades)
        sampled = SearchPlan.parse(given.method, given.trials, given.seed)
        space = validation_space(declared, given.param, given.constraint)
        if sampled.method == "grid":
            _ = space.admissible  # refuse a grid too large to enumerate before candles are loaded
        search = SearchRequest(space, sampled, objective, engine)
        return Plan(search, windows=self._windows(), pick=parse_pick(self.pick), seed=parse_seed(given.seed))

    def opening(self) -> str | None:
        """The reason for opening the sealed bars; None leaves them closed.

        Raises:
            InputError: an opening without a reason, or a reason without an opening.
        """
        reason = " ".join(self.reason.split())
        if self.open_sealed and not reason:
            raise InputError(
                f"{option('open_sealed')} needs {option('reason')}: the bars are unseen only once, and the opening is "
                "recorded."
            )
        if reason and not self.open_sealed:
            raise InputError(
                f"{option('reason')} is the reason for opening the sealed bars: add {option('open_sealed')}, or omit "
                "it."
            )
        return reason or None

    def pairs(self, symbol: str, timeframe: str) -> list[tuple[str, str]]:
        """Every requested (symbol, timeframe), including the main one.

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
            raise InputError(
                f"Give {option('train')} and {option('test')} together, such as {option('train', '365d')} "
                f"{option('test', '90d')}, or neither."
            )
        return WindowPlan.parse(self.train, self.test, self.step or self.test, self.embargo, self.anchored)


def _listed(text: str) -> list[str]:
    return [item for part in text.split(",") if (item := part.strip())]
