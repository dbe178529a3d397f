"""Tells which events of a stream are new by their ids, so that none counts twice.

Ids of trades, aggregate trades and tickers grow with the venue's time. An id that was seen is a repeat; a lower one
that was not is late, and new; a lower one with a later time says that ids started anew. Memory is bounded: an id below
the last MAX_REMEMBERED whose time is not later cannot be distinguished from a repeat, and counts as one.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from skills_lib.market.depth.model import AggTrade, BookTicker, Message, Trade

MAX_REMEMBERED = 10_000
"""Events among which a repeat is recognised."""


@dataclass(slots=True)
class EventIds:
    """The ids of one stream. repeats, late, restarts: how many events were repeated or late, how often ids began anew.

    `is_new` takes ids in the order of arrival, with the venue's time in ms (0 if it sends none).
    """

    repeats: int = 0
    late: int = 0
    restarts: int = 0
    _last: int = -1
    _last_ms: int = 0
    _seen: OrderedDict[int, int] = field(default_factory=OrderedDict)

    def is_new(self, event_id: int, time_ms: int) -> bool:
        """Whether the event has not been seen."""
        if event_id <= self._last and not self._is_new_below(event_id, time_ms):
            self.repeats += 1
            return False
        self._seen[event_id] = time_ms
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        if event_id > self._last:
            self._last = event_id
        self._last_ms = max(self._last_ms, time_ms)
        return True

    def _is_new_below(self, event_id: int, time_ms: int) -> bool:
        seen_ms = self._seen.get(event_id)
        if time_ms > self._last_ms and seen_ms != time_ms:
            self.restarts += 1
            self._last = event_id
            self._seen.clear()
            return True
        if seen_ms is not None or (len(self._seen) >= MAX_REMEMBERED and event_id < next(iter(self._seen))):
            return False
        self.late += 1
        return True


@dataclass(slots=True)
class TradesOnce:
    """The trades and aggregate trades of any symbols, each counted once."""

    _streams: dict[tuple[str, type], EventIds] = field(default_factory=dict)

    def is_new(self, message: Message) -> bool:
        """Whether the message is not a trade that was seen before; messages without an id are always new."""
        if not isinstance(message, Trade | AggTrade):
            return True
        key = message.symbol, type(message)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = EventIds()
        return stream.is_new(*event_id(message))

    @property
    def repeats(self) -> int:
        """Trades that came again."""
        return sum(stream.repeats for stream in self._streams.values())

    @property
    def restarts(self) -> int:
        """How often the ids of trades started anew."""
        return sum(stream.restarts for stream in self._streams.values())


def event_id(message: Message) -> tuple[int, int]:
    """The increasing id of a message within its stream, and the venue's time in ms; both 0 if it has none."""
    if isinstance(message, Trade):
        return message.trade_id, message.trade_ts_ms
    if isinstance(message, AggTrade):
        return message.aggregate_id, message.trade_ts_ms
    if isinstance(message, BookTicker):
        return message.update_id, message.transaction_ts_ms or 0
    return 0, 0
