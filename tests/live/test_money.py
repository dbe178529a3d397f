"""Amounts as text: one plain form, in ASCII digits, with no more than eight places."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.amounts import order_number, rounded
from live.money import SCALE, parse, plain

DIGITS_OF_OTHER_SCRIPTS = ["٣", "१२", "１２", "1٣", "1.٣", "𝟙", "²"]
OTHER_FORMS = [
    "",
    ".5",
    "1e3",
    "1E-8",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "0x10",
    "1_000",
    "1,000",
    "1 0",
    "--1",
    "+-1",
    "True",
]


@pytest.mark.parametrize("text", [*DIGITS_OF_OTHER_SCRIPTS, *OTHER_FORMS, "0.000000001", "1" * 16])
def test_an_amount_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a plain decimal number|is finer than"):
        parse(text)


@pytest.mark.parametrize("text", [*DIGITS_OF_OTHER_SCRIPTS, "1_0", "-1", "1.0", " 1"])
def test_an_order_id_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        order_number(text)


@pytest.mark.parametrize("text", ["1.٣", "1.²", "٣.5"])
def test_a_mean_price_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a plain decimal number"):
        rounded(text)


@given(st.integers(-(10**22), 10**22))
def test_every_amount_is_read_as_it_is_written(units: int) -> None:
    assert parse(plain(units)) == units


@given(st.text(alphabet="0123456789.+-e_ ٣", max_size=12))
def test_what_is_read_is_ascii_and_the_exact_number(text: str) -> None:
    try:
        units = parse(text)
    except ValueError:
        return
    assert text.isascii()
    assert Decimal(text.strip()) * SCALE == units
