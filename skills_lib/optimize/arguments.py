"""A sweep in the words a person or a client typed, checked in one place for every face, before candles are fetched."""

from dataclasses import dataclass

from backtesting import Strategy

from skills_lib.backtest.strategy import parameter_space
from skills_lib.backtest.sweep.open import parse_engine
from skills_lib.optimize.pipeline import Search
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.table import Objective
from skills_lib.walk_forward.pipeline import Walk
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class SearchWords:
    """How to search, as typed."""

    param: list[str]
    constraint: list[str]
    maximize: str
    method: str
    trials: int | None
    seed: int
    min_trades: int
    engine: str

    def search(self, strategy: type[Strategy]) -> Search:
        """What the words mean for `strategy`.

        Raises:
            InputError: the first word that does not fit.
        """
        engine = parse_engine(self.engine)
        objective = Objective.parse(self.maximize, self.min_trades)
        plan = SearchPlan.parse(self.method, self.trials, self.seed)
        space = make_space(parameter_space(strategy), self.param, self.constraint)
        if plan.method == "grid":
            _ = space.admissible  # a grid too large to enumerate is told now
        return Search(space, plan, objective, engine)


@dataclass(frozen=True, slots=True)
class WindowWords:
    """Windows, as typed."""

    train: str
    test: str
    step: str
    embargo: str
    anchored: bool
    pick: str

    def walk(self, search: Search) -> Walk:
        """What the words mean around `search`.

        Raises:
            InputError: the first word that does not fit.
        """
        plan = WindowPlan.parse(self.train, self.test, self.step, self.embargo, self.anchored)
        return Walk(search, plan, parse_pick(self.pick))
