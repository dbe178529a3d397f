"""Funding, margin calls, liquidation, isolated margin and hedge mode, with hand-computed amounts."""

import pytest

from live.enums import ExecutionType, MarginType, PositionSide
from live.money import parse, plain
from live.simulator.core.commands import (
    ForceLiquidation,
    MoveIsolatedMargin,
    SetDualSide,
    SetLeverage,
    SetMarginType,
)
from live.simulator.core.events import AccountChanged, Liquidated, MarginCalled, OrderChanged
from live.simulator.core.margin import liquidation_price, total
from live.simulator.core.rejections import Rejection
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver, make_exchange

EIGHT_HOURS_MS = 8 * 3600 * 1000


def driver_with(balance: str) -> ExchangeDriver:
    return ExchangeDriver(make_exchange(balance=balance)).opened("60000.0x50 57000.0x50", "60000.1x50 63000.0x50")


def kinds(driver: ExchangeDriver) -> list[tuple[str, str]]:
    return [(income.kind, plain(income.amount)) for income in driver.exchange.state.incomes]


def test_funding_is_charged_at_its_boundary_at_the_mark_price_and_rate() -> None:
    driver = driver_with("100000")
    boundary = driver.now_ms + 1_000
    driver.mark("60000.0", "0.0001", boundary).order(BUY, "2")
    driver.tick(999)
    before = driver.account.wallet
    driver.tick(1)
    assert plain(driver.account.wallet - before) == "-12"  # 2 x 60000 x 0.01 %
    assert kinds(driver)[-1] == ("FUNDING_FEE", "-12")
    reported = [event for event in driver.events if isinstance(event, AccountChanged)][-1]
    assert (reported.reason, reported.positions, plain(reported.change)) == ("FUNDING_FEE", (), "-12")
    driver.tick(EIGHT_HOURS_MS)
    assert kinds(driver).count(("FUNDING_FEE", "-12")) == 2


def test_a_short_receives_positive_funding() -> None:
    driver = driver_with("100000")
    driver.mark("60000.0", "0.0001", driver.now_ms + 1_000).order(SELL, "1")
    driver.tick(1_000)
    assert kinds(driver)[-1] == ("FUNDING_FEE", "6")


def test_without_a_mark_price_on_the_tape_funding_falls_on_eight_hours_utc() -> None:
    driver = driver_with("100000")
    driver.order(BUY, "1")
    driver.tick(EIGHT_HOURS_MS - driver.now_ms % EIGHT_HOURS_MS - 1)
    assert "FUNDING_FEE" not in dict(kinds(driver))
    driver.tick(1)
    assert "FUNDING_FEE" in dict(kinds(driver))


def test_a_position_is_called_and_then_liquidated_on_the_mark_price() -> None:
    driver = driver_with("3100")
    driver.mark("60000.0").order(BUY, "1")
    # wallet 3100 - 30.00005 fee; maintenance is 0.5 % of the value less 50
    [part] = driver.exchange.state.exposures(driver.account)
    price = liquidation_price(part, total(driver.account, [part]), parse("0.005"), parse("50"))
    assert plain(price)[:8] == "57165.92"
    driver.mark("57200.0")
    assert any(isinstance(event, MarginCalled) for event in driver.events)
    assert driver.account.position(SYMBOL).amount == parse("1")
    driver.depth(bids="60000.0x0", asks="60000.1x0 57300.0x5").mark("57165.0")
    assert driver.account.position(SYMBOL).amount == 0
    forced = [
        event
        for event in driver.events
        if isinstance(event, OrderChanged) and event.order.client_id.startswith("autoclose-")
    ]
    assert [event.execution for event in forced] == [ExecutionType.NEW, ExecutionType.CALCULATED]
    assert any(isinstance(event, Liquidated) for event in driver.events)


def test_liquidation_never_leaves_a_negative_wallet() -> None:
    driver = driver_with("3100")
    driver.mark("60000.0").order(BUY, "1")
    driver.depth(bids="60000.0x0 57000.0x0 40000.0x50", asks="60000.1x0 63000.0x0 40000.1x50").mark("40000.0")
    assert driver.account.position(SYMBOL).amount == 0
    assert driver.account.wallet == 0
    assert kinds(driver)[-1][0] == "INSURANCE_CLEAR"


def test_an_isolated_position_loses_its_own_margin_and_no_more() -> None:
    driver = driver_with("100000")
    driver.send(SetLeverage(ME, SYMBOL, 100))
    driver.send(SetMarginType(ME, SYMBOL, MarginType.ISOLATED))
    driver.mark("60000.0").order(BUY, "1")
    position = driver.account.position(SYMBOL)
    assert plain(position.isolated_wallet) == "600.001"
    driver.send(MoveIsolatedMargin(ME, SYMBOL, PositionSide.BOTH, parse("100")))
    driver.depth(bids="60000.0x0", asks="60000.1x0 59500.0x1").mark("59500.0")
    assert position.amount == 0
    # 100000 less the opening fee of 30.00005 and the 700.001 that stood in the position
    assert plain(driver.account.wallet) == "99269.99895"


def test_margin_type_and_position_mode_do_not_change_under_an_open_position() -> None:
    driver = driver_with("100000")
    driver.order(BUY, "1")
    with pytest.raises(Rejection, match="-4048"):
        driver.send(SetMarginType(ME, SYMBOL, MarginType.ISOLATED))
    with pytest.raises(Rejection, match="-4068"):
        driver.send(SetDualSide(ME, True))
    with pytest.raises(Rejection, match="-4046"):
        driver.send(SetMarginType(ME, SYMBOL, MarginType.CROSSED))


def test_a_position_over_the_bracket_of_its_leverage_is_refused() -> None:
    driver = driver_with("10000000")
    driver.send(SetLeverage(ME, SYMBOL, 125))  # at most 50,000 USDT
    with pytest.raises(Rejection, match="-2027"):
        driver.order(BUY, "1")
    driver.order(BUY, "0.5")
    with pytest.raises(Rejection, match="-2027"):
        driver.order(BUY, "0.4", "60000.0")
    driver.order(SELL, "1")


def test_hedge_mode_holds_a_long_and_a_short_at_once() -> None:
    driver = driver_with("100000")
    driver.send(SetDualSide(ME, True))
    with pytest.raises(Rejection, match="-4061"):
        driver.order(BUY, "1")
    driver.order(BUY, "1", position_side=PositionSide.LONG)
    driver.order(SELL, "0.5", position_side=PositionSide.SHORT)
    held = {position.side: plain(position.amount) for position in driver.account.held()}
    assert held == {PositionSide.LONG: "1", PositionSide.SHORT: "-0.5"}
    with pytest.raises(Rejection, match="-4118"):
        driver.order(SELL, "2", position_side=PositionSide.LONG)


def test_a_fault_can_liquidate_a_healthy_position() -> None:
    driver = driver_with("100000")
    driver.order(BUY, "1")
    assert driver.send(ForceLiquidation(ME, SYMBOL)) == 1
    assert driver.account.position(SYMBOL).amount == 0
    assert plain(driver.fills[-1].price) == "60000"
