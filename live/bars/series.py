"""The closed bars of a symbol: what the stream says of a bar is held against the exchange's list, bar by bar.

No clock and no connection: times are given. A bar is settled when the stream's closed frame and the list say the same;
where they differ, or the stream said nothing, when two answers of the list that were asked for `AGAIN_MS` apart do.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from live.bars.klines import ClosedBar

AGAIN_MS = 1_000
"""The list is asked again after this: right after the close it may not hold the last trades yet."""
LONGEST_LIST = 1_500
"""Bars of one answer at the highest, the open one included."""
CERTAINLY_CLOSED_MS = 3_000
"""A bar that ended so long ago by our clock has closed, whatever the exchange's clock says."""


class Doubt(NamedTuple):
    """Bars that were not what was expected. code: a fixed word; open_ms: of the first one; bars: how many."""

    code: str
    open_ms: int
    bars: int


class Settled(NamedTuple):
    """What an answer settles. bars: closed ones, oldest first. waits: a bar that has closed is not settled yet."""

    bars: tuple[ClosedBar, ...]
    doubts: tuple[Doubt, ...]
    waits: bool


class BarSeries:
    """The settled bars. interval_ms: length of a bar. history: bars that a strategy sees; more are kept."""

    def __init__(self, interval_ms: int, history: int) -> None:
        self.interval_ms, self._history = interval_ms, history
        self.bars: deque[ClosedBar] = deque(maxlen=history + LONGEST_LIST)
        self._begins_ms = 0
        self._streamed: dict[int, ClosedBar] = {}
        self._listed: dict[int, tuple[ClosedBar, int]] = {}
        self._named: set[tuple[str, int]] = set()

    @property
    def next_ms(self) -> int:
        """When the first bar opens that is not settled; 0 before `load` has found any bar, closed or open."""
        return self.bars[-1].open_ms + self.interval_ms if self.bars else self._begins_ms

    @property
    def known_ms(self) -> int:
        """When the last settled bar opened, or without one the first bar of all."""
        return self.bars[-1].open_ms if self.bars else self._begins_ms

    def load(self, rows: Sequence[ClosedBar], asked_ms: int, until_ms: int, whole: bool) -> tuple[Doubt, ...]:
        """Begin with the bars that closed by `until_ms`; later ones are settled by `on_list`.

        whole: the list has no earlier bars. If it has, as many are begun with as a strategy sees, so that it sees all
        of them for the first bar that follows: bars that closed after `until_ms` may be skipped for it, and are named.
        """
        closed = [row for row in rows[:-1] if self._has_ended(row, asked_ms, 0)] + [
            row for row in rows[-1:] if self._has_ended(row, asked_ms, CERTAINLY_CLOSED_MS)
        ]
        known = sum(self._has_ended(row, until_ms, 0) for row in closed)
        begun = known if whole else max(known, min(self._history, len(closed)))
        self.bars.extend(closed[:begun])
        self._begins_ms = rows[0].open_ms if rows else 0
        skipped = begun - known
        return (Doubt("bars_skipped", closed[known].open_ms, skipped),) if skipped else ()

    def on_stream(self, bar: ClosedBar) -> bool:
        """Note the closed frame of a bar; True if the list is to be asked about it."""
        if bar.open_ms < self.next_ms:
            return False
        self._streamed[bar.open_ms] = bar
        return True

    def is_due(self, now_ms: int, grace_ms: int) -> bool:
        """True if a bar ended `grace_ms` ago and is not settled."""
        return bool(self.next_ms) and now_ms >= self.next_ms + self.interval_ms + grace_ms

    def on_list(self, rows: Sequence[ClosedBar], asked_ms: int) -> Settled:
        """Take an answer of the list that was asked for at `asked_ms` and begins with the last settled bar."""
        doubts, settled, waits = self._corrected(rows), list[ClosedBar](), False
        expected_ms = self.next_ms
        for place, row in enumerate(rows):
            if row.open_ms < expected_ms or not (place < len(rows) - 1 or self._has_closed(row, asked_ms)):
                continue
            agrees = self._agrees(row, expected_ms, asked_ms, doubts)
            expected_ms, waits = row.open_ms + self.interval_ms, waits or not agrees
            if not waits:
                self._settle(row)
                settled.append(row)
        return Settled(tuple(settled), _grouped(doubts), waits or self.is_due(asked_ms, 0))

    def _corrected(self, rows: Sequence[ClosedBar]) -> list[Doubt]:
        """The list is believed where it changes a bar that was settled."""
        held, found = {bar.open_ms: place for place, bar in enumerate(self.bars)}, list[Doubt]()
        for row in rows:
            place = held.get(row.open_ms)
            if place is not None and self.bars[place] != row:
                self.bars[place] = row
                found.append(Doubt("bars_changed", row.open_ms, 1))
        return found

    def _agrees(self, row: ClosedBar, expected_ms: int, asked_ms: int, doubts: list[Doubt]) -> bool:
        """True if the stream said the same of the expected bar, or an earlier answer of the list did."""
        streamed, missing = self._streamed.get(row.open_ms), (row.open_ms - expected_ms) // self.interval_ms
        if streamed == row and not missing:
            return True
        if missing:
            self._doubt("bars_missing", expected_ms, missing, doubts)
        if streamed is not None and streamed != row:
            self._doubt("bars_differ", row.open_ms, 1, doubts)
        before, first_ms = self._listed.get(row.open_ms, (None, 0))
        if before != row:
            self._listed[row.open_ms] = (row, asked_ms)
            return False
        if asked_ms < first_ms + AGAIN_MS:
            return False
        if streamed is None:
            self._doubt("bars_not_streamed", row.open_ms, 1, doubts)
        return True

    def _doubt(self, code: str, open_ms: int, bars: int, doubts: list[Doubt]) -> None:
        """Name it once."""
        if (code, open_ms) not in self._named:
            self._named.add((code, open_ms))
            doubts.append(Doubt(code, open_ms, bars))

    def _settle(self, row: ClosedBar) -> None:
        self.bars.append(row)
        for known in (self._streamed, self._listed):
            for open_ms in [open_ms for open_ms in known if open_ms <= row.open_ms]:
                del known[open_ms]
        self._named = {named for named in self._named if named[1] > row.open_ms}

    def _has_closed(self, row: ClosedBar, asked_ms: int) -> bool:
        """True if the stream says so, or the time."""
        streamed = any(open_ms >= row.open_ms for open_ms in self._streamed)
        return streamed or self._has_ended(row, asked_ms, CERTAINLY_CLOSED_MS)

    def _has_ended(self, row: ClosedBar, now_ms: int, before_ms: int) -> bool:
        """True if a bar ended so long before a time."""
        return now_ms >= row.open_ms + self.interval_ms + before_ms


def _grouped(doubts: Sequence[Doubt]) -> tuple[Doubt, ...]:
    """One doubt of each code, with the first bar and the number of bars."""
    found: dict[str, Doubt] = {}
    for doubt in doubts:
        first = found.get(doubt.code, Doubt(doubt.code, doubt.open_ms, 0))
        found[doubt.code] = Doubt(doubt.code, first.open_ms, first.bars + doubt.bars)
    return tuple(found.values())
