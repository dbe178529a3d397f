"""Positions and money: closing never crosses zero, rounding never pays, isolated margin and the fund add up."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import MarginType, OrderStatus, OrderType, PositionSide, Side
from live.money import commission, parse, plain
from live.simulator.core.audit import audit
from live.simulator.core.commands import (
    Amend,
    ForceLiquidation,
    MoveIsolatedMargin,
    SetDualSide,
    SetLeverage,
    SetMarginType,
)
from live.simulator.core.margin import liquidation_price, total
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver, make_exchange

LONG, SHORT, BOTH = PositionSide.LONG, PositionSide.SHORT, PositionSide.BOTH


def driver_with(balance: str = "100000", hedge: bool = False, isolated: bool = False) -> ExchangeDriver:
    driver = ExchangeDriver(make_exchange(balance=balance)).opened("60000.0x50 57000.0x50", "60000.1x50 63000.0x50")
    if hedge:
        driver.send(SetDualSide(ME, True))
    if isolated:
        driver.send(SetMarginType(ME, SYMBOL, MarginType.ISOLATED))
    return driver.mark("60000.0")


def sound(driver: ExchangeDriver) -> bool:
    assert audit(driver.exchange.state) == []
    return True


@pytest.mark.parametrize(
    ("side", "held", "price", "better"), [(BUY, LONG, "60500.0", "60400.0"), (SELL, SHORT, "59500.0", "59600.0")]
)
def test_two_resting_closes_in_hedge_mode_never_cross_zero(
    side: Side, held: PositionSide, price: str, better: str
) -> None:
    driver = driver_with(hedge=True)
    driver.order(side, "0.01", position_side=held)
    first = driver.order(side.opposite, "0.01", price, position_side=held)
    with pytest.raises(Rejection, match="-4118"):
        driver.order(side.opposite, "0.01", price, position_side=held)
    second = driver.order(side.opposite, "0.01", better, position_side=held)
    driver.trade("63500.0" if side is BUY else "56500.0", "100", side)
    assert driver.account.position(SYMBOL, held).amount == 0
    assert [driver.now(order).status for order in (first, second)] == [OrderStatus.EXPIRED, OrderStatus.FILLED]
    assert sound(driver)


def test_a_larger_amended_close_fills_only_what_is_held() -> None:
    driver = driver_with(hedge=True)
    driver.order(BUY, "0.01", position_side=LONG)
    close = driver.order(SELL, "0.005", "60500.0", position_side=LONG)
    try:
        driver.send(Amend(ME, SYMBOL, SELL, parse("0.05"), parse("60500.0"), close.order_id))
    except Rejection:
        return
    driver.trade("61000.0", "100", BUY)
    assert driver.account.position(SYMBOL, LONG).amount == 0
    assert sound(driver)


def test_two_stops_of_one_position_close_it_once() -> None:
    driver = driver_with(hedge=True)
    driver.order(BUY, "0.01", position_side=LONG)
    for trigger in ("59900.0", "59800.0"):
        driver.stop(SELL, "0.01", OrderType.STOP_MARKET, trigger, position_side=LONG)
    driver.trade("59700.0", "1", SELL)
    assert driver.account.position(SYMBOL, LONG).amount == 0
    assert sound(driver)


def test_reduce_only_orders_expire_when_the_position_turns_around() -> None:
    driver = driver_with()
    driver.order(BUY, "0.01")
    close = driver.order(SELL, "0.01", "60500.0", reduce_only=True)
    driver.order(SELL, "0.03")
    assert plain(driver.account.position(SYMBOL).amount) == "-0.02"
    assert driver.now(close).status is OrderStatus.EXPIRED
    assert sound(driver)


def test_closing_orders_in_hedge_mode_need_no_margin() -> None:
    driver = driver_with("3100", hedge=True)
    driver.order(BUY, "1", position_side=LONG)
    driver.order(SELL, "1", "61000.0", position_side=LONG)
    assert driver.exchange.state.margin(driver.account).order_margin == 0


@settings(max_examples=200, deadline=None)
@given(
    trades=st.lists(st.tuples(st.integers(1, 10**13), st.integers(-(10**9), 10**9)), min_size=1, max_size=40),
)
def test_rounding_in_a_loop_of_trades_never_pays(trades: list[tuple[int, int]]) -> None:
    """Against exact decimals: what is realized never exceeds the exact profit, and misses under a unit a trade."""
    position, realized, cash = Position(SYMBOL), 0, Decimal(0)
    for price, change in trades:
        realized += position.apply(price, change, 0)
        cash -= Decimal(price) * change
    realized += position.apply(5 * 10**12, -position.amount, 0) if position.amount else 0
    cash += Decimal(5 * 10**12) * sum(change for _, change in trades)
    assert position.cost == position.amount == 0
    assert 0 <= cash / 10**8 - realized < len(trades) + 1


@settings(max_examples=200, deadline=None)
@given(price=st.integers(1, 10**14), quantity=st.integers(1, 10**12), rate=st.integers(-10_000, 100_000))
def test_a_commission_is_the_exact_product_rounded_up(price: int, quantity: int, rate: int) -> None:
    exact = Decimal(price) * quantity * rate / Decimal(10**16)
    assert 0 <= commission(price, quantity, rate) - exact < 1


def test_turning_an_isolated_position_around_releases_its_margin_first() -> None:
    driver = driver_with(isolated=True)
    driver.order(BUY, "1")
    driver.order(SELL, "1.5")
    # 20 times leverage: only the half contract that was opened short at 60,000.0 holds margin
    assert plain(driver.account.position(SYMBOL).isolated_wallet) == "1500"
    assert sound(driver)


def test_margin_moved_out_and_in_leaves_the_initial_margin_and_no_more_money() -> None:
    driver = driver_with(isolated=True)
    driver.order(BUY, "1")
    before = driver.account.wallet
    driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, parse("500")))
    with pytest.raises(Rejection, match="-4051"):
        driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, -parse("500.1")))
    driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, -parse("499.9")))  # less the 0.1 lost between touch and mark
    with pytest.raises(Rejection, match="-4051"):
        driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, -parse("0.1")))
    with pytest.raises(Rejection, match="-4055"):
        driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, 0))
    with pytest.raises(Rejection, match="-4050"):
        driver.send(MoveIsolatedMargin(ME, SYMBOL, BOTH, before))
    assert driver.account.wallet == before
    assert sound(driver)


def test_unrealized_profit_does_not_become_isolated_margin() -> None:
    driver = driver_with("3100")
    driver.order(BUY, "1")
    driver.mark("64000.0")
    margin = driver.exchange.state.margin(driver.account)
    assert margin.available > margin.available_for(True)
    assert margin.withdrawable <= driver.account.cross_wallet()


def test_leverage_is_not_raised_over_its_largest_position_nor_lowered_under_isolated_margin() -> None:
    driver = driver_with("1000000")
    driver.order(BUY, "2")
    with pytest.raises(Rejection, match="-2027"):
        driver.send(SetLeverage(ME, SYMBOL, 125))  # at most 50,000 USDT
    isolated = driver_with(isolated=True)
    isolated.order(BUY, "1")
    with pytest.raises(Rejection, match="-4161"):
        isolated.send(SetLeverage(ME, SYMBOL, 10))
    assert isolated.send(SetLeverage(ME, SYMBOL, 25))[0] == 25


def test_a_loss_beyond_isolated_margin_is_covered_once_and_accounted_for() -> None:
    driver = driver_with("700", isolated=True)
    driver.send(SetLeverage(ME, SYMBOL, 100))
    driver.order(BUY, "1")
    driver.depth(bids="60000.0x0 57000.0x50", asks="60000.1x0").order(SELL, "1")  # 3,000 lost, 700 there
    assert driver.account.wallet == 0
    assert plain(driver.exchange.state.fund.cash) == "-2358.60005"  # 3000.1 + 30.00005 + 28.5 - 700
    assert sound(driver)


def test_the_fund_takes_over_what_the_book_does_not_and_total_money_adds_up() -> None:
    driver = driver_with("3100")
    driver.order(BUY, "1")
    driver.depth(bids="60000.0x0 57000.0x0 40000.0x50", asks="60000.1x0 63000.0x0 40000.1x50").mark("40000.0")
    fund, account = driver.exchange.state.fund, driver.account
    assert (account.wallet, fund.amounts[SYMBOL]) == (0, parse("1"))
    fees = -sum(row.amount for row in driver.exchange.state.incomes if row.kind == "COMMISSION")
    cash = account.wallet + fund.cash + fees - parse("3100")
    # the market sold one contract to us at 60,000.1; the fund holds it at what it paid
    assert cash * 10**8 == fund.costs[SYMBOL] - parse("60000.1") * parse("1")
    assert sound(driver)


def test_a_cross_liquidation_does_not_touch_the_isolated_margin_of_other_symbols() -> None:
    driver = driver_with("3100")
    driver.order(BUY, "1")
    driver.send(ForceLiquidation(ME, SYMBOL))
    assert driver.account.held() == []
    assert driver.account.wallet >= 0
    assert sound(driver)


def test_a_symbol_of_another_margin_asset_is_refused_for_want_of_it() -> None:
    driver = ExchangeDriver(make_exchange())
    rules = driver.feed.listed[SYMBOL]
    driver.opened("60000.0x50", "60000.1x50").mark("60000.0")
    driver.exchange.state.markets[SYMBOL].rules = replace(rules, quote="USDC", margin="USDC")
    with pytest.raises(Rejection, match="-2019"):
        driver.order(BUY, "1")


def test_an_isolated_liquidation_price_is_where_its_margin_meets_maintenance() -> None:
    """By hand: 1 BTC at 60,000.1, leverage 20: 3000.005 of margin, maintenance 0.5 % less 50.

    3000.005 + p - 60000.1 = 0.005 p - 50, so p = 56950.095 / 0.995.
    """
    driver = driver_with(isolated=True)
    driver.order(BUY, "1")
    [part] = driver.exchange.state.exposures(driver.account)
    price = liquidation_price(part, total(driver.account, [part]), parse("0.005"), parse("50"))
    assert abs(Decimal(price) / 10**8 - Decimal("56950.095") / Decimal("0.995")) < Decimal("0.00000002")
    driver.mark("57236.3")
    assert driver.account.held()
    driver.mark("57236.2")
    assert driver.account.held() == []
    assert sound(driver)
