"""What the gate counts as exposure: only evidence ends it, and it is read from reports of every kind."""

import msgspec
import pytest

from live.engine.actions import PlaceOrder
from live.engine.constants import HIDDEN_NS, RECV_WINDOW_NS
from live.engine.decided import Adopted
from live.engine.events import (
    AccountTrade,
    Answered,
    Event,
    OpenOrdersReport,
    Request,
    RequestOutcome,
    Tick,
    TradesReport,
    Witness,
)
from live.engine.gate.gate import Gate
from live.engine.limits import Executor, highest
from live.enums import OrderStatus, Side
from live.money import SCALE, parse
from tests.live.engine.judgements import approval
from tests.live.engine.states import (
    CONTRACT,
    NOW_NS,
    PRICE,
    SYMBOL,
    entry,
    exit_of_a_long,
)
from tests.live.engine.test_gate import CAPITAL, STOP_BPS, S, Scene, position


@pytest.mark.parametrize("parts", [("0.1",), ("0.04", "0.06")])
def test_trades_listed_before_their_order_is_known_are_no_more_exposure_once_it_is(parts: tuple[str, ...]) -> None:
    scene = Scene(position=9_000 * SCALE)
    scene.send(entry())
    for part in parts:
        trade = AccountTrade(1, Side.BUY, scene.fill(part), NOW_NS)
        scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade,)))
    scene.report(entry(), OrderStatus.FILLED, "0.1")
    scene.report(exit_of_a_long(client_id="r-2"), OrderStatus.FILLED, "0.1", "0.1")
    assert scene.refusal(entry(client_id="r-3")) == ""


def outcome(outcome: RequestOutcome, request: Request = Request.PLACE, code: int = 0, time_ns: int = NOW_NS) -> Event:
    return Answered(time_ns, request, SYMBOL, "r-1", outcome, code)


HIDDEN = RECV_WINDOW_NS + HIDDEN_NS
ENDING: list[tuple[Event, bool]] = [
    (outcome(RequestOutcome.REJECTED), True),
    (outcome(RequestOutcome.NOT_ACCEPTED), True),
    (outcome(RequestOutcome.UNKNOWN), False),
    (outcome(RequestOutcome.RECONCILE), False),
    (outcome(RequestOutcome.ACCEPTED), False),
    (outcome(RequestOutcome.REJECTED, Request.CANCEL), False),
    (outcome(RequestOutcome.RECONCILE, Request.ORDER, -2013, NOW_NS + HIDDEN - 1), False),
    (outcome(RequestOutcome.RECONCILE, Request.ORDER, -2013, NOW_NS + HIDDEN), True),
    (outcome(RequestOutcome.RECONCILE, Request.CANCEL, -2013, NOW_NS + HIDDEN), False),
    (outcome(RequestOutcome.RECONCILE, Request.ORDER, -2011, NOW_NS + HIDDEN), False),
    (Answered(NOW_NS, Request.PLACE, SYMBOL, "r-8", RequestOutcome.REJECTED), False),
    (Tick(NOW_NS + 2 * HIDDEN), False),
]


@pytest.mark.parametrize(("event", "ends"), ENDING)
def test_only_evidence_ends_the_exposure_of_an_entry(event: Event, ends: bool) -> None:
    scene = Scene(position=9_000 * SCALE)
    scene.send(entry())
    scene.gate.observe(event)
    scene.gate.observe(outcome(RequestOutcome.UNKNOWN))
    assert (scene.refusal(entry(client_id="r-3"), time_ns=NOW_NS + 2 * HIDDEN) == "") is ends


def test_open_orders_reports_are_reports_of_each_order() -> None:
    scene = Scene(position=9_000 * SCALE)
    scene.send(entry())
    report = scene.order_report(entry(), OrderStatus.CANCELED)
    scene.gate.observe(OpenOrdersReport(NOW_NS, SYMBOL, NOW_NS, (report,)))
    assert scene.refusal(entry(client_id="r-3")) == ""


def test_positions_and_unfilled_entries_are_counted_over_all_symbols() -> None:
    scene = Scene(open_positions=3)
    scene.hold()
    scene.send(entry(client_id="r-3", symbol="C0USDT"))
    assert scene.refusal(entry(client_id="r-4", symbol="C1USDT")) == ""
    scene.gate.observe(position("C2USDT", "-0.01", NOW_NS, Witness.STREAM))
    assert scene.refusal(entry(client_id="r-4", symbol="C1USDT")) == "Too many open positions."
    assert scene.refusal(entry(client_id="r-4", symbol="C0USDT", quantity=parse("0.01"))) == ""
    scene.gate.observe(position("C2USDT", "0", NOW_NS + 1, Witness.QUERY))
    assert scene.refusal(entry(client_id="r-4", symbol="C1USDT")) == ""


