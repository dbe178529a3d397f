"""Exits: one at a time, on a usable book, and again where risk or the venue refuses one."""

import msgspec

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.settings import EntryKind
from live.enums import OrderStatus, Side
from live.money import parse
from tests.live.engine.driven import MS, PRICE, SYMBOL, DrivenEngine, S
from tests.live.engine.states import CONTRACT

TARGET = PRICE * 10_021 // 10_000
PLACE = e.Request.PLACE


def alerts(engine: DrivenEngine, actions: list[a.Action], code: str) -> list[str]:
    """Texts of the alerts of a code among actions."""
    return [alert.text for alert in engine.kinds(a.Alert, actions) if alert.code == code]


def test_the_target_does_not_close_what_the_time_stop_is_closing() -> None:
    engine = DrivenEngine(hold_ms=5_000)
    engine.open()
    assert engine.only(engine.wait(5 * S), Purpose.EXIT).reason == "time"
    assert not engine.placed(engine.book(price=TARGET))
    assert engine.position.exit_reason == "time"


def test_a_book_that_is_unusable_or_empty_does_not_reach_the_target() -> None:
    engine = DrivenEngine()
    engine.open()
    assert not engine.placed(engine.book(price=TARGET, usable=False))
    level = (TARGET, parse("1"))
    assert not engine.placed(engine.take(e.BookChanged(engine.now_ns, SYMBOL, engine.now_ns, 8, True, level, ())))
    assert not engine.placed(engine.take(e.BookChanged(engine.now_ns, SYMBOL, engine.now_ns, 9, True, (), level)))
    assert engine.only(engine.book(price=TARGET), Purpose.EXIT).reason == "target"


def test_an_exit_that_risk_refuses_is_named_and_decided_anew_each_second() -> None:
    engine = DrivenEngine()
    engine.open()
    coarse = msgspec.structs.replace(CONTRACT, step=parse("0.1"), min_quantity=parse("0.15"))
    engine.take(e.ContractChanged(engine.now_ns, coarse))
    first = engine.book(price=TARGET)
    assert alerts(engine, first, "exit_refused") == ["Quantity 0.1 is below the minimum of 0.15."]
    assert not engine.placed(first)
    assert not alerts(engine, engine.wait(S - 1), "exit_refused")
    assert len(alerts(engine, engine.wait(1), "exit_refused")) == 1
    engine.take(e.ContractChanged(engine.now_ns, CONTRACT))
    assert engine.only(engine.wait(S), Purpose.EXIT).quantity == parse("0.166")


def test_an_exit_that_the_venue_refuses_is_sent_anew_after_waits_that_double() -> None:
    engine = DrivenEngine()
    engine.open()
    sent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    for wait_ms in (250, 500, 1_000, 2_000, 4_000, 4_000):
        engine.answer(PLACE, sent.client_id, e.RequestOutcome.REJECTED, -4400)
        assert not engine.placed(engine.wait(wait_ms * MS - 1), Purpose.EXIT)
        sent = engine.only(engine.wait(1), Purpose.EXIT)


def test_an_exit_in_doubt_that_the_venue_shows_open_is_not_followed_by_another() -> None:
    engine = DrivenEngine()
    engine.open()
    sent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.answer(PLACE, sent.client_id, e.RequestOutcome.UNKNOWN)
    engine.wait(7 * S)
    row = e.OrderReport(
        time_ns=engine.now_ns,
        symbol=SYMBOL,
        client_id=sent.client_id,
        order_id=1_002,
        side=Side.SELL,
        status=OrderStatus.NEW,
        quantity=sent.quantity,
        filled=0,
        reduce_only=True,
        event_ns=engine.now_ns,
        witness=e.Witness.QUERY,
    )
    engine.take(e.OpenOrdersReport(engine.now_ns, SYMBOL, engine.now_ns, (row,)))
    assert not engine.placed(engine.position_report("0.166"), Purpose.EXIT)
    assert not engine.placed(engine.wait(10 * S), Purpose.EXIT)


def test_a_later_entry_that_rests_is_not_cancelled_for_the_exit_of_the_position_before() -> None:
    engine = DrivenEngine(entry=EntryKind.POST_ONLY)
    first = engine.open()
    closing = engine.only(engine.book(price=PRICE * 1003 // 1000), Purpose.EXIT)
    engine.report(closing, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.answer(e.Request.CANCEL_STOP, f"{first.client_id}S", e.RequestOutcome.ACCEPTED)
    engine.now_ns += MS
    engine.position_report("0")
    engine.wait(2 * S)
    engine.mark()
    second = engine.enter()
    engine.report(second, OrderStatus.NEW)
    assert not engine.kinds(a.CancelOrder, engine.mark())
    assert [cancel.reason for cancel in engine.kinds(a.CancelOrder, engine.wait(2 * S))] == ["waited"]
