"""Timeframes, instruments and suggestions for mistyped names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("15M", 900), (" 1H ", 3_600), ("4h", 14_400), ("1D", 86_400), ("1w", 604_800)]
)
def test_a_timeframe_is_read_and_knows_its_length(text: str, seconds: int) -> None:
    timeframe = Timeframe.parse(text)
    assert timeframe.seconds == seconds
    assert timeframe.nanoseconds == seconds * 10**9


@pytest.mark.parametrize("text", ["7h", "1hour", "", "h1", "60", "0m", "-1h", "1h1h"])
def test_an_unknown_timeframe_is_refused_with_the_allowed_ones(text: str) -> None:
    with pytest.raises(InputError, match=r"Unknown timeframe .* Allowed: 1m, 3m, 5m, .* 1w\."):
        Timeframe.parse(text)


def test_a_month_is_not_taken_for_a_minute() -> None:
    with pytest.raises(InputError, match="'1M' means months on most venues, which are not supported"):
        Timeframe.parse("1M")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("BTC", "BTC/USDT"),
        ("btcusdt", "BTC/USDT"),
        ("BTC/USDT", "BTC/USDT"),
        ("eth-usd", "ETH/USD"),
        ("sol_usdc", "SOL/USDC"),
        ("ETHBTC", "ETH/BTC"),
        ("OPBTC", "OP/BTC"),
        ("1000PEPEUSDT", "1000PEPE/USDT"),
        ("WBTC", "WBTC/USDT"),
        ("WETH", "WETH/USDT"),
        ("STETH", "STETH/USDT"),
        ("BUSD", "BUSD/USDT"),
        ("FDUSD", "FDUSD/USDT"),
        ("USDCUSDT", "USDC/USDT"),
        ("W/BTC", "W/BTC"),
        ("BTC/", "BTC/USDT"),
        ("EUR", "EUR/USDT"),
    ],
)
def test_an_instrument_is_read_in_the_spellings_people_use(text: str, pair: str) -> None:
    instrument = Instrument.parse(text)
    assert instrument.pair == pair
    assert instrument.symbol == pair.replace("/", "")
    assert Instrument.parse(instrument.pair) == instrument


@pytest.mark.parametrize(
    "text", ["", " ", "/", "/USDT", "BTC//USDT", "BTC/USDT/ETH", "BT C", "B$TC", "../x", "USDT", "BTC/BTC", "A" * 40]
)
def test_what_is_no_symbol_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a symbol\. Write BTC, BTCUSDT or BTC/USDT"):
        Instrument.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_bad_input(text: str) -> None:
    for parse in (Timeframe.parse, Instrument.parse):
        try:
            read = parse(text)
        except InputError:
            continue
        assert parse(str(getattr(read, "pair", read))) == read


def test_the_closest_word_is_suggested_in_its_own_spelling() -> None:
    assert did_you_mean("BINANCE-spto", ["binance-spot", "usdm-taker"]) == " Did you mean 'binance-spot'?"
    assert did_you_mean("xyz", ["binance-spot", "usdm-taker"]) == ""
