"""What answers prove: of queries, of refusals, and of bytes that nobody can read."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.answers import broken, events_of
from live.binance.requests import TRADES_PAGE, TRADES_WINDOW_NS, Asked
from live.engine.actions import Ask
from live.engine.events import (
    AccountChanged,
    Answered,
    BalanceReport,
    OpenOrdersReport,
    OpenStopsReport,
    OrderReport,
    PositionReport,
    PriceReport,
    Request,
    RequestOutcome,
    StopReport,
    TradesReport,
    Witness,
)
from live.enums import OrderStatus, Side, TimeInForce
from live.money import SCALE
from live.simulator.faults.garbage import garbled
from live.simulator.faults.replies import Garbage
from tests.live.binance.account import LOT, SYMBOL, AccountClient, ask, intent, limit_order, place, stop

ACCEPTED, REJECTED, NOT_ACCEPTED = RequestOutcome.ACCEPTED, RequestOutcome.REJECTED, RequestOutcome.NOT_ACCEPTED
RECONCILE, UNKNOWN = RequestOutcome.RECONCILE, RequestOutcome.UNKNOWN
PLACED = Asked(Request.PLACE, SYMBOL, "a1", 5)
ORDER = {
    "symbol": SYMBOL,
    "clientOrderId": "a1",
    "orderId": 7,
    "side": "BUY",
    "status": "NEW",
    "origQty": "0.010",
    "executedQty": "0.000",
    "reduceOnly": False,
    "updateTime": 1_700_000_000_000,
}


def answer_of(status: int, body: bytes, headers: dict[str, str] | None = None, asked: Asked = PLACED) -> Answered:
    """The only event of an answer."""
    (event,) = events_of(asked, status, body, headers or {}, 9)
    assert isinstance(event, Answered)
    return event


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (503, -1000, UNKNOWN),
        (503, -1001, UNKNOWN),
        (400, -1001, UNKNOWN),
        (503, -1008, UNKNOWN),
        (429, -1008, UNKNOWN),
        (400, -1010, UNKNOWN),
        (503, -1003, UNKNOWN),
        (500, -2013, UNKNOWN),
        (500, -1006, UNKNOWN),
        (408, -1007, UNKNOWN),
        (429, -1003, NOT_ACCEPTED),
        (418, -1003, NOT_ACCEPTED),
        (400, -1015, NOT_ACCEPTED),
        (400, -1021, NOT_ACCEPTED),
        (400, -5028, NOT_ACCEPTED),
        (400, -2011, RECONCILE),
        (400, -2013, RECONCILE),
        (400, -2022, RECONCILE),
        (400, -4116, RECONCILE),
        (400, -4118, RECONCILE),
        (400, -4130, RECONCILE),
        (400, -2010, REJECTED),
        (400, -2019, REJECTED),
        (400, -2021, REJECTED),
        (400, -4131, REJECTED),
        (400, -4164, REJECTED),
        (400, -4400, REJECTED),
        (400, -5022, REJECTED),
        (401, -2015, REJECTED),
        (400, -987_654, REJECTED),
        (500, -987_654, UNKNOWN),
        (200, -2010, UNKNOWN),
        (302, -2010, UNKNOWN),
    ],
)
def test_the_code_and_the_status_decide_what_is_proven(status: int, code: int, outcome: RequestOutcome) -> None:
    found = answer_of(status, json.dumps({"code": code, "msg": "text"}).encode())
    assert (found.outcome, found.client_id, found.time_ns) == (outcome, "a1", 9)
    assert found.code == (0 if status == 200 else code)


@pytest.mark.parametrize("status", [200, 400, 403, 500, 502, 504])
@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b'{"code": -20', b"NaN", b"[]", b"null", b"\xff"])
def test_a_body_that_cannot_be_read_proves_nothing(status: int, body: bytes) -> None:
    assert answer_of(status, body).outcome is UNKNOWN


def test_a_broken_connection_proves_nothing() -> None:
    (event,) = broken(PLACED, 9)
    assert isinstance(event, Answered)
    assert event.outcome is UNKNOWN


def test_a_ban_says_how_long_to_wait() -> None:
    headers = {"retry-after": "120"}
    assert answer_of(418, b"no json", headers).retry_after_ns == 120_000_000_000
    assert answer_of(418, b"no json", {"Retry-After": "soon"}).retry_after_ns == 0


@pytest.mark.parametrize(
    "change", [{"clientOrderId": "a2"}, {"symbol": "ETHUSDT"}, {"status": "ODD"}, {"origQty": "1e-3"}]
)
def test_an_order_that_is_not_the_one_asked_for_proves_nothing(change: dict[str, str]) -> None:
    assert answer_of(200, json.dumps(ORDER | change).encode()).outcome is UNKNOWN


@pytest.mark.parametrize("form", list(Garbage))
def test_every_garbled_answer_of_the_exchange_proves_nothing(form: Garbage) -> None:
    status, body, _ = garbled(form, 200, json.dumps(ORDER).encode())
    assert answer_of(status, body).outcome is UNKNOWN


def test_fields_may_be_missing_that_no_decision_needs_and_others_may_be_there() -> None:
    _, report = events_of(PLACED, 200, json.dumps(ORDER | {"new": {"x": [1]}}).encode(), {}, 9)
    assert isinstance(report, OrderReport)
    assert (report.quantity, report.status) == (LOT, OrderStatus.NEW)


@given(st.sampled_from(list(Request)), st.integers(100, 599), st.binary(max_size=200))
def test_any_bytes_give_events_and_no_exception(request: Request, status: int, body: bytes) -> None:
    events = events_of(Asked(request, SYMBOL, "a1", 5), status, body, {}, 9)
    assert [type(event) for event in events] in ([Answered], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(ORDER)), inner, max_size=9),
    max_leaves=20,
)


@given(st.sampled_from(list(Request)), JSON)
def test_any_json_gives_events_and_no_exception(request: Request, value: object) -> None:
    events = events_of(Asked(request, SYMBOL, "a1", 5), 200, json.dumps(value).encode(), {}, 9)
    assert all(event.time_ns == 9 for event in events)


def test_queries_of_a_position_give_what_the_venue_holds(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.SELL, LOT)))
    account.send(place(stop("a1S", Side.BUY, account.contract.tick_above(account.best(Side.SELL) * 102 // 100))))
    begun_ns = account.venue.now_ns
    (position,) = account.send(ask(Request.POSITION))
    assert isinstance(position, PositionReport)
    assert (position.quantity, position.witness) == (-LOT, Witness.QUERY)
    assert begun_ns <= position.asked_ns <= position.time_ns
    (stops,) = account.send(ask(Request.OPEN_STOPS))
    assert isinstance(stops, OpenStopsReport)
    assert [one.client_id for one in stops.stops] == ["a1S"]
    (single,) = account.send(ask(Request.STOP, "a1S"))
    assert isinstance(single, StopReport)
    assert single.algo_id == stops.stops[0].algo_id


def test_a_symbol_that_the_venue_does_not_list_is_flat(account: AccountClient) -> None:
    (position,) = account.send(ask(Request.POSITION))
    assert isinstance(position, PositionReport)
    assert (position.quantity, position.symbol) == (0, SYMBOL)


def test_trades_are_exact_and_say_whether_they_are_all(account: AccountClient) -> None:
    begun_ns = account.venue.now_ns
    account.send(place(intent("a1", Side.BUY, LOT)))
    (report,) = account.send(ask(Request.TRADES, from_ns=begun_ns))
    assert isinstance(report, TradesReport)
    assert report.whole
    assert sum(trade.fill.quantity for trade in report.trades) == LOT
    recorded = [record.fill for record in account.venue.state.trades]
    assert [(trade.fill.price, trade.fill.fee, trade.fill.trade_id) for trade in report.trades] == [
        (fill.price, fill.fee, fill.trade_id) for fill in recorded
    ]


@pytest.mark.parametrize(("rows", "from_ns", "whole"), [(2, 1, True), (TRADES_PAGE, 1, False), (2, -1, False)])
def test_a_full_page_and_a_window_that_ends_early_may_not_be_all_trades(rows: int, from_ns: int, whole: bool) -> None:
    row = {"symbol": SYMBOL, "id": 1, "orderId": 2, "side": "BUY", "price": "1", "qty": "1", "realizedPnl": "0"}
    row |= {"commission": "0.1", "commissionAsset": "USDT", "time": 1, "maker": False}
    asked = Asked(Request.TRADES, SYMBOL, "", TRADES_WINDOW_NS, from_ns)
    (report,) = events_of(asked, 200, json.dumps([row] * rows).encode(), {}, 9)
    assert isinstance(report, TradesReport)
    assert report.whole is whole


def test_open_orders_and_the_balance_are_read(account: AccountClient) -> None:
    far = account.best(Side.BUY) - 100 * SCALE
    account.send(place(limit_order("a1", Side.BUY, LOT, far, TimeInForce.GTX)))
    (orders,) = account.send(ask(Request.OPEN_ORDERS))
    assert isinstance(orders, OpenOrdersReport)
    assert [(one.client_id, one.status) for one in orders.orders] == [("a1", OrderStatus.NEW)]
    (order,) = account.send(ask(Request.ORDER, "a1"))
    assert isinstance(order, OrderReport)
    assert order == msgspec.structs.replace(orders.orders[0], time_ns=order.time_ns)
    (balance,) = account.send(ask(Request.BALANCE))
    assert isinstance(balance, BalanceReport)
    assert (balance.asset, balance.wallet) == ("USDT", 100_000 * SCALE)
    assert 0 < balance.available < balance.wallet


def test_an_order_that_the_venue_does_not_know_is_to_be_reconciled(account: AccountClient) -> None:
    (answered,) = account.send(ask(Request.ORDER, "never-sent"))
    assert isinstance(answered, Answered)
    assert (answered.outcome, answered.code) == (RECONCILE, -2013)


def test_positions_of_two_sides_are_not_taken_for_one() -> None:
    rows = [
        {"symbol": SYMBOL, "positionAmt": "1", "entryPrice": "2", "updateTime": 1, "positionSide": side}
        for side in ("LONG", "SHORT")
    ]
    asked = Asked(Request.POSITION, SYMBOL, "", 5)
    changed, answered = events_of(asked, 200, json.dumps(rows).encode(), {}, 9)
    assert changed == AccountChanged(9, SYMBOL, "position_mode")
    assert isinstance(answered, Answered)
    assert answered.outcome is UNKNOWN


def test_the_price_of_a_pair_is_its_mark_price_and_a_pair_that_is_not_listed_is_refused(account: AccountClient) -> None:
    (found,) = account.send(Ask(0, Request.PRICE, SYMBOL))
    assert isinstance(found, PriceReport)
    assert (found.pair, found.price) == (SYMBOL, account.venue.state.markets[SYMBOL].mark_price)
    assert 0 < found.event_ns <= found.time_ns
    (refused,) = account.send(Ask(0, Request.PRICE, "BNBUSDT"))
    assert isinstance(refused, Answered)
    assert (refused.request, refused.outcome, refused.code) == (Request.PRICE, REJECTED, -1121)


def test_the_price_of_another_pair_is_no_answer() -> None:
    body = json.dumps({"symbol": "BTCUSDT", "markPrice": "60000", "time": 1}).encode()
    assert answer_of(200, body, asked=Asked(Request.PRICE, "BNBUSDT", "", 5)).outcome is UNKNOWN
