"""Requests as an exchange takes them: it checks signature, parameters and filters itself."""

from urllib.parse import parse_qs

import pytest

from live.binance.calls import RECV_WINDOW_MS, CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.engine.actions import CancelOrder, CancelStop, PlaceOrder
from live.engine.events import Answered, OrderReport, Request, RequestOutcome, StopReport, Witness
from live.engine.intents import Approved, Intent
from live.enums import AlgoStatus, OrderStatus, OrderType, Side, TimeInForce, WorkingType
from live.money import SCALE
from tests.live.binance.account import LOT, SYMBOL, AccountClient, ask, intent, limit_order, place, stop
from tests.live.journal.examples import CONTRACT
from tests.live.signing import sign

WRITER = RequestWriter(CallWriter(Signer("the-key", "the-secret")), {SYMBOL: CONTRACT})


def test_the_signature_is_last_and_covers_every_byte_before_it() -> None:
    made = WRITER.write(place(intent("a1", Side.BUY, LOT)), 1_700_000_000_123_456_789)
    payload, _, signature = made.request.body.decode().rpartition("&signature=")
    assert signature == sign(payload, "the-secret")
    assert parse_qs(payload)["timestamp"] == ["1700000000123"]
    assert parse_qs(payload)["recvWindow"] == [str(RECV_WINDOW_MS)]
    assert made.request.headers["X-MBX-APIKEY"] == "the-key"


def test_the_timestamp_follows_the_venues_clock() -> None:
    late = RequestWriter(CallWriter(Signer("k", "s"), clock_offset_ns=-2_000_000), {SYMBOL: CONTRACT})
    assert parse_qs(late.write(ask(Request.BALANCE), 10_000_000).request.target.partition("?")[2])["timestamp"] == ["8"]


def test_no_text_of_a_signer_shows_its_secret() -> None:
    signer = Signer("k", "a-long-secret")
    assert "a-long-secret" not in f"{signer!r} {signer} {[getattr(signer, name) for name in signer.__slots__]}"


def test_an_order_that_was_not_approved_is_not_written() -> None:
    class LooksApproved:
        intent: Intent = intent("a1", Side.BUY, LOT)

    for forged in (LooksApproved(), object.__new__(Approved)):
        with pytest.raises(TypeError, match="approved"):
            WRITER.write(PlaceOrder(0, forged), 0)  # type: ignore[arg-type]


def test_an_immediate_order_is_accepted_and_its_answer_says_what_is_filled(account: AccountClient) -> None:
    price = account.best(Side.SELL) + account.contract.tick
    answered, report = account.send(place(limit_order("a1", Side.BUY, LOT, price, TimeInForce.IOC)))
    assert isinstance(answered, Answered)
    assert (answered.request, answered.client_id) == (Request.PLACE, "a1")
    assert answered.outcome is RequestOutcome.ACCEPTED
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.quantity) == (OrderStatus.FILLED, LOT, LOT)
    assert report.witness is Witness.ANSWER


def test_a_post_only_order_rests_and_is_cancelled_by_its_id(account: AccountClient) -> None:
    account.send(place(limit_order("a1", Side.BUY, LOT, account.best(Side.BUY) - 100 * SCALE, TimeInForce.GTX)))
    sent = account.venue.state.orders[max(account.venue.state.orders)]
    assert (sent.client_id, sent.request.time_in_force) == ("a1", TimeInForce.GTX)
    answered, report = account.send(CancelOrder(0, SYMBOL, "a1", "too old"))
    assert isinstance(answered, Answered)
    assert answered.outcome is RequestOutcome.ACCEPTED
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.CANCELED


def test_a_stop_closes_the_whole_position_and_nothing_else(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    trigger = account.contract.tick_below(account.best(Side.BUY) * 99 // 100)
    answered, report = account.send(place(stop("a1S", Side.SELL, trigger)))
    assert isinstance(answered, Answered)
    assert (answered.request, answered.outcome) == (Request.PLACE_STOP, RequestOutcome.ACCEPTED)
    assert isinstance(report, StopReport)
    assert (report.client_id, report.status, report.order_id) == ("a1S", AlgoStatus.NEW, 0)
    (algo,) = account.venue.state.algos.values()
    assert algo.request.order.close_position
    assert (algo.request.kind, algo.trigger_price) == (OrderType.STOP_MARKET, trigger)
    assert algo.request.order.working_type is WorkingType.CONTRACT_PRICE


def test_a_cancelled_stop_is_gone(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    account.send(place(stop("a1S", Side.SELL, account.contract.tick_below(account.best(Side.BUY) * 99 // 100))))
    (answered,) = account.send(CancelStop(0, SYMBOL, "a1S", "flat"))
    assert isinstance(answered, Answered)
    assert (answered.request, answered.outcome) == (Request.CANCEL_STOP, RequestOutcome.ACCEPTED)
    assert not account.venue.state.waiting_algos("paper", SYMBOL)


def test_an_exit_reduces_only(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    (refused,) = account.send(place(intent("a2", Side.SELL, 2 * LOT, reduce_only=True)))
    assert isinstance(refused, Answered)
    assert (refused.outcome, refused.code) == (RequestOutcome.RECONCILE, -4118)
    _, report = account.send(place(intent("a3", Side.SELL, LOT, reduce_only=True)))
    assert isinstance(report, OrderReport)
    assert report.reduce_only
    assert not account.venue.state.accounts["paper"].held()
