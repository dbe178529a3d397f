"""The second gate stops what a defect of the engine or of risk would send."""

from typing import Any

import msgspec
import pytest

from live.engine.actions import PlaceOrder
from live.engine.events import (
    AccountTrade,
    Command,
    Commanded,
    ContractChanged,
    Fill,
    MarkChanged,
    OrderReport,
    PositionReport,
    TradesReport,
    Witness,
)
from live.engine.gate.gate import Gate
from live.engine.intents import Approved, Intent
from live.engine.limits import Executor, LooserLimitsError, effective, highest
from live.enums import OrderStatus, OrderType, Side
from live.money import SCALE, parse
from tests.live.engine.judgements import approval
from tests.live.engine.states import (
    CONTRACT,
    NOW_NS,
    PRICE,
    SYMBOL,
    entry,
    exit_of_a_long,
    other,
    stop_of_a_long,
)

S = 1_000_000_000
CAPITAL = 40_000 * SCALE
STOP_BPS = 15 * SCALE
SYMBOLS = [SYMBOL, *(f"C{number}USDT" for number in range(6))]


class Scene:
    """A gate, and the engine's side of it."""

    def __init__(self, **tighter: int) -> None:
        limits = effective(Executor.SCALP, CAPITAL, tighter)
        self.gate = Gate(limits, CAPITAL, [other(symbol) for symbol in SYMBOLS], STOP_BPS)
        self.trade_id = 0
        for symbol in SYMBOLS:
            self.gate.observe(MarkChanged(NOW_NS, symbol, NOW_NS, PRICE))

    def refusal(
        self, intent: Intent, journalled: Intent | None = None, time_ns: int = NOW_NS, again: bool = False
    ) -> str:
        action = PlaceOrder(time_ns, approval(intent), again=again)
        return self.gate.check(action, intent if journalled is None else journalled) or ""

    def send(self, intent: Intent, time_ns: int = NOW_NS, again: bool = False) -> None:
        assert self.refusal(intent, time_ns=time_ns, again=again) == ""
        self.gate.sent(PlaceOrder(time_ns, approval(intent), again=again))

    def report(
        self, intent: Intent, status: OrderStatus, filled: str = "0", fill: str = "", at_ns: int = NOW_NS
    ) -> None:
        self.gate.observe(self.order_report(intent, status, filled, fill, at_ns))

    def order_report(
        self, intent: Intent, status: OrderStatus, filled: str = "0", fill: str = "", at_ns: int = NOW_NS
    ) -> OrderReport:
        order_id = int(intent.client_id.strip("rS-"))
        trade = self.fill(fill) if fill else None
        return OrderReport(
            at_ns, intent.symbol, intent.client_id, order_id, intent.side, status, intent.quantity, parse(filled),
            intent.reduce_only, at_ns, Witness.STREAM, trade,
        )  # fmt: skip

    def fill(self, quantity: str, price: int = PRICE) -> Fill:
        self.trade_id += 1
        return Fill(self.trade_id, price, parse(quantity), 0, "USDT", False, 0)

    def hold(self, quantity: str = "0.1") -> None:
        """Enter and fill completely: a long position of `quantity`."""
        intent = entry(quantity=parse(quantity))
        self.send(intent)
        self.report(intent, OrderStatus.FILLED, quantity, quantity)


def test_an_order_as_it_is_in_the_journal_leaves() -> None:
    scene = Scene()
    scene.send(entry())
    scene.report(entry(), OrderStatus.FILLED, "0.1", "0.1")
    scene.send(stop_of_a_long())
    scene.send(exit_of_a_long())


def test_limits_above_those_of_the_capital_make_no_gate() -> None:
    looser = highest(Executor.SCALP, 2 * CAPITAL)
    with pytest.raises(LooserLimitsError, match="instrument cannot be 20000 USD"):
        Gate(looser, CAPITAL, [CONTRACT], STOP_BPS)


@pytest.mark.parametrize(
    "changes",
    [{"quantity": parse("0.101")}, {"price": PRICE + CONTRACT.tick}, {"side": Side.SELL}, {"client_id": "r-7"}],
)
def test_an_order_that_differs_from_the_journal_does_not_leave(changes: dict[str, Any]) -> None:
    assert Scene().refusal(entry(**changes), journalled=entry()).endswith("is not the one in the journal.")


