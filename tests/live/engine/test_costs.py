"""Notional, loss at the stop and margin, against figures that were worked out by hand and come out even nowhere."""

import msgspec
import pytest

from live.engine.risk.costs import farthest_stop, loss_at_stop, margin, of_bps
from live.engine.risk.exposure import notional
from live.money import SCALE, parse
from tests.live.engine.states import CONTRACT

PRICE = parse("60123.4")
QUANTITY = parse("0.137")


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        ("0.137", "60123.4", "8236.9058"),
        ("0.00000003", "0.5", "0.00000002"),  # 1.5e-8, rounded up
        ("0.00000002", "0.5", "0.00000001"),
        ("0.00000001", "0.00000001", "0.00000001"),
        ("0", "60123.4", "0"),
    ],
)
def test_a_notional_is_rounded_up_to_the_next_unit(quantity: str, price: str, expected: str) -> None:
    assert notional(parse(quantity), parse(price)) == parse(expected)


@pytest.mark.parametrize(
    ("amount", "bps", "expected"),
    [
        (10_000, "1", 1),
        (10_001, "1", 2),
        (1_000_001, "15", 1_501),  # 1,500.0015
        (1_000_000, "0.01", 1),
        (0, "15", 0),
    ],
)
def test_basis_points_of_an_amount_are_rounded_up_to_the_next_unit(amount: int, bps: str, expected: int) -> None:
    assert of_bps(amount, parse(bps)) == expected


def test_the_loss_at_the_stop_is_distance_tick_slippage_and_two_fees() -> None:
    # notional 8,236.9058; 15 bp 12.3553587; 10 bp of slippage 8.2369058; a tick 0.0137: together 20.6059645
    # fees of 0.05 %: 4.1184529 of the notional, 4.12875588225 of 8,257.5117645, rounded up
    assert loss_at_stop(CONTRACT, QUANTITY, PRICE, 15 * SCALE) == parse("28.85317329")


def test_a_stop_is_at_most_its_distance_and_a_tick_away() -> None:
    assert farthest_stop(CONTRACT, parse("60123.4"), 15 * SCALE) == parse("90.2851"), "90.1851 and 0.1"
    assert farthest_stop(CONTRACT, 3, 15 * SCALE) == parse("0.10000001"), "rounded up"


def test_the_loss_at_the_stop_of_nothing_is_nothing() -> None:
    assert loss_at_stop(CONTRACT, 0, PRICE, 15 * SCALE) == 0


def test_margin_is_the_notional_by_the_leverage_and_two_fees() -> None:
    amount = parse("8236.9058")
    assert margin(CONTRACT, amount) == parse("831.9274858"), "823.69058 and twice 4.1184529"
    assert margin(msgspec.structs.replace(CONTRACT, leverage=7), amount) == parse("1184.93773438"), (
        "1,176.70082857…, rounded up, and 8.2369058"
    )
