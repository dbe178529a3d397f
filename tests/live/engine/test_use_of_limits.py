"""Limits at their boundaries, how much of each is used, and how large an entry they leave."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.engine.intents import Approved
from live.engine.limits import UNITS, Executor, LooserLimitsError, effective, highest, lowest
from live.engine.risk.costs import loss_at_stop, margin
from live.engine.risk.judging import judge
from live.engine.risk.profit import DAY_NS, begin_day, loss_reason, loss_today
from live.engine.risk.sizing import entry_quantity, smallest_capital, smallest_quantity
from live.engine.risk.uses import approaching, current, newly_approached, with_entry
from live.engine.state import Day, EngineState
from live.money import SCALE, parse
from tests.live.engine.states import CONTRACT, NOW_NS, PRICE, SYMBOL, entry, hold, other, quiet_state, working

STOP_BPS = 15 * SCALE
S = 1_000_000_000


@pytest.mark.parametrize(
    ("capital", "limits"),
    [
        (1_000, {"instrument": 250, "daily_loss": 50, "drawdown": 100, "loss_at_stop": 20}),
        (10_000, {"instrument": 2_500, "daily_loss": 500, "drawdown": 1_000, "loss_at_stop": 200}),
        (1_000_000, {"instrument": 250_000, "daily_loss": 500, "drawdown": 1_000, "loss_at_stop": 20_000}),
    ],
)
def test_limits_are_shares_of_the_capital_up_to_an_amount(capital: int, limits: dict[str, int]) -> None:
    found = highest(Executor.SCALP, capital * SCALE)
    assert {name: getattr(found, name) for name in limits} == {name: usd * SCALE for name, usd in limits.items()}


@pytest.mark.parametrize("name", sorted(UNITS))
def test_each_limit_is_tightened_down_to_its_lowest_value_and_no_further(name: str) -> None:
    for allowed in (lowest(name), getattr(highest(Executor.SCALP, 40_000 * SCALE), name)):
        assert getattr(effective(Executor.SCALP, 40_000 * SCALE, {name: allowed}), name) == allowed
    for loose in (lowest(name) - 1, getattr(highest(Executor.SCALP, 40_000 * SCALE), name) + 1):
        with pytest.raises(LooserLimitsError, match=f"{name} cannot be .* tightened, never loosened"):
            effective(Executor.SCALP, 40_000 * SCALE, {name: loose})
    assert lowest(name) >= 1


def test_the_use_of_each_limit_now() -> None:
    state = quiet_state()
    hold(state, "0.05")
    working(state)
    state.day = Day(NOW_NS // DAY_NS, trades=7, orders=11, fills=4, order_times_ns=deque([NOW_NS - 1, NOW_NS]))
    state.account.fees = 9 * SCALE
    lost = sum(loss_at_stop(CONTRACT, parse(size), PRICE, STOP_BPS) for size in ("0.05", "0.1"))
    assert {use.limit: use.used for use in current(state)} == {
        "position": 3_000 * SCALE,
        "instrument": 9_000 * SCALE,
        "loss_at_stop": lost,
        "open_positions": 1,
        "orders_per_second": 2,
        "trades_per_day": 8,
        "orders_per_fill": 11,
        "daily_loss": 9 * SCALE,
        "drawdown": 9 * SCALE,
    }
    assert {use.limit: use.allowed for use in current(state)}["orders_per_fill"] == 20 * 5


def test_a_limit_is_approached_from_80_percent_and_said_once_a_day() -> None:
    state = quiet_state()
    state.day.trades = 159
    assert approaching(state) == []
    state.day.trades = 160
    assert [use.limit for use in newly_approached(state)] == ["trades_per_day"]
    state.day.trades = 199
    assert [use.limit for use in approaching(state)] == ["trades_per_day"]
    assert newly_approached(state) == []
    state.now_ns += DAY_NS
    loss_reason(state)
    state.day.trades = 170
    assert [use.limit for use in newly_approached(state)] == ["trades_per_day"]


def test_a_day_begins_at_midnight_utc_and_its_losses_at_nothing() -> None:
    state, midnight_ns = quiet_state(), (NOW_NS // DAY_NS + 1) * 86_400_000_000_000
    begin_day(state, 5 * SCALE)
    assert loss_today(state, 6 * SCALE) == 0
    state.now_ns = midnight_ns - 1
    begin_day(state, 2 * SCALE)
    assert loss_today(state, SCALE) == 4 * SCALE
    state.now_ns = midnight_ns
    begin_day(state, 2 * SCALE)
    assert loss_today(state, SCALE) == SCALE


@settings(max_examples=60, deadline=None)
@given(
    capital=st.integers(300, 200_000),
    price=st.integers(598_000, 602_000),
    held=st.sampled_from(["", "0.01", "-0.03"]),
    stop=st.integers(1, 400),
)
def test_the_quantity_of_an_entry_is_the_largest_that_risk_approves(
    capital: int, price: int, held: str, stop: int
) -> None:
    state = quiet_state(capital)
    state.settings = type(state.settings)(stop_bps=stop * SCALE, order_usd=10_000_000 * SCALE)
    if held:
        hold(state, held, symbol=SYMBOL)
    price *= SCALE // 10
    found = entry_quantity(state, SYMBOL, price)
    assert found % CONTRACT.step == 0
    if held:
        state.positions.clear()  # a second entry is refused for another reason; its size is checked below
        assert found <= entry_quantity(state, SYMBOL, price)
        return
    assert not found or found * price < CONTRACT.min_notional * SCALE or approves(state, found, price)
    assert not approves(state, found + CONTRACT.step, price)


def approves(state: EngineState, quantity: int, price: int) -> bool:
    return isinstance(judge(entry(quantity=quantity, price=price), state), Approved)


@pytest.mark.parametrize(
    ("usd", "quantity"), [(60_000, "0.001"), (50_000, "0.001"), (49_999, "0.002"), (10_000, "0.005"), (9_999, "0.006")]
)
def test_the_smallest_order_covers_minimum_notional_quantity_and_step(usd: int, quantity: str) -> None:
    assert smallest_quantity(CONTRACT, usd * SCALE) == parse(quantity)


def test_the_smallest_capital_is_the_first_whose_limits_allow_the_smallest_order() -> None:
    found = smallest_capital(CONTRACT, PRICE, Executor.SCALP, STOP_BPS)
    assert found == 240 * SCALE, "0.001 at 60,000 is 60, a quarter of 240"
    for capital, allowed in ((found, True), (found - 4, False)):
        limits = highest(Executor.SCALP, capital)
        assert (limits.instrument >= 60 * SCALE) is allowed
    wide = smallest_capital(CONTRACT, PRICE, Executor.SCALP, 5_000 * SCALE)
    lost = loss_at_stop(CONTRACT, parse("0.001"), PRICE, 5_000 * SCALE)
    assert wide == -(-lost * 50) > found, "2 % of it"
    assert smallest_capital(CONTRACT, 10_000_001 * SCALE, Executor.SCALP, STOP_BPS) == 0, (
        "above the limit of a position"
    )
    assert margin(CONTRACT, 60 * SCALE) == 6 * SCALE + 2 * parse("0.03")


def busy() -> EngineState:
    """Two markets with a position and an entry each, of which the second is the larger."""
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT")))
    state.markets[SYMBOL].mark = parse("60123.4")
    hold(state, "0.0137")
    hold(state, "-0.071", symbol="ETHUSDT")
    working(state, quantity=parse("0.011")).filled = parse("0.003")
    working(state, client_id="r-8", symbol="ETHUSDT", quantity=parse("0.013"))
    state.day = Day(NOW_NS // DAY_NS, 0, trades=6, orders=11, fills=4)
    state.day.order_times_ns.extend([NOW_NS - 2 * S, NOW_NS - S, NOW_NS - S + 1, NOW_NS])
    state.account.fees = parse("3.00000007")
    return state


def test_the_use_of_each_limit_now_is_of_the_market_that_uses_it_up_soonest() -> None:
    # profit: 0.0137 by 123.4 is 1.69058, less fees of 3.00000007
    # at the stop 0.071 and 0.013 at 60,000 lose 14.92242855 and 2.73227565
    assert {use.limit: use.used for use in current(busy())} == {
        "position": parse("4260"),
        "instrument": parse("5040"),
        "loss_at_stop": parse("17.6547042"),
        "open_positions": 2,
        "orders_per_second": 2,
        "trades_per_day": 7,
        "orders_per_fill": 11,
        "daily_loss": parse("1.30942007"),
        "drawdown": parse("1.30942007"),
    }
    assert {use.limit: use.allowed for use in current(busy())}["orders_per_fill"] == 100


def test_the_use_of_each_limit_with_an_entry_adds_to_what_its_symbol_has() -> None:
    # 0.0061 at 60,123.4 is 366.75274; 0.0137 is 823.69058 and 0.008 is 480.9872
    # at the stop 0.0137 and 0.008 at 60,000 lose 2.87939819 and 1.6814004, 0.0061 at 60,123.4 loses 1.28470334
    intent = entry(quantity=parse("0.0061"), price=parse("60100"))
    assert {use.limit: use.used for use in with_entry(busy(), intent)} == {
        "position": parse("1190.44332"),
        "instrument": parse("1671.43052"),
        "loss_at_stop": parse("5.84550193"),
        "open_positions": 2,
        "orders_per_second": 5,
        "trades_per_day": 8,
        "orders_per_fill": 12,
    }
    assert {use.limit: use.allowed for use in with_entry(busy(), intent)}["orders_per_fill"] == 100


def test_a_run_without_markets_uses_nothing() -> None:
    assert {use.used for use in current(quiet_state(contracts=()))} == {0}


def test_a_position_that_only_the_venue_knows_loses_at_the_stop_from_the_mark_price() -> None:
    state = quiet_state()
    hold(state, "0").reported = parse("0.1")
    assert {use.limit: use.used for use in current(state)}["loss_at_stop"] == parse("21.017505")
    hold(state, "-0.1", price=parse("30000"))
    # 0.1 at 30,000 is 3,000: 4.5 to the stop, 3 of slippage, a tick of 0.01, fees of 1.5 and 1.503755
    assert {use.limit: use.used for use in current(state)}["loss_at_stop"] == parse("10.513755")


@pytest.mark.parametrize(("age_ns", "said"), [(0, False), (S - 1, False), (S, True), (S + 1, True), (60 * S, True)])
def test_a_difference_that_lasts_does_not_keep_a_limit_from_being_said(age_ns: int, said: bool) -> None:
    state = quiet_state()
    hold(state, "0.134").differs_ns = NOW_NS - age_ns
    found = {use.limit for use in newly_approached(state)}
    assert found == ({"position", "instrument"} if said else {"position"})
