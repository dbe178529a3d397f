"""Risk approves an intent only inside every limit, and an exit only if it reduces."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from live.engine.intents import Refused
from live.engine.risk.judging import judge
from live.engine.risk.reasons import Reason
from live.engine.state import Day, EngineState, Latch, OrderState, Stop, StopState
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE, parse
from tests.live.engine.judgements import approved, reason, refused
from tests.live.engine.states import (
    CONTRACT,
    NOW_NS,
    PRICE,
    SYMBOL,
    entry,
    exit_of_a_long,
    hold,
    other,
    quiet_state,
    stop_of_a_long,
    working,
)

S = 1_000_000_000


def test_an_entry_within_all_limits_is_approved_with_the_use_of_each_limit() -> None:
    state = quiet_state()
    judged = approved(entry(), state)
    assert (judged.intent, judged.approved_ns) == (entry(), NOW_NS)
    assert {use.limit: (use.used, use.allowed) for use in judged.uses} == {
        "position": (6_000 * SCALE, 10_000 * SCALE),
        "instrument": (6_000 * SCALE, 10_000 * SCALE),
        "loss_at_stop": (parse("21.017505"), 800 * SCALE),
        "open_positions": (1, 5),
        "orders_per_second": (3, 10),
        "trades_per_day": (1, 200),
        "orders_per_fill": (1, 20),
        "daily_loss": (0, 500 * SCALE),
        "drawdown": (0, 1_000 * SCALE),
    }


FILTERS: list[tuple[dict[str, Any], Reason]] = [
    ({"price": PRICE + 1}, Reason.TICK),
    ({"quantity": parse("0.1005")}, Reason.STEP),
    ({"quantity": parse("1001")}, Reason.MAXIMUM),
    ({"quantity": 0}, Reason.ORDER_FORM),
    ({"quantity": parse("-0.1")}, Reason.ORDER_FORM),
    ({"price": 0}, Reason.ORDER_FORM),
    ({"price": -PRICE}, Reason.ORDER_FORM),
    ({"type": OrderType.MARKET}, Reason.ORDER_FORM),
    ({"time_in_force": TimeInForce.GTC}, Reason.ORDER_FORM),
    ({"time_in_force": None}, Reason.ORDER_FORM),
    ({"reduce_only": True}, Reason.ORDER_FORM),
    ({"trigger_price": PRICE}, Reason.ORDER_FORM),
    ({"symbol": "ETHUSDT"}, Reason.UNKNOWN_SYMBOL),
]


@pytest.mark.parametrize(("changes", "expected"), FILTERS)
def test_an_entry_of_the_wrong_form_is_refused(changes: dict[str, Any], expected: Reason) -> None:
    assert reason(entry(**changes), quiet_state()) == expected


def test_an_entry_below_the_minimum_quantity_or_notional_is_refused() -> None:
    state = quiet_state(contracts=(msgspec.structs.replace(CONTRACT, min_quantity=parse("0.2")),))
    assert reason(entry(), state) == Reason.MINIMUM
    state = quiet_state(contracts=(msgspec.structs.replace(CONTRACT, min_notional=6_001 * SCALE),))
    assert refused(entry(), state).text == "The order is worth 6000.00, below the minimum notional of 6001.00."
    assert approved(entry(), quiet_state(contracts=(msgspec.structs.replace(CONTRACT, min_notional=6_000 * SCALE),)))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_collar_holds_on_both_sides_of_the_mark_price_to_the_tick(sign: int) -> None:
    at_the_collar = PRICE + sign * 300 * SCALE
    for side in Side:
        assert approved(entry(side=side, price=at_the_collar), quiet_state())
        assert reason(entry(side=side, price=at_the_collar + sign * CONTRACT.tick), quiet_state()) == Reason.COLLAR


def test_an_entry_without_a_recent_mark_price_is_refused() -> None:
    state = quiet_state()
    state.markets[SYMBOL].mark_ns = NOW_NS - 10 * S
    assert approved(entry(), state)
    state.markets[SYMBOL].mark_ns -= 1
    assert reason(entry(), state) == Reason.NO_MARK
    state.markets[SYMBOL].mark_ns, state.markets[SYMBOL].mark = NOW_NS, 0
    assert reason(entry(), state) == Reason.NO_MARK


def changed(change: Callable[[EngineState], object]) -> EngineState:
    state = quiet_state()
    change(state)
    return state


def latch(state: EngineState) -> None:
    state.latch = Latch("kill", NOW_NS, True)


def quiet(state: EngineState) -> None:
    """Change nothing."""


def lose_the_mark(state: EngineState) -> None:
    state.markets[SYMBOL].mark = 0


def lose_the_daily_loss(state: EngineState) -> None:
    state.account.realised = -500 * SCALE


def pause(state: EngineState) -> None:
    state.paused = True


def stop_the_run(state: EngineState) -> None:
    state.stopping = True


def lose_the_market(state: EngineState) -> None:
    state.market_up = False


def lose_sight_of_the_account(state: EngineState) -> None:
    state.account_known = False


def lose_the_user_stream(state: EngineState) -> None:
    state.user_up = False


def halt(state: EngineState) -> None:
    state.markets[SYMBOL].contract = msgspec.structs.replace(CONTRACT, trading=False)


def reuse(state: EngineState) -> None:
    state.orders["r-1"] = working(state)


def leave_a_stop(state: EngineState) -> None:
    hold(state, "0").stop = Stop(stop_of_a_long(), StopState.RESTING, NOW_NS)


def report_only(state: EngineState) -> None:
    hold(state, "0").reported = parse("-0.1")


def late_fill(state: EngineState) -> None:
    order = working(state, OrderState.CANCELLED)
    order.reported = parse("0.1")


BLOCKED: list[tuple[Callable[[EngineState], object], Reason]] = [
    (latch, Reason.LATCHED),
    (pause, Reason.PAUSED),
    (stop_the_run, Reason.STOPPING),
    (lose_the_market, Reason.DISCONNECTED),
    (lose_the_user_stream, Reason.DISCONNECTED),
    (lose_sight_of_the_account, Reason.DISCONNECTED),
    (halt, Reason.NOT_TRADING),
    (reuse, Reason.ID_USED),
    (lambda state: hold(state, "0.05"), Reason.SYMBOL_BUSY),
    (lambda state: hold(state, "-0.05"), Reason.SYMBOL_BUSY),
    (leave_a_stop, Reason.SYMBOL_BUSY),
    (report_only, Reason.SYMBOL_BUSY),
    (working, Reason.SYMBOL_BUSY),
    (lambda state: working(state, OrderState.SENT), Reason.SYMBOL_BUSY),
    (lambda state: working(state, OrderState.OPEN), Reason.SYMBOL_BUSY),
    (late_fill, Reason.SYMBOL_BUSY),
]


@pytest.mark.parametrize(("change", "expected"), BLOCKED)
def test_an_entry_is_refused_while_its_symbol_or_the_run_takes_none(
    change: Callable[[EngineState], object], expected: Reason
) -> None:
    assert reason(entry(), changed(change)) == expected


def test_an_order_that_ended_with_all_fills_known_leaves_the_symbol_free() -> None:
    state = quiet_state()
    working(state, OrderState.CANCELLED)
    assert approved(entry(), state)


def test_each_limit_refuses_the_first_order_above_it() -> None:
    assert reason(entry(quantity=parse("0.167")), quiet_state(100_000)) == Reason.POSITION
    assert approved(entry(quantity=parse("0.166")), quiet_state(100_000))
    assert reason(entry(quantity=parse("0.167")), quiet_state(40_000)) == Reason.POSITION
    assert reason(entry(quantity=parse("0.1")), quiet_state(23_999)) == Reason.INSTRUMENT
    assert approved(entry(quantity=parse("0.1")), quiet_state(24_000))


def test_an_entry_is_valued_at_the_mark_price_where_that_is_higher() -> None:
    state = quiet_state(24_000)
    assert reason(entry(price=PRICE, side=Side.SELL, quantity=parse("0.1")), with_mark(state, PRICE + SCALE)) == (
        Reason.INSTRUMENT
    )


def with_mark(state: EngineState, mark: int) -> EngineState:
    state.markets[SYMBOL].mark = mark
    return state


def test_the_loss_at_the_stop_counts_distance_slippage_tick_and_both_taker_fees() -> None:
    loss = parse("21.017505")
    assert approved(entry(), quiet_state(loss_at_stop=loss))
    assert refused(entry(), quiet_state(loss_at_stop=loss - 1)).text == (
        "loss_at_stop would be 21.017505 USD; allowed are 21.01750499 USD."
    )


def test_open_positions_count_positions_and_entries_of_other_symbols() -> None:
    symbols = [f"C{number}USDT" for number in range(6)]
    state = quiet_state(400_000, tuple(other(symbol) for symbol in symbols))
    for symbol in symbols[:3]:
        hold(state, "0.01", symbol=symbol)
    working(state, symbol=symbols[3], quantity=parse("0.01"))
    assert approved(entry(symbol=symbols[4]), state)
    working(state, symbol=symbols[4], client_id="r-8", quantity=parse("0.01"))
    assert reason(entry(symbol=symbols[5]), state) == Reason.OPEN_POSITIONS


def test_an_entry_is_refused_where_its_stop_and_exit_would_not_fit_into_the_second() -> None:
    state = quiet_state()
    state.day.order_times_ns.extend([NOW_NS - S] * 5 + [NOW_NS - S + 1] * 7)
    assert approved(entry(), state)
    state.day.order_times_ns.append(NOW_NS)
    assert reason(entry(), state) == Reason.ORDERS_PER_SECOND


def test_trades_of_a_day_count_entries_that_may_still_fill() -> None:
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT")))
    state.day = Day(trades=199)
    assert approved(entry(), state)
    order = working(state, symbol="ETHUSDT", quantity=parse("0.01"))
    assert reason(entry(), state) == Reason.TRADES_PER_DAY
    order.filled = parse("0.001")
    assert approved(entry(), state)


def test_orders_a_fill_hold_after_the_first_orders_of_a_day() -> None:
    state = quiet_state()
    state.day = Day(orders=19)
    assert approved(entry(), state)
    state.day = Day(orders=20)
    assert reason(entry(), state) == Reason.ORDERS_PER_FILL
    state.day = Day(orders=39, fills=1)
    assert approved(entry(), state)
    state.day = Day(orders=40, fills=1)
    assert reason(entry(), state) == Reason.ORDERS_PER_FILL


@pytest.mark.parametrize(("realised", "expected"), [(-500, Reason.DAILY_LOSS), (-1_000, Reason.DAILY_LOSS)])
def test_an_entry_is_refused_once_a_loss_limit_is_reached(realised: int, expected: Reason) -> None:
    state = quiet_state()
    state.account.realised = realised * SCALE
    assert reason(entry(), state) == expected
    state.day.start_profit = -1_000 * SCALE
    state.account.realised = -1_000 * SCALE
    assert reason(entry(), state) == Reason.DRAWDOWN


def test_margin_is_reserved_for_positions_and_unknown_entries_of_all_symbols() -> None:
    state = quiet_state(24_000, (CONTRACT, other("ETHUSDT"), other("SOLUSDT")))
    state.account.reported_ns, state.account.wallet = NOW_NS - 1, 1_800 * SCALE
    working(state, symbol="ETHUSDT", quantity=parse("0.1"))
    hold(state, "0.09", symbol="SOLUSDT")
    needed = 606 * SCALE
    bound = needed + parse("545.4")
    state.account.wallet = needed + bound
    assert approved(entry(), state)
    state.account.wallet -= 1
    assert refused(entry(), state).text == ("The entry needs 606 USD of margin and fees; 605.99999999 USD are free.")


def test_what_the_exchange_says_is_available_is_less_by_entries_sent_since() -> None:
    state = quiet_state(40_000, (CONTRACT, other("ETHUSDT")))
    order = working(state, symbol="ETHUSDT")
    state.account.wallet, state.account.available = 40_000 * SCALE, 1_212 * SCALE
    state.account.reported_ns = order.sent_ns
    assert approved(entry(), state)
    state.account.available -= 1
    assert reason(entry(), state) == Reason.MARGIN
    state.account.reported_ns += 1
    assert approved(entry(), state)


def test_open_losses_and_realised_losses_take_from_free_margin() -> None:
    state = quiet_state(24_000, (CONTRACT, other("ETHUSDT")))
    hold(state, "0.005", price=PRICE + 40_000 * SCALE, symbol="ETHUSDT")
    state.account.reported_ns, state.account.wallet = NOW_NS, parse("606") + parse("30.3") + 200 * SCALE
    assert approved(entry(), state)
    state.account.wallet -= 1
    assert reason(entry(), state) == Reason.MARGIN


def test_judging_changes_nothing() -> None:
    state = quiet_state()
    hold(state, "0.1")
    before = replace(state), repr(state)
    judge(entry(), state)
    judge(exit_of_a_long(), state)
    assert (state, repr(state)) == before


def test_a_mark_price_whose_time_is_ahead_of_ours_is_not_old() -> None:
    state = quiet_state()
    state.markets[SYMBOL].mark_ns = NOW_NS + S
    assert approved(entry(), state)


@pytest.mark.parametrize(
    ("changes", "change", "text"),
    [
        ({"price": parse("60301.2")}, quiet, "The price is 50.2 bp from the mark price; allowed are 50 bp."),
        ({"price": parse("59698.7")}, quiet, "The price is 50.21666666 bp from the mark price; allowed are 50 bp."),
        ({}, lose_the_mark, "BTCUSDT has no mark price younger than 10 s."),
        ({}, latch, "Entries have ended for this run: kill."),
        ({}, lose_the_daily_loss, "The limit daily_loss is reached."),
        ({}, working, "BTCUSDT has a position, a stop, or an entry whose outcome is open."),
        ({"symbol": "ETHUSDT"}, quiet, "ETHUSDT is not traded in this run."),
    ],
)
def test_a_refusal_says_what_was_found_and_what_is_allowed(
    changes: dict[str, Any], change: Callable[[EngineState], object], text: str
) -> None:
    assert refused(entry(**changes), changed(change)).text == text


@pytest.mark.parametrize("loss", ["499.99999999", "500"])
def test_an_entry_is_refused_from_the_last_unit_of_the_daily_loss_on(loss: str) -> None:
    state = quiet_state()
    state.account.fees = parse(loss)
    assert (judge(entry(), state).uses[-2].used, state.latch) == (parse(loss), None)
    assert isinstance(judge(entry(), state), Refused) is (loss == "500")


def test_a_position_that_is_flat_and_settled_leaves_the_symbol_free() -> None:
    state = quiet_state()
    position = hold(state, "0")
    assert approved(entry(), state)
    position.flat_ns = NOW_NS
    assert reason(entry(), state) == Reason.SYMBOL_BUSY