def test_what_risk_has_not_approved_does_not_leave() -> None:
    class Lookalike:
        intent = entry()

    action = PlaceOrder(NOW_NS, Lookalike())  # type: ignore[arg-type]
    assert Scene().gate.check(action, entry()) == "The order was not approved by risk."
    made_around = object.__new__(Approved)
    object.__setattr__(made_around, "intent", entry())
    assert Scene().gate.check(PlaceOrder(NOW_NS, made_around), entry()) == "The order was not approved by risk."


def test_an_id_leaves_once() -> None:
    scene = Scene()
    scene.send(entry())
    scene.report(entry(), OrderStatus.FILLED, "0.1", "0.1")
    for again in (False, True):
        assert scene.refusal(entry(), again=again) == "Order r-1 was sent before."
        assert scene.refusal(exit_of_a_long(client_id="r-1"), again=again) == "Order r-1 was sent before."
    assert scene.refusal(stop_of_a_long(client_id="r-1")) == "Order r-1 was sent before."
    scene.send(stop_of_a_long())
    assert scene.refusal(exit_of_a_long(client_id="r-1S")) == "Order r-1S was sent before."


def test_a_stop_leaves_again_under_its_id_with_its_content_only() -> None:
    scene = Scene()
    scene.hold()
    scene.send(stop_of_a_long())
    scene.send(stop_of_a_long(), again=True)
    refusal = "Position r-1 has its stop; only the same may be sent again."
    assert scene.refusal(stop_of_a_long()) == refusal
    assert scene.refusal(stop_of_a_long(trigger_price=59_900 * SCALE), again=True) == refusal
    assert scene.refusal(stop_of_a_long(client_id="r-1T"), again=True) == refusal
    assert scene.refusal(stop_of_a_long(client_id="r-1T")) == refusal


@pytest.mark.parametrize(
    "changes",
    [{"type": OrderType.TAKE_PROFIT_MARKET}, {"quantity": parse("0.1")}, {"trigger_price": 0}],
)
def test_a_stop_that_does_not_close_the_position_does_not_leave(changes: dict[str, Any]) -> None:
    scene = Scene()
    scene.hold()
    assert scene.refusal(stop_of_a_long(**changes)) == (
        "Stop r-1S does not close the whole position at a trigger price."
    )


def test_a_stop_that_would_open_does_not_leave() -> None:
    scene = Scene()
    assert scene.refusal(stop_of_a_long()) == "Stop r-1S would open or add to a position of BTCUSDT."
    scene.hold()
    assert scene.refusal(stop_of_a_long(side=Side.BUY)) == "Stop r-1S would open or add to a position of BTCUSDT."
    assert scene.refusal(stop_of_a_long()) == ""


FAR = "Stop r-1S is not at its distance from the entry price."


def test_a_stop_leaves_only_at_its_distance_from_the_entry_price() -> None:
    scene = Scene()
    scene.hold()
    edge = PRICE - 90 * SCALE - CONTRACT.tick
    assert scene.refusal(stop_of_a_long(trigger_price=edge)) == ""
    for trigger in (edge - CONTRACT.tick, PRICE, PRICE + 90 * SCALE, CONTRACT.tick):
        assert scene.refusal(stop_of_a_long(trigger_price=trigger)) == FAR


def test_a_stop_that_its_entry_named_leaves_only_at_that_price() -> None:
    scene = Scene()
    named = 59_000 * SCALE
    scene.send(entry(stop_price=named))
    trade = AccountTrade(1, Side.BUY, scene.fill("0.1"), NOW_NS)
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade,)))
    assert scene.refusal(stop_of_a_long(trigger_price=named)) == ""
    for trigger in (named - CONTRACT.tick, named + CONTRACT.tick, 59_910 * SCALE):
        assert scene.refusal(stop_of_a_long(trigger_price=trigger)) == FAR


