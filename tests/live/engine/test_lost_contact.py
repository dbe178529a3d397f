"""What the engine does when messages are lost, late or in another order than it expects, beside the model venue."""

import msgspec
import pytest

from live.engine.actions import Ask, CancelStop, PlaceOrder
from live.engine.events import (
    AccountTrade,
    Fill,
    Request,
    StopReport,
    Tick,
    TradesReport,
    Witness,
)
from live.engine.intents import Purpose
from live.engine.settings import EntryKind
from live.enums import AlgoStatus, Side
from live.money import SCALE
from tests.live.engine.model.session import MS, PRICE, SECOND, SETTINGS, START_NS, Session
from tests.live.engine.model.venue import TICK
from tests.live.engine.states import SYMBOL


@pytest.fixture
def session() -> Session:
    return Session()


def sent(session: Session, purpose: Purpose) -> list[PlaceOrder]:
    """Orders of a purpose that the engine has sent so far."""
    return [order for order in session.sent.values() if order.approved.intent.purpose is purpose]


def test_a_fill_that_the_stream_never_reports_is_found_and_protected_within_two_seconds(session: Session) -> None:
    session.signal()
    session.arrive()
    session.drop_stream()
    session.answers = session.answers[:1]  # the answer says that the order was accepted, not that it filled
    session.settle(2 * SECOND)
    session.check_protected()
    assert session.venue.ledger.quantity


