"""The life of a position: entry, its one stop, exit, and everything that can happen between them."""

import msgspec
import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.settings import EntryKind
from live.engine.state import OrderState
from live.enums import AlgoStatus, OrderStatus, OrderType, TimeInForce
from tests.live.engine.driven import MS, PRICE, SYMBOL, DrivenEngine, S
from tests.live.engine.states import CONTRACT

ACCEPTED, REJECTED, RECONCILE, UNKNOWN = (
    e.RequestOutcome.ACCEPTED,
    e.RequestOutcome.REJECTED,
    e.RequestOutcome.RECONCILE,
    e.RequestOutcome.UNKNOWN,
)
PLACE, PLACE_STOP, CANCEL_STOP = e.Request.PLACE, e.Request.PLACE_STOP, e.Request.CANCEL_STOP
TARGET = PRICE * 10_021 // 10_000


def test_a_leaning_book_enters_with_a_limited_order_that_does_not_rest() -> None:
    intent = DrivenEngine().enter()
    assert (intent.type, intent.time_in_force, intent.reduce_only) == (OrderType.LIMIT, TimeInForce.IOC, False)
    assert PRICE <= intent.price <= PRICE * 10_002 // 10_000
    assert intent.quantity * PRICE <= 10_000 * 10**16


def test_a_post_only_entry_joins_its_own_side_and_is_cancelled_after_its_time() -> None:
    engine = DrivenEngine(entry=EntryKind.POST_ONLY, post_only_wait_ms=500)
    intent = engine.enter()
    assert (intent.time_in_force, intent.price) == (TimeInForce.GTX, PRICE - 10**7)
    engine.answer(PLACE, intent.client_id, ACCEPTED)
    assert not engine.kinds(a.CancelOrder, engine.wait(499 * MS))
    assert [cancel.client_id for cancel in engine.kinds(a.CancelOrder, engine.wait(2 * MS))] == [intent.client_id]


@pytest.mark.parametrize("quantity", ["0.166", "0.001"])
def test_the_first_fill_sends_the_stop_even_if_it_is_a_partial_one(quantity: str) -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    stop = engine.only(engine.report(intent, OrderStatus.PARTIALLY_FILLED, quantity, trade=quantity), Purpose.STOP)
    assert (stop.client_id, stop.type, stop.reduce_only) == (f"{intent.client_id}S", OrderType.STOP_MARKET, True)
    assert PRICE * 9_984 // 10_000 < stop.trigger_price < PRICE
    more = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.1")
    assert not engine.placed(more)


def test_no_second_entry_while_anything_of_the_first_is_open() -> None:
    engine = DrivenEngine(cooldown_ms=0)
    engine.enter()
    engine.now_ns += 100 * MS
    assert not engine.placed(engine.book())


def test_the_target_closes_what_is_there_and_then_the_stop_is_cancelled() -> None:
    engine = DrivenEngine()
    intent = engine.open()
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    assert (exit_intent.type, exit_intent.quantity, exit_intent.reduce_only) == (OrderType.MARKET, 16_600_000, True)
    assert not engine.kinds(a.CancelStop)
    done = engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert [cancel.client_id for cancel in engine.kinds(a.CancelStop, done)] == [f"{intent.client_id}S"]


def test_a_cancel_of_the_stop_is_repeated_until_its_end_is_proven() -> None:
    engine = DrivenEngine()
    intent = engine.open()
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    for _ in range(3):
        again = engine.answer(CANCEL_STOP, f"{intent.client_id}S", UNKNOWN) + engine.wait(10 * S)
        assert engine.kinds(a.CancelStop, again)
    engine.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    assert not engine.kinds(a.CancelStop, engine.wait(60 * S))


def test_the_time_stop_exits() -> None:
    engine = DrivenEngine(hold_ms=5_000)
    engine.open()
    assert not engine.placed(engine.wait(4_997 * MS))
    assert engine.only(engine.wait(2 * MS), Purpose.EXIT).reason == "time"


def test_a_time_out_of_an_entry_is_asked_about_and_never_sent_again() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    asked = engine.answer(PLACE, intent.client_id, UNKNOWN)
    assert {ask.request for ask in engine.kinds(a.Ask, asked)} >= {
        e.Request.ORDER,
        e.Request.POSITION,
        e.Request.TRADES,
    }
    engine.wait(60 * S)
    assert engine.placed() == [intent]
    assert engine.state.orders[intent.client_id].state is OrderState.UNKNOWN


