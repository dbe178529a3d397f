"""How often an action may be refused: the same refusal again and again ends it, with its reason."""

from dataclasses import dataclass, field
from typing import Final

from live.binance.outcomes import code_of, outcome_of, retry_after_ns
from live.client.conversations import Answer
from live.client.wire import S
from live.engine.events import RequestOutcome

LASTING: Final = 3
"""A refusal that nothing but another request would change ends after so many in a row."""
PASSING: Final = 20
"""A refusal that the market or a later read may end: at the longest wait between two rounds more than a minute."""
PASSING_CODES: Final = frozenset({-2011, -2013, -2022, -4108, -4118, -4131, -4140})
"""Nothing to reduce or to cancel though a read shows it; the symbol takes no orders; the book is too thin."""
QUIET_NS: Final = 1 * S
"""How long nothing is sent after a 429 or 418 that does not say how long."""


@dataclass(slots=True)
class _Row:
    code: int = 0
    count: int = 0


@dataclass(slots=True)
class Refusals:
    """Refusals by action, such as `close BTCUSDT`. quiet_until_ns: the exchange wants no request before."""

    quiet_until_ns: int = 0
    _rows: dict[str, _Row] = field(default_factory=dict)

    def take(self, action: str, answer: Answer, now_ns: int) -> int:
        """Note the answer to an action; return its code where it was refused, else 0.

        An answer that proves nothing, or asks to wait, is no refusal: outages are not counted.
        """
        if answer is None:
            return 0
        if answer.status in (418, 429):
            wait_ns = max(QUIET_NS, retry_after_ns(answer.headers))
            self.quiet_until_ns = max(self.quiet_until_ns, now_ns + wait_ns)
        code = 0 if answer.status == 200 else code_of(answer.body)
        refused = outcome_of(answer.status, code) in (RequestOutcome.REJECTED, RequestOutcome.RECONCILE)
        if answer.status == 200:
            self.forget(action)
        elif refused:
            row = self._rows.setdefault(action, _Row())
            row.code, row.count = code, row.count + 1 if row.code == code else 1
        return code if refused else 0

    def forget(self, action: str) -> None:
        """The action succeeded: what is refused later is counted anew."""
        self._rows.pop(action, None)

    def ended(self, action: str) -> bool:
        """True if the action is not tried again."""
        row = self._rows.get(action, _Row())
        return row.count >= (PASSING if row.code in PASSING_CODES else LASTING)

    @property
    def texts(self) -> tuple[str, ...]:
        """What was refused for good."""
        ended = [(action, row) for action, row in self._rows.items() if self.ended(action)]
        return tuple(f"{action}: refused {row.count} times with {row.code}" for action, row in ended)
