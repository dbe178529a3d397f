"""Costs: commissions computed by hand, per venue."""

import json

import pytest

from skills_lib.domain.costs import PRESETS, Costs, costs_from, preset
from skills_lib.domain.errors import InputError


@pytest.mark.parametrize(
    ("name", "units", "price", "expected"),
    [
        ("default", 2, 50_000, 200.0),  # 100,000 × 0.2 %
        ("default", -2, 50_000, 200.0),
        ("binance-spot", 0.5, 60_000, 30.0),  # 30,000 × 0.1 %
        ("usdm-taker", 1, 60_000, 30.0),  # 60,000 × 0.05 %
        ("usdm-maker", 1, 60_000, 12.0),  # 60,000 × 0.02 %
        ("ib-stock", 100, 50, 1.0),  # 100 × 0.005 = 0.50, below the minimum of 1
        ("ib-stock", 200, 50, 1.0),  # exactly the minimum
        ("ib-stock", 1_000, 50, 5.0),  # 1,000 × 0.005
        ("ib-stock", -1_000, 50, 5.0),
        ("ib-stock", 10, 5, 0.5),  # 1 % of 50 is below the minimum: the cap wins
        ("ib-stock", 10_000, 0.25, 25.0),  # 10,000 × 0.005 = 50, but 1 % of 2,500 is 25
        ("free", 1, 60_000, 0.0),
    ],
)
def test_a_preset_charges_what_its_venue_publishes(name: str, units: float, price: float, expected: float) -> None:
    assert preset(name).commission(units, price) == pytest.approx(expected, rel=1e-12)


def test_a_rebate_stays_negative() -> None:
    assert Costs(commission_bps=-1).commission(2, 5_000) == pytest.approx(-1.0)


@pytest.mark.parametrize(("name", "plain"), [(name, name != "ib-stock") for name in PRESETS])
def test_only_a_charge_per_share_is_not_proportional(name: str, plain: bool) -> None:
    assert PRESETS[name].is_proportional is plain


def test_a_cap_alone_is_not_proportional() -> None:
    assert not Costs(commission_maximum_bps=5).is_proportional


def test_spread_and_slippage_are_charged_once_for_the_round_trip() -> None:
    costs = Costs(commission_bps=10, spread_bps=2, slippage_bps=3)
    assert costs.round_trip_spread == pytest.approx(0.0008)  # one full spread, slippage on both sides
    assert costs.side_bps() == pytest.approx(10 + 1 + 3)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name: str) -> None:
    text = json.dumps(PRESETS[name].model_dump(mode="json"), allow_nan=False)
    assert Costs.model_validate_json(text) == PRESETS[name]


def test_an_unknown_preset_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"Unknown costs 'binance'\. Did you mean 'binance-spot'\? Allowed: default, "):
        preset("binance")


def test_rates_given_beside_a_preset_replace_its_own_and_show_in_the_name() -> None:
    assert costs_from("default", {"commission_bps": None}) == PRESETS["default"]
    adjusted = costs_from("usdm-taker", {"commission_bps": 4.0, "spread_bps": None})
    assert (adjusted.commission_bps, adjusted.spread_bps, adjusted.name) == (4.0, 0.2, "usdm-taker, adjusted")


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 1_000.0, -101.0])
def test_a_rate_out_of_range_is_refused_in_one_line(rate: float) -> None:
    with pytest.raises(InputError, match=r"commission_bps=.* is not allowed"):
        costs_from("default", {"commission_bps": rate})
