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
