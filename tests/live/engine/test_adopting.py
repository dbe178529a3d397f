"""A position of somebody else becomes the run's: one stop, the limits, the run's exits, and nothing twice."""

import msgspec
import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.adopting import refusal, worse_of
from live.engine.decided import Adopted
from live.engine.gate.gate import Gate
from live.engine.intents import Purpose
from live.engine.latching import latch
from live.engine.orders.reports import name_position
from live.engine.state import OrderState, Position
from live.enums import Side
from live.journal.encoding import journalled_intent, whole
from live.money import SCALE, parse
from tests.live.engine.driven import PRICE, SYMBOL, DrivenEngine, S
from tests.live.engine.states import CAPITAL, CONTRACT, LIMITS, NOW_NS, hold, other, quiet_state, working

STOP_BPS = 15 * SCALE
PLACE_STOP, ACCEPTED = e.Request.PLACE_STOP, e.RequestOutcome.ACCEPTED


def adopted(quantity: str = "0.1", price: int = PRICE, mark: int = PRICE, symbol: str = SYMBOL) -> Adopted:
    """What a person adopts."""
    return Adopted(NOW_NS, symbol, parse(quantity), price, mark, NOW_NS)


def foreign(quantity: str = "0.1") -> DrivenEngine:
    """A run in whose symbol somebody else has bought, which has ended its entries."""
    engine = DrivenEngine()
    fill = e.Fill(1, PRICE, parse(quantity), 0, "USDT", maker=False, realised=0)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (e.AccountTrade(9, Side.BUY, fill, NOW_NS),)))
    latch(engine.state, "foreign_order", SYMBOL, "test")
    assert engine.position.foreign
    return engine


@pytest.mark.parametrize(("quantity", "side", "below"), [("0.1", Side.SELL, True), ("-0.1", Side.BUY, False)])
def test_at_a_start_it_gets_exactly_one_stop_whose_id_is_of_the_position(
    quantity: str, side: Side, below: bool
) -> None:
    engine = DrivenEngine()
    stop = engine.only(engine.take(adopted(quantity)), Purpose.STOP)
    assert (stop.client_id, stop.position, stop.side) == (f"{engine.position.id}S", engine.position.id, side)
    assert (stop.trigger_price < PRICE) is below
    engine.answer(PLACE_STOP, stop.client_id, ACCEPTED)
    assert not engine.placed(engine.wait(10 * S)), "and no second one"
    assert engine.state.latch is None


def test_while_running_the_foreign_position_is_taken_over_and_entries_stay_ended() -> None:
    engine = foreign()
    assert not engine.placed(), "it is left alone until a person decides"
    stop = engine.only(engine.take(adopted()), Purpose.STOP)
    assert (engine.position.foreign, stop.position) == (False, engine.position.id)
    assert engine.state.latch is not None


def test_adopting_twice_changes_nothing_and_says_so() -> None:
    engine = DrivenEngine()
    engine.take(adopted())
    name = engine.position.id
    said = engine.take(adopted())
    assert [alert.code for alert in engine.kinds(a.Alert, said)] == ["adopt_refused"]
    assert (engine.placed(said), engine.position.id) == ([], name)


def test_the_longest_hold_begins_with_the_adoption_and_closes_it() -> None:
    engine = DrivenEngine(hold_ms=60_000)
    stop = engine.only(engine.take(adopted()), Purpose.STOP)
    engine.answer(PLACE_STOP, stop.client_id, ACCEPTED)
    engine.stop_report()
    assert not [one for one in engine.placed(engine.wait(59 * S)) if one.purpose is Purpose.EXIT]
    exit_order = next(one for one in engine.placed(engine.wait(2 * S)) if one.purpose is Purpose.EXIT)
    assert (exit_order.quantity, exit_order.side, exit_order.reason) == (parse("0.1"), Side.SELL, "time")


@pytest.mark.parametrize(("quantity", "mark", "from_"), [("0.1", 59_000, 59_000), ("0.1", 61_000, 60_000)])
def test_the_stop_is_measured_from_the_worse_of_entry_and_mark(quantity: str, mark: int, from_: int) -> None:
    """At the entry price of a losing position it would be behind the market already."""
    event = adopted(quantity, mark=mark * SCALE)
    assert worse_of(event) == from_ * SCALE
    engine = DrivenEngine()
    engine.mark(mark * SCALE)
    stop = engine.only(engine.take(event), Purpose.STOP)
    assert from_ * SCALE * 9_984 // 10_000 < stop.trigger_price < from_ * SCALE


