"""Finds lines at which the exchange does nothing but follow the market, and plays them in one step."""

from bisect import bisect_left

import numpy as np

from live.enums import Side
from live.simulator.core.evidence import Evidence
from live.simulator.core.market import Market
from live.simulator.quiet.passed_evidence import PassedEvidence
from live.simulator.quiet.watched_prices import NEVER_FROM, NEVER_TO, WatchedPrices
from live.simulator.schedule import NEVER_NS
from live.simulator.streams.history import PassedRows
from live.simulator.tape_book import TapeBook
from live.simulator.tape_lines import SegmentedLines
from live.simulator.tape_segments import Segment
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning import passages as of
from skills_lib.market.depth.tape.scanning.entries import ENTRIES


class QuietLines:
    """Of an exchange whose tape is in segments; anything else has none."""

    def __init__(self, venue: LocalVenue) -> None:
        self._venue = venue
        self._prices = WatchedPrices(venue.state)
        self._passed = np.zeros(of.PASSED_WORDS, np.int64)
        self._watched = np.zeros(of.WATCH_WORDS * at.MAX_SYMBOLS, np.int64)
        self._passed_address, self._watched_address = self._passed.ctypes.data, self._watched.ctypes.data

    def end(self, lines: SegmentedLines, before_ns: int) -> int:
        """The place of the first line that must be played by itself, or that is not before a time.

        At most the end of the segment, which there must be.
        """
        segment, place = lines.segment, lines.place
        assert segment is not None
        limit = bisect_left(segment.times, before_ns, place)
        if limit == place or not self._is_idle():
            return place
        for symbol_number, symbol in enumerate(segment.symbols):
            start = symbol_number * of.WATCH_WORDS
            self._watched[start : start + of.WATCH_WORDS] = self._watch(symbol)
        books = segment.books
        number, states, bests = bisect_left(books.rows, place), books.states_address, books.bests_address
        found: int = ENTRIES.quiet_end(segment.address, place, limit, number, states, bests, self._watched_address)
        return found

    def play(self, lines: SegmentedLines, end: int) -> None:
        """Play the lines up to a place that `end` allows."""
        segment, place, venue = lines.segment, lines.place, self._venue
        assert segment is not None
        latest_ms = 0
        for symbol_number in range(len(segment.symbols)):
            latest_ms = max(latest_ms, self._play_symbol(segment, place, end, symbol_number))
        venue.engine.lines += end - place
        venue.state.now_ms = max(venue.state.now_ms, latest_ms)
        venue.time.advance(segment.times[end - 1])
        lines.advance_to(end)
        if lines.next_ns == NEVER_NS:
            venue.flush()

    def _is_idle(self) -> bool:
        venue, state = self._venue, self._venue.state
        interventions = state.interventions
        troubled = interventions.conditional_orders_down or interventions.troubled or interventions.late
        active = troubled or state.liquidations or any(state.open.values()) or venue.settings.faults.faults
        return not active and venue.publisher.is_idle

    def _watch(self, symbol: str) -> tuple[int, ...]:
        market, book = self._venue.state.markets.get(symbol), self._venue.feed.books.get(symbol)
        if market is None or book is None or not self._follows(market) or not book.local.in_sync:
            return (0, 0, 0, 0, 0, 0)
        ranges = self._prices.ranges(symbol)
        if ranges is None:
            return (0, 0, 0, 0, 0, 0)
        trades, marks = ranges
        if market.marked:
            marks = NEVER_FROM, NEVER_TO
        return (1, symbol in self._venue.feed.aggregated, *trades, *marks)

    @staticmethod
    def _follows(market: Market) -> bool:
        """Whether the market runs: it has prices, and its funding is scheduled."""
        return market.in_sync and bool(market.last_price and market.mark_price and market.next_funding_ms)

    def _play_symbol(self, segment: Segment, place: int, end: int, number: int) -> int:
        """Play a symbol's lines; returns the latest event time of all lines in milliseconds."""
        symbol, venue = segment.symbols[number], self._venue
        market = venue.state.markets.get(symbol)
        if market is None:
            return 0
        aggregated = symbol in venue.feed.aggregated
        passed = PassedEvidence(segment, place, end, number, market.update_id, aggregated)
        self._passed[:] = 0
        self._follow(segment, place, end, number, market)
        last_price, trades, tickers, updates, last_row, latest_ms, updated_ms, _ = self._passed.tolist()
        if market.evidence is not None and (trades or tickers or updates):
            _leave(market.evidence, passed)
        market.last_price = last_price or market.last_price
        if updates:
            venue.feed.updates += updates
            _move(market, segment, last_row, max(venue.state.now_ms, updated_ms))
        venue.publisher.pass_rows(symbol, PassedRows(segment, place, end, number, trades), tickers, updates)
        return int(latest_ms)

    def _follow(self, segment: Segment, place: int, end: int, number: int, market: Market) -> None:
        """Bring the book up to date; while orders have taken from it, diff by diff."""
        book = self._venue.feed.books[segment.symbols[number]]
        rows = segment.books.rows
        for row in rows[bisect_left(rows, place) : bisect_left(rows, end)] if market.taken else ():
            self._pass(segment, place, row + 1, number, book)
            for side, named in zip(Side, book.named, strict=True):
                market.refresh(side, named)
            place = row + 1
        self._pass(segment, place, end, number, book)
        book.local.note_passed()

    def _pass(self, segment: Segment, place: int, end: int, number: int, book: TapeBook) -> None:
        """Apply diffs; what compiled code does not finish is finished here, with the same outcome as at any time."""
        while place < end:
            place = ENTRIES.pass_rows(
                segment.text,
                segment.address,
                place,
                end,
                number,
                self._watched_address,
                book.local.address,
                self._passed_address,
            )
            if place < end:
                book.local.receive_found(segment.raw(place), float(self._passed[of.CODE]))
                place += 1


def _leave(evidence: Evidence, passed: PassedEvidence) -> None:
    """Leave rows to be read when somebody asks, together with those before them in the same segment."""
    before = evidence.behind
    if isinstance(before, PassedEvidence) and before.segment is passed.segment:
        before.end = passed.end
        return
    evidence.catch_up()
    evidence.behind = passed


def _move(market: Market, segment: Segment, row: int, now_ms: int) -> None:
    """The last diff of a passage has moved the market."""
    market.updated_ms, market.update_id = now_ms, segment.table.item(row, at.ID)
    if not market.marked:
        bid, ask = segment.books.bests[bisect_left(segment.books.rows, row)].tolist()
        market.mark_price = market.index_price = (bid + ask) // 2
