"""What is found and done while a run ends, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from live.account.closing.model import Closed
from live.account.reads import Seen
from live.client.wire import S
from live.control.protocol import ClosedPosition, KillAnswer
from live.engine.intents import Purpose
from live.engine.state import EngineState
from live.money import plain

STOP_WITHIN_NS: Final = 90 * S
"""A run that has something left this long after its stop ends all the same, and says so."""
QUIET_WITHIN_NS: Final = 30 * S
"""So long the engine of a killed run may learn what became of orders that can only reduce, once flat is proven."""
KILL_WITHIN_NS: Final = 35 * 60 * S
"""So long a killed run may learn what became of its orders: longer than any may stay hidden, which is half an hour."""
VERIFY_AGAIN_NS: Final = 2 * S
"""Between two reads after a stop."""
READS: Final = 2


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. clean: nothing of it is left, proven. answer: what was closed."""

    clean: bool
    text: str
    answer: KillAnswer


@dataclass
class Ending:
    """From the command on. flat_reads: in a row, of a stop. flat_ns: when a kill was proven. result: of a kill.

    doubted: reads showed nothing although the run knows of something; once that is explained, they are made again.
    """

    since_ns: int
    positions: dict[str, ClosedPosition] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    flat_reads: int = 0
    flat_ns: int = 0
    doubted: bool = False
    result: Closed | None = None
    _read_ns: int = 0
    _acted_ns: int = 0

    def note(self, state: EngineState) -> None:
        """Keep the positions that are about to be closed."""
        for symbol, position in state.positions.items():
            if position.quantity and not position.foreign:
                self.positions.setdefault(symbol, ClosedPosition(symbol, plain(position.quantity), ours=True))

    def note_closed(self, result: Closed, now_ns: int) -> None:
        """Keep what a closing has done."""
        self.result = result
        self.flat_ns = now_ns if result.flat else 0
        if result.flat_ns:
            self._acted_ns = now_ns - result.took_ns + result.flat_ns
        self.cancelled |= {one.client_id for one in result.cancelled}
        for one in result.closed:
            self.positions.setdefault(one.symbol, ClosedPosition(one.symbol, plain(one.quantity), ours=False))

    def is_read_due(self, now_ns: int) -> bool:
        """True if it is time for another read after a stop."""
        if now_ns < self._read_ns:
            return False
        self._read_ns = now_ns + VERIFY_AGAIN_NS
        return True

    def is_over_after_kill(self, state: EngineState, detached: bool, now_ns: int) -> bool:
        """True if flat is proven, and the engine knows of nothing else or is not waited for any more."""
        return bool(self.flat_ns) and (detached or is_quiet(state) or now_ns >= self.flat_ns + QUIET_WITHIN_NS)

    def note_read(self, seen: Seen, state: EngineState) -> None:
        """A read after a stop: nothing of the run may be left."""
        others = {symbol for symbol, position in state.positions.items() if position.foreign or position.dust}
        held = {position.symbol for position in seen.positions} - others
        own = [one for one in seen.resting if one.client_id.startswith(f"{state.run}-")]
        nothing = not (seen.unknown or held or own) and is_quiet(state)
        self.flat_reads = self.flat_reads + 1 if nothing else 0

    def doubt(self, state: EngineState) -> bool:
        """True if reads showed nothing and the run knows of a position, or of an entry whose end it does not know."""
        if not (self.flat_ns or self.doubted) or not contradicts(state):
            return False
        self.flat_ns, self.doubted = 0, True
        return True

    def answer(self, flat: bool, now_ns: int, state: EngineState) -> KillAnswer:
        """What whoever asked is answered."""
        notes: Iterable[str] = (*self.result.left, *self.result.refused) if self.result else ()
        reads = self.result.verified_reads if self.result else self.flat_reads
        closed_ns = max(self._acted_ns, *(position.flat_ns for position in state.positions.values()))
        seconds = (max(closed_ns, self.since_ns) - self.since_ns if flat else now_ns - self.since_ns) / S
        return KillAnswer(flat, reads, len(self.cancelled), seconds, tuple(self.positions.values()), tuple(notes))


def contradicts(state: EngineState) -> bool:
    """True if the run knows of a position, or of an entry that may have filled or may still."""
    held = any(one.quantity and not (one.foreign or one.dust) for one in state.positions.values())
    return held or any(order.intent.purpose is Purpose.ENTRY for order in state.working.values())


def is_quiet(state: EngineState) -> bool:
    """True if the engine knows of nothing that its run has at the exchange."""
    idle = all(position.idle or position.foreign or position.dust for position in state.positions.values())
    return idle and not state.working
