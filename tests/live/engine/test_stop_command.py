"""STOP: no entries any more, and what the run holds is closed; what somebody else holds is not."""

from live.engine import events as e
from live.engine.engine import start
from live.engine.intents import Purpose
from live.enums import OrderStatus
from live.journal.encoding import body_of, whole
from live.money import parse
from tests.live.engine.driven import DrivenEngine, S
from tests.live.engine.states import NOW_NS, SYMBOL
from tests.live.journal.examples import started

CANCEL_STOP = e.Request.CANCEL_STOP
ACCEPTED = e.RequestOutcome.ACCEPTED


def stop(engine: DrivenEngine) -> list[e.Event]:
    return engine.take(e.Commanded(engine.now_ns, e.Command.STOP, "test"))


def test_a_stop_closes_the_position_cancels_its_stop_and_nothing_enters_again() -> None:
    engine = DrivenEngine(cooldown_ms=0)
    intent = engine.open()
    exit_intent = engine.only(stop(engine), Purpose.EXIT)
    assert exit_intent.reason == "stopped"
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    engine.now_ns += S
    engine.position_report("0")
    for command in (e.Command.RESUME, e.Command.PAUSE, e.Command.RESUME):
        engine.take(e.Commanded(engine.now_ns, command, "no"))
        assert not engine.placed(engine.book())
    assert engine.position.idle
    assert engine.state.latch is None


def test_an_entry_that_fills_after_the_stop_is_closed() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    stop(engine)
    done = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert [order.purpose for order in engine.placed(done)] == [Purpose.STOP, Purpose.EXIT]


def test_a_resting_entry_is_cancelled_at_once() -> None:
    engine = DrivenEngine(entry="post-only")
    intent = engine.enter()
    engine.report(intent, OrderStatus.NEW)
    assert intent.client_id in {cancel.client_id for cancel in stop(engine) if hasattr(cancel, "client_id")}


def test_a_position_of_somebody_else_stays_and_a_kill_closes_it() -> None:
    engine = DrivenEngine()
    stop(engine)
    fill = e.Fill(77, 60_000 * 10**8, parse("0.1"), 0, "USDT", maker=False, realised=0)
    engine.take(
        e.OrderReport(
            time_ns=engine.now_ns,
            symbol=SYMBOL,
            client_id="web_1",
            order_id=77,
            side=e.Side.BUY,
            status=OrderStatus.FILLED,
            quantity=parse("0.1"),
            filled=parse("0.1"),
            reduce_only=False,
            event_ns=engine.now_ns,
            witness=e.Witness.STREAM,
            fill=fill,
        )
    )
    engine.now_ns += 1
    engine.position_report("0.1")
    engine.wait(60 * S)
    assert engine.position.quantity == parse("0.1")
    assert not engine.placed()
    engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test"))
    assert engine.placed(purpose=Purpose.EXIT)


def test_a_kill_goes_on_after_a_stop() -> None:
    engine = DrivenEngine()
    stop(engine)
    engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test"))
    assert engine.state.latch
    assert engine.state.latch.flatten


def test_the_end_of_a_run_causes_nothing_and_the_next_start_goes_on_with_its_day() -> None:
    engine = DrivenEngine()
    engine.open()
    left = e.CarriedOver(NOW_NS // (86_400 * S), -5, 1, 2, 3, 7)
    assert engine.take(e.Ended(engine.now_ns, "stopped", left)) == []
    state = start(e.Started(NOW_NS, "r2", *_settings(), carried=left))
    assert (state.day.start_profit, state.day.trades, state.peak_profit) == (5, 1, 7)


def test_a_start_that_carries_nothing_is_written_as_before() -> None:
    event = started()
    assert b"carried" not in body_of(event, whole(event))


def _settings() -> tuple[int, e.ImbalanceSettings, e.Limits, tuple[e.Contract, ...]]:
    event = started()
    return event.capital, event.settings, event.limits, event.contracts
