"""A strategy on bars: its decisions are carried out as the execution rules say, through the same risk and orders."""

from itertools import pairwise
from typing import Any

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.engine import start
from live.engine.intents import Intent, Purpose
from live.engine.limits import Executor, LooserLimitsError, effective
from live.engine.risk.uses import current
from live.engine.settings import BarSettings, ImbalanceSettings
from live.enums import OrderStatus, Side
from live.money import SCALE, parse
from tests.live.engine.driven import MS, DrivenEngine, S
from tests.live.engine.states import CAPITAL, CONTRACT, NOW_NS, PRICE, SYMBOL, entry

BARS = BarSettings(strategy="sma_crossover", timeframe="1m")
MINUTE_NS = 60 * S
ACCEPTED = e.RequestOutcome.ACCEPTED


class BarEngine(DrivenEngine):
    """A driven engine of a strategy on bars; each decision is of the minute that closes now."""

    def __init__(self, limits: dict[str, int] | None = None, bars: BarSettings = BARS) -> None:
        super().__init__(limits, bars)

    def decide(self, entry: Side | None = None, age_ns: int = 0, **fields: Any) -> list[a.Action]:
        return self.take(e.BarDecided(self.now_ns, SYMBOL, self.now_ns - age_ns, entry, **fields))

    def next_minute(self) -> None:
        self.wait(MINUTE_NS)
        self.mark()

    def decided_entry(self, side: Side, **fields: Any) -> Intent:
        """A decision, the book after it, and the entry that this causes."""
        self.decide(side, **fields)
        self.now_ns += MS
        return self.only(self.book(), Purpose.ENTRY)

    def hold(self, side: Side = Side.BUY, **fields: Any) -> Intent:
        """A position with a confirmed stop."""
        intent = self.decided_entry(side, **fields)
        self.answer(e.Request.PLACE, intent.client_id, ACCEPTED)
        self.fill_all(intent)
        self.answer(e.Request.PLACE_STOP, f"{intent.client_id}S", ACCEPTED)
        return intent

    def fill_all(self, intent: Intent) -> list[a.Action]:
        quantity = f"{intent.quantity / SCALE:.3f}"
        self.now_ns += MS
        return self.report(intent, OrderStatus.FILLED, quantity, trade=quantity)

    def leave(self, closing: Intent) -> None:
        """The exit fills, its stop is cancelled, and the venue confirms that nothing is left."""
        self.fill_all(closing)
        self.answer(e.Request.CANCEL_STOP, f"{closing.position}S", ACCEPTED)
        self.now_ns += MS
        self.position_report("0")


def test_an_entry_of_a_bar_is_a_limit_order_on_the_next_book_with_the_stop_of_the_strategy() -> None:
    engine = BarEngine()
    intent = engine.decided_entry(Side.BUY, stop_price=parse("59400.04"), target_price=parse("61000.01"))
    assert (intent.side, intent.reason, intent.price) == (Side.BUY, "signal", parse("60030.0"))
    assert (intent.stop_price, intent.target_price) == (parse("59400.1"), parse("61000.1"))
    engine.answer(e.Request.PLACE, intent.client_id, ACCEPTED)
    stop = engine.only(engine.fill_all(intent), Purpose.STOP)
    assert stop.trigger_price == intent.stop_price
    assert engine.position.target_price == intent.target_price


