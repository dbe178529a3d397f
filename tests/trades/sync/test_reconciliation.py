"""10,000 trades of the local exchange beside a journal's rows of them: every planted difference is found, no other."""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import convert

from live.money import plain
from live.simulator.payloads import orders as payloads
from skills_lib.trades.reconcile.rows import TradingRow
from skills_lib.trades.store.model import Filter
from skills_lib.trades.store.rows import JournalOffset, StoredDiscrepancy, StoredFill, StoredOrder
from skills_lib.trades.store.sql_store import SqlStore
from skills_lib.trades.sync.results import profit_of
from skills_lib.trades.sync.wire_rows import ListedOrder, ListedTrade
from tests.live.simulator.requests.byte_client import ByteClient
from tests.trades.projection.sessions import new_store
from tests.trades.sync.exchange import ACCOUNT, open_exchange, repeated, synchronised, trade

D = Decimal
WHERE = Filter(venue=ACCOUNT.venue, account=ACCOUNT.account)
BLOCKS, ORDERS, DAYS = 10, 1_000, 2
RUN = "run"


@pytest.fixture(scope="module")
def traded(tape: Path) -> ByteClient:
    """An exchange with the history of 10,000 trades over three weeks."""
    exchange = open_exchange(tape)
    trade(exchange, ORDERS)
    repeated(exchange, BLOCKS, DAYS * 86_400_000)
    assert len(exchange.venue.state.trades) >= 10_000
    return exchange


@pytest.fixture(scope="module")
def listed(traded: ByteClient) -> tuple[list[StoredFill], list[StoredOrder]]:
    """Fills and orders as a journal of the run would have them."""
    state = traded.venue.state
    rules = state.markets["BTCUSDT"].rules
    fills = [ACCOUNT.fill(convert(payloads.trade(one, rules), ListedTrade), _no_price) for one in state.trades]
    orders = [ACCOUNT.order(convert(payloads.order(one, rules), ListedOrder)) for one in state.orders.values()]
    return [_journalled(row) for row in fills], [replace(_journalled(row), executed_quote=None) for row in orders]


def _no_price(*_: object) -> None:
    """No price is needed: fees are in the quote asset."""


def _journalled(row: TradingRow) -> TradingRow:
    return replace(row, source="journal", run=RUN, strategy_id="imbalance")


def _offset(fills: list[StoredFill]) -> JournalOffset:
    """How far the run's journal is: to its end."""
    first, last = fills[0].time_ms - 1, fills[-1].time_ms + 1
    state = f'{{"run":"{RUN}","began_ms":{first},"strategy":"imbalance","quotes":{{"BTCUSDT":"USDT"}}}}'
    return JournalOffset(
        run="x", venue=ACCOUNT.venue, account=ACCOUNT.account, sequence=9, byte=9, hash="", file_name="run.journal",
        time_ms=last, state_json=state,
    )  # fmt: skip


PLANTED: dict[str, Callable[[StoredFill], StoredFill]] = {
    "price": lambda row: replace(row, price=row.price + D("0.1")),
    "quantity": lambda row: replace(row, quantity=row.quantity + D("0.001")),
    "fee": lambda row: replace(row, fee=row.fee + D("0.00000001")),
    "side": lambda row: replace(row, side="SELL" if row.side == "BUY" else "BUY"),
    "realised_pnl": lambda row: replace(row, realised_pnl=(row.realised_pnl or D(0)) + D("0.00000001")),
}


def _found(store: SqlStore) -> set[tuple[str, str]]:
    rows = store.rows(StoredDiscrepancy, Filter(equal={"resolved_ms": None}))
    return {(one.kind, one.subject) for one in rows if not one.subject.startswith("income")}


def test_where_nothing_was_planted_nothing_is_found(
    traded: ByteClient, listed: tuple[list[StoredFill], list[StoredOrder]], tmp_path: Path
) -> None:
    fills, orders = listed
    with new_store(tmp_path) as store:
        store.write([*fills, *orders, _offset(fills)])
        found = synchronised(store, traded)
        assert list(store.rows(StoredDiscrepancy)) == []
        assert found.counts.inserted == len(traded.venue.state.incomes)
        assert found.counts.unchanged == len(fills)
        profit = profit_of(store, WHERE)
        assert profit.net == sum((D(plain(one.amount)) for one in traded.venue.state.incomes), D(0))


def test_every_planted_difference_is_found_and_no_other(
    traded: ByteClient, listed: tuple[list[StoredFill], list[StoredOrder]], tmp_path: Path
) -> None:
    fills, orders = listed
    chosen = random.Random(3).sample(range(len(fills)), 70)
    expected: set[tuple[str, str]] = set()
    planted = list(fills)
    for number, kind in zip(chosen[:50], list(PLANTED) * 10, strict=True):
        planted[number] = PLANTED[kind](fills[number])
        expected.add((kind, f"fill BTCUSDT {fills[number].trade_id}"))
    missing = {fills[number].trade_id for number in chosen[50:60]}
    expected |= {("missing_here", f"fill BTCUSDT {one}") for one in missing}
    invented = [replace(fills[number], trade_id=fills[number].trade_id + 5_000_000) for number in chosen[60:]]
    expected |= {("missing_there", f"fill BTCUSDT {one.trade_id}") for one in invented}
    lost = replace(orders[-5], order_id=orders[-5].order_id + 5_000_000)
    wrong = replace(orders[-7], executed_quantity=orders[-7].executed_quantity + D("0.001"))
    expected |= {("missing_there", f"order BTCUSDT {lost.order_id}"), ("quantity", f"order BTCUSDT {wrong.order_id}")}
    with new_store(tmp_path) as store:
        rows = [row for row in planted if row.trade_id not in missing] + invented
        store.write([*rows, *orders, lost, _offset(fills)])
        store.write([wrong])
        synchronised(store, traded)
        assert _found(store) == expected
