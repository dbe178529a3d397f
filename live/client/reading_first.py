"""After the process was stopped for a while, no order leaves before the position of its symbol has been read."""

from live.client.wire import Wire
from live.engine.actions import PlaceOrder
from live.engine.events import Event, PositionReport
from live.engine.intents import Intent


class ReadingFirst:
    """Knows of which symbols the position has been read since the last such stop: older answers are too old."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._read: dict[str, int] = {}

    def holds_back(self, action: object) -> bool:
        """True for an order that was decided on what may be older than the stop."""
        return isinstance(action, PlaceOrder) and self._is_unread(action.approved.intent)

    def note(self, event: Event) -> None:
        """An answer that came: a wire gives none that was asked for before a stop."""
        if isinstance(event, PositionReport):
            self._read[event.symbol] = self._wire.freezes

    def _is_unread(self, intent: Intent) -> bool:
        return self._read.get(intent.symbol, 0) != self._wire.freezes
