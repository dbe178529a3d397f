"""Decodes tape lines into messages with exchange timestamps, in tape order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from live.simulator.core.money import parse
from live.simulator.latency import MS
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    Kline,
    MarkPrice,
    Message,
    Snapshot,
    Trade,
    UnhandledMessage,
    WireError,
)
from skills_lib.market.depth.tape.lines import TapeLine
from skills_lib.market.depth.wire import decode

_NAMED = DepthUpdate | BookTicker | Trade | AggTrade | Kline | MarkPrice
_Named: TypeAlias = DepthUpdate | BookTicker | Trade | AggTrade | Kline | MarkPrice


@dataclass(frozen=True, slots=True)
class Played:
    """A decoded message with its raw bytes, its symbol and its exchange time in nanoseconds."""

    message: Message
    raw: bytes
    symbol: str
    time_ns: int


@dataclass
class TapeSource:
    """Decodes lines. Times never decrease, although streams are a few milliseconds out of order on any tape.

    bad_lines: number of undecodable lines. A snapshot without a symbol is assigned to the symbol still without one; if
    there are several, to the one whose last price is closest.
    """

    bad_lines: int = 0
    time_ns: int = 0

    def __post_init__(self) -> None:
        self._prices: dict[str, int] = {}
        self._loaded: set[str] = set()

    def read(self, lines: Iterable[object]) -> Iterator[Played]:
        """Decode lines; unreadable ones are counted. Snapshots without a symbol wait until a message names one.

        Raises:
            InputError: the tape is from the spot market.
        """
        early: list[tuple[Message, TapeLine]] = []
        for line in lines:
            message = self._decoded(line)
            if message is None or not isinstance(line, TapeLine):
                continue
            if isinstance(message, Snapshot) and not line.symbol and not self._prices:
                early.append((message, line))
                continue
            if isinstance(message, DepthUpdate) and message.previous_update_id is None:
                raise InputError("The tape is from the spot market (its updates lack pu). Use a tape of USD-M futures.")
            if isinstance(message, _NAMED):
                self._note(message)
            yield from (self.played(held, entry.raw, "", entry.local_ts_ns or 0) for held, entry in early)
            early.clear()
            yield self.played(message, line.raw, line.symbol, line.local_ts_ns or 0)

    def _decoded(self, line: object) -> Message | None:
        try:
            if isinstance(line, TapeLine):
                return decode(line.raw)
        except WireError:
            pass
        self.bad_lines += 1
        return None

    def played(self, message: Message, raw: bytes, symbol: str, local_ts_ns: int) -> Played:
        """The message with its symbol and exchange time."""
        if isinstance(message, _NAMED):
            symbol = message.symbol
        elif isinstance(message, Snapshot):
            symbol = symbol or self._symbol_of(message)
            self._loaded.add(symbol)
        self.time_ns = max(self.time_ns, _event_ns(message) or self.time_ns or local_ts_ns)
        return Played(message, raw, symbol, self.time_ns)

    def _note(self, message: _Named) -> None:
        if isinstance(message, BookTicker):
            self._prices[message.symbol] = parse(message.bid_price)
        elif isinstance(message, DepthUpdate):
            best = message.bids[-1][0] if message.bids else "0"
            self._prices.setdefault(message.symbol, parse(best))
        else:
            self._prices.setdefault(message.symbol, 0)

    def _symbol_of(self, snapshot: Snapshot) -> str:
        waiting = [symbol for symbol in self._prices if symbol not in self._loaded] or list(self._prices)
        if not waiting:
            return ""
        price = parse(snapshot.bids[0][0]) if snapshot.bids else 0
        return min(waiting, key=lambda symbol: abs(self._prices[symbol] - price))


def _event_ns(message: Message) -> int:
    if isinstance(message, UnhandledMessage):
        return message.exch_ts_ns or 0
    event_ms = getattr(message, "event_ts_ms", None)
    return (event_ms or 0) * MS
