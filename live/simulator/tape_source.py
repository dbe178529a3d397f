"""Decodes tape lines into messages with exchange timestamps, in tape order."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from live.simulator.latency import MS
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.event_ids import TradesOnce
from skills_lib.market.depth.model import DepthUpdate, Message, UnhandledMessage, Venue
from skills_lib.market.depth.tape.attribution import WINDOW_LINES, attributed
from skills_lib.market.depth.tape.lines import BadLine, TapeDamage, TapeLine


class Played(msgspec.Struct, frozen=True, gc=False):
    """A decoded message with its raw bytes, its symbol and its exchange time in nanoseconds."""

    message: Message
    raw: bytes
    symbol: str
    time_ns: int


@dataclass
class TapeSource:
    """Decodes lines. Times never decrease, although streams are a few milliseconds out of order on any tape.

    bad_lines: number of undecodable lines. refused: how many lines were refused, by reason: snapshots that fit no
    symbol or several, and lines of another venue than USD-M futures. trades: drops a trade that came before.
    """

    bad_lines: int = 0
    time_ns: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    trades: TradesOnce = field(default_factory=TradesOnce)

    def read(self, lines: Iterable[TapeLine | BadLine | TapeDamage]) -> Iterator[Played]:
        """Decode and attribute lines; unreadable and refused ones are counted.

        Raises:
            InputError: the tape is from the spot market or of COIN-M futures.
        """
        named = False
        for entry in attributed(iter(lines), Venue.USDM):
            if entry.message is None or not isinstance(entry.line, TapeLine):
                self.bad_lines += 1
            elif entry.refusal:
                self.refused[entry.refusal] += 1
                if not named and self.refused.total() > WINDOW_LINES:
                    break
            elif self.trades.is_new(entry.message):
                named = named or isinstance(entry.message, DepthUpdate)
                yield self.played(entry.message, entry.line.raw, entry.symbol, entry.line.local_ts_ns or 0)
        require_named(named, self.refused)

    def played(self, message: Message, raw: bytes, symbol: str, local_ts_ns: int) -> Played:
        """The message with its symbol and exchange time."""
        time_ns = event_ns(message) or self.time_ns or local_ts_ns
        if time_ns > self.time_ns:
            self.time_ns = time_ns
        return Played(message, raw, symbol, self.time_ns)


def require_named(named: bool, refused: Counter[str]) -> None:
    """Check that a tape has updates, or that nothing of it was refused.

    Raises:
        InputError: it is of another market.
    """
    if not named and refused:
        reasons = "; ".join(refused)
        raise InputError(f"The tape holds no updates of USD-M futures, the simulator's market: {reasons}.")


def event_ns(message: Message) -> int:
    """The event time of a message in nanoseconds; 0 if it has none."""
    if isinstance(message, UnhandledMessage):
        return message.exch_ts_ns or 0
    event_ms = getattr(message, "event_ts_ms", None)
    return (event_ms or 0) * MS
