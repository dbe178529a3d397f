"""Windows as a person or a client typed them, checked before candles are fetched."""

from dataclasses import dataclass

from skills_lib.optimize.pipeline import SearchRequest
from skills_lib.walk_forward.pipeline import WalkForwardRequest
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class WindowArguments:
    """Windows, as typed."""

    train: str
    test: str
    step: str
    embargo: str
    anchored: bool
    pick: str

    def walk(self, search: SearchRequest) -> WalkForwardRequest:
        """What the words mean around `search`.

        Raises:
            InputError: the first word that does not fit.
        """
        plan = WindowPlan.parse(self.train, self.test, self.step, self.embargo, self.anchored)
        return WalkForwardRequest(search, plan, parse_pick(self.pick))
