"""What the rows of a passage say about a book that is late: read when somebody asks, from where it still counts."""

from collections.abc import Iterator
from dataclasses import dataclass

from live.enums import Side
from live.money import DIGITS
from live.simulator.core.commands import Quoted, Traded
from live.simulator.core.evidence import Evidence
from live.simulator.tape_segments import Segment
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.scale import scaled
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.entries import ENTRIES
from skills_lib.market.depth.wire import decode


@dataclass(slots=True)
class PassedEvidence:
    """Rows of a symbol that were passed. update_id: of the book before them. aggregated: single trades do not count."""

    segment: Segment
    place: int
    end: int
    symbol: int
    update_id: int
    aggregated: bool

    def __call__(self, evidence: Evidence) -> None:
        """Bring the evidence up to date."""
        start, rows = self._start(evidence), self.segment.table
        update_id, symbol = self.update_id, self.segment.symbols[self.symbol]
        if start > self.place:
            update_id = self._last_update(self.place, start, update_id)
        for place, row in enumerate(rows[start : self.end].tolist(), start):
            if row[at.KIND] == at.ORDINARY or row[at.SYMBOL] != self.symbol:
                continue
            if row[at.KIND] == at.TICKER:
                evidence.quoted(_quoted(symbol, row), update_id)
            elif row[at.KIND] == at.DEPTH:
                update_id = row[at.ID]
                sides = _NamedInRow(self.segment, place, Side.BUY), _NamedInRow(self.segment, place, Side.SELL)
                evidence.superseded(update_id, _matched_ms(row), *sides)
            elif row[at.KIND] == at.AGG_TRADE or not self.aggregated:
                evidence.traded(_traded(symbol, row))

    def _start(self, evidence: Evidence) -> int:
        """The first row that counts; then nothing from before it does."""
        address, pending = self.segment.table.ctypes.data, sum(evidence.counts)
        found: int = ENTRIES.evidence_start(address, self.place, self.end, self.symbol, pending)
        if found < 0:
            return self.place
        last = self._last_update_row(self.place, self.end)
        if not evidence.is_superseded(last[at.ID], _matched_ms(last)):
            return self.place
        evidence.forget()
        return found

    def _last_update(self, place: int, end: int, otherwise: int) -> int:
        row = self._last_update_row(place, end)
        return row[at.ID] if row else otherwise

    def _last_update_row(self, place: int, end: int) -> list[int]:
        """The last diff of the symbol in a range, or an empty list."""
        table = self.segment.table
        for n in range(end - 1, place - 1, -1):
            if table.item(n, at.KIND) == at.DEPTH and table.item(n, at.SYMBOL) == self.symbol:
                row: list[int] = table[n].tolist()
                return row
        return []


class _NamedInRow:
    """The prices of one side that a diff names, in units of 1e-8: read when they are asked for."""

    __slots__ = ("_place", "_segment", "_side")

    def __init__(self, segment: Segment, place: int, side: Side) -> None:
        self._segment, self._place, self._side = segment, place, side

    def __iter__(self) -> Iterator[int]:
        update = decode(self._segment.raw(self._place))
        assert isinstance(update, DepthUpdate)
        levels = update.bids if self._side is Side.BUY else update.asks
        return (scaled(price, DIGITS) for price, _ in levels)


def _matched_ms(row: list[int]) -> int:
    return row[at.MATCHED_MS] if row[at.MATCHED_MS] > 0 else row[at.EVENT_MS]


def _quoted(symbol: str, row: list[int]) -> Quoted:
    bid, bid_quantity, ask, ask_quantity = row[at.FIRST : at.FOURTH + 1]
    return Quoted(symbol, row[at.EVENT_MS], row[at.ID], row[at.MATCHED_MS], bid, bid_quantity, ask, ask_quantity)


def _traded(symbol: str, row: list[int]) -> Traded:
    taker = Side.SELL if row[at.THIRD] else Side.BUY
    return Traded(symbol, row[at.EVENT_MS], row[at.FIRST], row[at.SECOND], taker, row[at.MATCHED_MS])
