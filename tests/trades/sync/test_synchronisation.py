"""A synchronisation with the local exchange: its rows, each once, beside the journals; what was interrupted goes on."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.binance.signing import Signer
from live.money import plain
from live.simulator.http.rate_limits import RateLimits
from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.market.retries import Retries
from skills_lib.trades.projection.projector import project
from skills_lib.trades.store.model import Filter
from skills_lib.trades.store.rows import (
    StoredCoverage,
    StoredDiscrepancy,
    StoredFill,
    StoredIncome,
    StoredOrder,
    StoredTrade,
)
from skills_lib.trades.store.sql_store import SqlStore
from skills_lib.trades.sync.reading import AccountReader, base_url
from skills_lib.trades.sync.results import profit_of, unknown_income
from skills_lib.trades.sync.synchronisation import AccountSync
from skills_lib.trades.sync.wire_rows import decimal
from tests.live.simulator.requests.byte_client import ByteClient
from tests.trades.projection.sessions import FailingStore, InterruptedHereError, Traded, contents, new_store
from tests.trades.sync.exchange import ACCOUNT, VenueTransport, open_exchange, reader_of, repeated, synchronised, trade

D = Decimal
WHERE = Filter(venue=ACCOUNT.venue, account=ACCOUNT.account)
DAY_MS, DAY_NS = 86_400_000, 86_400_000_000_000


@pytest.fixture
def after_session(traded: Traded) -> ByteClient:
    """The exchange at which the engine of the journal traded."""
    traded.venue.gateway.limits = RateLimits(10**9)
    return ByteClient(traded.venue)


def standing(store: SqlStore) -> list[tuple[str, str]]:
    """Kind and subject of all differences that stand."""
    found = store.rows(StoredDiscrepancy, Filter(equal={"resolved_ms": None}))
    return sorted((one.kind, one.subject) for one in found)


def test_rows_are_those_of_the_exchange_and_profit_is_its_ledgers(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 40)
    found = synchronised(store, exchange)
    state = exchange.venue.state
    assert found.counts.inserted == found.counts.fetched == len(state.trades) + len(state.orders) + len(state.incomes)
    assert {row.trade_id for row in store.rows(StoredFill)} == {one.fill.trade_id for one in state.trades}
    profit = profit_of(store, WHERE)
    assert profit.net == sum((D(plain(one.amount)) for one in state.incomes), D(0))
    assert profit.fees == sum((D(plain(one.fill.fee)) for one in state.trades), D(0))
    trades = list(store.rows(StoredTrade))
    assert abs(sum(one.pnl for one in trades) - profit.net) < len(state.trades) * D("1e-8")  # the venue rounds down
    again = synchronised(store, exchange)
    assert (again.counts.inserted, again.counts.updated, again.counts.unchanged) == (0, 0, found.counts.fetched)
    assert standing(store) == []


def test_a_journal_and_its_exchange_agree_whichever_comes_first(
    traded: Traded, after_session: ByteClient, tmp_path: Path
) -> None:
    kept: list[dict[str, Any]] = []
    for name in ("journal first", "exchange first"):
        (tmp_path / name).mkdir()
        with new_store(tmp_path / name) as store:
            steps = [
                lambda store=store: project(store, traded.source),
                lambda store=store: synchronised(store, after_session),
            ]
            for step in steps if name == "journal first" else reversed(steps):
                step()
            assert standing(store) == []
            kept.append(contents(store))
    assert kept[0]["fills"] == kept[1]["fills"]
    assert kept[0]["crypto_trades"] == kept[1]["crypto_trades"]
    assert {row.source for row in kept[0]["fills"]} == {"journal"}
    assert {row.strategy_id for row in kept[0]["income"]} == {"imbalance"}
    assert [(row.status, row.executed_quantity, row.source) for row in kept[0]["orders"]] == [
        (row.status, row.executed_quantity, row.source) for row in kept[1]["orders"]
    ]


@pytest.mark.parametrize("after", [False, True])
def test_interrupted_at_any_call_of_the_database_it_goes_on(tape: Path, tmp_path: Path, after: bool) -> None:
    exchange = open_exchange(tape)
    trade(exchange, 12)
    repeated(exchange, 2, 8 * DAY_MS)
    since_ms = exchange.venue.now_ms - 20 * DAY_MS
    (tmp_path / "whole").mkdir()
    with new_store(tmp_path / "whole") as store:
        synchronised(store, exchange, since_ms)
        expected = _rows_of(store)
    at = 1
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        with new_store(folder) as store:
            failing: Any = FailingStore(store, at, after=after)
            try:
                synchronised(failing, exchange, since_ms)
            except InterruptedHereError:
                synchronised(store, exchange, since_ms)
                assert _rows_of(store) == expected, f"interrupted at call {at}"
                at += 11
                continue
            break
    assert at > 20


def _rows_of(store: SqlStore) -> dict[str, Any]:
    found = contents(store)
    return {name: found[name] for name in ("fills", "orders", "income", "crypto_trades", "discrepancies")}


def test_what_the_venue_has_forgotten_stays_and_is_no_difference(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 10)
    first = synchronised(store, exchange)
    exchange.run(95 * DAY_NS)
    synchronised(store, exchange)
    assert store.count(StoredFill) == len(exchange.venue.state.trades)
    assert standing(store) == []
    [fills] = store.rows(StoredCoverage, Filter(equal={"subject": "fills"}))
    assert fills.venue_from_ms is not None
    assert fills.venue_from_ms > first.now_ms
    assert "were not read in time" in fills.note


@pytest.mark.parametrize(("days", "status"), [(2, "CANCELED"), (4, "UNKNOWN")])
def test_an_order_that_was_open_is_read_again_until_it_has_ended_or_is_forgotten(
    store: SqlStore, exchange: ByteClient, days: int, status: str
) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
    placed = exchange.ask("POST", "/fapi/v1/order", **order, price="59900").body
    synchronised(store, exchange)
    exchange.run(days * DAY_NS)
    exchange.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=placed["orderId"])
    synchronised(store, exchange)
    [found] = store.rows(StoredOrder)
    assert (found.status, found.order_id) == (status, placed["orderId"])


def test_a_difference_that_is_gone_is_resolved_and_stays_written(
    traded: Traded, after_session: ByteClient, store: SqlStore
) -> None:
    project(store, traded.source)
    right = list(store.rows(StoredFill))
    store.write([replace(right[0], price=right[0].price + 1)])
    synchronised(store, after_session)
    subject = f"fill BTCUSDT {right[0].trade_id}"
    assert standing(store) == [("price", subject)]
    store.write([right[0]])
    synchronised(store, after_session, since_ms=right[0].time_ms)
    assert standing(store) == []
    [found] = store.rows(StoredDiscrepancy)
    assert (found.subject, found.resolved_ms is None) == (subject, False)
    assert D(found.ours) - D(found.theirs) == 1


def test_an_unknown_type_of_income_is_counted_and_no_profit(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 4)
    before = exchange.venue.state.incomes
    exchange.venue.state.incomes.append(replace(before[-1], kind="MOON_BONUS", transaction_id=10**18, trade_id=""))
    synchronised(store, exchange)
    assert unknown_income(store, WHERE) == {"MOON_BONUS": 1}
    assert profit_of(store, WHERE).net == sum((D(plain(one.amount)) for one in before[:-1]), D(0))


def test_a_wallet_or_position_that_changes_without_a_row_is_a_difference(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 6)
    synchronised(store, exchange)
    account = exchange.venue.state.accounts["paper"]
    account.wallet += 100
    trade(exchange, 4)
    synchronised(store, exchange)
    assert standing(store) == [("balance", "balance USDT")]
    [found] = store.rows(StoredDiscrepancy)
    assert D(found.theirs) - D(found.ours) == D("0.000001")
    account.wallet -= 100
    synchronised(store, exchange)
    assert standing(store) == []


def test_income_in_another_asset_stands_apart_where_its_price_is_not_known(
    store: SqlStore, exchange: ByteClient
) -> None:
    trade(exchange, 2)
    state = exchange.venue.state
    state.trades[-1] = replace(state.trades[-1], commission_asset="BNB")
    fee = state.trades[-1].fill.fee
    at = next(number for number, row in reversed(list(enumerate(state.incomes))) if row.kind == "COMMISSION")
    state.incomes[at] = replace(state.incomes[at], asset="BNB")
    synchronised(store, exchange)
    assert profit_of(store, WHERE).other_fees == {"BNB": D(plain(fee))}
    assert next(iter(store.rows(StoredTrade))).fees_other_json == f'{{"BNB": "{plain(fee)}"}}'
    assert standing(store) == []


def test_a_refused_key_is_one_line_without_the_key(exchange: ByteClient) -> None:
    reader = AccountReader(
        "http://127.0.0.1:1", Signer("no-such-key", "no-such-secret"), Retries(1, 0), transport=VenueTransport(exchange)
    )
    with pytest.raises(InputError, match="Binance refused the key") as refused:
        reader.read("/fapi/v3/balance", {}, 5, list[dict[str, object]])
    assert "no-such" not in str(refused.value)


def test_only_reads_leave(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 4)
    reader, transport = reader_of(exchange)
    AccountSync(store, reader, ACCOUNT).run()
    assert {line.partition("?")[0] for line in transport.asked} <= {
        *("/fapi/v1/time", "/fapi/v1/income", "/fapi/v1/userTrades", "/fapi/v1/allOrders", "/fapi/v1/allAlgoOrders"),
        *("/fapi/v3/positionRisk", "/fapi/v3/balance", "/fapi/v1/openOrders", "/fapi/v1/order", "/fapi/v1/algoOrder"),
    }
    assert transport.methods == {"GET"}


@pytest.mark.parametrize(
    "host", ["10.0.0.1:9001", "example.com:80", "127.0.0.1", "user@127.0.0.1:1", "127.0.0.1:x", "[::1"]
)
def test_without_tls_only_this_machine_is_read(host: str) -> None:
    with pytest.raises(InputError, match="is no address of a local exchange"):
        base_url(host, "https://fapi.binance.com")
    assert base_url("127.0.0.1:9001", "") == "http://127.0.0.1:9001"
    assert base_url("", "https://fapi.binance.com") == "https://fapi.binance.com"


@pytest.mark.parametrize("text", ["1e5", "NaN", "", "1,5", "0x1", "Infinity", "١"])
def test_an_amount_is_a_plain_decimal(text: str) -> None:
    with pytest.raises(CorruptDataError):
        decimal(text)


def test_income_rows_of_one_id_and_two_types_are_two_rows(store: SqlStore, exchange: ByteClient) -> None:
    trade(exchange, 2)
    state = exchange.venue.state
    state.incomes[:] = [
        replace(row, transaction_id=2**62 + 1) if row.trade_id == state.incomes[-1].trade_id else row
        for row in state.incomes
    ]
    synchronised(store, exchange)
    rows = list(store.rows(StoredIncome))
    assert len(rows) == len(state.incomes)
    assert sum(row.income_id == 2**62 + 1 for row in rows) == 2


def test_a_fill_that_the_journal_lost_has_its_orders_strategy(
    traded: Traded, after_session: ByteClient, store: SqlStore
) -> None:
    project(store, traded.source)
    [*_, lost] = store.rows(StoredFill)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"delete from fills where trade_id = {lost.trade_id}")
    synchronised(store, after_session)
    assert standing(store) == [("missing_here", f"fill BTCUSDT {lost.trade_id}")]
    [*_, found] = store.rows(StoredFill)
    assert (found.strategy_id, found.client_order_id, found.source) == ("imbalance", lost.client_order_id, "exchange")
    assert {trade.status for trade in store.rows(StoredTrade)} == {"closed"}
    synchronised(store, after_session)
    assert {row.strategy_id for row in store.rows(StoredIncome)} == {"imbalance"}
    assert standing(store) == [("missing_here", f"fill BTCUSDT {lost.trade_id}")]


def test_an_order_of_a_run_that_its_journal_does_not_have_is_a_difference_unless_it_was_before_the_run(
    traded: Traded, after_session: ByteClient, store: SqlStore
) -> None:
    project(store, traded.source)
    orders = after_session.venue.state.orders
    first = next(iter(orders.values()))
    run = first.client_id.partition("-")[0]
    for number, created_ms in ((1, first.created_ms), (2, first.created_ms - 3_600_000)):
        orders[number] = replace(first, order_id=number, client_id=f"{run}-x{number}", created_ms=created_ms)
    synchronised(store, after_session)
    for number in (1, 2):
        del orders[number]
    assert standing(store) == [("missing_here", "order BTCUSDT 1")]
