"""The life of a position: entry, its one stop, exit, and everything that can happen between them."""

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.settings import EntryKind
from live.engine.state import OrderState, StopState
from live.enums import AlgoStatus, OrderStatus, OrderType, TimeInForce
from tests.live.engine.desk import MS, PRICE, SYMBOL, Desk, S

ACCEPTED, REJECTED, RECONCILE, UNKNOWN = (
    e.RequestOutcome.ACCEPTED,
    e.RequestOutcome.REJECTED,
    e.RequestOutcome.RECONCILE,
    e.RequestOutcome.UNKNOWN,
)
PLACE, PLACE_STOP, CANCEL_STOP = e.Request.PLACE, e.Request.PLACE_STOP, e.Request.CANCEL_STOP
TARGET = PRICE * 10_021 // 10_000


def test_a_leaning_book_enters_with_a_limited_order_that_does_not_rest() -> None:
    intent = Desk().enter()
    assert (intent.type, intent.time_in_force, intent.reduce_only) == (OrderType.LIMIT, TimeInForce.IOC, False)
    assert PRICE <= intent.price <= PRICE * 10_002 // 10_000
    assert intent.quantity * PRICE <= 10_000 * 10**16


def test_a_post_only_entry_joins_its_own_side_and_is_cancelled_after_its_time() -> None:
    desk = Desk(entry=EntryKind.POST_ONLY, post_only_wait_ms=500)
    intent = desk.enter()
    assert (intent.time_in_force, intent.price) == (TimeInForce.GTX, PRICE - 10**7)
    desk.answer(PLACE, intent.client_id, ACCEPTED)
    assert not desk.kinds(a.CancelOrder, desk.wait(499 * MS))
    assert [cancel.client_id for cancel in desk.kinds(a.CancelOrder, desk.wait(2 * MS))] == [intent.client_id]


@pytest.mark.parametrize("quantity", ["0.166", "0.001"])
def test_the_first_fill_sends_the_stop_even_if_it_is_a_partial_one(quantity: str) -> None:
    desk = Desk()
    intent = desk.enter()
    stop = desk.only(desk.report(intent, OrderStatus.PARTIALLY_FILLED, quantity, trade=quantity), Purpose.STOP)
    assert (stop.client_id, stop.type, stop.reduce_only) == (f"{intent.client_id}S", OrderType.STOP_MARKET, True)
    assert PRICE * 9_984 // 10_000 < stop.trigger_price < PRICE
    more = desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.1")
    assert not desk.placed(more)


def test_no_second_entry_while_anything_of_the_first_is_open() -> None:
    desk = Desk(cooldown_ms=0)
    desk.enter()
    desk.now_ns += 100 * MS
    assert not desk.placed(desk.book())


def test_the_target_closes_what_is_there_and_then_the_stop_is_cancelled() -> None:
    desk = Desk()
    intent = desk.open()
    exit_intent = desk.only(desk.book(price=TARGET), Purpose.EXIT)
    assert (exit_intent.type, exit_intent.quantity, exit_intent.reduce_only) == (OrderType.MARKET, 16_600_000, True)
    assert not desk.kinds(a.CancelStop)
    done = desk.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert [cancel.client_id for cancel in desk.kinds(a.CancelStop, done)] == [f"{intent.client_id}S"]


def test_a_cancel_of_the_stop_is_repeated_until_its_end_is_proven() -> None:
    desk = Desk()
    intent = desk.open()
    exit_intent = desk.only(desk.book(price=TARGET), Purpose.EXIT)
    desk.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    for _ in range(3):
        again = desk.answer(CANCEL_STOP, f"{intent.client_id}S", UNKNOWN) + desk.wait(10 * S)
        assert desk.kinds(a.CancelStop, again)
    desk.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    assert not desk.kinds(a.CancelStop, desk.wait(60 * S))


def test_the_time_stop_exits() -> None:
    desk = Desk(hold_ms=5_000)
    desk.open()
    assert not desk.placed(desk.wait(4_997 * MS))
    assert desk.only(desk.wait(2 * MS), Purpose.EXIT).reason == "time"


def test_a_time_out_of_an_entry_is_asked_about_and_never_sent_again() -> None:
    desk = Desk()
    intent = desk.enter()
    asked = desk.answer(PLACE, intent.client_id, UNKNOWN)
    assert {ask.request for ask in desk.kinds(a.Ask, asked)} >= {e.Request.ORDER, e.Request.POSITION, e.Request.TRADES}
    desk.wait(60 * S)
    assert desk.placed() == [intent]
    assert desk.state.orders[intent.client_id].state is OrderState.UNKNOWN


