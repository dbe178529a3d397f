"""Parses the arguments of a search, before candles are loaded."""

from dataclasses import dataclass

from skills_lib.backtest.sweep.open import parse_engine
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.table import Objective


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """Unparsed arguments of a search."""

    param: list[str]
    constraint: list[str]
    maximize: str
    method: str
    trials: int | None
    seed: int
    min_trades: int
    engine: str

    def search(self, declared: ParameterSpace) -> SearchRequest:
        """The search of a strategy's parameters.

        Raises:
            InputError: the first argument that is invalid.
        """
        engine = parse_engine(self.engine)
        objective = Objective.parse(self.maximize, self.min_trades)
        plan = SearchPlan.parse(self.method, self.trials, self.seed)
        space = make_space(declared, self.param, self.constraint)
        if plan.method == "grid":
            _ = space.admissible  # refuse a grid too large to enumerate before candles are loaded
        return SearchRequest(space, plan, objective, engine)
