"""Isolated margin: liquidation on the bar's extremes, by the venue's tiers, and an account at zero stays there."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.backtest.margin import (
    LIQUIDATION_FEE,
    TIERS,
    liquidation_fee,
    liquidation_price,
    price_at_liquidation,
    tier_array,
    tiers_of,
)
from tests.backtest.runs import bars_of, both, planned

BTC = {"margin_tiers": "BTCUSDT"}


def test_a_wick_liquidates_at_ten_times_leverage_though_the_close_is_back() -> None:
    """10 x: the margin is 10 a unit, 0.4 % of it must remain: 100 - 10 = p × (1 - 0.004), p = 90.36."""
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 100.0, 50.0, 100.0), 120.0])
    for run in both(planned(), bars, leverage=10, **BTC):
        assert run.trades["exit_reason"].tolist() == ["liquidation"]
        assert run.trades["exit_price"].iloc[0] == pytest.approx(90 / 0.996)
        assert run.trades["exit_bar"].tolist() == [3]
        assert run.equity[-1] == pytest.approx(0, abs=1e-6)
        assert any("were liquidated" in text for text in run.warnings)


def test_a_short_is_liquidated_by_a_wick_too_also_without_leverage() -> None:
    """The margin is 100 a unit: 100 + 100 = p × 1.004."""
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 250.0, 100.0, 100.0), 90.0])
    for run in both(planned(side="short"), bars, **BTC):
        assert run.trades["exit_price"].iloc[0] == pytest.approx(200 / 1.004)
        assert run.trades["exit_reason"].tolist() == ["liquidation"]


def test_a_long_without_leverage_is_never_liquidated() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 100.0, 0.01, 100.0), 120.0])
    for run in both(planned(), bars, **BTC):
        assert run.trades["exit_reason"].tolist() == ["last bar"]
        assert run.equity[-1] == pytest.approx(1_200)


def test_only_the_margin_of_the_position_is_lost() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 100.0, 50.0, 100.0), 120.0])
    for run in both(planned(size=0.25), bars, leverage=10, **BTC):
        assert run.equity[-1] == pytest.approx(750)


def test_a_gap_beyond_the_margin_costs_the_margin_and_no_more() -> None:
    for run in both(planned(), bars_of([100.0, 100.0, 100.0, 60.0, 60.0]), leverage=10, **BTC):
        assert run.trades["exit_price"].tolist() == [pytest.approx(90)]
        assert run.equity[-1] == pytest.approx(0, abs=1e-6)


def test_a_stop_before_the_liquidation_price_is_taken_first_and_one_behind_it_never() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 100.0, 50.0, 100.0), 120.0])
    for stop, reason in ((95.0, "stop"), (89.0, "liquidation")):
        for run in both(planned(stop=stop), bars, leverage=10, **BTC):
            assert run.trades["exit_reason"].tolist() == [reason]


def test_an_open_beyond_the_liquidation_price_liquidates_before_an_order_to_leave_is_filled() -> None:
    bars = bars_of([100.0, 100.0, 100.0, 89.5, 120.0])
    for run in both(planned(leave=2), bars, leverage=10, **BTC):
        assert run.trades["exit_reason"].tolist() == ["liquidation"]


def test_a_position_that_its_tier_does_not_allow_is_not_opened() -> None:
    """50 x of a million is 50 million: half a percent a unit is more than 2 %, 2 - the margin - is less than 50 %."""
    for run in both(planned(), bars_of([100.0] * 5), cash=1e7, leverage=50, margin_tiers="SOLUSDT"):
        assert run.trades.empty
        assert any("cancelled" in text for text in run.warnings)


def test_the_table_of_a_symbol_is_found_by_any_of_its_names() -> None:
    assert tiers_of("btc") == tiers_of("BTC/USDT") == tiers_of("BTCUSDT") == "BTCUSDT"
    assert tiers_of("PEPE") == "SOLUSDT"


@given(
    name=st.sampled_from(sorted(TIERS)),
    notional=st.floats(1, 1e9),
    price=st.floats(1e-6, 1e6),
    leverage=st.floats(1, 125),
    sign=st.sampled_from([1, -1]),
)
def test_at_the_liquidation_price_what_is_left_is_the_maintenance_margin(
    name: str, notional: float, price: float, leverage: float, sign: int
) -> None:
    size, margin = sign * notional / price, notional / leverage
    level = liquidation_price(size, notional, margin, tier_array(name))
    if math.isinf(level):
        assert sign > 0
        return
    left = margin + size * level - sign * notional
    needed = max(abs(size) * level * tier.rate - tier.amount for tier in TIERS[name])
    assert left == pytest.approx(needed, rel=1e-6, abs=notional * 1e-9)


@given(
    notional=st.floats(1, 1e6), margin=st.floats(0.01, 1e6), opening=st.floats(1, 200), sign=st.sampled_from([1, -1])
)
def test_a_liquidation_never_costs_more_than_the_margin(
    notional: float, margin: float, opening: float, sign: int
) -> None:
    size = sign * notional / 100
    level = liquidation_price(size, notional, margin, tier_array("BTCUSDT"))
    price = price_at_liquidation(size, notional, margin, opening, level)
    fee = liquidation_fee(size, notional, margin, price, LIQUIDATION_FEE)
    assert size * (price - 100) - fee >= -margin - 1e-6 * notional