def test_not_found_ends_unknown_only_when_no_landed_order_can_be_hidden() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.answer(PLACE, intent.client_id, UNKNOWN)
    order = desk.state.orders[intent.client_id]
    for minutes in (1, 10, 19):
        desk.answer(e.Request.ORDER, intent.client_id, RECONCILE, -2013)
        assert order.state is OrderState.UNKNOWN
        desk.wait(minutes * 60 * S)
    desk.answer(e.Request.ORDER, intent.client_id, UNKNOWN)
    assert order.state is OrderState.UNKNOWN
    desk.wait(5 * 60 * S)
    desk.answer(e.Request.ORDER, intent.client_id, RECONCILE, -2013)
    assert order.state is OrderState.ABSENT


def test_a_fill_long_after_a_time_out_is_protected_at_once() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.answer(PLACE, intent.client_id, UNKNOWN)
    desk.wait(20 * 60 * S)
    done = desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert desk.only(done, Purpose.STOP).position == intent.client_id


def test_one_trade_counts_once_by_stream_query_and_trade_list() -> None:
    desk = Desk()
    intent = desk.enter()
    fill = desk.fill(intent, "0.166")
    for witness in (e.Witness.STREAM, e.Witness.QUERY, e.Witness.STREAM):
        desk.report(intent, OrderStatus.FILLED, "0.166", fill=fill, witness=witness)
    row = e.AccountTrade(1_001, intent.side, fill, desk.now_ns)
    desk.take(e.TradesReport(desk.now_ns, SYMBOL, desk.now_ns, 0, (row, row)))
    assert (desk.position.quantity, desk.state.account.fees) == (16_600_000, fill.fee)


def test_a_trade_proves_an_order_whose_answer_and_report_were_lost() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.answer(PLACE, intent.client_id, UNKNOWN)
    row = e.AccountTrade(77, intent.side, desk.fill(intent, "0.166"), desk.now_ns)
    done = desk.take(e.TradesReport(desk.now_ns, SYMBOL, desk.now_ns, 0, (row,)))
    assert desk.only(done, Purpose.STOP).position == intent.client_id
    assert desk.state.latch is None


def test_a_fill_without_commission_gets_it_from_the_trade_list() -> None:
    desk = Desk()
    intent = desk.enter()
    bare = e.Fill(5, PRICE, intent.quantity, 0, "", maker=False, realised=0)
    desk.report(intent, OrderStatus.FILLED, "0.166", fill=bare)
    assert desk.state.account.fees == 0
    full = e.Fill(5, PRICE, intent.quantity, 498_000_000, "USDT", maker=False, realised=0)
    row = e.AccountTrade(1_001, intent.side, full, desk.now_ns)
    desk.take(e.TradesReport(desk.now_ns, SYMBOL, desk.now_ns, 0, (row,)))
    assert (desk.state.account.fees, desk.position.quantity) == (498_000_000, intent.quantity)


