"""Windows as a person or a client typed them, checked before candles are fetched."""

from dataclasses import dataclass

from skills_lib.optimize.pipeline import Search
from skills_lib.walk_forward.pipeline import Walk
from skills_lib.walk_forward.walk import parse_pick
from skills_lib.walk_forward.windows import WindowPlan


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
