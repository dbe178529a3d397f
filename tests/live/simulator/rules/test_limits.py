"""Limits of open orders, of amendments, and whose self-trade prevention mode counts."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import OrderStatus, PositionSide, SelfTrade, Side, TimeInForce
from live.money import parse, plain
from live.simulator.core.commands import Amend, CancelAll
from live.simulator.core.order_service import MAX_AMENDMENTS
from live.simulator.core.rejections import Rejection
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver


@pytest.fixture
def driver() -> ExchangeDriver:
    """A book around 60000."""
    return ExchangeDriver().opened("60000.0x2 59999.9x3 59990.0x3", "60000.1x1 60000.2x2 60010.0x3")


def test_a_symbol_holds_at_most_two_hundred_open_orders(driver: ExchangeDriver) -> None:
    for _ in range(200):
        driver.order(BUY, "0.001", "59900.0")
    with pytest.raises(Rejection, match="-2025"):
        driver.order(BUY, "0.001", "59900.0")
    driver.send(CancelAll(ME, SYMBOL))
    assert driver.order(BUY, "0.001", "59900.0").status is OrderStatus.NEW


def test_an_order_is_amended_fewer_than_ten_thousand_times(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "59990.0")
    driver.now(order).amendments = MAX_AMENDMENTS - 1
    driver.send(Amend(ME, SYMBOL, BUY, parse("1"), parse("59980.0"), order.order_id))
    with pytest.raises(Rejection, match="-5026"):
        driver.send(Amend(ME, SYMBOL, BUY, parse("1"), parse("59970.0"), order.order_id))


@pytest.mark.parametrize(("quantity", "status"), [("2", OrderStatus.CANCELED), ("1.5", OrderStatus.CANCELED)])
def test_an_amendment_to_what_is_filled_ends_the_order(
    driver: ExchangeDriver, quantity: str, status: OrderStatus
) -> None:
    order = driver.order(BUY, "3", "60000.0")
    driver.trade("60000.0", "4", SELL)
    assert plain(driver.now(order).filled) == "2"
    driver.send(Amend(ME, SYMBOL, BUY, parse(quantity), parse("60000.0"), order.order_id))
    assert (driver.now(order).status, plain(driver.now(order).filled)) == (status, "2")


@pytest.mark.parametrize("resting_mode", list(SelfTrade))
def test_the_mode_of_the_arriving_order_counts(driver: ExchangeDriver, resting_mode: SelfTrade) -> None:
    resting = driver.order(SELL, "1", "60000.1", self_trade=resting_mode)
    arriving = driver.order(BUY, "1", "60000.1", self_trade=SelfTrade.EXPIRE_TAKER)
    assert (driver.now(resting).status, arriving.status) == (OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH)


def test_an_immediate_order_takes_what_is_there_and_ends(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "5", "60000.1", time_in_force=TimeInForce.IOC)
    assert (order.status, plain(order.filled)) == (OrderStatus.EXPIRED, "1")


@pytest.fixture
def wide() -> ExchangeDriver:
    """A book with room inside the spread, and the account's own offer in it."""
    driver = ExchangeDriver().opened("60000.0x2", "60010.0x3")
    driver.order(SELL, "1", "60005.0", client_id="own")
    return driver


def own_offer(driver: ExchangeDriver) -> OrderStatus:
    """The status of the account's own offer."""
    return next(order.status for order in driver.exchange.state.orders.values() if order.client_id == "own")


def test_a_bid_at_the_own_offer_expires_it_and_rests(wide: ExchangeDriver) -> None:
    bid = wide.order(BUY, "1", "60005.0")
    assert (bid.status, own_offer(wide)) == (OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH)
    assert not wide.fills


def test_a_post_only_bid_at_the_own_offer_is_refused(wide: ExchangeDriver) -> None:
    with pytest.raises(Rejection, match="-5022"):
        wide.order(BUY, "1", "60005.0", time_in_force=TimeInForce.GTX)
    assert own_offer(wide) is OrderStatus.NEW
    assert wide.order(BUY, "1", "60004.9", time_in_force=TimeInForce.GTX).status is OrderStatus.NEW


@pytest.mark.parametrize(
    ("mode", "bid", "offer"),
    [
        (SelfTrade.EXPIRE_TAKER, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.NEW),
        (SelfTrade.EXPIRE_BOTH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.EXPIRED_IN_MATCH),
    ],
)
def test_a_bid_at_the_own_offer_follows_its_mode(
    wide: ExchangeDriver, mode: SelfTrade, bid: OrderStatus, offer: OrderStatus
) -> None:
    placed = wide.order(BUY, "1", "60005.0", self_trade=mode)
    assert (placed.status, own_offer(wide)) == (bid, offer)


def test_a_market_buy_expires_the_own_offer_and_takes_what_is_behind(wide: ExchangeDriver) -> None:
    bought = wide.order(BUY, "1")
    assert (bought.status, own_offer(wide)) == (OrderStatus.FILLED, OrderStatus.EXPIRED_IN_MATCH)
    assert plain(wide.fills[-1].price) == "60010"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["market", "limit", "reduce", "reduce market", "amend", "trade"]),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 4),
        st.integers(-3, 3),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_resting_orders_that_may_only_reduce_never_exceed_the_position(steps: list[tuple[str, Side, int, int]]) -> None:
    driver = ExchangeDriver().opened("60000.0x50 59990.0x50", "60010.0x50 60020.0x50")
    for step in steps:
        with suppress(Rejection):
            take_step(driver, *step)
        state = driver.exchange.state
        for side in (BUY, SELL):
            resting = [order for order in state.open_orders(ME, SYMBOL) if order.side is side]
            reducing = sum(order.remaining for order in resting if order.request.only_reduces)
            assert reducing <= driver.account.closable(SYMBOL, PositionSide.BOTH, side)


def take_step(driver: ExchangeDriver, action: str, side: Side, quantity: int, offset: int) -> None:
    """One order, amendment or trade on the tape near 60005."""
    price = f"{60005 + 5 * offset}.0"
    if action == "trade":
        driver.trade(price, str(quantity), side)
    elif action == "amend":
        for order in driver.exchange.state.open_orders(ME, SYMBOL)[:1]:
            driver.send(Amend(ME, SYMBOL, order.side, parse(str(quantity)), parse(price), order.order_id))
    else:
        limit = "" if action.endswith("market") else price
        driver.order(side, str(quantity), limit, reduce_only=action.startswith("reduce"))
