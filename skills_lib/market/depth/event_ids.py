"""Tells which events of a stream are new by their ids, so that none counts twice.

Ids of trades, aggregate trades and tickers grow with the venue's time. An id that was seen is a repeat; a lower one
that was not is late, and new; a lower one with a later time than any before says that ids started anew. Memory is
bounded: an id below the last MAX_REMEMBERED whose time is not later cannot be distinguished from a repeat, and counts
as one.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from skills_lib.market.depth.model import AggTrade, BookTicker, Message, Trade

MAX_REMEMBERED = 10_000
"""Events among which a repeat is recognised, at least."""

_TRIMMED_AT = 2 * MAX_REMEMBERED


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
    _seen: "array[int]" = field(default_factory=lambda: array("q"))  # ascending, without boxes: one for each stream

    def is_new(self, event_id: int, time_ms: int) -> bool:
        """Whether the event has not been seen."""
        seen = self._seen
        if event_id > self._last:
            self._last = event_id
            seen.append(event_id)
            if len(seen) >= _TRIMMED_AT:
                del seen[:MAX_REMEMBERED]
        elif not self._is_new_below(event_id, time_ms):
            self.repeats += 1
            return False
        if time_ms > self._last_ms:
            self._last_ms = time_ms
        return True

    def all_new(self, event_ids: Sequence[int], last_ms: int) -> bool:
        """Whether events whose ids ascend all come after every other; they then have been seen. last_ms: their last."""
        if event_ids[0] <= self._last:
            return False
        self._last = event_ids[-1]
        self._seen.extend(event_ids)
        while len(self._seen) >= _TRIMMED_AT:
            del self._seen[:MAX_REMEMBERED]
        self._last_ms = max(self._last_ms, last_ms)
        return True

    def is_newest(self, event_id: int, time_ms: int) -> bool:
        """Whether the event comes after every other: of a stream of states a late event is worth as little as a repeat.

        Not to be mixed with `is_new` on one stream.
        """
        if event_id <= self._last:
            if time_ms <= self._last_ms:
                self.repeats += 1
                return False
            self.restarts += 1
        self._last = event_id
        if time_ms > self._last_ms:
            self._last_ms = time_ms
        return True

    def _is_new_below(self, event_id: int, time_ms: int) -> bool:
        seen = self._seen
        if time_ms > self._last_ms:
            self.restarts += 1
            self._last = event_id
            seen[:] = array("q", (event_id,))
            return True
        place = bisect_left(seen, event_id)
        if seen[place] == event_id or (not place and len(seen) >= MAX_REMEMBERED):
            return False
        seen.insert(place, event_id)
        self.late += 1
        return True


@dataclass(slots=True)
class TradesOnce:
    """The trades and aggregate trades of any symbols, each counted once."""

    _streams: dict[tuple[str, type], EventIds] = field(default_factory=dict)

    def is_new(self, message: Message) -> bool:
        """Whether the message is not a trade that was seen before; messages without an id are always new."""
        kind = type(message)
        if kind is not Trade and kind is not AggTrade:
            return True
        return self.ids_of(message.symbol, kind).is_new(*event_id(message))

    def ids_of(self, symbol: str, kind: type) -> EventIds:
        """The ids of a symbol's trades or aggregate trades."""
        key = symbol, kind
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = EventIds()
        return stream

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
    if type(message) is BookTicker:
        return message.update_id, message.transaction_ts_ms or 0
    if type(message) is Trade:
        return message.trade_id, message.trade_ts_ms
    if type(message) is AggTrade:
        return message.aggregate_id, message.trade_ts_ms
    return 0, 0
