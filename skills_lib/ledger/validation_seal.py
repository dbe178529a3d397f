"""The seal of one validation's candles, as the trial ledger keeps it."""

from collections.abc import Mapping, Sequence

from skills_lib.domain.constraints import Value
from skills_lib.ledger.holdout_seal import open_seal, openings
from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.model import EvaluationContext, SealOpening


class LedgerHoldoutSeal:
    """A `validation.SealKeeper`. `context`: who asks, with the sealed bars alone as its data."""

    def __init__(self, ledger: Ledger, context: EvaluationContext) -> None:
        self._ledger, self._asked = ledger, context

    def openings(self) -> Sequence[SealOpening]:
        """Every look at any of these bars, oldest first."""
        return openings(self._ledger, self._asked)

    def open(self, parameters: Mapping[str, Value], reason: str) -> SealOpening:
        """Write an opening down.

        Raises:
            InputError: this strategy has looked at these bars with something else.
            OSError: it cannot be written.
        """
        return open_seal(self._ledger, self._asked, parameters, reason)
