"""The complete trades of a journal, each with the books on which it was entered and left.

Amounts in units of 1e-8, as in the journal. A trade is a position of the engine: from its entry order, whose client id
it has, to flat.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.engine.contract import Contract
from live.engine.events import (
    AccountTrade,
    BookChanged,
    Event,
    Fill,
    FundingPaid,
    OrderReport,
    Started,
    StopReport,
    TradesReport,
)
from live.engine.intents import Intent, Purpose
from live.enums import Side
from live.journal.encoding import JournalledOrder
from live.journal.reading import RecordedEvent, action_of_record, entries_of
from live.money import product
from skills_lib.domain.errors import InputError

_ORDER = "order_intent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTrade:
    """One trade. entry_mid: of the book that the entry was decided on; exit_mid: of the exit's book, or the trigger
    price of the stop that closed it. entry_value, exit_value: price times quantity over all fills. fees: in the margin
    asset. update_id: of the entry's book. entered_by_maker, left_by_maker: a fill of that side rested.
    """

    id: str
    symbol: str
    side: Side
    update_id: int
    quantity: int
    entry_value: int
    exit_value: int
    entry_mid: int
    exit_mid: int
    fees: int
    funding: int
    entered_by_maker: bool
    left_by_maker: bool
    reason: str

    @property
    def net(self) -> int:
        """Profit after fees and funding."""
        moved = self.exit_value - self.entry_value
        return self.side.sign * moved - self.fees + self.funding


@dataclass(frozen=True, slots=True)
class JournalTrades:
    """What a journal holds. incomplete: positions that were not closed, or whose fills are not all known.

    books: update ids of the usable books, ascending, by symbol.
    """

    started: Started
    trades: tuple[ExplainedTrade, ...]
    incomplete: int
    books: dict[str, list[int]]


@dataclass(slots=True)
class _Building:
    """A position while its journal is read. sides: quantity and value, of entry and of exit."""

    entry: Intent
    update_id: int
    entry_mid: int
    exit_mid: int = 0
    quantities: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    values: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    makers: dict[bool, bool] = field(default_factory=lambda: {True: False, False: False})
    fees: int = 0
    funding: int = 0
    reason: str = ""


def trades_in(path: Path) -> JournalTrades:
    """Read the trades of a journal with one run.

    Raises:
        InputError: not a journal, or one of several runs or of none.
        JournalDamagedError: it is not what was written.
    """
    reader = _Reader()
    for entry in entries_of(path):
        if isinstance(entry, RecordedEvent):
            reader.on_event(entry.event)
        elif entry.record.kind == _ORDER:
            action = action_of_record(entry.record, path.name)
            assert isinstance(action, JournalledOrder)
            reader.on_order(action)
    if reader.started is None:
        raise InputError(f"{path.name} holds no run. Give the journal of a session.")
    return reader.found(reader.started)


class _Reader:
    """Follows a journal: orders first, since an order is written before anything is known of it."""

    def __init__(self) -> None:
        self.started: Started | None = None
        self._contracts: dict[str, Contract] = {}
        self._positions: dict[str, _Building] = {}
        self._orders: dict[str, Intent] = {}
        self._client_ids: dict[int, str] = {}
        self._waiting: dict[int, list[AccountTrade]] = {}
        self._seen: set[tuple[str, int]] = set()
        self._books: dict[str, list[int]] = {}
        self._open: dict[str, str] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            BookChanged: self._on_book,
            Started: self._on_start,
            OrderReport: self._on_report,
            StopReport: lambda stop: self._learn(stop.symbol, stop.order_id, stop.client_id),
            TradesReport: self._on_trades,
            FundingPaid: self._on_funding,
        }

    def on_event(self, event: Event) -> None:
        if handler := self._handlers.get(type(event)):
            handler(event)

    def _on_book(self, book: BookChanged) -> None:
        if book.usable:
            self._books.setdefault(book.symbol, []).append(book.update_id)

    def _on_start(self, started: Started) -> None:
        if self.started is not None:
            raise InputError("The journal holds several runs. Give the journal of one.")
        self.started, self._contracts = started, {one.symbol: one for one in started.contracts}

    def _on_trades(self, report: TradesReport) -> None:
        for trade in report.trades:
            self._on_trade(report.symbol, trade)

    def _on_funding(self, paid: FundingPaid) -> None:
        if position := self._positions.get(self._open.get(paid.symbol, "")):
            position.funding += paid.amount

    def on_order(self, order: JournalledOrder) -> None:
        intent = order.approved.intent
        self._orders[intent.client_id] = intent
        mid = (order.bids[0] + order.asks[0]) // 2 if order.bids and order.asks else 0
        if intent.purpose is Purpose.ENTRY:
            self._positions[intent.client_id] = _Building(intent, order.book_update_id, mid)
        elif (position := self._positions.get(intent.position)) and intent.purpose is Purpose.EXIT:
            position.exit_mid, position.reason = position.exit_mid or mid, position.reason or intent.reason

    def found(self, started: Started) -> JournalTrades:
        """All complete trades, in the order of their entries."""
        filled = {name: one for name, one in self._positions.items() if one.quantities[True]}
        complete = [_trade(name, one) for name, one in filled.items() if one.quantities[True] == one.quantities[False]]
        return JournalTrades(started, tuple(complete), len(filled) - len(complete), self._books)

    def _on_report(self, report: OrderReport) -> None:
        self._learn(report.symbol, report.order_id, report.client_id)
        if report.fill:
            self._on_trade(report.symbol, AccountTrade(report.order_id, report.side, report.fill, report.event_ns))

    def _learn(self, symbol: str, order_id: int, client_id: str) -> None:
        """An order's or stop's client id; of a stop's child the stop's is the one that is known."""
        if order_id and client_id in self._orders:
            self._client_ids[order_id] = client_id
            for trade in self._waiting.pop(order_id, []):
                self._book(symbol, trade)

    def _on_trade(self, symbol: str, trade: AccountTrade) -> None:
        if (symbol, trade.fill.trade_id) in self._seen:
            return
        self._seen.add((symbol, trade.fill.trade_id))
        if trade.order_id in self._client_ids:
            self._book(symbol, trade)
        else:
            self._waiting.setdefault(trade.order_id, []).append(trade)

    def _book(self, symbol: str, trade: AccountTrade) -> None:
        intent = self._orders[self._client_ids[trade.order_id]]
        position = self._positions.get(intent.position)
        if position is None:
            return
        enters = intent.purpose is Purpose.ENTRY
        self._add(position, enters, trade.fill, self._contracts[symbol].margin_asset)
        if intent.purpose is Purpose.STOP:
            position.exit_mid, position.reason = intent.trigger_price, "stop"
        is_open = position.quantities[True] != position.quantities[False]
        self._open[symbol] = intent.position if is_open else ""

    @staticmethod
    def _add(position: _Building, enters: bool, fill: Fill, margin_asset: str) -> None:
        position.quantities[enters] += fill.quantity
        position.values[enters] += product(fill.price, fill.quantity)
        position.makers[enters] |= fill.maker
        position.fees += fill.fee if fill.fee_asset == margin_asset else 0


def _trade(name: str, one: _Building) -> ExplainedTrade:
    return ExplainedTrade(
        id=name,
        symbol=one.entry.symbol,
        side=one.entry.side,
        update_id=one.update_id,
        quantity=one.quantities[True],
        entry_value=one.values[True],
        exit_value=one.values[False],
        entry_mid=one.entry_mid,
        exit_mid=one.exit_mid,
        fees=one.fees,
        funding=one.funding,
        entered_by_maker=one.makers[True],
        left_by_maker=one.makers[False],
        reason=one.reason or "closed outside the run",
    )
