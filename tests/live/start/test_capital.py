"""A capital that cannot pay the smallest order of a contract is refused with the smallest sum that can."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.limits import Executor, Limits, effective
from live.engine.risk.sizing import entry_quantity
from live.engine.settings import ImbalanceSettings
from live.money import SCALE, parse
from live.start.capital import require_capital
from skills_lib.domain.errors import InputError
from tests.live.engine.judgements import approved
from tests.live.engine.states import CONTRACT, PRICE, SYMBOL, entry, quiet_state

SETTINGS = ImbalanceSettings()


def limits(capital: int, **tighter: int) -> Limits:
    return effective(Executor.SCALP, capital, tighter)


def refusal(capital: int, price: int = PRICE, settings: ImbalanceSettings = SETTINGS, **tighter: int) -> str:
    with pytest.raises(InputError) as refused:
        require_capital(CONTRACT, price, capital, limits(capital, **tighter), settings)
    return str(refused.value)


def test_the_smallest_sum_is_said() -> None:
    assert refusal(100 * SCALE) == (
        "A capital of 100 USD is too small for BTCUSDT. The smallest order of BTCUSDT is 0.001, 60 USD at 60000. "
        "Give at least 240 USD."
    )
    assert refusal(240 * SCALE - 1).endswith("Give at least 240 USD.")
    require_capital(CONTRACT, PRICE, 240 * SCALE, limits(240 * SCALE), SETTINGS)


def test_the_sum_is_rounded_up_to_a_cent() -> None:
    assert refusal(100 * SCALE, price=parse("60000.1")).endswith("60.01 USD at 60000.1. Give at least 240.01 USD.")


def test_a_contract_whose_smallest_order_is_above_every_limit_is_refused_at_any_capital() -> None:
    found = refusal(10**9 * SCALE, price=20_000_000 * SCALE)
    assert found.endswith("20000 USD at 20000000. A position may be worth 10000 USD: trade another contract.")


@pytest.mark.parametrize(
    ("tighter", "message"),
    [
        ({"position": parse("59.99")}, "It needs 60 USD of position, which is tightened to 59.99 USD. Give more."),
        ({"instrument": parse("59.99")}, "It needs 60 USD of instrument, which is tightened to 59.99 USD."),
        ({"loss_at_stop": parse("0.2")}, "USD of loss_at_stop, which is tightened to 0.2 USD."),
    ],
)
def test_a_limit_tightened_below_the_smallest_order_is_named(tighter: dict[str, int], message: str) -> None:
    assert message in refusal(40_000 * SCALE, **tighter)


def test_a_setting_below_the_smallest_order_is_named() -> None:
    small = msgspec.structs.replace(SETTINGS, order_usd=parse("59"))
    assert refusal(40_000 * SCALE, settings=small).endswith("order_usd=59 is below it. Give more.")


@given(
    minimum=st.integers(5 * SCALE, 200 * SCALE),
    price=st.integers(SCALE // 10, 200_000 * SCALE).map(lambda price: price - price % CONTRACT.tick),
    leverage=st.integers(1, 125),
    stop_bps=st.integers(SCALE, 2_000 * SCALE),
)
def test_with_the_sum_that_is_said_an_entry_is_approved_and_with_a_cent_less_it_is_refused(
    minimum: int, price: int, leverage: int, stop_bps: int
) -> None:
    contract = msgspec.structs.replace(CONTRACT, min_notional=minimum, leverage=leverage, max_quantity=10**9 * SCALE)
    settings = msgspec.structs.replace(SETTINGS, stop_bps=stop_bps)
    cent = SCALE // 100
    with pytest.raises(InputError) as refused:
        require_capital(contract, price, cent, limits(cent), settings)
    said = str(refused.value).rpartition("at least ")[2]
    if not said.endswith(" USD."):
        return
    enough = parse(said.removesuffix(" USD."))
    require_capital(contract, price, enough, limits(enough), settings)
    with pytest.raises(InputError, match="Give at least"):
        require_capital(contract, price, enough - cent, limits(max(enough - cent, 1)), settings)
    state = quiet_state(1, (contract,))
    state.account.capital = enough + cent
    state.limits, state.settings = limits(enough + cent), settings
    state.markets[SYMBOL].mark = price
    quantity = entry_quantity(state, SYMBOL, price)
    assert quantity
    assert approved(entry(price=price, quantity=quantity), state)
