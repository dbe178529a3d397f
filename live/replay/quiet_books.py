"""Books of a tape on which the engine does nothing but remember them: they are passed together."""

from collections.abc import Iterator, Sequence

from live.binance.markets import MarketReader
from live.engine.events import BookChanged
from live.engine.settings import ImbalanceSettings
from live.enums import Side
from live.journal.recorded_engine import RecordedEngine
from live.money import SCALE
from live.replay.collector import RunCollector
from live.replay.controls import CountedSignal
from live.session.book_rows import BookRow
from live.simulator.latency import MS
from live.simulator.segment_books import SegmentBooks
from live.simulator.tape_segments import Segment
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.passages import DEEP, TOP_LEVELS, TOP_WORDS

_SIDES = (None, Side.BUY, Side.SELL)
_NS_PER_S = 1e9


class QuietBooks:
    """Of the run of one symbol, whose books `reader` reads."""

    def __init__(
        self,
        reader: MarketReader,
        engine: RecordedEngine,
        signal: CountedSignal,
        collector: RunCollector,
        settings: ImbalanceSettings,
    ) -> None:
        self._reader, self._engine, self._signal, self._collector = reader, engine, signal, collector
        self._settings = settings
        self._passed: list[tuple[int, BookRow]] = []

    def begin(self, segment: Segment) -> bool:
        """Before books of a segment; False if none may be passed now."""
        quiet = self._engine.quiet(self._reader.symbol)
        if quiet is None or not self._reader.is_steady or self._settings.depth > TOP_LEVELS:
            return False
        self._quiet, self._sides = quiet, _sides_of(segment.books, self._settings)
        self._states = segment.books.states
        self._segment, self._update_id = segment, self._reader.update_id
        self._due_ns, self._until_s = self._collector.due_ns, self._reader.steady_until_s()
        return True

    def passes(self, book: BookRow, now_ns: int) -> bool:
        """Take a book that has come, if the engine does nothing on it; False if it must be given to it."""
        segment, row, number, _ = book
        now_s = now_ns / _NS_PER_S
        if segment is not self._segment or self._states.item(number) < DEEP or now_ns > self._due_ns:
            return False
        if segment.table.item(row, at.SECOND) != self._update_id or now_s > self._until_s:
            return False
        raw, quiet = _SIDES[self._sides[number]], self._quiet
        side = self._signal.says(raw, now_ns)
        if quiet.exit_sign:
            bid, ask = segment.books.bests[number].tolist()
            if (bid if quiet.exit_sign > 0 else -ask) >= quiet.exit_price:
                return False
        elif side is not None and now_ns >= quiet.entries_from_ns:
            return False
        self._signal.follow(raw, now_ns)
        self._update_id, self._until_s = segment.table.item(row, at.ID), self._reader.steady_until_s(now_s)
        self._passed.append((now_ns, book))
        return True

    def end(self) -> None:
        """After the last book that was passed: everybody has what would have been there one by one."""
        passed, self._passed = self._passed, []
        if not passed:
            return
        segment, row, _, symbol = passed[-1][1]
        self._reader.pass_rows(segment.text, segment.table, (passed[0][1].row, row + 1), symbol, [t for t, _ in passed])
        last = self._book(*passed[-1])
        self._engine.pass_books(self._books(passed, last), last)
        self._collector.pass_books(len(passed), last)

    def _books(self, passed: Sequence[tuple[int, BookRow]], last: BookChanged) -> Iterator[BookChanged]:
        for one in passed[:-1]:
            yield self._book(*one)
        yield last

    def _book(self, now_ns: int, book: BookRow) -> BookChanged:
        segment, row, number, _ = book
        event_ms, matched_ms, update_id = segment.table[row, [at.EVENT_MS, at.MATCHED_MS, at.ID]].tolist()
        top, width = segment.books.tops[number].tolist(), 2 * self._settings.depth
        bids, asks = tuple(top[:width]), tuple(top[TOP_WORDS // 2 : TOP_WORDS // 2 + width])
        event_ns = (matched_ms if matched_ms > 0 else event_ms) * MS
        return BookChanged(now_ns, self._reader.symbol, event_ns, update_id, True, bids, asks)


def _sides_of(books: SegmentBooks, settings: ImbalanceSettings) -> list[int]:
    """Places in `_SIDES` of what each book says, as `ImbalanceSignal` compares it; of deep books only."""
    key = settings.depth, settings.buy_ratio, settings.sell_ratio
    found = books.kept.get(key)
    if found is None:
        width, middle = 2 * settings.depth, TOP_WORDS // 2
        bids = books.tops[:, 1:width:2].sum(axis=1).tolist()
        asks = books.tops[:, middle + 1 : middle + width : 2].sum(axis=1).tolist()
        buy, sell = settings.buy_ratio, settings.sell_ratio
        found = [
            1 if bid * SCALE > buy * ask else 2 if bid * SCALE < sell * ask else 0
            for bid, ask in zip(bids, asks, strict=True)
        ]
        books.kept[key] = found
    return found
