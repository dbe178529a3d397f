"""Contracts from what the venue says of its symbols."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.exchange_info import contract_of
from live.engine.contract import Contract
from live.money import SCALE
from skills_lib.domain.errors import CorruptDataError, InputError
from tests.live.binance.account import SYMBOL, AccountClient

FILTERS: dict[str, dict[str, str]] = {
    "PRICE_FILTER": {"tickSize": "0.0500"},
    "LOT_SIZE": {"stepSize": "0.01", "minQty": "0.02", "maxQty": "1000"},
    "MARKET_LOT_SIZE": {"stepSize": "0.10", "minQty": "0.10", "maxQty": "120"},
    "MIN_NOTIONAL": {"notional": "5"},
}
RATES = json.dumps({"symbol": "XUSDT", "makerCommissionRate": "0.000200", "takerCommissionRate": "0.000400"}).encode()
SETTINGS = json.dumps([{"symbol": "XUSDT", "leverage": 21}]).encode()


def listing(filters: Any = None, **changes: Any) -> bytes:
    """An exchangeInfo with one symbol."""
    rows = [{"filterType": name} | values for name, values in (filters or FILTERS).items()]
    symbol = {"symbol": "XUSDT", "status": "TRADING", "marginAsset": "USDT", "filters": rows} | changes
    return json.dumps({"symbols": [symbol]}).encode()


def test_the_contract_of_the_exchange_has_its_filters_rates_and_leverage(account: AccountClient) -> None:
    rules = account.venue.feed.listed[SYMBOL]
    expected = Contract(
        symbol=SYMBOL,
        margin_asset="USDT",
        tick=SCALE // 10,
        step=SCALE // 1000,
        min_quantity=SCALE // 1000,
        max_quantity=1_000 * SCALE,
        max_market_quantity=120 * SCALE,
        min_notional=50 * SCALE,
        price_decimals=1,
        quantity_decimals=3,
        maker_rate=account.venue.state.accounts["paper"].fees.maker,
        taker_rate=account.venue.state.accounts["paper"].fees.taker,
        leverage=account.venue.state.accounts["paper"].settings_of(SYMBOL).leverage,
    )
    assert account.contract == expected
    assert rules.listing["marginAsset"] == expected.margin_asset


def test_what_an_entry_opens_a_market_order_can_close() -> None:
    made = contract_of("XUSDT", listing(), RATES, SETTINGS)
    assert (made.step, made.min_quantity) == (SCALE // 10, SCALE // 10)
    assert (made.max_quantity, made.max_market_quantity) == (1_000 * SCALE, 120 * SCALE)
    assert (made.tick, made.price_decimals, made.quantity_decimals) == (SCALE // 20, 2, 1)
    assert (made.maker_rate, made.taker_rate, made.leverage) == (SCALE // 5000, SCALE // 2500, 21)


@pytest.mark.parametrize("status", ["SETTLING", "PENDING_TRADING", "BREAK"])
def test_a_contract_that_is_not_traded_takes_no_orders(status: str) -> None:
    assert not contract_of("XUSDT", listing(status=status), RATES, SETTINGS).trading


def test_a_symbol_that_is_not_listed_is_bad_input() -> None:
    with pytest.raises(InputError, match="YUSDT"):
        contract_of("YUSDT", listing(), RATES, SETTINGS)


@pytest.mark.parametrize("missing", sorted(FILTERS))
def test_a_missing_filter_is_not_replaced_by_a_guess(missing: str) -> None:
    rest = {name: values for name, values in FILTERS.items() if name != missing}
    with pytest.raises(CorruptDataError, match="XUSDT"):
        contract_of("XUSDT", listing(rest), RATES, SETTINGS)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        *(("PRICE_FILTER", "tickSize", value) for value in ("0", "NaN", "-1")),
        *(("LOT_SIZE", "stepSize", value) for value in ("0", "0.03", "NaN", "-1")),
    ],
)
def test_a_tick_or_step_that_cannot_be_used_is_an_error(name: str, field: str, value: str) -> None:
    with pytest.raises(CorruptDataError, match="XUSDT"):
        contract_of("XUSDT", listing(FILTERS | {name: FILTERS[name] | {field: value}}), RATES, SETTINGS)


@pytest.mark.parametrize(("rates", "settings"), [(RATES.replace(b"XUSDT", b"YUSDT"), SETTINGS), (RATES, b"[]")])
def test_answers_of_another_symbol_are_an_error(rates: bytes, settings: bytes) -> None:
    with pytest.raises(CorruptDataError, match="XUSDT"):
        contract_of("XUSDT", listing(), rates, settings)


@given(st.binary(max_size=80), st.integers(0, 2))
def test_any_bytes_are_an_error_of_one_line(raw: bytes, place: int) -> None:
    answers = [listing(), RATES, SETTINGS]
    answers[place] = raw
    with pytest.raises((CorruptDataError, InputError)) as error:
        contract_of("XUSDT", *answers)
    assert "\n" not in str(error.value)
