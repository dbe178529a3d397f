"""The limits of an account: constants of the code, shares of its capital, and nothing above them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.engine import start
from live.engine.events import Started
from live.engine.limits import (
    BARS,
    CEILINGS,
    ORDERS_PER_TRADE,
    SCALP,
    UNITS,
    Executor,
    Limits,
    LooserLimitsError,
    allowed,
    described,
    effective,
    highest,
    lowest,
    require_kind,
    require_limits,
)
from live.engine.risk.costs import STOP_SLIPPAGE_BPS
from live.engine.risk.entries import MARK_AGE_NS
from live.engine.risk.uses import APPROACHED_PERCENT
from live.engine.settings import ImbalanceSettings
from live.money import SCALE, parse

SCALP_40K = {
    "position": "10000 USD",
    "instrument": "10000 USD",
    "daily_loss": "500 USD",
    "drawdown": "1000 USD",
    "hold_ms": "60000 ms",
    "loss_at_stop": "800 USD",
    "open_positions": "5",
    "orders_per_second": "10",
    "trades_per_day": "200",
    "collar_bps": "50 bp",
    "orders_per_fill": "20",
}


def test_the_limits_of_the_scalp_executor() -> None:
    assert described(highest(Executor.SCALP, 40_000 * SCALE)) == SCALP_40K


def test_bars_have_the_same_limits_without_a_longest_hold_and_ten_trades_a_day() -> None:
    limits = highest(Executor.BARS, 40_000 * SCALE)
    assert limits.executor is Executor.BARS
    assert described(limits) == SCALP_40K | {"hold_ms": "none", "trades_per_day": "10"}


def test_shares_of_a_small_capital_hold_where_they_are_smaller() -> None:
    small = highest(Executor.SCALP, 1_000 * SCALE)
    assert (small.position, small.instrument, small.loss_at_stop) == (10_000 * SCALE, 250 * SCALE, 20 * SCALE)
    assert (small.daily_loss, small.drawdown) == (50 * SCALE, 100 * SCALE)
    assert highest(Executor.SCALP, 3).instrument == 0, "rounded down"


def test_at_10000_shares_and_amounts_meet() -> None:
    for capital, daily, drawdown in ((9_999, "499.95 USD", "999.9 USD"), (10_000, "500 USD", "1000 USD")):
        text = described(highest(Executor.SCALP, capital * SCALE))
        assert (text["daily_loss"], text["drawdown"]) == (daily, drawdown)


def test_other_constants_of_risk() -> None:
    assert (STOP_SLIPPAGE_BPS, MARK_AGE_NS, APPROACHED_PERCENT, ORDERS_PER_TRADE) == (10 * SCALE, 10 * 10**9, 80, 3)


@pytest.mark.parametrize("capital", [0, -1])
def test_no_capital_has_no_limits(capital: int) -> None:
    with pytest.raises(LooserLimitsError, match=r"has no limits\. Give more than 0 USD"):
        highest(Executor.SCALP, capital)


def test_a_limit_may_be_tightened_to_the_smallest_value_and_left_at_its_highest() -> None:
    limits = highest(Executor.SCALP, 40_000 * SCALE)
    for name in UNITS:
        high = getattr(limits, name)
        low = ORDERS_PER_TRADE if name == "orders_per_second" else 1
        for value in (low, high):
            assert getattr(effective(Executor.SCALP, 40_000 * SCALE, {name: value}), name) == value
        for value in (low - 1, high + 1):
            with pytest.raises(LooserLimitsError, match=f"{name} cannot be .* Give {allowed(limits, name)}"):
                effective(Executor.SCALP, 40_000 * SCALE, {name: value})


def test_bars_may_be_given_a_longest_hold() -> None:
    assert effective(Executor.BARS, 40_000 * SCALE, {"hold_ms": 10**9}).hold_ms == 10**9
    with pytest.raises(LooserLimitsError, match="Give 1 ms or more, or leave it out for no limit"):
        effective(Executor.BARS, 40_000 * SCALE, {"hold_ms": 0})


def test_an_unknown_limit_is_refused_with_the_names() -> None:
    with pytest.raises(LooserLimitsError, match=r"Unknown limit 'executor'\. Allowed: position, instrument"):
        effective(Executor.SCALP, SCALE, {"executor": 1})


def test_every_field_of_the_limits_but_the_executor_can_be_tightened() -> None:
    assert ["executor", *UNITS] == list(Limits.__struct_fields__)
    assert list(CEILINGS) == list(Executor)
    assert all(one.executor is executor for executor, one in CEILINGS.items())


@given(st.sampled_from(list(Executor)), st.integers(1, 10**16), st.sampled_from(list(UNITS)), st.integers(1, 10**16))
def test_limits_from_outside_are_taken_only_if_none_is_above_the_constants(
    executor: Executor, capital: int, name: str, more: int
) -> None:
    limits = highest(executor, capital)
    if all(getattr(limits, one) or one == "hold_ms" for one in UNITS):
        require_limits(limits, capital)
    looser = msgspec.structs.replace(limits, **{name: getattr(limits, name) + more})
    if getattr(limits, name) or name != "hold_ms":
        with pytest.raises(LooserLimitsError):
            require_limits(looser, capital)


def test_a_scalp_without_a_longest_hold_is_refused() -> None:
    limits = msgspec.structs.replace(highest(Executor.SCALP, 40_000 * SCALE), hold_ms=0)
    with pytest.raises(LooserLimitsError, match="hold_ms cannot be 0 ms"):
        require_limits(limits, 40_000 * SCALE)
    require_limits(highest(Executor.BARS, 40_000 * SCALE), 40_000 * SCALE)


def test_the_engine_does_not_start_with_limits_above_those_of_its_capital() -> None:
    looser = msgspec.structs.replace(highest(Executor.SCALP, 40_000 * SCALE), daily_loss=501 * SCALE)
    with pytest.raises(LooserLimitsError, match="daily_loss cannot be 501 USD"):
        start(Started(0, "r", 40_000 * SCALE, ImbalanceSettings(), looser, ()))


def test_neither_limits_nor_the_constants_behind_them_change() -> None:
    limits = highest(Executor.SCALP, 40_000 * SCALE)
    for structure in (limits, SCALP, BARS):
        with pytest.raises(AttributeError):
            structure.open_positions = 50  # type: ignore[misc, union-attr]


def test_limits_of_a_capital_that_divides_evenly_by_nothing_are_rounded_down() -> None:
    limits = highest(Executor.SCALP, parse("9876.54321097"))
    assert limits.instrument == parse("2469.13580274"), "25 % is 2,469.1358027425"
    assert limits.daily_loss == parse("493.82716054"), "5 % is 493.8271605485"
    assert limits.drawdown == parse("987.65432109"), "10 % is 987.654321097"
    assert limits.loss_at_stop == parse("197.53086421"), "2 % is 197.5308642194"


def test_a_capital_is_above_nothing() -> None:
    assert highest(Executor.SCALP, 1).position == 10_000 * SCALE
    for capital in (0, -1, -SCALE):
        with pytest.raises(
            LooserLimitsError, match=r"^A capital of -?[0-9.]+ USD has no limits\. Give more than 0 USD"
        ):
            highest(Executor.SCALP, capital)


def test_each_limit_says_what_it_may_be_set_to() -> None:
    limits = highest(Executor.SCALP, 40_000 * SCALE)
    assert {name: allowed(limits, name) for name in UNITS} == {
        "position": "more than 0 and at most 10000 USD",
        "instrument": "more than 0 and at most 10000 USD",
        "daily_loss": "more than 0 and at most 500 USD",
        "drawdown": "more than 0 and at most 1000 USD",
        "hold_ms": "a whole number from 1 to 60000",
        "loss_at_stop": "more than 0 and at most 800 USD",
        "open_positions": "a whole number from 1 to 5",
        "orders_per_second": "a whole number from 3 to 10",
        "trades_per_day": "a whole number from 1 to 200",
        "collar_bps": "more than 0 and at most 50 bp",
        "orders_per_fill": "a whole number from 1 to 20",
    }
    assert allowed(highest(Executor.BARS, SCALE), "hold_ms") == "1 ms or more, or leave it out for no limit"


def test_a_name_that_was_read_at_run_time_has_the_same_lowest_value() -> None:
    assert [lowest("_".join(words)) for words in (("orders", "per", "second"), ("trades", "per", "day"))] == [3, 1]


@pytest.mark.parametrize("name", UNITS)
def test_limits_from_outside_that_are_missing_or_negative_are_refused(name: str) -> None:
    limits = highest(Executor.SCALP, 40_000 * SCALE)
    for value in (0, -1):
        with pytest.raises(LooserLimitsError, match=f"^{name} cannot be"):
            require_limits(msgspec.structs.replace(limits, **{name: value}), 40_000 * SCALE)


def test_limits_are_given_by_name_so_that_no_two_of_them_change_places() -> None:
    for structure in (highest(Executor.SCALP, SCALE), SCALP):
        with pytest.raises(TypeError, match="positional"):
            type(structure)(*msgspec.structs.astuple(structure))


def test_limits_of_one_kind_of_strategy_are_none_of_another() -> None:
    for executor, other in zip(Executor, reversed(Executor), strict=True):
        limits = highest(executor, 40_000 * SCALE)
        require_kind(limits, executor)
        with pytest.raises(LooserLimitsError, match=f"^The limits are of '{executor}'. Give those of '{other}'"):
            require_kind(limits, other)
