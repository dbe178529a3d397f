"""Replays tape lines into a book and counts defects."""

from collections import Counter
from dataclasses import dataclass, field

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.book.view import TopText
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.event_ids import TradesOnce
from skills_lib.market.depth.latency import LatencyHistogram
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    Message,
    Snapshot,
    Trade,
    Venue,
    WireError,
)
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.tape.attribution import Attributed
from skills_lib.market.depth.tape.lines import TapeDamage, TapeLine
from skills_lib.market.depth.tape.receive_clock import ReceiveClock
from skills_lib.market.depth.tape.report import LevelCounts, TapeReport, Top5
from skills_lib.market.depth.usability.checked_book import CheckedBook

_MAX_REMEMBERED = 1_000
_MAX_LISTED = 5
_KINDS: dict[type, str] = {
    DepthUpdate: "depth",
    BookTicker: "book_ticker",
    Trade: "trade",
    AggTrade: "trade",
    Snapshot: "snapshot",
}
KIND_NAMES = ("depth", "book_ticker", "trade", "snapshot", "other")


def kind_of(message: Message) -> str:
    """One of KIND_NAMES."""
    return _KINDS.get(type(message), "other")


@dataclass
class Replay:
    """Running state of a check; feed it attributed lines with `take`, then call `report`.

    refused: how many lines were refused, by reason.
    """

    symbol: str
    venue: Venue
    lines: int = 0
    malformed: int = 0
    crossed_books: int = 0
    bbo_checked: int = 0
    bbo_matched: int = 0
    late_bbo_checked: int = 0
    late_bbo_matched: int = 0
    first_local_ts_ns: int | None = None
    last_local_ts_ns: int | None = None
    damages: list[TapeDamage] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    units: set[str] = field(default_factory=set)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    trades: TradesOnce = field(default_factory=TradesOnce)
    clock: ReceiveClock = field(default_factory=ReceiveClock)

    def __post_init__(self) -> None:
        self.local = LocalBook(self.symbol, self.venue)
        self.checked = CheckedBook(self.local)
        self._tickers: dict[int, BookTicker] = {}
        self._tops: dict[int, TopText] = {}

    def take(self, entry: Attributed) -> None:
        """Count one line, and apply it if it is of the checked symbol."""
        line, message = entry.line, entry.message
        if isinstance(line, TapeDamage):
            self.damages.append(line)
            return
        self.lines += 1
        if message is None:
            self.malformed += 1
        elif entry.refusal and entry.symbol in ("", self.symbol):
            self.refused[entry.refusal] += 1
        elif entry.symbol in ("", self.symbol) and isinstance(line, TapeLine):
            self.kinds[kind_of(message)] += self.trades.is_new(message)
            self._record_time(line, message)
            self._follow(message)

    def report(self) -> TapeReport:
        """The report on the lines so far."""
        book = self.local.book
        return TapeReport(
            symbol=self.symbol,
            venue=self.venue,
            lines=self.lines,
            messages={name: self.kinds[name] for name in KIND_NAMES},
            chain_breaks=self.local.sequencer.breaks,
            crossed_books=self.crossed_books,
            malformed=self.malformed,
            bbo_checked=self.bbo_checked,
            bbo_matched=self.bbo_matched,
            late_bbo_checked=self.late_bbo_checked,
            late_bbo_matched=self.late_bbo_matched,
            in_sync=self.local.in_sync,
            final_update_id=book.update_id if self.local.in_sync else None,
            levels=LevelCounts(bids=book.levels[0], asks=book.levels[1]) if self.local.in_sync else None,
            top5=Top5(**book.top_text(5)._asdict()) if self.local.in_sync else None,
            first_local_ts_ns=self.first_local_ts_ns,
            last_local_ts_ns=self.last_local_ts_ns,
            lost_bytes=sum(damage.lost_bytes for damage in self.damages),
            repeated_trades=self.trades.repeats,
            repeated=self.local.sequencer.repeats,
            latency=self.latency.report(),
            problems=self._problems(),
        )

    def _record_time(self, line: TapeLine, message: Message) -> None:
        if line.local_ts_ns is None:
            return
        self.units.add(line.unit)
        self.clock.add(line.local_ts_ns, getattr(message, "exch_ts_ns", None))
        if self.first_local_ts_ns is None:
            self.first_local_ts_ns = line.local_ts_ns
        self.last_local_ts_ns = line.local_ts_ns
        if isinstance(message, DepthUpdate | Trade | AggTrade):
            self.latency.add(line.local_ts_ns - message.event_ts_ms * 1_000_000)

    def _follow(self, message: Message) -> None:
        try:
            decision = self.checked.take(message)
        except WireError:
            self.malformed += 1
            return
        if isinstance(message, DepthUpdate):
            self._note_top(message, decision)
        elif isinstance(message, BookTicker):
            if top := self._tops.get(message.update_id):
                self.late_bbo_checked += 1
                self.late_bbo_matched += _equal(top, message)
            else:
                self._tickers[message.update_id] = message

    def _note_top(self, update: DepthUpdate, decision: UpdateDecision | None) -> None:
        cause, book = self.local.cause, self.local.book
        self.crossed_books += decision is UpdateDecision.GAP and cause is Cause.CROSSED
        refuted = decision is UpdateDecision.GAP and cause is Cause.TICKER_DISAGREES
        if decision is not UpdateDecision.APPLY and not refuted:
            return
        top = self._tops[update.final_update_id] = book.top_text(1)
        if ticker := self._tickers.get(update.final_update_id):
            self.bbo_checked += 1
            self.bbo_matched += _equal(top, ticker)
        self._prune_history(update.final_update_id)

    def _prune_history(self, update_id: int) -> None:
        if len(self._tickers) > _MAX_REMEMBERED:
            self._tickers = {u: ticker for u, ticker in self._tickers.items() if u > update_id}
        while len(self._tops) > _MAX_REMEMBERED:
            del self._tops[next(iter(self._tops))]

    def _problems(self) -> list[str]:
        mismatched = self.bbo_checked - self.bbo_matched + self.late_bbo_checked - self.late_bbo_matched
        breaks, repeats = self.local.sequencer.breaks, self.local.sequencer.repeats
        found = {
            "No snapshot: updates alone cannot build a book.": not self.kinds["snapshot"],
            f"{self.kinds['snapshot']} snapshots: those received in sync are used only where the chain breaks after "
            "them.": self.kinds["snapshot"] > 1,
            f"The book is {self.local.sync.value} at the end: {self.local.reason}.": not self.local.in_sync,
            f"{self.malformed:,} lines could not be read.": self.malformed,
            f"{breaks:,} breaks in the chain of updates.": breaks,
            f"{repeats:,} updates were repeated.": repeats,
            f"{self.trades.repeats:,} trades have an id that came before; each is counted once.": self.trades.repeats,
            f"Trade ids start anew {self.trades.restarts:,} times.": self.trades.restarts,
            self.clock.problem(): self.clock.problem(),
            f"{self.crossed_books:,} crossed books.": self.crossed_books,
            f"{mismatched:,} best prices differ from bookTicker.": mismatched,
            f"Receive times are in {', '.join(sorted(self.units))}, not ns.": self.units - {"ns"},
            self.latency.describe_negative(): self.latency.negative,
        }
        listed = [damage.problem for damage in self.damages[:_MAX_LISTED]]
        if more := len(self.damages) - len(listed):
            listed.append(f"The tape is damaged at {more:,} more places.")
        listed += [f"{count:,} lines: {reason}." for reason, count in self.refused.items()]
        return listed + [text for text, true in found.items() if true]


def _equal(top: TopText, ticker: BookTicker) -> bool:
    expected = [(ticker.bid_price, ticker.bid_quantity)], [(ticker.ask_price, ticker.ask_quantity)]
    return expected == (top.bids, top.asks)
