"""Kills and loss limits: they close everything and stay."""

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.enums import OrderStatus
from tests.live.engine.driven import PRICE, DrivenEngine, S

ACCEPTED, REJECTED, RECONCILE, UNKNOWN = (
    e.RequestOutcome.ACCEPTED,
    e.RequestOutcome.REJECTED,
    e.RequestOutcome.RECONCILE,
    e.RequestOutcome.UNKNOWN,
)
PLACE, PLACE_STOP, CANCEL_STOP = e.Request.PLACE, e.Request.PLACE_STOP, e.Request.CANCEL_STOP
TARGET = PRICE * 10_021 // 10_000


def test_a_kill_closes_everything_and_nothing_enters_again() -> None:
    engine = DrivenEngine(cooldown_ms=0)
    intent = engine.open()
    done = engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test"))
    exit_intent = engine.only(done, Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.answer(CANCEL_STOP, f"{intent.client_id}S", ACCEPTED)
    engine.take(e.Commanded(engine.now_ns, e.Command.RESUME, "no"))
    engine.now_ns += 86_400 * S
    engine.position_report("0")
    engine.mark()
    assert not engine.placed(engine.book())
    assert engine.state.latch
    assert engine.state.latch.flatten


def test_a_kill_while_an_entry_is_unknown_closes_the_late_position() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.answer(PLACE, intent.client_id, UNKNOWN)
    engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test"))
    engine.wait(60 * S)
    done = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert [order.purpose for order in engine.placed(done)] == [Purpose.STOP, Purpose.EXIT]


def test_the_daily_loss_closes_everything_and_stays_latched_after_midnight() -> None:
    engine = DrivenEngine(limits={"daily_loss": 10 * 10**8})
    engine.open()
    done = engine.mark(PRICE * 998 // 1000)
    assert engine.only(done, Purpose.EXIT).reason == "kill"
    engine.now_ns += 86_400 * S
    engine.mark()
    assert engine.state.latch
    assert engine.state.latch.reason == "daily_loss"


def test_a_limit_is_announced_at_80_percent_once_a_day() -> None:
    engine = DrivenEngine(limits={"daily_loss": 15 * 10**8})
    engine.open()
    for _ in range(3):
        engine.mark(PRICE * 9_992 // 10_000)
    found = [alert.use.limit for alert in engine.kinds(a.Alert) if alert.code == "risk_limit_approached" and alert.use]
    assert found.count("daily_loss") == 1


def killed(engine: DrivenEngine) -> list[str]:
    """Codes of the alerts of a kill now."""
    done = engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test"))
    return [alert.code for alert in engine.kinds(a.Alert, done)]


def test_a_kill_is_said_once_and_nothing_later_takes_its_place() -> None:
    engine = DrivenEngine()
    assert killed(engine) == ["kill"]
    latch = engine.state.latch
    engine.now_ns += S
    assert killed(engine) == []
    engine.take(e.AccountChanged(engine.now_ns, "BTCUSDT", "leverage 20"))
    assert engine.state.latch is latch


def test_a_kill_after_a_latch_that_left_positions_open_closes_them() -> None:
    engine = DrivenEngine()
    engine.open()
    done = engine.take(e.AccountChanged(engine.now_ns, "BTCUSDT", "leverage 20"))
    assert not engine.placed(done, Purpose.EXIT)
    assert engine.only(engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "test")), Purpose.EXIT).reason == "kill"
    assert engine.state.latch
    assert (engine.state.latch.reason, engine.state.latch.flatten) == ("kill", True)