def test_not_found_ends_unknown_only_when_no_landed_order_can_be_hidden() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.answer(PLACE, intent.client_id, UNKNOWN)
    order = engine.state.orders[intent.client_id]
    for minutes in (1, 10, 19):
        engine.answer(e.Request.ORDER, intent.client_id, RECONCILE, -2013)
        assert order.state is OrderState.UNKNOWN
        engine.wait(minutes * 60 * S)
    engine.answer(e.Request.ORDER, intent.client_id, UNKNOWN)
    assert order.state is OrderState.UNKNOWN
    engine.wait(5 * 60 * S)
    engine.answer(e.Request.ORDER, intent.client_id, RECONCILE, -2013)
    assert order.state is OrderState.ABSENT


def test_a_fill_long_after_a_time_out_is_protected_at_once() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.answer(PLACE, intent.client_id, UNKNOWN)
    engine.wait(20 * 60 * S)
    done = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert engine.only(done, Purpose.STOP).position == intent.client_id


def test_one_trade_counts_once_by_stream_query_and_trade_list() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    fill = engine.fill(intent, "0.166")
    for witness in (e.Witness.STREAM, e.Witness.QUERY, e.Witness.STREAM):
        engine.report(intent, OrderStatus.FILLED, "0.166", fill=fill, witness=witness)
    row = e.AccountTrade(1_001, intent.side, fill, engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row, row)))
    assert (engine.position.quantity, engine.state.account.fees) == (16_600_000, fill.fee)


def test_a_trade_proves_an_order_whose_answer_and_report_were_lost() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.answer(PLACE, intent.client_id, UNKNOWN)
    row = e.AccountTrade(77, intent.side, engine.fill(intent, "0.166"), engine.now_ns)
    done = engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
    assert engine.only(done, Purpose.STOP).position == intent.client_id
    assert engine.state.latch is None


def test_fills_that_are_missing_are_asked_for_even_after_failed_queries() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.answer(PLACE, intent.client_id, UNKNOWN)
    for _ in range(3):
        for request in (e.Request.CANCEL, e.Request.ORDER, e.Request.TRADES, e.Request.POSITION, e.Request.OPEN_ORDERS):
            engine.answer(request, intent.client_id, UNKNOWN)
        engine.wait(S)
    engine.report(intent, OrderStatus.FILLED, "0.166", witness=e.Witness.QUERY)
    assert e.Request.TRADES in {ask.request for ask in engine.kinds(a.Ask, engine.wait(31 * S))}


def test_a_fill_without_commission_gets_it_from_the_trade_list() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    bare = e.Fill(5, PRICE, intent.quantity, 0, "", maker=False, realised=0)
    engine.report(intent, OrderStatus.FILLED, "0.166", fill=bare)
    assert engine.state.account.fees == 0
    full = e.Fill(5, PRICE, intent.quantity, 498_000_000, "USDT", maker=False, realised=0)
    row = e.AccountTrade(1_001, intent.side, full, engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
    assert (engine.state.account.fees, engine.position.quantity) == (498_000_000, intent.quantity)


def test_a_rest_below_the_minimum_is_named_once_and_not_tried_again() -> None:
    engine = DrivenEngine()
    intent = engine.open()
    larger = msgspec.structs.replace(CONTRACT, min_quantity=20_000_000)
    engine.take(e.ContractChanged(engine.now_ns, larger))
    done = engine.book(price=TARGET) + engine.wait(30 * S)
    assert [alert.code for alert in engine.kinds(a.Alert, done) if alert.code == "dust"] == ["dust"]
    assert not engine.placed(done, Purpose.EXIT)
    assert intent.client_id == engine.position.id


def test_a_stream_report_before_its_fill_is_no_difference() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.position_report("0.166", queried=False)
    engine.now_ns += 50 * MS
    engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166", event_ns=engine.now_ns - 50 * MS)
    engine.wait(10 * S)
    assert engine.state.latch is None


def test_a_stale_query_changes_nothing() -> None:
    engine = DrivenEngine()
    engine.open()
    stale = e.PositionReport(engine.now_ns, SYMBOL, 0, 0, 0, engine.now_ns - S, e.Witness.QUERY)
    engine.take(stale)
    engine.wait(3 * S)
    assert (engine.position.quantity, engine.state.latch) == (16_600_000, None)


def test_a_position_that_no_trade_explains_is_taken_over_and_ends_entries() -> None:
    engine = DrivenEngine()
    engine.position_report("0.05")
    for _ in range(8):
        engine.wait(S)
        engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, ()))
        engine.position_report("0.05")
    assert engine.state.latch
    assert engine.state.latch.reason == "mismatch"
    assert engine.position.quantity == 5_000_000
    assert engine.placed(purpose=Purpose.STOP)


