"""Entries are as large as the limits allow and no larger; for a small account there is a smallest sum."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.limits import Executor
from live.engine.risk.costs import loss_at_stop, margin
from live.engine.risk.reasons import Reason
from live.engine.risk.sizing import entry_quantity, smallest_capital, smallest_quantity
from live.engine.settings import ImbalanceSettings
from live.engine.state import EngineState
from live.money import SCALE, parse
from tests.live.engine.judgements import approved, reason
from tests.live.engine.states import CONTRACT, PRICE, SYMBOL, entry, hold, quiet_state, working

STOP_BPS = ImbalanceSettings().stop_bps
SIZES = (Reason.POSITION, Reason.INSTRUMENT, Reason.LOSS_AT_STOP, Reason.MARGIN)


def test_an_entry_has_the_size_of_the_setting_where_nothing_is_smaller() -> None:
    state = quiet_state(400_000)
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.166")
    state.settings = msgspec.structs.replace(state.settings, order_usd=6_000 * SCALE)
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.1")


@pytest.mark.parametrize(
    ("capital", "tighter", "quantity"),
    [
        (40_000, {"position": 3_000 * SCALE}, "0.05"),
        (8_000, {}, "0.033"),
        (40_000, {"instrument": 60 * SCALE}, "0.001"),
        (40_000, {"instrument": 59 * SCALE}, "0"),
        (40_000, {"loss_at_stop": parse("21.0175051")}, "0.1"),
        (40_000, {"loss_at_stop": parse("21.0175")}, "0.099"),
    ],
)
def test_the_tightest_limit_sizes_the_entry(capital: int, tighter: dict[str, int], quantity: str) -> None:
    assert entry_quantity(quiet_state(capital, **tighter), SYMBOL, PRICE) == parse(quantity)


def test_free_margin_and_what_is_open_size_the_entry() -> None:
    state = quiet_state(40_000)
    state.account.reported_ns, state.account.wallet = 1, parse("606.0000001")
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.1")
    state.account.wallet = -SCALE
    assert entry_quantity(state, SYMBOL, PRICE) == 0
    state = quiet_state(40_000)
    working(state, quantity=parse("0.1"))
    hold(state, "0.05")
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.016")


def test_an_entry_is_not_above_the_largest_order_of_the_contract() -> None:
    state = quiet_state(contracts=(msgspec.structs.replace(CONTRACT, max_quantity=parse("0.02")),))
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.02")


@given(
    st.integers(100, 100_000),
    st.integers(1, 5 * 10**11),
    st.integers(-(2**20), 2**20),
    st.integers(1, 125),
    st.integers(SCALE, 1_000 * SCALE),
)
def test_risk_refuses_no_entry_of_this_size_for_its_size(
    capital: int, loss: int, ticks: int, leverage: int, stop_bps: int
) -> None:
    contract = msgspec.structs.replace(CONTRACT, leverage=leverage, min_quantity=1, min_notional=0, step=1, tick=1)
    state = quiet_state(capital, (contract,))
    state.limits = msgspec.structs.replace(state.limits, loss_at_stop=min(loss, state.limits.loss_at_stop))
    state.settings = msgspec.structs.replace(state.settings, stop_bps=stop_bps)
    price = PRICE + ticks
    quantity = entry_quantity(state, SYMBOL, price)
    if quantity > 0:
        assert approved(entry(price=price, quantity=quantity), state)
        assert reason(entry(price=price, quantity=quantity + parse("0.001")), state) in SIZES or quantity >= parse(
            "0.1"
        )


def test_the_smallest_order_meets_quantity_notional_and_step() -> None:
    assert smallest_quantity(CONTRACT, PRICE) == parse("0.001")
    assert smallest_quantity(CONTRACT, 50_000 * SCALE) == parse("0.001")
    assert smallest_quantity(CONTRACT, 50_000 * SCALE - 1) == parse("0.002")
    dear = msgspec.structs.replace(CONTRACT, min_quantity=parse("0.0025"))
    assert smallest_quantity(dear, PRICE) == parse("0.003")


def test_the_smallest_capital_trades_the_smallest_order_and_a_unit_less_does_not() -> None:
    capital = smallest_capital(CONTRACT, PRICE, Executor.SCALP, STOP_BPS)
    assert capital == 240 * SCALE, "60 is a quarter of 240"
    state = quiet_state(240)
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.001")
    assert approved(entry(quantity=parse("0.001")), state)
    assert reason(entry(quantity=parse("0.001")), quiet_state(239)) == Reason.INSTRUMENT


def test_a_wide_stop_or_high_margin_needs_more_capital() -> None:
    loss = loss_at_stop(CONTRACT, parse("0.001"), PRICE, 1_000 * SCALE)
    assert smallest_capital(CONTRACT, PRICE, Executor.SCALP, 1_000 * SCALE) == 50 * loss > 240 * SCALE
    unlevered = msgspec.structs.replace(CONTRACT, leverage=1, taker_rate=2 * SCALE)
    needed = smallest_capital(unlevered, PRICE, Executor.SCALP, SCALE)
    assert needed >= margin(unlevered, 60 * SCALE)


def test_no_capital_trades_an_order_above_the_limit_of_a_position() -> None:
    contract = msgspec.structs.replace(CONTRACT, min_notional=10_001 * SCALE)
    assert smallest_capital(contract, PRICE, Executor.SCALP, STOP_BPS) == 0
    exact = msgspec.structs.replace(CONTRACT, min_notional=10_000 * SCALE)
    assert smallest_capital(exact, 50_000 * SCALE, Executor.SCALP, STOP_BPS) == 40_000 * SCALE


UNITS_ONLY = msgspec.structs.replace(
    CONTRACT, step=1, tick=1, min_quantity=1, min_notional=1, leverage=1, maker_rate=0, taker_rate=0
)
"""A contract in which a quantity at a price of 1 is its notional and its margin, to the last unit."""


def at_one(free: int, **tighter: int) -> EngineState:
    """A mark price of 1, and so many units of funds."""
    state = quiet_state(40_000, (UNITS_ONLY,), **tighter)
    state.markets[SYMBOL].mark = SCALE
    state.account.wallet, state.account.reported_ns = free, 1
    return state


def test_ten_units_are_left_for_rounding() -> None:
    assert entry_quantity(at_one(1_234_567), SYMBOL, SCALE) == 1_234_557
    # at the stop a unit at 1 loses 0.0015, 0.001 of slippage and a tick of 1e-8: 250,001 units
    assert entry_quantity(at_one(10**15, loss_at_stop=250_011), SYMBOL, SCALE) == SCALE
    assert entry_quantity(at_one(10**15, loss_at_stop=250_010), SYMBOL, SCALE) == SCALE - 400, "of 249,999 / 250,001"


@pytest.mark.parametrize(("free", "loss"), [(1_234_567, 10**9), (10**15, 250_011), (10**15, 10**9)])
def test_a_quantity_is_never_a_float_whatever_sizes_it(free: int, loss: int) -> None:
    assert isinstance(entry_quantity(at_one(free, loss_at_stop=loss), SYMBOL, SCALE), int)


def test_nothing_is_bought_without_funds_even_where_a_unit_costs_a_unit() -> None:
    state = at_one(-5)
    state.markets[SYMBOL].mark = 1
    assert entry_quantity(state, SYMBOL, 1) == 0


def test_an_entry_is_sized_at_the_mark_price_where_that_is_higher() -> None:
    state = quiet_state(400_000, loss_at_stop=5_000 * SCALE)
    state.markets[SYMBOL].mark = parse("66666.7")
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.149"), "10,000 by 66,666.7 is 0.14999…"


def test_the_smallest_order_is_rounded_up_to_the_step() -> None:
    coarse = msgspec.structs.replace(CONTRACT, step=parse("0.007"))
    assert smallest_quantity(coarse, PRICE) == parse("0.007")
    assert smallest_quantity(coarse, parse("7142.9")) == parse("0.007"), "50 by 7,142.9 is 0.0069999…"
    assert smallest_quantity(coarse, parse("7142.8")) == parse("0.014"), "50 by 7,142.8 is 0.0070000…6"


def test_the_smallest_capital_is_rounded_up_in_each_of_its_three_parts() -> None:
    # the smallest order is 0.003 at 16,667.1, worth 50.0013
    price = parse("16667.1")
    assert smallest_capital(CONTRACT, price, Executor.SCALP, 15 * SCALE) == parse("200.0052"), "four times"
    # 12 % is 6.000156, slippage 0.0500013, a tick 0.0003; fees 0.02500065 and 0.02802587865 of 56.0517573
    assert loss_at_stop(CONTRACT, parse("0.003"), price, 1_200 * SCALE) == parse("6.10348383")
    assert smallest_capital(CONTRACT, price, Executor.SCALP, 1_200 * SCALE) == parse("305.1741915"), "50 times"
    for stop_bps in (15 * SCALE, 1_200 * SCALE):
        assert isinstance(smallest_capital(CONTRACT, price, Executor.BARS, stop_bps), int), "money is never a float"
