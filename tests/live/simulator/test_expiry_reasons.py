"""Why an order ended: the field `er` of ORDER_TRADE_UPDATE."""

from collections.abc import Callable

import pytest

from live.enums import OrderStatus, SelfTrade, TimeInForce
from live.simulator.core.commands import ForceLiquidation
from live.simulator.core.events import OrderChanged
from live.simulator.streams import user_frames
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver


def self_trade_of_the_maker(driver: ExchangeDriver) -> None:
    driver.order(SELL, "1", "60000.1")
    driver.order(BUY, "1", "60000.1")


def self_trade_of_the_taker(driver: ExchangeDriver) -> None:
    driver.order(SELL, "1", "60000.1")
    driver.order(BUY, "1", "60000.1", self_trade=SelfTrade.EXPIRE_TAKER)


def unfilled_ioc(driver: ExchangeDriver) -> None:
    driver.order(BUY, "3", "60000.1", time_in_force=TimeInForce.IOC)


def unfilled_market_order(driver: ExchangeDriver) -> None:
    driver.order(BUY, "9")


def liquidation(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    driver.order(BUY, "1", "59000.0")
    driver.send(ForceLiquidation(ME, SYMBOL))


@pytest.mark.parametrize(
    ("happens", "status", "reason"),
    [
        (self_trade_of_the_maker, OrderStatus.EXPIRED_IN_MATCH, "1"),
        (self_trade_of_the_taker, OrderStatus.EXPIRED_IN_MATCH, "1"),
        (unfilled_ioc, OrderStatus.EXPIRED, "2"),
        (unfilled_market_order, OrderStatus.EXPIRED, "9"),
        (liquidation, OrderStatus.EXPIRED, "5"),
    ],
)
def test_an_order_that_expires_says_why(
    happens: Callable[[ExchangeDriver], None], status: OrderStatus, reason: str
) -> None:
    driver = ExchangeDriver().opened("60000.0x2", "60000.1x2")
    happens(driver)
    changes = [event for event in driver.events if isinstance(event, OrderChanged)]
    frames = [frame["o"] for change in changes for frame in user_frames.frames(change, driver.feed.listed)]
    assert [frame["er"] for frame in frames if frame["X"] == status] == [reason]
    assert {frame["er"] for frame in frames if not frame["X"].startswith("EXPIRED")} == {"0"}
