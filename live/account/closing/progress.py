"""What a closing has seen: what was there, what is left, and whether flat is proven."""

from typing import Final

from live.account.closing.model import Closed, ClosingRequest
from live.account.reads import HeldPosition, Resting, Seen, Unknown, known
from live.client.wire import MS, S
from live.enums import PositionSide

FIRST_WAIT_NS: Final = 250 * MS
"""After a round that changed nothing; it doubles up to `LONGEST_WAIT_NS`."""
LONGEST_WAIT_NS: Final = 4 * S
BETWEEN_READS_NS: Final = 2 * S
"""Between two reads of an account that looks flat: what lands late is found this soon."""


class Progress:
    """Reads of one closing. started_ns: when it began."""

    def __init__(self, asked: ClosingRequest, started_ns: int) -> None:
        self._asked, self.started_ns = asked, started_ns
        self._positions: dict[tuple[str, PositionSide], HeldPosition] = {}
        self._resting: dict[tuple[bool, int], Resting] = {}
        self._unchanged = self._reads = 0
        self._acted_ns = self._shown_ns = started_ns
        self.flat_reads = 0
        self.seen = Seen(Unknown(""), Unknown(""), Unknown(""), Unknown(""))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of everything that was seen, and those that were named."""
        held = [position.symbol for position in self._positions.values()]
        resting = [one.symbol for one in self._resting.values()]
        return tuple(dict.fromkeys((*self._asked.symbols, *self._asked.named, *held, *resting)))

    def note(self, seen: Seen) -> None:
        """Keep what a read saw."""
        repeats = self._reads > 1 and (self._is_as_before(seen) or bool(seen.unknown))
        self._unchanged, self._reads = self._unchanged + 1 if repeats else 0, self._reads + 1
        self.seen = seen
        for position in seen.positions:
            before = self._positions.setdefault((position.symbol, position.side), position)
            if abs(position.quantity) > abs(before.quantity):
                self._positions[position.symbol, position.side] = position
        self._resting |= {(one.stop, one.number): one for one in seen.resting}

    def _is_as_before(self, seen: Seen) -> bool:
        """True if nothing was closed and nothing cancelled: orders that this closing made itself are no change."""
        before, now = (
            {(one.stop, one.number) for one in read.resting if not one.client_id.startswith(self._asked.name)}
            for read in (self.seen, seen)
        )
        return seen.positions == self.seen.positions and now == before

    def acted(self, now_ns: int) -> None:
        """An order, or a cancellation of what a read shows, was answered."""
        self._acted_ns = now_ns

    def judge(self, sent_ns: int, pending: bool) -> None:
        """Count a read that was sent at `sent_ns` towards the proof. pending: something is still to be cancelled.

        A read that failed proves nothing and refutes nothing. The time to settle begins with the last read that showed
        anything: whoever sent that may have sent more.
        """
        if self.seen.flat and not pending:
            settled = sent_ns >= self._shown_ns + self._asked.settled_ns
            self.flat_reads = 2 if self.flat_reads and settled else 1
        elif pending or self.seen.positions or self.seen.resting:
            self.flat_reads = 0
            self._shown_ns = sent_ns

    def wait_ns(self, now_ns: int) -> int:
        """How long to wait before the next read."""
        if self.flat_reads:
            settles_ns = self._shown_ns + self._asked.settled_ns - now_ns
            return max(0, min(BETWEEN_READS_NS, settles_ns))
        return min(FIRST_WAIT_NS << min(self._unchanged - 1, 8), LONGEST_WAIT_NS) if self._unchanged else 0

    def result(self, now_ns: int, left: tuple[str, ...], refused: tuple[str, ...]) -> Closed:
        """What was done. left: what is still there."""
        flat = self.flat_reads == 2
        return Closed(
            flat=flat,
            verified_reads=self.flat_reads,
            closed=self._closed(),
            cancelled=self._cancelled(),
            left=() if flat else left,
            refused=refused,
            flat_ns=self._acted_ns - self.started_ns if flat else None,
            took_ns=now_ns - self.started_ns,
        )

    def _closed(self) -> tuple[HeldPosition, ...]:
        """Positions that are gone; none while nobody says so."""
        if isinstance(self.seen.risk, Unknown):
            return ()
        open_now = {(position.symbol, position.side) for position in self.seen.positions}
        return tuple(position for key, position in self._positions.items() if key not in open_now)

    def _cancelled(self) -> tuple[Resting, ...]:
        reads = {False: self.seen.orders, True: self.seen.stops}
        gone = []
        for key, one in self._resting.items():
            read = reads[one.stop]
            if not isinstance(read, Unknown) and key not in {(other.stop, other.number) for other in known(read)}:
                gone.append(one)
        return tuple(gone)