def test_a_trade_by_hand_moves_the_position_and_ends_entries() -> None:
    engine = DrivenEngine()
    intent = engine.open()
    by_hand = e.Fill(900, PRICE, 16_600_000, 0, "USDT", maker=False, realised=0)
    engine.report(intent, OrderStatus.FILLED, "0.166", fill=by_hand, client_id="web_1", order_id=4, **{})
    assert engine.position.quantity == 33_200_000
    engine.wait(4 * S)
    assert engine.state.latch
    assert engine.state.latch.reason == "foreign_order"


@pytest.mark.parametrize("name", ["autoclose-1", "adl_autoclose", "settlement_autoclose-1", "delivery_autoclose-1"])
def test_an_order_of_the_exchange_ends_entries_at_once(name: str) -> None:
    engine = DrivenEngine()
    intent = engine.open()
    engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.01", client_id=name, order_id=4)
    assert engine.state.latch
    assert engine.state.latch.reason == "exchange_order"


def test_a_fill_after_the_position_was_closed_is_closed_at_once() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.report(intent, OrderStatus.PARTIALLY_FILLED, "0.1", trade="0.1")
    engine.answer(PLACE_STOP, f"{intent.client_id}S", ACCEPTED)
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.1", trade="0.1")
    engine.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    late = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.066")
    assert (engine.only(late, Purpose.EXIT).quantity, engine.only(late, Purpose.EXIT).reason) == (
        6_600_000,
        "late_fill",
    )
    assert len(engine.placed(purpose=Purpose.STOP)) == 1


def test_after_stops_in_a_row_entries_pause() -> None:
    engine = DrivenEngine(pause_after_stops=1, stop_pause_ms=30_000, cooldown_ms=0)
    engine.open()
    engine.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    child = engine.placed(purpose=Purpose.STOP)[0]
    engine.report(child, OrderStatus.FILLED, "0.166", trade="0.166", order_id=55)
    engine.stop_report(AlgoStatus.FINISHED, order_id=55)
    engine.now_ns += S
    engine.position_report("0")
    engine.mark()
    assert not engine.placed(engine.book(), Purpose.ENTRY)
    engine.now_ns += 30 * S
    engine.mark()
    assert engine.placed(engine.book(), Purpose.ENTRY)


@pytest.mark.parametrize(
    "event",
    [
        e.Connection(0, e.StreamKind.USER, up=False),
        e.Connection(0, e.StreamKind.MARKET, up=False),
        e.Commanded(0, e.Command.PAUSE, "test"),
        e.AccountChanged(0, SYMBOL, "leverage 20"),
        e.PositionReport(0, "XRPUSDT", 1, 1, 0, 0, e.Witness.STREAM),
    ],
)
def test_no_entry_while_a_stream_is_down_or_after_somebody_else_acts(event: e.Event) -> None:
    engine = DrivenEngine()
    engine.take(event)
    assert not engine.placed(engine.book())


@pytest.mark.parametrize("changes", [{"usable": False}, {"bid": "1", "ask": "1"}])
def test_no_entry_on_a_book_that_is_unusable_or_balanced(changes: dict[str, object]) -> None:
    assert not DrivenEngine().placed(DrivenEngine().book(**changes))  # type: ignore[arg-type]


def test_the_same_events_give_the_same_actions() -> None:
    def run() -> str:
        engine = DrivenEngine()
        engine.open()
        engine.book(price=TARGET)
        engine.wait(30 * S)
        return repr([action for action in engine.actions if not isinstance(action, a.PlaceOrder)])

    assert run() == run()


def test_a_waiting_entry_is_cancelled_for_the_exit_of_its_own_position_and_not_of_an_earlier_one() -> None:
    engine = DrivenEngine(entry=EntryKind.POST_ONLY, post_only_wait_ms=60_000, cooldown_ms=0)
    first = engine.enter()
    engine.answer(PLACE, first.client_id, ACCEPTED)
    engine.report(first, OrderStatus.PARTIALLY_FILLED, "0.1", trade="0.1")
    engine.answer(PLACE_STOP, f"{first.client_id}S", ACCEPTED)
    engine.now_ns += MS
    done = engine.book(price=TARGET)
    assert [(cancel.client_id, cancel.reason) for cancel in engine.kinds(a.CancelOrder, done)] == [
        (first.client_id, "exit")
    ]
    exit_intent = engine.only(done, Purpose.EXIT)
    engine.report(first, OrderStatus.CANCELED, "0.1")
    engine.report(exit_intent, OrderStatus.FILLED, "0.1", trade="0.1")
    engine.answer(CANCEL_STOP, f"{first.client_id}S", ACCEPTED)
    engine.now_ns += S
    engine.position_report("0")
    engine.mark()
    second = engine.enter()
    engine.answer(PLACE, second.client_id, ACCEPTED)
    engine.report(second, OrderStatus.NEW)
    assert not [cancel for cancel in engine.kinds(a.CancelOrder, engine.wait(50 * S)) if cancel.client_id != "r-1"]