@pytest.mark.parametrize("mark", [59_000, 60_000, 61_000])
def test_the_gate_lets_the_stop_of_an_adopted_position_pass_and_none_that_is_farther_away(mark: int) -> None:
    engine, gate, event = DrivenEngine(), Gate(LIMITS, CAPITAL, [CONTRACT], STOP_BPS), adopted(mark=mark * SCALE)
    engine.mark(mark * SCALE)
    for observed in (e.MarkChanged(NOW_NS, SYMBOL, NOW_NS, mark * SCALE), event):
        gate.observe(observed)
    (order,) = engine.kinds(a.PlaceOrder, engine.take(event))
    assert gate.check(order, journalled_intent(whole(order))) is None
    far = Gate(LIMITS, CAPITAL, [CONTRACT], STOP_BPS // 2)
    far.observe(event)
    assert "is not at its distance" in (far.check(order, order.approved.intent) or "")


def test_a_later_position_of_the_symbol_has_its_stop_from_its_own_price() -> None:
    engine = DrivenEngine()
    engine.mark(59_000 * SCALE)
    engine.take(adopted(mark=59_000 * SCALE))
    engine.now_ns += S
    fill = e.Fill(5, PRICE, parse("0.1"), 0, "USDT", maker=False, realised=0)
    trade = e.AccountTrade(77, Side.SELL, fill, engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (trade,)))
    assert engine.position.quantity == 0
    back = e.AccountTrade(78, Side.BUY, msgspec.structs.replace(fill, trade_id=6), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (back,)))
    assert engine.position.stop_from == 0


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (adopted("0"), "shows no position"),
        (adopted(symbol="ETHUSDT"), "is not traded in this run"),
        (adopted("0.17"), "position would be 10200 USD; allowed are 10000 USD. Close it: twokey live kill"),
        (adopted("-0.17"), "position would be 10200 USD"),
        (adopted("0.1", mark=100_001 * SCALE), "position would be 10000.1 USD"),
        (adopted("0.0005"), "is no quantity that orders can close"),
        (adopted("0.1005"), "is no quantity that orders can close"),
        (adopted(price=0), "says no price"),
        (adopted("0.1", price=65_001 * SCALE, mark=60_000 * SCALE), "its loss reaches the limit daily_loss"),
    ],
)
def test_what_may_not_be_adopted_is_refused_in_one_line_with_what_to_do(event: Adopted, text: str) -> None:
    engine = DrivenEngine()
    found = refusal(engine.state, event)
    assert text in found
    assert "\n" not in found
    assert not engine.placed(engine.take(event))
    assert engine.position.quantity == 0


def test_a_position_above_a_tightened_limit_is_refused() -> None:
    assert "loss_at_stop would be" in refusal(DrivenEngine(limits={"loss_at_stop": SCALE}).state, adopted())
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT")), open_positions=1)
    hold(state, "0.1")
    state.positions["ETHUSDT"] = Position("ETHUSDT")
    assert "open_positions would be 2" in refusal(state, adopted(symbol="ETHUSDT"))


def test_while_fills_and_exchange_disagree_or_an_order_is_under_way_nothing_is_adopted() -> None:
    assert "Wait until they agree" in refusal(foreign("0.05").state, adopted("0.1"))
    engine = DrivenEngine()
    working(engine.state, OrderState.UNKNOWN)
    assert "is under way" in refusal(engine.state, adopted())


@pytest.mark.parametrize("command", [e.Command.STOP, e.Command.KILL])
def test_a_run_that_ends_adopts_nothing(command: e.Command) -> None:
    engine = DrivenEngine()
    engine.take(e.Commanded(engine.now_ns, command, "test"))
    assert "The run is ending" in refusal(engine.state, adopted())


def test_the_loss_of_an_adopted_position_counts_for_the_day() -> None:
    engine = DrivenEngine()
    engine.take(adopted())
    engine.mark(PRICE - 4_990 * SCALE)
    assert engine.state.latch is None
    engine.mark(PRICE - 5_001 * SCALE)
    assert engine.state.latch is not None
    assert engine.state.latch.reason == "daily_loss"


def test_a_position_without_a_name_is_foreign_until_it_is_adopted() -> None:
    engine = foreign()
    name_position(engine.state, SYMBOL)
    assert engine.position.foreign
