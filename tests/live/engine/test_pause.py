"""PAUSE: no entries, not even one that waits; whatever is open goes on as before."""

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Intent, Purpose
from live.engine.settings import EntryKind
from live.enums import AlgoStatus, OrderStatus
from tests.live.engine.driven import MS, PRICE, DrivenEngine, S

TARGET = PRICE * 10_021 // 10_000


def command(engine: DrivenEngine, word: e.Command) -> list[a.Action]:
    return engine.take(e.Commanded(engine.now_ns, word, "test"))


def waiting_entry() -> tuple[DrivenEngine, Intent]:
    """An engine whose post-only entry rests."""
    engine = DrivenEngine(entry=EntryKind.POST_ONLY, post_only_wait_ms=60_000)
    intent = engine.enter()
    engine.answer(e.Request.PLACE, intent.client_id, e.RequestOutcome.ACCEPTED)
    engine.report(intent, OrderStatus.NEW)
    return engine, intent


def test_a_waiting_entry_is_cancelled_at_once_because_it_could_fill_while_paused() -> None:
    engine, intent = waiting_entry()
    (cancel,) = engine.kinds(a.CancelOrder, command(engine, e.Command.PAUSE))
    assert (cancel.client_id, cancel.reason) == (intent.client_id, "paused")


def test_the_cancel_is_repeated_until_the_entry_has_ended() -> None:
    engine, intent = waiting_entry()
    command(engine, e.Command.PAUSE)
    engine.answer(e.Request.CANCEL, intent.client_id, e.RequestOutcome.UNKNOWN)
    assert engine.kinds(a.CancelOrder, engine.wait(2 * S))
    engine.report(intent, OrderStatus.CANCELED)
    assert not engine.kinds(a.CancelOrder, engine.wait(60 * S))


def test_what_fills_before_its_cancel_is_protected_and_exits_while_paused() -> None:
    engine, intent = waiting_entry()
    command(engine, e.Command.PAUSE)
    filled = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    stop = engine.only(filled, Purpose.STOP)
    engine.answer(e.Request.PLACE_STOP, stop.client_id, e.RequestOutcome.ACCEPTED)
    engine.now_ns += MS
    assert engine.only(engine.book(price=TARGET), Purpose.EXIT).reason == "target"


def test_a_pause_leaves_position_and_stop_alone_and_the_longest_hold_still_ends_them() -> None:
    engine = DrivenEngine(hold_ms=5_000)
    engine.open()
    done = command(engine, e.Command.PAUSE)
    assert not engine.placed(done)
    assert not engine.kinds(a.CancelStop, done)
    assert engine.only(engine.wait(6 * S), Purpose.EXIT).reason == "time"


@pytest.mark.parametrize("pauses", [1, 2])
def test_resume_allows_entries_again_and_sends_no_cancelled_one(pauses: int) -> None:
    engine, intent = waiting_entry()
    for _ in range(pauses):
        command(engine, e.Command.PAUSE)
    engine.report(intent, OrderStatus.CANCELED)
    assert not engine.placed(engine.book())
    assert not engine.placed(command(engine, e.Command.RESUME))
    assert not engine.placed(engine.book())  # it may have filled all the same
    engine.wait(S)
    engine.position_report("0")
    assert engine.only(engine.book(), Purpose.ENTRY).client_id != intent.client_id


def test_a_stop_that_fires_while_paused_ends_the_position() -> None:
    engine = DrivenEngine()
    engine.open()
    command(engine, e.Command.PAUSE)
    engine.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    child = engine.placed(purpose=Purpose.STOP)[0]
    engine.report(child, OrderStatus.FILLED, "0.166", trade="0.166", order_id=55)
    assert engine.position.quantity == 0
