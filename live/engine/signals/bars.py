"""The signal of a strategy on closed bars: what it decided at the close of the last bar."""

from live.engine.constants import MS
from live.engine.events import BarDecided, BookChanged
from live.engine.settings import BarSettings
from live.enums import Side


class BarSignal:
    """Keeps the decision of the last bar, for one symbol; its entry is wanted until `max_delay_ms` after the close.

    decided: the last decision. closed_ns: by side, when a decision last wanted a position of it closed.
    """

    def __init__(self, settings: BarSettings) -> None:
        self._max_delay_ns = settings.max_delay_ms * MS
        self.decided: BarDecided | None = None
        self.closed_ns: dict[Side, int] = {}

    def take(self, decided: BarDecided) -> None:
        """Take a decision; one of the same bar or of an earlier one changes nothing.

        An entry closes the opposite side and wins over exits: rule 3 of docs/execution-rules.md.
        """
        if self.decided is not None and decided.bar_close_ns <= self.decided.bar_close_ns:
            return
        self.decided = decided
        closed = decided.exits if decided.entry is None else (decided.entry.opposite,)
        self.closed_ns.update(dict.fromkeys(closed, decided.time_ns))

    def update(self, book: BookChanged) -> Side | None:
        """The side to enter on this book, or None."""
        decided = self.decided
        if decided is None or book.time_ns > decided.bar_close_ns + self._max_delay_ns:
            return None
        return decided.entry