@pytest.mark.parametrize("witness", [Witness.QUERY, Witness.STREAM])
def test_an_older_report_of_a_position_says_nothing(witness: Witness) -> None:
    scene = Scene()
    scene.gate.observe(position(SYMBOL, "0.05", NOW_NS, witness))
    scene.gate.observe(position(SYMBOL, "0.1", NOW_NS - 1, witness))
    assert scene.refusal(exit_of_a_long(quantity=parse("0.05"))) == ""
    assert scene.refusal(exit_of_a_long(quantity=parse("0.051"))) != ""
    trade = AccountTrade(77, Side.SELL, scene.fill("0.05"), NOW_NS + 1)
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade,)))
    assert scene.refusal(exit_of_a_long(quantity=parse("0.05"))) != "", "older than the last trade"


def sold(scene: Scene, quantity: str, at_ns: int) -> TradesReport:
    trade = AccountTrade(77, Side.SELL, scene.fill(quantity), at_ns)
    return TradesReport(at_ns, SYMBOL, at_ns, NOW_NS, (trade,))


def test_what_later_trades_leave_of_a_reported_position_may_be_closed() -> None:
    scene = Scene()
    scene.gate.observe(position(SYMBOL, "0.1", NOW_NS, Witness.QUERY))
    scene.gate.observe(sold(scene, "0.04", NOW_NS + S))
    assert scene.refusal(exit_of_a_long(quantity=parse("0.06"))) == ""
    assert scene.refusal(exit_of_a_long(quantity=parse("0.061"))) != ""
    scene.gate.observe(sold(scene, "0.07", NOW_NS + 2 * S))
    assert scene.refusal(exit_of_a_long(quantity=parse("0.001"))) != ""


def test_a_trade_during_a_query_may_be_in_its_answer_and_is_not_subtracted() -> None:
    scene = Scene()
    answer = position(SYMBOL, "0.06", NOW_NS, Witness.QUERY)
    scene.gate.observe(msgspec.structs.replace(answer, time_ns=NOW_NS + 2 * S))
    scene.gate.observe(sold(scene, "0.04", NOW_NS + S))
    assert scene.refusal(exit_of_a_long(quantity=parse("0.06"))) == ""


def test_contracts_of_the_gate_are_its_own() -> None:
    contracts = [CONTRACT]
    gate = Gate(highest(Executor.SCALP, CAPITAL), CAPITAL, contracts, STOP_BPS)
    contracts.append(msgspec.structs.replace(CONTRACT, symbol="ETHUSDT"))
    action = PlaceOrder(NOW_NS, approval(entry(symbol="ETHUSDT")))
    assert gate.check(action, entry(symbol="ETHUSDT")) == "ETHUSDT is not traded in this run."


def test_orders_of_earlier_seconds_and_of_somebody_else_do_not_count_as_ours() -> None:
    scene = Scene(orders_per_second=3)
    for number in range(3, 9):
        foreign = entry(client_id=f"r-{number}", symbol="C5USDT")
        scene.report(foreign, OrderStatus.NEW)
        scene.send(entry(client_id=f"r-{number}0", symbol="C0USDT", quantity=parse("0.01")), NOW_NS + number * S // 2)
    assert scene.refusal(exit_of_a_long(symbol="C5USDT")) != "", "orders that have not filled are no position"
    scene.report(entry(client_id="r-9", symbol="C5USDT"), OrderStatus.FILLED, "0.1", "0.1")
    assert scene.refusal(exit_of_a_long(symbol="C5USDT")) == "", "trades of anybody change the position"


def test_an_adopted_position_that_trades_show_already_counts_once() -> None:
    scene = Scene()
    scene.hold("0.1")
    scene.gate.observe(Adopted(NOW_NS, SYMBOL, parse("0.1"), PRICE, PRICE, NOW_NS))
    scene.send(exit_of_a_long(client_id="r-2"))
    scene.report(exit_of_a_long(client_id="r-2"), OrderStatus.FILLED, "0.1", "0.1", NOW_NS + 1)
    refusal = f"Exit r-3 does not reduce the position of {SYMBOL} by at most its size."
    assert scene.refusal(exit_of_a_long(client_id="r-3")) == refusal