def test_a_stop_in_doubt_is_sent_again_under_the_same_id_and_then_the_position_closed() -> None:
    desk = Desk()
    intent = desk.enter()
    stop = desk.only(desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    desk.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    again = desk.wait(700 * MS)
    assert [order.approved.intent for order in desk.kinds(a.PlaceOrder, again)] == [stop]
    assert all(order.again for order in desk.kinds(a.PlaceOrder, again))
    assert desk.only(desk.wait(3 * S), Purpose.EXIT).reason == "unconfirmed_stop"
    assert {placed.client_id for placed in desk.placed(purpose=Purpose.STOP)} == {stop.client_id}


def test_a_refused_duplicate_does_not_end_the_stop_that_may_rest() -> None:
    desk = Desk()
    intent = desk.enter()
    stop = desk.only(desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    desk.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    desk.wait(600 * MS)
    desk.answer(PLACE_STOP, stop.client_id, RECONCILE, -4116)
    assert desk.position.stop
    assert desk.position.stop.state is StopState.UNKNOWN
    desk.stop_report()
    assert desk.position.stop.state is StopState.RESTING
    assert not desk.placed(desk.wait(10 * S), Purpose.EXIT)


def test_a_stop_that_is_already_through_closes_the_position() -> None:
    desk = Desk()
    intent = desk.enter()
    stop = desk.only(desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    assert desk.only(desk.answer(PLACE_STOP, stop.client_id, REJECTED, -2021), Purpose.EXIT).reason == "stop"


@pytest.mark.parametrize("status", [AlgoStatus.CANCELED, AlgoStatus.REJECTED, AlgoStatus.EXPIRED])
def test_a_stop_that_the_venue_ends_closes_the_position(status: AlgoStatus) -> None:
    desk = Desk()
    desk.open()
    assert desk.only(desk.stop_report(status), Purpose.EXIT).quantity == 16_600_000


def test_a_stop_that_fires_is_given_two_seconds_and_its_fill_is_not_foreign() -> None:
    desk = Desk()
    desk.open()
    desk.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    assert not desk.placed(desk.wait(1_900 * MS), Purpose.EXIT)
    child = desk.placed(purpose=Purpose.STOP)[0]
    desk.report(child, OrderStatus.FILLED, "0.166", trade="0.166", order_id=55, client_id="made-by-the-venue")
    desk.wait(30 * S)
    assert (desk.position.quantity, desk.state.latch) == (0, None)
    assert not desk.placed(purpose=Purpose.EXIT)


def test_a_stop_that_hangs_after_firing_closes_the_position() -> None:
    desk = Desk()
    desk.open()
    desk.stop_report(AlgoStatus.TRIGGERING)
    assert desk.only(desk.wait(2_100 * MS), Purpose.EXIT).reason == "stop"


def test_an_exit_in_doubt_is_followed_by_another_only_on_evidence() -> None:
    desk = Desk()
    desk.open()
    first = desk.only(desk.book(price=TARGET), Purpose.EXIT)
    desk.answer(PLACE, first.client_id, UNKNOWN)
    assert not desk.placed(desk.wait(5 * S), Purpose.EXIT)
    desk.position_report("0.166")
    assert not desk.placed(desk.wait(S), Purpose.EXIT)
    desk.wait(2 * S)
    desk.take(e.OpenOrdersReport(desk.now_ns, SYMBOL, desk.now_ns, ()))
    second = desk.only(desk.position_report("0.166"), Purpose.EXIT)
    assert second.client_id != first.client_id


def test_an_exit_that_does_not_reduce_asks_for_the_position_before_another() -> None:
    desk = Desk()
    desk.open()
    exit_intent = desk.only(desk.book(price=TARGET), Purpose.EXIT)
    done = desk.answer(PLACE, exit_intent.client_id, RECONCILE, -2022)
    assert not desk.placed(done)
    assert e.Request.POSITION in {ask.request for ask in desk.kinds(a.Ask)}


def test_an_exit_closes_no_more_than_the_venue_reports() -> None:
    desk = Desk()
    desk.open()
    desk.now_ns += S
    desk.position_report("0.1")
    assert desk.only(desk.book(price=TARGET), Purpose.EXIT).quantity == 10_000_000


def test_a_rest_below_the_minimum_is_named_once_and_not_tried_again() -> None:
    desk = Desk()
    intent = desk.open()
    tiny = e.ContractChanged(desk.now_ns, _with_minimum(desk, 20_000_000))
    desk.take(tiny)
    done = desk.book(price=TARGET) + desk.wait(30 * S)
    assert [alert.code for alert in desk.kinds(a.Alert, done) if alert.code == "dust"] == ["dust"]
    assert not desk.placed(done, Purpose.EXIT)
    assert intent.client_id == desk.position.id


def _with_minimum(desk: Desk, quantity: int):  # type: ignore[no-untyped-def]
    import msgspec

    return msgspec.structs.replace(desk.state.markets[SYMBOL].contract, min_quantity=quantity)


def test_a_stream_report_before_its_fill_is_no_difference() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.position_report("0.166", queried=False)
    desk.now_ns += 50 * MS
    desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166", event_ns=desk.now_ns - 50 * MS)
    desk.wait(10 * S)
    assert desk.state.latch is None


def test_a_stale_query_changes_nothing() -> None:
    desk = Desk()
    desk.open()
    stale = e.PositionReport(desk.now_ns, SYMBOL, 0, 0, 0, desk.now_ns - S, e.Witness.QUERY)
    desk.take(stale)
    desk.wait(3 * S)
    assert (desk.position.quantity, desk.state.latch) == (16_600_000, None)


def test_a_position_that_no_trade_explains_is_taken_over_and_ends_entries() -> None:
    desk = Desk()
    desk.position_report("0.05")
    for _ in range(8):
        desk.wait(S)
        desk.take(e.TradesReport(desk.now_ns, SYMBOL, desk.now_ns, 0, ()))
        desk.position_report("0.05")
    assert desk.state.latch
    assert desk.state.latch.reason == "mismatch"
    assert desk.position.quantity == 5_000_000
    assert desk.placed(purpose=Purpose.STOP)


def test_a_trade_by_hand_moves_the_position_and_ends_entries() -> None:
    desk = Desk()
    intent = desk.open()
    by_hand = e.Fill(900, PRICE, 16_600_000, 0, "USDT", maker=False, realised=0)
    desk.report(intent, OrderStatus.FILLED, "0.166", fill=by_hand, client_id="web_1", order_id=4, **{})
    assert desk.position.quantity == 33_200_000
    desk.wait(4 * S)
    assert desk.state.latch
    assert desk.state.latch.reason == "foreign_order"


@pytest.mark.parametrize("name", ["autoclose-1", "adl_autoclose", "settlement_autoclose-1", "delivery_autoclose-1"])
def test_an_order_of_the_exchange_ends_entries_at_once(name: str) -> None:
    desk = Desk()
    intent = desk.open()
    desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.01", client_id=name, order_id=4)
    assert desk.state.latch
    assert desk.state.latch.reason == "exchange_order"


def test_a_kill_closes_everything_and_nothing_enters_again() -> None:
    desk = Desk(cooldown_ms=0)
    intent = desk.open()
    done = desk.take(e.Commanded(desk.now_ns, e.Command.KILL, "test"))
    exit_intent = desk.only(done, Purpose.EXIT)
    desk.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    desk.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    desk.take(e.Commanded(desk.now_ns, e.Command.RESUME, "no"))
    desk.now_ns += 86_400 * S
    desk.position_report("0")
    desk.mark()
    assert not desk.placed(desk.book())
    assert desk.state.latch
    assert desk.state.latch.flatten


def test_a_kill_while_an_entry_is_unknown_closes_the_late_position() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.answer(PLACE, intent.client_id, UNKNOWN)
    desk.take(e.Commanded(desk.now_ns, e.Command.KILL, "test"))
    desk.wait(60 * S)
    done = desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert [order.purpose for order in desk.placed(done)] == [Purpose.STOP, Purpose.EXIT]


def test_the_daily_loss_closes_everything_and_stays_latched_after_midnight() -> None:
    desk = Desk(limits={"daily_loss": 10 * 10**8})
    desk.open()
    done = desk.mark(PRICE * 998 // 1000)
    assert desk.only(done, Purpose.EXIT).reason == "kill"
    desk.now_ns += 86_400 * S
    desk.mark()
    assert desk.state.latch
    assert desk.state.latch.reason == "daily_loss"


def test_a_limit_is_announced_at_80_percent_once_a_day() -> None:
    desk = Desk(limits={"daily_loss": 15 * 10**8})
    desk.open()
    for _ in range(3):
        desk.mark(PRICE * 9_992 // 10_000)
    found = [alert.use.limit for alert in desk.kinds(a.Alert) if alert.code == "risk_limit_approached" and alert.use]
    assert found.count("daily_loss") == 1


def test_a_fill_after_the_position_was_closed_is_closed_at_once() -> None:
    desk = Desk()
    intent = desk.enter()
    desk.report(intent, OrderStatus.PARTIALLY_FILLED, "0.1", trade="0.1")
    desk.answer(PLACE_STOP, f"{intent.client_id}S", ACCEPTED)
    exit_intent = desk.only(desk.book(price=TARGET), Purpose.EXIT)
    desk.report(exit_intent, OrderStatus.FILLED, "0.1", trade="0.1")
    desk.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    late = desk.report(intent, OrderStatus.FILLED, "0.166", trade="0.066")
    assert (desk.only(late, Purpose.EXIT).quantity, desk.only(late, Purpose.EXIT).reason) == (6_600_000, "late_fill")
    assert len(desk.placed(purpose=Purpose.STOP)) == 1


def test_after_stops_in_a_row_entries_pause() -> None:
    desk = Desk(pause_after_stops=1, stop_pause_ms=30_000, cooldown_ms=0)
    desk.open()
    desk.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    child = desk.placed(purpose=Purpose.STOP)[0]
    desk.report(child, OrderStatus.FILLED, "0.166", trade="0.166", order_id=55)
    desk.stop_report(AlgoStatus.FINISHED, order_id=55)
    desk.now_ns += S
    desk.position_report("0")
    desk.mark()
    assert not desk.placed(desk.book(), Purpose.ENTRY)
    desk.now_ns += 30 * S
    desk.mark()
    assert desk.placed(desk.book(), Purpose.ENTRY)


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
    desk = Desk()
    desk.take(event)
    assert not desk.placed(desk.book())


@pytest.mark.parametrize("changes", [{"usable": False}, {"bid": "1", "ask": "1"}])
def test_no_entry_on_a_book_that_is_unusable_or_balanced(changes: dict[str, object]) -> None:
    assert not Desk().placed(Desk().book(**changes))  # type: ignore[arg-type]


def test_the_same_events_give_the_same_actions() -> None:
    def run() -> str:
        desk = Desk()
        desk.open()
        desk.book(price=TARGET)
        desk.wait(30 * S)
        return repr([action for action in desk.actions if not isinstance(action, a.PlaceOrder)])

    assert run() == run()
