"""State of one subscribed stream: counts, times, pauses and ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from skills_lib.market.depth.event_ids import EventIds

_MAX_PAUSE_S, _PAUSE_DECAY, _PAUSE_FACTOR = 5.0, 0.9, 4.0


@dataclass(slots=True)
class FeedStream:
    """State of one subscribed stream; `received_s` is the monotonic time of the last check that saw new messages."""

    name: str
    symbol: str
    messages: int = 0
    malformed: int = 0
    local_ts_ns: int | None = None
    last_messages: int = 0
    opened_s: float | None = None
    received_s: float | None = None
    longest_pause_s: float = 0.0
    connected: bool = False
    exch_ts_ns: int = 0
    ids: EventIds = field(default_factory=EventIds)

    def open(self, now_s: float) -> None:
        """Its connection was opened: silence counts from now on."""
        self.connected, self.opened_s, self.received_s = True, now_s, None

    def update_activity(self, now_s: float) -> None:
        """Update `received_s` and `longest_pause_s` if messages arrived since the last check."""
        if self.messages == self.last_messages:
            return
        if self.received_s is not None:
            pause_s = min(now_s - self.received_s, _MAX_PAUSE_S)
            self.longest_pause_s = max(_PAUSE_DECAY * self.longest_pause_s, pause_s)
        self.last_messages, self.received_s = self.messages, now_s

    def pass_messages(self, times_s: Sequence[float], last_ns: int) -> None:
        """Messages arrived at these times, each of which was a check; `last_ns`: the local time of the last."""
        for now_s in times_s:
            self.messages += 1
            self.update_activity(now_s)
        self.local_ts_ns = last_ns

    def timeout_s(self, min_s: float) -> float:
        """Seconds of silence before it is stale: `min_s`, or four times its longest recent pause if that is longer."""
        return min_s if self.longest_pause_s <= min_s else _PAUSE_FACTOR * self.longest_pause_s

    def idle_s(self, now_s: float) -> float:
        """Seconds since the last message, or since the connection was opened; 0 before it was."""
        since_s = self.opened_s if self.received_s is None else self.received_s
        return 0.0 if since_s is None else now_s - since_s
