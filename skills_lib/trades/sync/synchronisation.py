"""Brings an account's orders, trades and income into the store, window by window, and compares them with the journals.

Each window is one transaction: its rows, how far the list is complete, differences, and what is left to derive. So a
synchronisation that is interrupted goes on where it was, and repeated rows change nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from skills_lib.trades.derived.deriving import derive
from skills_lib.trades.income_types import FUNDING
from skills_lib.trades.reconcile.ledger import against_fills
from skills_lib.trades.reconcile.matching import GRACE_MS, Matched, match, settled, unlisted
from skills_lib.trades.reconcile.merging import EXCHANGE
from skills_lib.trades.reconcile.rows import TradingRow, subject_of
from skills_lib.trades.store.model import Filter, TradeStore, Written
from skills_lib.trades.store.rows import (
    StoredCoverage,
    StoredDiscrepancy,
    StoredFill,
    StoredIncome,
    StoredOrder,
    StoredRow,
)
from skills_lib.trades.sync.conversion import VenueAccount
from skills_lib.trades.sync.coverage import CoverageBook
from skills_lib.trades.sync.listings import (
    ALGO_ORDERS,
    INCOME,
    LIMIT,
    ORDERS,
    TRADES,
    UNFILLED_KEPT_MS,
    WEEK_MS,
    Listing,
    rows_between,
    windows,
)
from skills_lib.trades.sync.prices import MinutePrices
from skills_lib.trades.sync.reading import AccountReader, VenueRefusedError
from skills_lib.trades.sync.runs import RunsOfAccount
from skills_lib.trades.sync.standing import Standing, read_standing
from skills_lib.trades.sync.symbols import symbols_of
from skills_lib.trades.sync.wire_rows import ListedAlgo, ListedIncome, ListedOrder

UNKNOWN: Final = "UNKNOWN"
"""Status of an order that was open when it was last seen, and that the venue does not show any more."""
_NO_SUCH_ORDER: Final = -2013
_UNENDED: Final = frozenset({"NEW", "PARTIALLY_FILLED", "TRIGGERING", "TRIGGERED"})


@dataclass(slots=True)
class SyncCounts:
    """What became of the venue's rows."""

    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, fetched: int, unchanged: int, written: dict[str, Written]) -> None:
        """Count a window."""
        tables = [written.get(kind.TABLE, Written()) for kind in (StoredFill, StoredOrder, StoredIncome)]
        self.fetched += fetched
        self.inserted += sum(one.inserted for one in tables)
        self.updated += sum(one.updated for one in tables)
        self.unchanged += unchanged + sum(one.unchanged for one in tables)


@dataclass(slots=True)
class Synchronised:
    """What a synchronisation did. now_ms: the venue's time at its start."""

    now_ms: int
    symbols: tuple[str, ...] = ()
    counts: SyncCounts = field(default_factory=SyncCounts)
    coverage: list[StoredCoverage] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)


