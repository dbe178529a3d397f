"""Profit counts everything, and a loss limit is reached to the last unit, on the right day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.constants import DIFFERENCE_GRACE_NS
from live.engine.events import CarriedOver, Request, RequestOutcome
from live.engine.risk.profit import (
    DAY_NS,
    begin_day,
    carried_over,
    drawdown,
    loss_reason,
    loss_today,
    profit,
    take_over,
    unrealised,
)
from live.engine.risk.reasons import Reason
from live.engine.risk.uses import approaching, current, newly_approached
from live.engine.state import Day, EngineState
from live.money import SCALE, parse, plain
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.judgements import reason
from tests.live.engine.states import CONTRACT, NOW_NS, PRICE, SYMBOL, entry, hold, other, quiet_state, working

LIMIT = 500 * SCALE


def losing(amount: int) -> EngineState:
    """A state that has lost so much today."""
    state = quiet_state()
    assert loss_reason(state) is None
    state.account.realised = -amount
    return state


def test_profit_is_realised_and_unrealised_less_fees_plus_funding() -> None:
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT")))
    state.account.realised, state.account.fees, state.account.funding = 100, 30, -7
    assert profit(state) == 63
    hold(state, "0.1", price=PRICE - 10 * SCALE)
    hold(state, "-0.2", price=PRICE - 3 * SCALE, symbol="ETHUSDT")
    assert profit(state) == 63 + parse("1") - parse("0.6")
    state.markets[SYMBOL].mark = 0
    assert profit(state) == 63 - parse("0.6"), "before the first mark a position has no profit"


def test_a_daily_loss_is_reached_at_its_limit_and_not_before() -> None:
    assert loss_reason(losing(LIMIT - 1)) is None
    assert loss_reason(losing(LIMIT)) is Reason.DAILY_LOSS


@pytest.mark.parametrize("part", ["fees", "funding", "mark"])
def test_fees_funding_and_open_losses_reach_the_daily_loss_too(part: str) -> None:
    state = losing(LIMIT - SCALE)
    hold(state, "0.1")
    assert loss_reason(state) is None
    state.account.fees += SCALE * (part == "fees")
    state.account.funding -= SCALE * (part == "funding")
    state.markets[SYMBOL].mark -= 10 * SCALE * (part == "mark")
    assert loss_reason(state) is Reason.DAILY_LOSS


def test_the_day_ends_at_midnight_utc_and_its_loss_with_it() -> None:
    state = losing(LIMIT - 1)
    midnight = (NOW_NS // DAY_NS + 1) * DAY_NS
    state.now_ns = midnight - 1
    assert loss_reason(state) is None
    state.now_ns = midnight
    assert loss_reason(state) is None
    state.account.realised -= 1
    assert loss_reason(state) is None, "of the new day only 1e-8 is lost"
    state.account.realised -= LIMIT - 1
    assert state.day.number == midnight // DAY_NS
    assert loss_reason(state) is Reason.DAILY_LOSS


def test_a_loss_found_after_midnight_is_of_the_day_before() -> None:
    state = losing(LIMIT)
    state.now_ns = (NOW_NS // DAY_NS + 1) * DAY_NS
    assert loss_reason(state) is Reason.DAILY_LOSS


def test_a_new_day_has_new_counters_and_the_same_second() -> None:
    state = losing(0)
    state.day.trades, state.day.orders, state.day.fills = 3, 4, 5
    state.day.order_times_ns.append(NOW_NS)
    state.approached.add("trades_per_day")
    state.now_ns += DAY_NS
    loss_reason(state)
    day = state.day
    assert (day.trades, day.orders, day.fills, list(day.order_times_ns)) == (0, 0, 0, [NOW_NS])
    assert state.approached == set()


def test_drawdown_is_measured_from_the_highest_profit_across_days() -> None:
    state = losing(-300 * SCALE)
    assert loss_reason(state) is None
    for number, realised in enumerate((0, -300, -600)):
        state.now_ns += DAY_NS
        state.account.realised = realised * SCALE
        assert loss_reason(state) is None, number
    state.now_ns += DAY_NS
    state.account.realised = -700 * SCALE + 1
    assert loss_reason(state) is None
    state.account.realised -= 1
    assert loss_reason(state) is Reason.DRAWDOWN
    assert state.peak_profit == 300 * SCALE


@pytest.mark.parametrize("more", [0, 1, 3_000 * SCALE])
def test_a_loss_that_goes_past_its_limit_at_once_has_reached_it(more: int) -> None:
    assert loss_reason(losing(LIMIT + more)) is Reason.DAILY_LOSS
    state = losing(0)
    state.peak_profit = 2 * LIMIT + more
    assert loss_reason(state) is Reason.DRAWDOWN


def test_drawdown_begins_at_the_capital() -> None:
    state = quiet_state(drawdown=100 * SCALE)
    state.account.realised = -100 * SCALE + 1
    assert loss_reason(state) is None
    state.account.realised -= 1
    assert loss_reason(state) is Reason.DRAWDOWN


@given(st.lists(st.integers(-400 * SCALE, 400 * SCALE), max_size=12))
def test_the_limits_say_what_the_definitions_say(changes: list[int]) -> None:
    state, profits = quiet_state(), [0]
    assert loss_reason(state) is None
    for change in changes:
        profits.append(profits[-1] + change)
        state.account.realised = profits[-1]
        daily, drawdown = -profits[-1] >= LIMIT, max(profits) - profits[-1] >= 2 * LIMIT
        expected = Reason.DAILY_LOSS if daily else Reason.DRAWDOWN if drawdown else None
        assert loss_reason(state) is expected


TODAY = NOW_NS // DAY_NS


def carried(amount: int, day: int = TODAY, drawdown: int = 0) -> CarriedOver:
    """A day that has lost so much, with counters."""
    return CarriedOver(day, -amount, 3, 4, 5, drawdown)


def test_the_days_loss_and_counters_survive_a_new_run() -> None:
    state = quiet_state()
    take_over(state, carried(LIMIT - SCALE))
    assert loss_reason(state) is None
    assert (state.day.trades, state.day.orders, state.day.fills) == (3, 4, 5)
    state.account.realised = -SCALE + 1
    assert loss_reason(state) is None
    state.account.realised -= 1
    assert loss_reason(state) is Reason.DAILY_LOSS


def test_a_run_that_begins_with_the_daily_loss_reached_enters_nothing() -> None:
    state = quiet_state()
    take_over(state, carried(LIMIT))
    assert reason(entry(), state) == Reason.DAILY_LOSS
    assert loss_reason(state) is Reason.DAILY_LOSS


def test_the_loss_of_yesterday_is_none_of_today_and_a_clock_set_back_makes_no_new_day() -> None:
    for day, expected in ((TODAY - 1, None), (TODAY + 1, Reason.DAILY_LOSS)):
        state = quiet_state()
        take_over(state, carried(LIMIT, day))
        assert loss_reason(state) is expected


def test_the_drawdown_survives_a_new_run_and_midnight() -> None:
    state = quiet_state()
    take_over(state, carried(0, TODAY - 1, drawdown=2 * LIMIT - SCALE))
    assert loss_reason(state) is None
    state.account.realised = -SCALE
    assert loss_reason(state) is Reason.DRAWDOWN


@given(st.lists(st.lists(st.integers(-400 * SCALE, 400 * SCALE), max_size=4), min_size=1, max_size=5))
def test_one_day_in_several_runs_has_the_loss_and_drawdown_of_one_run(runs: list[list[int]]) -> None:
    whole, before = quiet_state(), carried_over(quiet_state())
    loss_reason(whole)
    for changes in runs:
        part = quiet_state()
        take_over(part, before)
        loss_reason(part)
        for change in changes:
            whole.account.realised += change
            part.account.realised += change
            assert loss_reason(part) is loss_reason(whole)
        before = carried_over(part)
    of_whole = carried_over(whole)
    assert (before.profit, before.drawdown) == (of_whole.profit, of_whole.drawdown)


def approached(state: EngineState) -> set[str]:
    return {use.limit for use in approaching(state)}


def test_a_quiet_state_approaches_nothing() -> None:
    assert approached(quiet_state()) == set()
    assert all(use.used == 0 for use in current(quiet_state()))


def test_each_limit_is_approached_at_eighty_percent() -> None:
    assert approached(losing(400 * SCALE - 1)) == set()
    assert approached(losing(400 * SCALE)) == {"daily_loss"}
    state = losing(0)
    state.peak_profit = 800 * SCALE
    assert approached(state) == {"drawdown"}
    for trades, expected in ((159, set()), (160, {"trades_per_day"})):
        state = losing(0)
        state.day.trades = trades
        assert approached(state) == expected
    for orders, fills, expected in (
        (15, 0, set()),
        (16, 0, {"orders_per_fill"}),
        (16, 1, set()),
        (32, 1, {"orders_per_fill"}),
    ):
        state = losing(0)
        state.day.orders, state.day.fills = orders, fills
        assert approached(state) == expected
    state = losing(0)
    state.day.order_times_ns.extend([NOW_NS] * 8)
    assert approached(state) == {"orders_per_second"}


def test_position_and_instrument_are_approached_by_what_is_open() -> None:
    state = quiet_state()
    hold(state, "0.133")
    assert approached(state) == set()
    hold(state, "-0.134")
    assert approached(state) == {"position", "instrument"}
    state = quiet_state()
    working(state, quantity=parse("0.134"))
    assert approached(state) == {"instrument"}


def test_open_positions_and_the_loss_at_the_stop_are_approached() -> None:
    symbols = [f"C{number}USDT" for number in range(4)]
    state = quiet_state(contracts=tuple(other(symbol) for symbol in symbols))
    for symbol in symbols:
        hold(state, "0.001", symbol=symbol)
    assert approached(state) == {"open_positions"}
    state = quiet_state(loss_at_stop=parse("21.017505"))
    hold(state, "0.08")
    assert approached(state) == {"loss_at_stop"}
    hold(state, "0.079")
    assert approached(state) == set()


def test_a_limit_is_announced_once_a_day() -> None:
    state = losing(400 * SCALE)
    assert [use.limit for use in newly_approached(state)] == ["daily_loss"]
    assert newly_approached(state) == []
    state.now_ns += DAY_NS
    assert loss_reason(state) is None
    assert newly_approached(state) == [], "the loss of the day before is none of the new day"
    state.account.realised -= 400 * SCALE
    assert [use.limit for use in newly_approached(state)] == ["daily_loss", "drawdown"]


@pytest.mark.parametrize(
    ("quantity", "cost", "expected"),
    [
        ("0.00000003", "0.001", "0.00080370"),  # worth 0.001803702
        ("-0.00000003", "-0.001", "-0.00080371"),  # worth -0.001803702: rounded down, against us
        ("0.137", "8300", "-63.0942"),
    ],
)
def test_an_open_profit_is_rounded_down(quantity: str, cost: str, expected: str) -> None:
    state = quiet_state()
    state.markets[SYMBOL].mark = parse("60123.4")
    position = hold(state, quantity)
    position.cost = parse(cost)
    assert unrealised(state, position) == parse(expected)
    state.markets[SYMBOL].mark = 0
    assert unrealised(state, position) == 0


def test_a_position_known_only_by_its_report_has_no_profit() -> None:
    state = quiet_state()
    hold(state, "0").cost = parse("7")
    assert profit(state) == 0


def test_profits_are_no_losses() -> None:
    state = losing(-3)
    assert (loss_today(state, 3), drawdown(state, 3)) == (0, 0)
    assert (loss_today(state, -4), drawdown(state, -4)) == (4, 4)
    state.day.start_profit, state.peak_profit = 1_000, 7_000
    assert (loss_today(state, 237), drawdown(state, 237)) == (763, 6_763)
    assert (loss_today(state, 1_001), drawdown(state, 7_001)) == (0, 0)


def test_a_day_has_86400_seconds() -> None:
    state = losing(0)
    for now_ns, number in ((86_399_999_999_999, 0), (86_400_000_000_000, 1), (172_799_999_999_999, 1)):
        state.now_ns = now_ns
        begin_day(state, 0)
        assert state.day.number == number


def test_a_run_leaves_the_profit_of_the_day_and_the_loss_from_its_highest_profit() -> None:
    state = losing(-parse("4.00000001"))
    state.day = Day(TODAY, start_profit=parse("-7.00000003"), trades=3, orders=5, fills=9)
    state.peak_profit = parse("11.1")
    assert carried_over(state) == CarriedOver(TODAY, parse("11.00000004"), 3, 5, 9, parse("7.09999999"))


def test_a_run_goes_on_with_what_an_earlier_one_left() -> None:
    state = quiet_state()
    state.now_ns = (TODAY + 1) * DAY_NS - 1
    take_over(state, CarriedOver(TODAY, parse("-11.00000004"), 3, 5, 9, parse("7.09999999")))
    day = state.day
    assert (day.number, day.start_profit, day.trades, day.orders, day.fills) == (TODAY, parse("11.00000004"), 3, 5, 9)
    assert state.peak_profit == parse("7.09999999")


def test_a_position_reported_before_its_fill_is_not_said_to_approach_a_limit_for_the_time_of_a_fill() -> None:
    engine = DrivenEngine(limits={"loss_at_stop": 60 * SCALE})
    intent = engine.enter()
    engine.answer(Request.PLACE, intent.client_id, RequestOutcome.ACCEPTED)
    engine.now_ns += 1
    engine.position_report(plain(intent.quantity), queried=False)
    assert "loss_at_stop" in {use.limit for use in approaching(engine.state)}
    assert "loss_at_stop" not in engine.state.approached
    engine.wait(DIFFERENCE_GRACE_NS)
    engine.mark()
    assert "loss_at_stop" in engine.state.approached
