"""Parses the arguments of walk-forward windows, before candles are loaded."""

from dataclasses import dataclass

from skills_lib.optimize.request import SearchRequest
from skills_lib.walk_forward.request import WalkForwardRequest
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class WindowArguments:
    """Unparsed arguments of the windows."""

    train: str
    test: str
    step: str
    embargo: str
    anchored: bool
    pick: str

    def walk(self, search: SearchRequest) -> WalkForwardRequest:
        """The walk-forward that repeats `search` in each window.

        Raises:
            InputError: the first argument that is invalid.
        """
        plan = WindowPlan.parse(self.train, self.test, self.step, self.embargo, self.anchored)
        return WalkForwardRequest(search, plan, parse_pick(self.pick))