def test_the_entry_price_of_the_gate_is_the_mean_of_the_trades_that_it_saw_itself() -> None:
    scene = Scene()
    scene.send(entry(quantity=parse("0.1")))
    fills = [("0.06", PRICE), ("0.04", PRICE - 100 * SCALE), ("-0.05", PRICE + 500 * SCALE)]
    trades = tuple(
        AccountTrade(1, Side.SELL if text[0] == "-" else Side.BUY, scene.fill(text.strip("-"), price), NOW_NS)
        for text, price in fills
    )
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, trades))
    edge = 59_870 * SCALE  # the mean is 59,960, of which 15 bp are 89.94; on the tick, with one tick of rounding
    assert scene.refusal(stop_of_a_long(trigger_price=edge)) == ""
    assert scene.refusal(stop_of_a_long(trigger_price=edge - CONTRACT.tick)) == FAR


def test_a_position_turned_round_has_the_price_of_the_trade_that_turned_it() -> None:
    scene = Scene()
    scene.hold()
    trade = AccountTrade(9, Side.SELL, scene.fill("0.2", PRICE + 300 * SCALE), NOW_NS)
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade,)))
    short = {"side": Side.BUY, "client_id": "r-7S", "position": "r-7"}
    assert scene.refusal(stop_of_a_long(**short, trigger_price=PRICE + 390 * SCALE)) == ""
    assert scene.refusal(stop_of_a_long(**short, trigger_price=PRICE + 90 * SCALE)).endswith("from the entry price.")


@pytest.mark.parametrize(("entered", "mark"), [(PRICE, PRICE + 100 * SCALE), (0, PRICE)])
def test_a_position_that_only_the_venue_reports_is_measured_from_its_entry_price_or_else_the_mark(
    entered: int, mark: int
) -> None:
    scene = Scene()
    scene.gate.observe(MarkChanged(NOW_NS, SYMBOL, NOW_NS, mark))
    report = position(SYMBOL, "0.1", NOW_NS, Witness.QUERY)
    scene.gate.observe(msgspec.structs.replace(report, entry_price=entered))
    assert scene.refusal(stop_of_a_long()) == ""
    assert scene.refusal(stop_of_a_long(trigger_price=PRICE - 91 * SCALE)) == FAR
    assert scene.refusal(stop_of_a_long(trigger_price=PRICE)) == FAR


def test_a_position_that_only_the_venue_reports_has_no_price_of_trades_on_the_other_side() -> None:
    scene = Scene()
    trade = AccountTrade(9, Side.SELL, scene.fill("0.1", PRICE + 300 * SCALE), NOW_NS)
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade,)))
    scene.gate.observe(position(SYMBOL, "0.1", NOW_NS + 1, Witness.QUERY))
    assert scene.refusal(stop_of_a_long()) == ""
    assert scene.refusal(stop_of_a_long(trigger_price=PRICE + 210 * SCALE)) == FAR


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"reduce_only": False}, "is not a reduce-only market order."),
        ({"type": OrderType.LIMIT}, "is not a reduce-only market order."),
        ({"quantity": parse("0.101")}, "does not reduce the position of BTCUSDT by at most its size."),
        ({"quantity": 0}, "does not reduce the position of BTCUSDT by at most its size."),
        ({"side": Side.BUY}, "does not reduce the position of BTCUSDT by at most its size."),
        ({"symbol": "C0USDT"}, "does not reduce the position of C0USDT by at most its size."),
    ],
)
def test_an_exit_that_does_not_reduce_does_not_leave(changes: dict[str, Any], refusal: str) -> None:
    scene = Scene()
    scene.hold()
    assert scene.refusal(exit_of_a_long(**changes)) == f"Exit r-2 {refusal}"


@pytest.mark.parametrize(
    "changes",
    [{"type": OrderType.MARKET}, {"quantity": 0}, {"price": 0}, {"reduce_only": True}],
)
def test_an_entry_is_a_limit_order(changes: dict[str, Any]) -> None:
    assert Scene().refusal(entry(**changes)) == "Entry r-1 is not a limit order with price and quantity."


def test_a_symbol_that_is_not_of_the_run_gets_no_order() -> None:
    scene = Scene()
    assert scene.refusal(entry(symbol="NEWUSDT")) == "NEWUSDT is not traded in this run."
    scene.gate.observe(ContractChanged(NOW_NS, other("NEWUSDT")))
    assert scene.refusal(entry(symbol="NEWUSDT")) == "Entry r-1 is outside the price collar.", "it has no mark"