class AccountSync:
    """One synchronisation of one account. Call it while `locked`, after the journals were projected."""

    def __init__(self, store: TradeStore, reader: AccountReader, account: VenueAccount, limit: int = LIMIT) -> None:
        self._store, self._reader, self._account, self._limit = store, reader, account, limit
        self._where = Filter(venue=account.venue, account=account.account)
        self._price = MinutePrices(reader)
        self._runs = RunsOfAccount(store, self._where)
        self.book = CoverageBook(store, account, reader.now_ms())
        self._touched = self.book.pending()
        found = store.rows(StoredDiscrepancy, replace(self._where, equal={"resolved_ms": None}))
        self.open = {(one.kind, one.subject): one for one in found}
        self._counts = SyncCounts()

    def run(
        self, since_ms: int | None = None, symbols: Iterable[str] = (), said: Callable[[str], None] = lambda _: None
    ) -> Synchronised:
        """Read all lists from where they ended, or from `since_ms`, and derive round trips and days.

        Raises:
            TwokeyError: of the venue or the store; what was read before is kept, and the same call goes on.
        """
        start_ms = self.book.start_ms(INCOME.subject, "", since_ms)
        for first_ms, last_ms in windows(start_ms, self.book.now_ms):
            said(f"income to {last_ms}")
            self._income(first_ms, last_ms)
        names = symbols_of(self._store, self._reader, self._where, {*symbols, *self.book.symbols()})
        for symbol in names:
            said(symbol)
            self._symbol(symbol, since_ms)
        self._compare_income(start_ms)
        standing = read_standing(self._store, self._reader, self._account, self.book)
        self._store.write([*standing.rows, *self._settled(standing.found, standing.checked)])
        self._derive()
        return Synchronised(self.book.now_ms, names, self._counts, self.book.all, standing)

    def _symbol(self, symbol: str, since_ms: int | None) -> None:
        for listing in (ORDERS, ALGO_ORDERS):
            start_ms = min(self.book.start_ms(listing.subject, symbol, since_ms), self._oldest_open(symbol, listing))
            for window in windows(max(start_ms, self.book.kept_from_ms), self.book.now_ms):
                self._orders(listing, symbol, *window)
        for window in windows(self.book.start_ms(TRADES.subject, symbol, since_ms), self.book.now_ms):
            self._fills(symbol, *window)

    def _oldest_open(self, symbol: str, listing: Listing[ListedOrder] | Listing[ListedAlgo]) -> int:
        """When the oldest order was made that may have changed since it was read."""
        family = "order" if listing is ORDERS else "algo"
        found = (
            order.created_ms
            for status in sorted(_UNENDED)
            for order in self._store.page(
                StoredOrder, replace(self._where, symbol=symbol, equal={"family": family, "status": status}), limit=1
            ).rows
        )
        return min(found, default=self.book.now_ms)

    def _fills(self, symbol: str, first_ms: int, last_ms: int) -> None:
        listed = rows_between(self._reader, TRADES, symbol, first_ms, last_ms, self._limit)
        orders = self._orders_by_number(symbol, first_ms, last_ms) if listed else {}
        theirs = [_named(self._account.fill(row, self._price), orders.get(row.order_id)) for row in listed]
        ours = self._store.rows(StoredFill, self._span(symbol, first_ms, last_ms))
        matched = match(ours, theirs, self._runs.spans, self.book.now_ms)
        for row in matched.rows:
            self._touch(symbol, row.time_ms)
        self._write(TRADES.subject, symbol, first_ms, last_ms, matched, len(listed))

    def _orders_by_number(self, symbol: str, first_ms: int, last_ms: int) -> dict[int, StoredOrder]:
        """Regular orders that fills of a span may be of; those made more than a window earlier are not looked for."""
        where = replace(self._span(symbol, first_ms - WEEK_MS, last_ms), equal={"family": "order"})
        return {order.order_id: order for order in self._store.rows(StoredOrder, where)}

    def _orders(
        self, listing: Listing[ListedOrder] | Listing[ListedAlgo], symbol: str, first_ms: int, last_ms: int
    ) -> None:
        family = "order" if listing is ORDERS else "algo"
        listed = self._listed_orders(listing, symbol, first_ms, last_ms)
        where = replace(self._span(symbol, first_ms, last_ms), equal={"family": family})
        known = {subject_of(row): row for row in self._store.rows(StoredOrder, where)}
        for row in listed:
            if subject_of(row) not in known and self._runs.is_named(row):
                known |= {subject_of(one): one for one in self._stored_order(symbol, family, row.order_id)}
        matched = match(known.values(), listed, self._runs.spans, self.book.now_ms)
        self._look_up(matched)
        listed_now = {subject_of(row) for row in listed}
        matched.rows += [one for row in known.values() if subject_of(row) not in listed_now for one in self._ended(row)]
        self._write(listing.subject, symbol, first_ms, last_ms, matched, len(listed))

    def _listed_orders(
        self, listing: Listing[ListedOrder] | Listing[ListedAlgo], symbol: str, first_ms: int, last_ms: int
    ) -> list[StoredOrder]:
        span = (symbol, first_ms, last_ms, self._limit)
        if listing is ORDERS:
            return [self._account.order(row) for row in rows_between(self._reader, ORDERS, *span)]
        return [self._account.algo_order(row) for row in rows_between(self._reader, ALGO_ORDERS, *span)]

    def _stored_order(self, symbol: str, family: str, order_id: int) -> list[StoredOrder]:
        """An order whose first report in the journal is not of the window in which the venue lists it."""
        where = replace(self._where, symbol=symbol, equal={"family": family, "order_id": order_id})
        return self._store.page(StoredOrder, where, limit=1).rows

    def _look_up(self, matched: Matched[StoredOrder]) -> None:
        """Ask by number for orders that were not listed: the journal's time may be another than the venue's."""
        matched.unseen = [one for one in matched.unseen if self._due(one) and not self._is_there(one)]

    def _ended(self, order: StoredOrder) -> Iterator[StoredOrder]:
        """An order of no journal that was open and that no list has any more: how it ended is not known."""
        if order.source == EXCHANGE and order.status in _UNENDED and not self._is_there(order):
            yield replace(order, status=UNKNOWN, updated_ms=self.book.now_ms)

    def _due(self, order: StoredOrder) -> bool:
        return bool(unlisted([order], *self._limits()))

    def _is_there(self, order: StoredOrder) -> bool:
        path, name = ("/fapi/v1/order", "orderId") if order.family == "order" else ("/fapi/v1/algoOrder", "algoId")
        try:
            self._reader.read(path, {"symbol": order.symbol, name: order.order_id}, 1, dict[str, object])
        except VenueRefusedError as error:
            if error.code == _NO_SUCH_ORDER:
                return False
            raise
        return True

    def _income(self, first_ms: int, last_ms: int) -> None:
        listed = rows_between(self._reader, INCOME, "", first_ms, last_ms, self._limit)
        fills = {
            (fill.symbol, fill.trade_id): fill
            for fill in self._store.rows(StoredFill, self._span("", first_ms, last_ms))
        }
        rows = [self._income_row(row, fills) for row in listed]
        for row in rows:
            if row.income_type == FUNDING:
                self._touch(row.symbol, row.time_ms)
        self._write(INCOME.subject, "", first_ms, last_ms, Matched[StoredFill](), len(listed), rows)

    def _income_row(self, row: ListedIncome, fills: dict[tuple[str, int], StoredFill]) -> StoredIncome:
        made = self._account.income(row, "")
        fill = fills.get((made.symbol, made.trade_id or 0))
        strategy = fill.strategy_id if fill else "" if made.trade_id else self._runs.strategy_at(made)
        return replace(made, strategy_id=strategy)

    def _compare_income(self, start_ms: int) -> None:
        """Fills against their entries of the ledger, over the span that was read."""
        until_ms = self.book.now_ms - GRACE_MS
        where = replace(self._where, since_ms=start_ms, until_ms=until_ms)
        rows = self._store.rows(StoredIncome, where)
        found, checked = against_fills(self._store.rows(StoredFill, where), rows, self.book.now_ms)
        self._store.write(self._settled(found, checked))

    def _settled(self, found: list[StoredDiscrepancy], checked: set[str]) -> list[StoredDiscrepancy]:
        changed = settled(self.open, found, checked, self.book.now_ms)
        for one in changed:
            self.open[one.kind, one.subject] = one
        self.open = {name: one for name, one in self.open.items() if one.resolved_ms is None}
        return changed

    def _write(
        self,
        subject: str,
        symbol: str,
        first_ms: int,
        last_ms: int,
        matched: Matched[TradingRow],
        fetched: int,
        further: Iterable[StoredRow] = (),
    ) -> None:
        """One window in one transaction."""
        found: list[StoredDiscrepancy] = [*matched.found, *unlisted(matched.unseen, *self._limits())]
        rows: list[StoredRow] = [*matched.rows, *further, *self._settled(found, matched.checked)]
        rows += [self.book.extended(subject, symbol, first_ms, last_ms), self.book.pending_row(self._touched)]
        self._counts.add(fetched, matched.unchanged, self._store.write(rows))

    def _limits(self) -> tuple[int, int, int, int]:
        """Of rows that the venue should list: until when, from when, from when where unfilled; and now."""
        now_ms = self.book.now_ms
        return now_ms - GRACE_MS, self.book.kept_from_ms, now_ms - UNFILLED_KEPT_MS, now_ms

    def _derive(self) -> None:
        """Round trips and days of what is new, and in the same transaction that nothing is left."""
        if self._touched:
            derived = derive(self._store, self._account.venue, self._account.account, self._touched)
            self._touched = {}
            self._store.write([*derived, self.book.pending_row({})])

    def _touch(self, symbol: str, time_ms: int) -> None:
        self._touched[symbol] = min(time_ms, self._touched.get(symbol, time_ms))

    def _span(self, symbol: str, first_ms: int, last_ms: int) -> Filter:
        return replace(self._where, symbol=symbol or None, since_ms=first_ms, until_ms=last_ms + 1)


def _named(fill: StoredFill, order: StoredOrder | None) -> StoredFill:
    """A fill with its order's client id, strategy and run, which the list of trades does not have."""
    if order is None:
        return fill
    return replace(fill, client_order_id=order.client_order_id, strategy_id=order.strategy_id, run=order.run)