def test_without_a_stop_of_the_strategy_the_setting_gives_one_and_there_is_no_target() -> None:
    engine = BarEngine()
    intent = engine.decided_entry(Side.SELL)
    assert intent.stop_price == CONTRACT.tick_below(intent.price * 102 // 100)
    engine.answer(e.Request.PLACE, intent.client_id, ACCEPTED)
    assert engine.only(engine.fill_all(intent), Purpose.STOP).trigger_price == intent.stop_price
    assert not engine.placed(engine.book(price=PRICE // 2), Purpose.EXIT)


def test_a_target_closes_the_position_when_the_book_reaches_it() -> None:
    engine = BarEngine()
    engine.hold(target_price=PRICE + 300 * SCALE)
    assert not engine.placed(engine.book(price=PRICE + 300 * SCALE), Purpose.EXIT)
    exit_intent = engine.only(engine.book(price=PRICE + 300 * SCALE + CONTRACT.tick), Purpose.EXIT)
    assert exit_intent.reason == "target"


def test_an_entry_of_the_side_that_is_held_changes_nothing() -> None:
    engine = BarEngine()
    engine.hold()
    engine.next_minute()
    engine.decide(Side.BUY, exits=(Side.BUY, Side.SELL))
    assert not engine.placed(engine.book(), Purpose.EXIT)
    assert not engine.placed(engine.wait(60 * S), Purpose.EXIT)


@pytest.mark.parametrize(("held", "exits", "leaves"), [
    (Side.BUY, (Side.BUY,), True),
    (Side.BUY, (Side.SELL,), False),
    (Side.SELL, (Side.SELL,), True),
    (Side.SELL, (Side.BUY,), False),
    (Side.BUY, (), False),
])  # fmt: skip
def test_an_exit_closes_the_side_it_names_at_once(held: Side, exits: tuple[Side, ...], leaves: bool) -> None:
    engine = BarEngine()
    engine.hold(held)
    engine.next_minute()
    found = engine.placed(engine.decide(exits=exits), Purpose.EXIT)
    assert [intent.reason for intent in found] == (["signal"] if leaves else [])


def test_an_opposite_entry_closes_first_and_enters_when_the_position_is_proven_flat() -> None:
    engine = BarEngine()
    engine.hold(Side.BUY)
    engine.next_minute()
    closing = engine.only(engine.decide(Side.SELL), Purpose.EXIT)
    assert not engine.placed(engine.book(), Purpose.ENTRY)
    engine.leave(closing)
    entered = engine.only(engine.book(), Purpose.ENTRY)
    assert (entered.side, entered.position) == (Side.SELL, entered.client_id)
    engine.answer(e.Request.PLACE, entered.client_id, ACCEPTED)
    assert len(engine.placed(engine.fill_all(entered), Purpose.STOP)) == 1


def test_an_entry_after_an_exit_is_not_cancelled_for_the_position_before() -> None:
    engine = BarEngine()
    engine.hold(Side.BUY)
    engine.next_minute()
    engine.leave(engine.only(engine.decide(Side.SELL), Purpose.EXIT))
    engine.book()
    assert not engine.kinds(a.CancelOrder, engine.mark())


@pytest.mark.parametrize("age_ns", [10 * S + 1, 3_600 * S])
def test_a_decision_on_an_old_bar_enters_nothing_but_still_closes(age_ns: int) -> None:
    engine = BarEngine()
    engine.decide(Side.BUY, age_ns=age_ns)
    assert not engine.placed(engine.book(), Purpose.ENTRY)
    engine = BarEngine()
    engine.hold(Side.BUY)
    engine.wait(2 * age_ns)
    engine.mark()
    closing = engine.only(engine.decide(Side.SELL, age_ns=age_ns), Purpose.EXIT)
    engine.leave(closing)
    assert not engine.placed(engine.book(), Purpose.ENTRY)


def test_a_decision_waits_for_a_usable_book_only_until_its_bar_is_old() -> None:
    engine = BarEngine()
    engine.decide(Side.BUY)
    engine.book(usable=False)
    engine.wait(10 * S)
    assert engine.placed(engine.book(), Purpose.ENTRY)
    engine = BarEngine()
    engine.decide(Side.BUY)
    engine.wait(10 * S + MS)
    engine.mark()
    assert not engine.placed(engine.book(), Purpose.ENTRY)


def test_a_bar_opens_one_position_even_if_its_stop_fires_at_once() -> None:
    engine = BarEngine()
    intent = engine.hold(Side.BUY)
    closing = Intent(
        client_id="r-90", position=intent.client_id, symbol=SYMBOL, purpose=Purpose.EXIT, side=Side.SELL,
        type=intent.type, quantity=intent.quantity, reduce_only=True, reason="",
    )  # fmt: skip
    engine.stop_report(e.AlgoStatus.TRIGGERED, order_id=5_000)
    quantity = f"{intent.quantity / SCALE:.3f}"
    engine.report(
        closing, OrderStatus.FILLED, quantity, trade=quantity, order_id=5_000, client_id=f"{intent.client_id}S"
    )
    engine.stop_report(e.AlgoStatus.FINISHED, order_id=5_000)
    engine.now_ns += MS
    engine.position_report("0")
    assert engine.position.idle
    assert not engine.placed(engine.book(), Purpose.ENTRY)
    engine.wait(MINUTE_NS)
    engine.mark()
    assert engine.decided_entry(Side.BUY)


def test_an_order_that_filled_nothing_is_tried_again_once_a_second_while_its_bar_is_young() -> None:
    engine = BarEngine()
    sent = []
    engine.decide(Side.BUY)
    for _ in range(150):
        engine.wait(100 * MS)
        engine.mark()
        for intent in engine.placed(engine.book(), Purpose.ENTRY):
            sent.append(engine.now_ns)
            engine.answer(e.Request.PLACE, intent.client_id, ACCEPTED)
            engine.report(intent, OrderStatus.EXPIRED)
    assert 9 <= len(sent) <= 10
    assert all(later - earlier >= S for earlier, later in pairwise(sent))


def test_the_same_bar_twice_and_an_older_bar_decide_nothing() -> None:
    engine = BarEngine()
    engine.hold(Side.BUY)
    engine.wait(2 * S)
    assert not engine.placed(engine.decide(exits=(Side.BUY,), age_ns=2 * S + 2 * MS), Purpose.EXIT)
    assert not engine.placed(engine.decide(Side.SELL, age_ns=MINUTE_NS), Purpose.EXIT)


def test_an_entry_that_fills_after_a_later_bar_closed_its_side_is_closed_again() -> None:
    engine = BarEngine()
    intent = engine.decided_entry(Side.BUY)
    engine.answer(e.Request.PLACE, intent.client_id, e.RequestOutcome.UNKNOWN)
    engine.next_minute()
    assert not engine.placed(engine.decide(exits=(Side.BUY,)), Purpose.EXIT)
    done = engine.fill_all(intent)
    assert [placed.purpose for placed in engine.placed(done)] == [Purpose.STOP, Purpose.EXIT]


def test_a_stop_on_the_wrong_side_of_the_price_is_refused_with_both() -> None:
    engine = BarEngine()
    engine.decide(Side.BUY, stop_price=PRICE + 100 * SCALE)
    (refusal,) = engine.kinds(a.Refusal, engine.book())
    assert refusal.refused.reason == "stop_side"
    assert refusal.refused.text == "The stop 60100 is not below the entry price 60030."


def test_a_target_that_the_price_has_passed_is_refused() -> None:
    engine = BarEngine()
    engine.decide(Side.SELL, target_price=PRICE)
    (refusal,) = engine.kinds(a.Refusal, engine.book())
    assert refusal.refused.reason == "target_side"


def test_the_loss_at_the_stop_of_the_strategy_bounds_the_size() -> None:
    """2 % of 40,000 at a stop 20 % away, one tick, 10 bp of slippage and two fees of 5 bp of notional."""
    engine = BarEngine()
    wide = engine.decided_entry(Side.BUY, stop_price=PRICE * 8 // 10)
    notional = wide.quantity * wide.price // SCALE
    assert 3_900 * SCALE < notional < 4_000 * SCALE
    assert BarEngine().decided_entry(Side.BUY).quantity * PRICE // SCALE > 9_900 * SCALE
    half = BarEngine().decided_entry(Side.BUY, share=SCALE // 2)
    assert 4_900 * SCALE < half.quantity * half.price // SCALE <= 5_000 * SCALE


def test_a_position_is_held_over_days_and_ten_trades_a_day_are_the_limit() -> None:
    engine = BarEngine()
    engine.hold(Side.BUY)
    for _ in range(48):
        assert not engine.placed(engine.wait(3_600 * S), Purpose.EXIT)
        engine.mark()
    engine.state.day.trades = 10
    engine.leave(engine.only(engine.decide(Side.SELL), Purpose.EXIT))
    (refusal,) = engine.kinds(a.Refusal, engine.book())
    assert refusal.refused.reason == "trades_per_day"


def test_books_without_a_decision_enter_nothing() -> None:
    engine = BarEngine()
    assert not engine.placed(engine.book(bid="500"), Purpose.ENTRY)
    imbalance = DrivenEngine()
    assert not imbalance.placed(imbalance.take(e.BarDecided(NOW_NS, SYMBOL, NOW_NS, Side.BUY)))


@pytest.mark.parametrize(("executor", "bars"), [(Executor.SCALP, BARS), (Executor.BARS, None)])
def test_a_run_starts_only_with_the_limits_of_its_kind(executor: Executor, bars: BarSettings | None) -> None:
    settings, limits = None if bars else ImbalanceSettings(), effective(executor, CAPITAL, {})
    with pytest.raises(LooserLimitsError, match=f"The limits are of '{executor}'"):
        start(e.Started(NOW_NS, "r", CAPITAL, settings, limits, (CONTRACT,), bars=bars))


def test_a_start_without_settings_or_with_both_is_none() -> None:
    limits = effective(Executor.BARS, CAPITAL, {})
    for settings, bars in ((None, None), (ImbalanceSettings(), BARS)):
        with pytest.raises(ValueError, match="settings of the imbalance or those of a strategy on bars"):
            e.Started(NOW_NS, "r", CAPITAL, settings, limits, (CONTRACT,), bars=bars)


def test_the_use_of_the_loss_limit_counts_the_stop_that_the_entry_named() -> None:
    """A stop 20 % from the entry takes all of the limit, from the decision until the position is closed."""
    engine = BarEngine()
    intent = engine.decided_entry(Side.BUY, stop_price=PRICE * 8 // 10)
    assert 98 * loss_limit(engine) < 100 * loss_used(engine) <= 100 * loss_limit(engine)
    engine.answer(e.Request.PLACE, intent.client_id, ACCEPTED)
    engine.fill_all(intent)
    assert 98 * loss_limit(engine) < 100 * loss_used(engine) <= 100 * loss_limit(engine)


def loss_used(engine: BarEngine) -> int:
    return next(use.used for use in current(engine.state) if use.limit == "loss_at_stop")


def loss_limit(engine: BarEngine) -> int:
    return engine.state.limits.loss_at_stop


def test_a_position_of_somebody_else_is_not_closed_by_a_decision() -> None:
    engine = BarEngine()
    somebody = e.AccountTrade(77, Side.BUY, engine.fill(entry(), "0.1"), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, engine.now_ns - S, (somebody,)))
    engine.now_ns += MS
    assert engine.position.foreign
    assert not engine.placed(engine.decide(exits=(Side.BUY,)), Purpose.EXIT)


def test_a_strategy_that_is_not_asked_any_more_ends_entries_and_the_position_stays_protected() -> None:
    engine = BarEngine()
    engine.hold()
    text = "BTCUSDT: entries stopped: the strategy's process ended 4 times."
    reported = e.StrategyReported(engine.now_ns, SYMBOL, e.STRATEGY_STOPPED, text)
    done = [*engine.take(reported), *engine.take(reported)]
    alerts = [action for action in done if isinstance(action, a.Alert)]
    assert [(alert.code, alert.text) for alert in alerts] == [("strategy_stopped", text)]
    assert not engine.placed(done)
    assert engine.state.latch
    assert (engine.state.latch.reason, engine.state.latch.flatten) == (f"strategy_stopped: {text[:-1]}", False)
    engine.next_minute()
    exits = engine.only(engine.decide(exits=(Side.BUY,)), Purpose.EXIT)
    engine.leave(exits)
    engine.next_minute()
    engine.decide(Side.BUY)
    engine.now_ns += MS
    assert not engine.placed(engine.book()), "nothing enters"