@pytest.mark.parametrize("end", [Command.KILL, Command.STOP])
def test_no_entry_leaves_after_a_kill_or_a_stop_and_exits_do(end: Command) -> None:
    scene = Scene()
    scene.hold()
    for command in (Command.PAUSE, end, Command.RESUME):
        scene.gate.observe(Commanded(NOW_NS, command, "test"))
    assert scene.refusal(entry(symbol="C0USDT", client_id="r-3")) == f"The run got the command {end}: no entry leaves."
    scene.send(exit_of_a_long())


@pytest.mark.parametrize("sign", [1, -1])
def test_the_collar_is_checked_again(sign: int) -> None:
    scene = Scene()
    edge = PRICE + sign * 300 * SCALE
    assert scene.refusal(entry(price=edge)) == ""
    assert scene.refusal(entry(price=edge + sign * CONTRACT.tick)) == "Entry r-1 is outside the price collar."


def test_no_more_than_the_limit_of_orders_leave_within_a_second() -> None:
    scene = Scene(orders_per_second=3)
    scene.hold()
    scene.send(stop_of_a_long())
    scene.send(stop_of_a_long(), NOW_NS + 1, again=True)
    later = entry(symbol="C0USDT", client_id="r-3", quantity=parse("0.01"))
    assert scene.refusal(later, time_ns=NOW_NS + S - 1) == "Too many orders within a second."
    assert scene.refusal(later, time_ns=NOW_NS + S) == ""
    scene.send(exit_of_a_long(), NOW_NS + 2)


def test_position_unfilled_entries_and_the_new_one_stay_within_the_limit() -> None:
    scene = Scene(position=9_000 * SCALE)
    first = entry(quantity=parse("0.1"))
    scene.send(first)
    too_large, fitting = (entry(client_id="r-3", quantity=parse(text)) for text in ("0.051", "0.05"))
    refusal = "Entry r-3 would take BTCUSDT above a limit of exposure."
    assert (scene.refusal(too_large), scene.refusal(fitting)) == (refusal, "")
    scene.report(first, OrderStatus.PARTIALLY_FILLED, "0.06", "0.06")
    assert (scene.refusal(too_large), scene.refusal(fitting)) == (refusal, "")
    scene.report(first, OrderStatus.CANCELED, "0.06")
    assert scene.refusal(too_large) == ""
    scene.report(first, OrderStatus.CANCELED, "0.1", "0.04")
    assert (scene.refusal(too_large), scene.refusal(fitting)) == (refusal, ""), "a fill after the cancel counts"


def test_an_instrument_limit_below_that_of_a_position_holds_too() -> None:
    scene = Scene(instrument=5_999 * SCALE)
    assert scene.refusal(entry()) == "Entry r-1 would take BTCUSDT above a limit of exposure."
    assert scene.refusal(entry(quantity=parse("0.099"))) == ""


def test_exposure_is_valued_at_the_mark_price_where_that_is_higher() -> None:
    scene = Scene(position=6_000 * SCALE)
    assert scene.refusal(entry()) == ""
    scene.gate.observe(MarkChanged(NOW_NS, SYMBOL, NOW_NS, PRICE + 1))
    assert scene.refusal(entry()) == "Entry r-1 would take BTCUSDT above a limit of exposure."


def test_fills_that_the_venue_counts_and_we_do_not_know_are_exposure() -> None:
    scene = Scene(position=9_000 * SCALE)
    scene.send(entry())
    scene.report(entry(), OrderStatus.CANCELED, "0.1")
    assert scene.refusal(entry(client_id="r-3")) == "Entry r-3 would take BTCUSDT above a limit of exposure."
    trade = AccountTrade(1, Side.BUY, scene.fill("0.1"), NOW_NS)
    scene.gate.observe(TradesReport(NOW_NS, SYMBOL, NOW_NS, NOW_NS, (trade, trade)))
    assert scene.refusal(exit_of_a_long()) == ""
    assert scene.refusal(exit_of_a_long(quantity=parse("0.101"))) != "", "one trade counts once"


def position(symbol: str, quantity: str, as_of_ns: int, witness: Witness) -> PositionReport:
    asked_ns, event_ns = (as_of_ns, 0) if witness is Witness.QUERY else (0, as_of_ns)
    return PositionReport(as_of_ns, symbol, parse(quantity), PRICE, event_ns, asked_ns, witness)