def test_after_a_break_of_the_stream_a_position_made_meanwhile_by_hand_is_found(session: Session) -> None:
    session.venue.trade_by_hand(Side.BUY, SCALE // 100)
    session.drop_stream()
    session.settle(5 * SECOND)
    assert session.state.positions[SYMBOL].quantity == SCALE // 100
    assert session.state.latch


def test_trades_of_the_time_before_the_run_are_not_of_it(session: Session) -> None:
    old = AccountTrade(7, Side.BUY, Fill(1, PRICE, SCALE, 0, "USDT", False, 0), START_NS - 1)
    session.feed(TradesReport(session.now_ns, SYMBOL, session.now_ns, START_NS - 600 * SECOND, (old,)))
    assert session.state.positions[SYMBOL].quantity == 0
    assert not session.state.unattributed


def test_no_list_of_trades_from_before_the_run_is_asked_for(session: Session) -> None:
    session.drop_stream()
    asked = [r for r in session.requests if isinstance(r, Ask) and r.request is Request.TRADES]
    assert [ask.from_ns for ask in asked] == [START_NS]


def test_an_answer_within_the_same_instant_is_not_followed_by_the_same_query(session: Session) -> None:
    session.signal()
    session.lose()
    session.answer()
    session.deliver(rounds=3)
    assert not session.requests


def test_a_trade_of_the_fired_stop_is_not_taken_for_the_exit_in_flight(session: Session) -> None:
    session.signal()
    session.deliver()
    session.move(PRICE + 200 * TICK)  # below the target
    session.pass_time(61 * SECOND)
    assert [order.approved.intent.reason for order in sent(session, Purpose.EXIT)] == ["time"]
    session.venue.move(PRICE - 2_000 * TICK)  # the stop is first
    session.venue.stream.clear()
    session.settle(60 * SECOND)
    session.check_flat()
    session.check_money()
    assert not session.state.unattributed


def test_fills_booked_before_their_order_is_known_are_the_orders_once_it_is(session: Session) -> None:
    session.signal()
    session.arrive_unanswered()
    row = session.venue.ledger.trades[-1]
    session.venue.stream.clear()
    session.feed(TradesReport(session.now_ns, SYMBOL, session.now_ns, START_NS, (row,)))
    assert session.state.positions[SYMBOL].id == "run-1"
    assert session.state.orders["run-1"].filled == 0
    session.answers.clear()
    venue_order = session.venue.orders[row.order_id]
    session.feed(venue_order.report(session.now_ns, session.now_ns, Witness.QUERY))
    assert session.state.orders["run-1"].filled == row.fill.quantity
    assert not session.state.working
    assert session.state.day.trades == 1


def test_a_trade_is_not_foreign_while_an_order_without_an_answer_may_be_its_own(session: Session) -> None:
    session.venue.hide_ns = 60 * SECOND
    session.signal()
    session.arrive_unanswered()
    session.venue.stream.clear()
    session.settle(20 * SECOND)
    assert session.state.latch is None
    session.check_protected()


@pytest.mark.parametrize("wait_ms", [0, 1_999])
def test_a_fired_stop_has_two_seconds_and_then_the_position_is_closed_whatever_was_wanted(
    session: Session, wait_ms: int
) -> None:
    session.signal()
    session.deliver()
    stop = session.venue.stops[0]
    session.now_ns += 60 * SECOND - wait_ms * MS
    session.venue.now_ns = session.now_ns
    session.feed(Tick(session.now_ns))
    session.deliver()
    stop.status = AlgoStatus.TRIGGERING  # and nothing follows
    session.feed(
        StopReport(
            session.now_ns, SYMBOL, stop.intent.client_id, stop.algo_id, stop.status, session.now_ns, Witness.STREAM
        )
    )
    session.settle(5 * SECOND)
    assert session.venue.ledger.quantity == 0


def test_a_position_reversed_by_somebody_else_is_closed_since_its_stop_is_of_the_wrong_side(session: Session) -> None:
    session.signal()
    session.deliver()
    session.foreign = True
    session.venue.trade_by_hand(Side.SELL, 3 * session.venue.ledger.quantity)
    session.settle(10 * SECOND)
    session.check_flat()
    assert session.state.latch


def test_a_stop_is_not_cancelled_before_the_position_is_flat(session: Session) -> None:
    session.signal()
    session.deliver()
    session.pass_time(61 * SECOND)
    assert sent(session, Purpose.EXIT)
    assert not any(isinstance(request, CancelStop) for request in session.requests)


def test_kill_while_everything_is_unanswered_ends_flat_without_a_stop(session: Session) -> None:
    session.signal()
    session.arrive_unanswered()
    session.kill()
    while session.requests:
        session.arrive_unanswered()
    session.drop_stream()
    session.settle(60 * SECOND)
    session.check_flat()
    session.check_money()


def test_an_exit_that_the_answer_calls_filled_is_not_sent_again_while_its_trades_are_unknown(session: Session) -> None:
    session.signal()
    session.deliver()
    session.kill()
    session.arrive()
    session.venue.stream.clear()
    session.answer()  # accepted
    session.answer()  # FILLED, without the trades
    session.feed(Tick(session.now_ns))
    assert len(sent(session, Purpose.EXIT)) == 1
    session.settle(10 * SECOND)
    assert len(sent(session, Purpose.EXIT)) == 1
    session.check_flat()
    session.check_money()


def fail_all(session: Session, request: Request, duration_ns: int) -> None:
    """Every query of one kind fails for so long; everything else arrives."""
    end_ns = session.now_ns + duration_ns
    while session.now_ns < end_ns:
        while session.requests:
            asked = session.requests[0]
            if isinstance(asked, Ask) and asked.request is request:
                session.lose()
            else:
                session.arrive()
        while session.answers:
            session.answer()
        session.pass_time(min(100 * MS, end_ns - session.now_ns))


def test_missing_fills_are_asked_for_every_four_seconds_however_often_the_list_of_trades_failed(
    session: Session,
) -> None:
    session.signal()
    session.arrive()
    session.venue.stream.clear()
    fail_all(session, Request.TRADES, 50 * SECOND)
    session.settle(4 * SECOND)
    session.check_protected()


def test_an_entry_that_has_filled_gets_its_stop_though_no_list_shows_its_trades(session: Session) -> None:
    session.signal()
    session.arrive()
    session.venue.stream.clear()
    session.venue.ledger.trades.clear()
    session.settle(10 * SECOND)
    assert session.state.positions[SYMBOL].believed
    assert session.venue.open_stops


def test_the_cancel_of_a_stop_is_tried_every_four_seconds_however_often_it_failed(session: Session) -> None:
    session.signal()
    session.deliver()
    session.kill()
    for _ in range(450):
        while session.requests:
            (session.lose if isinstance(session.requests[0], CancelStop) else session.arrive)()
        session.venue.stream.clear()
        while session.answers:
            session.answer()
        session.pass_time(100 * MS)
    assert session.venue.open_stops
    session.settle(4 * SECOND)
    session.check_flat()


def test_no_exit_is_sent_for_a_position_that_only_the_venue_showed_and_shows_no_more(session: Session) -> None:
    session.drop_stream()
    session.deliver()
    session.foreign = True
    session.venue.trade_by_hand(Side.BUY, SCALE // 100)
    session.feed(session.venue.position_report(Witness.STREAM))
    session.venue.stream.clear()
    session.venue.ledger.trades.clear()  # no trade ever explains it
    session.settle(10 * SECOND)
    assert session.state.positions[SYMBOL].believed
    session.venue.ledger.quantity = 0
    session.venue.ledger.updated_ns = session.now_ns
    session.feed(session.venue.position_report(Witness.STREAM))
    before = len(sent(session, Purpose.EXIT))
    session.kill()
    session.settle(60 * SECOND)
    assert len(sent(session, Purpose.EXIT)) == before
    assert not session.state.positions[SYMBOL].quantity


def test_the_times_of_orders_are_kept_for_a_second(session: Session) -> None:
    for _ in range(5):
        session.mark()
        session.signal()
        session.deliver()
        session.pass_time(61 * SECOND)
        session.settle(10 * SECOND)
    assert len(sent(session, Purpose.EXIT)) == 5
    assert len(session.state.day.order_times_ns) <= 3


def test_an_entry_that_fills_after_its_cancel_was_confirmed_is_found_without_the_stream_before_the_next_entry() -> None:
    session = Session(msgspec.structs.replace(SETTINGS, entry=EntryKind.POST_ONLY))
    session.signal()
    session.deliver()
    order = session.venue.open_orders[0]
    session.settle(2 * SECOND + 100 * MS)
    assert not session.venue.open_orders
    session.venue.fill_part(order, order.quantity)  # late
    session.venue.stream.clear()
    session.signal()
    assert len(sent(session, Purpose.ENTRY)) == 1
    session.settle(5 * SECOND)
    session.signal()
    assert len(sent(session, Purpose.ENTRY)) == 1
    assert session.state.positions[SYMBOL].quantity == order.quantity
    session.check_protected()
