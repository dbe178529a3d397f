"""Rows of the store made of a journal's records, in the order of the records."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from skills_lib.trades.income_types import JOURNAL_FUNDING
from skills_lib.trades.journal.format import Record
from skills_lib.trades.profit.exact import multiply
from skills_lib.trades.projection import bodies
from skills_lib.trades.projection.bodies import amount, body_of, milliseconds
from skills_lib.trades.projection.memory import OrderUnderWay, RunMemory
from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.store.rows import StoredFill, StoredIncome, StoredOrder, StoredRow

_ENDED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED", "FINISHED"})
ORDER, ALGO = "order", "algo"
_CHILD_TYPE = "MARKET"


class Stored(Protocol):
    """What is in the store of a source's account already."""

    def fill(self, symbol: str, trade_id: int) -> StoredFill | None:
        """A fill by its number."""

    def order(self, symbol: str, order_id: int) -> StoredOrder | None:
        """A regular order by its number."""


class RecordBatch:
    """The rows of some records: one for each key, the last of them. memory: changed by each record."""

    def __init__(self, source: JournalSource, memory: RunMemory, stored: Stored) -> None:
        self.rows: dict[tuple[Any, ...], StoredRow] = {}
        self._source, self._memory, self._stored = source, memory, stored
        self._account: dict[str, Any] = {"venue": source.venue, "account": source.account}
        self._handlers: dict[type, Callable[[Any, Record], None]] = {
            bodies.StartedBody: lambda body, record: memory.start(body, record.time_ns),
            bodies.PriceReportBody: lambda body, _: memory.price(body),
            bodies.OrderIntentBody: self._on_intent,
            bodies.OrderReportBody: self._on_order,
            bodies.StopReportBody: self._on_stop,
            bodies.TradesReportBody: self._on_trades,
            bodies.FundingPaidBody: self._on_funding,
        }

    def take(self, record: Record) -> None:
        """Add what a record says.

        Raises:
            JournalDamagedError: its body is not as this version of Twokey writes it.
        """
        body = body_of(record, self._source.path.name)
        if handler := self._handlers.get(type(body)):
            handler(body, record)

    def _on_intent(self, body: bodies.OrderIntentBody, _: Record) -> None:
        intent = body.approved.intent
        self._memory.sent.setdefault(intent.client_id, OrderUnderWay(intent))

    def _on_order(self, report: bodies.OrderReportBody, _: Record) -> None:
        if self._memory.owns(report.client_id):
            self._claim(report.symbol, report.order_id, report.client_id)
            if sent := self._memory.sent.get(report.client_id):
                self._add_order(report, sent)
        if report.fill:
            self._add_fill(report.symbol, report.order_id, report.client_id, report.side, report.fill, report.event_ns)

    def _add_order(self, report: bodies.OrderReportBody, sent: OrderUnderWay) -> None:
        """An order's row; one that a stop became has the stop's client id."""
        intent, is_child = sent.intent, bool(sent.intent.trigger_price)
        if not sent.order.report(report.event_ns, report.filled, ended=report.status in _ENDED):
            return
        sent.child = report.order_id if is_child else 0
        self._put(
            StoredOrder(
                **self._named(report.symbol, report.client_id),
                order_id=report.order_id,
                client_order_id=report.client_id,
                side=report.side,
                type=_CHILD_TYPE if is_child else intent.type,
                status=report.status,
                time_in_force="" if is_child else intent.time_in_force or "",
                reduce_only=report.reduce_only,
                price=amount(intent.price) if intent.price and not is_child else None,
                quantity=amount(report.quantity),
                executed_quantity=amount(report.filled),
                created_ms=sent.order.created_ms,
                updated_ms=milliseconds(sent.order.seen_ns),
            )
        )
        self._forget(report.client_id, sent)

    def _on_stop(self, report: bodies.StopReportBody, _: Record) -> None:
        sent = self._memory.sent.get(report.client_id)
        if report.order_id and self._memory.owns(report.client_id):
            self._claim(report.symbol, report.order_id, report.client_id)
        if sent is None or not report.algo_id:
            return
        sent.child = report.order_id or sent.child
        if not sent.stop.report(report.event_ns, 0, ended=report.status in _ENDED):
            return
        intent = sent.intent
        self._put(
            StoredOrder(
                **self._named(report.symbol, report.client_id),
                family=ALGO,
                order_id=report.algo_id,
                client_order_id=report.client_id,
                side=intent.side,
                type=intent.type,
                status=report.status,
                time_in_force=intent.time_in_force or "",
                reduce_only=intent.reduce_only,
                price=amount(intent.price) if intent.price else None,
                trigger_price=amount(intent.trigger_price),
                quantity=amount(intent.quantity),
                created_ms=sent.stop.created_ms,
                updated_ms=milliseconds(sent.stop.seen_ns),
            )
        )
        self._forget(report.client_id, sent)

    def _forget(self, client_id: str, sent: OrderUnderWay) -> None:
        """Remember an order no longer: it has ended, and of a stop the order that it became too."""
        stop_ended = sent.stop.ended and (sent.order.ended or not sent.child)
        if stop_ended if sent.intent.trigger_price else sent.order.ended:
            self._memory.sent.pop(client_id, None)

    def _on_trades(self, report: bodies.TradesReportBody, _: Record) -> None:
        for trade in report.trades:
            known = self._fill(report.symbol, trade.fill.trade_id)
            if known and known.fee_asset:
                continue
            client_id = known.client_order_id if known else self._client_of(report.symbol, trade)
            self._add_fill(report.symbol, trade.order_id, client_id, trade.side, trade.fill, trade.event_ns)

    def _client_of(self, symbol: str, trade: bodies.AccountTradeBody) -> str:
        order = self.rows.get((StoredOrder, symbol, ORDER, trade.order_id)) or self._stored.order(
            symbol, trade.order_id
        )
        if isinstance(order, StoredOrder):
            return order.client_order_id
        children = (one for one, sent in self._memory.sent.items() if sent.child == trade.order_id)
        if client_id := next(children, ""):
            return client_id
        self._memory.leave_unclaimed(trade.order_id, trade.fill.trade_id)
        return ""

    def _claim(self, symbol: str, order_id: int, client_id: str) -> None:
        """Give fills that came before their order was known its client id and strategy."""
        for trade_id in self._memory.claimed(order_id):
            if fill := self._fill(symbol, trade_id):
                named = self._named(symbol, client_id)
                self._put(replace(fill, client_order_id=client_id, strategy_id=named["strategy_id"]))
                self._memory.touch(symbol, fill.time_ms)

    def _add_fill(
        self, symbol: str, order_id: int, client_id: str, side: str, fill: bodies.FillBody, event_ns: int
    ) -> None:
        if not fill.fee_asset and self._fill(symbol, fill.trade_id):
            return
        price, quantity = amount(fill.price), amount(fill.quantity)
        row = StoredFill(
            **self._named(symbol, client_id),
            trade_id=fill.trade_id,
            order_id=order_id,
            client_order_id=client_id,
            side=side,
            price=price,
            quantity=quantity,
            quote_quantity=multiply(price, quantity),
            fee=amount(fill.fee),
            fee_asset=fill.fee_asset,
            realised_pnl=amount(fill.realised),
            maker=fill.maker,
            time_ms=milliseconds(event_ns),
        )
        self._put(self._memory.valued(row))
        self._memory.touch(symbol, row.time_ms)

    def _on_funding(self, paid: bodies.FundingPaidBody, record: Record) -> None:
        quote = self._memory.quotes.get(paid.symbol) or next(iter(self._memory.quotes.values()), "")
        row = StoredIncome(
            **self._account,
            income_type=JOURNAL_FUNDING,
            income_id=int(record.hash[:15], 16),
            strategy_id=self._memory.strategy,
            symbol=paid.symbol,
            asset=quote,
            amount=amount(paid.amount),
            info=self._memory.run,
            time_ms=milliseconds(paid.event_ns),
        )
        self._put(row)
        self._memory.touch(paid.symbol, row.time_ms)

    def _named(self, symbol: str, client_id: str) -> dict[str, Any]:
        """The columns that say whose a row is."""
        owned = self._memory.owns(client_id)
        return {
            **self._account,
            "symbol": symbol,
            "strategy_id": self._memory.strategy if owned else "",
            "mode": str(self._source.mode),
            "run": self._memory.run,
        }

    def _fill(self, symbol: str, trade_id: int) -> StoredFill | None:
        found = self.rows.get((StoredFill, symbol, trade_id))
        return found if isinstance(found, StoredFill) else self._stored.fill(symbol, trade_id)

    def _put(self, row: StoredRow) -> None:
        names = [name for name in type(row).KEY if name not in self._account]
        self.rows[(type(row), *(getattr(row, name) for name in names))] = row
