"""Orders that arrive or fire inside a hole of the tape wait for a fresh book, then meet it as it is."""

import pytest

from live.enums import AlgoStatus, OrderStatus, OrderType, TimeInForce
from live.money import parse, plain
from live.simulator.core.commands import Cancel, CancelAll, ForceLiquidation, SetLeverage
from live.simulator.core.rejections import Rejection
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver

BIDS, ASKS = "60000.0x2 59999.9x3 59999.8x5", "60000.1x1 60000.2x2 60000.3x4"
NEW_BIDS, NEW_ASKS = "59900.0x2 59800.0x9", "59900.1x1 59900.2x9"


@pytest.fixture
def driver() -> ExchangeDriver:
    return ExchangeDriver().opened(BIDS, ASKS)


def resynced(driver: ExchangeDriver) -> ExchangeDriver:
    """A snapshot with lower prices ends the hole."""
    return driver.tick(100).opened(NEW_BIDS, NEW_ASKS)


def algo_status(driver: ExchangeDriver, algo_id: int) -> AlgoStatus:
    return driver.exchange.state.algos[algo_id].status


def filled(driver: ExchangeDriver) -> list[str]:
    return [f"{plain(fill.price)}x{plain(fill.quantity)}" for fill in driver.fills]


@pytest.mark.parametrize("hole", ["gap", "stale"])
def test_a_stop_that_fires_in_a_hole_fills_from_the_book_after_it(driver: ExchangeDriver, hole: str) -> None:
    driver.order(BUY, "1")
    stop = driver.stop(SELL, "0", OrderType.STOP_MARKET, "59950.0", close_position=True)
    driver.gap() if hole == "gap" else driver.tick(6_000)
    driver.trade("59940.0", "1", SELL)
    order = driver.exchange.state.orders[driver.exchange.state.algos[stop.algo_id].order_id]
    assert (order.status, algo_status(driver, stop.algo_id)) == (OrderStatus.NEW, AlgoStatus.TRIGGERED)
    assert plain(driver.account.position(SYMBOL).amount) == "1"
    resynced(driver) if hole == "gap" else driver.tick(100).depth(bids="60000.0x0 59999.9x0 59999.8x0 59900.0x2")
    assert (order.status, algo_status(driver, stop.algo_id)) == (OrderStatus.FILLED, AlgoStatus.FINISHED)
    assert filled(driver)[-1] == "59900x1"
    assert driver.account.position(SYMBOL).amount == 0


def test_the_tape_ending_in_a_hole_leaves_the_order_new(driver: ExchangeDriver) -> None:
    driver.gap()
    order = driver.order(BUY, "1")
    driver.tick(86_400_000)
    assert (driver.now(order).status, filled(driver)) == (OrderStatus.NEW, [])


def test_a_held_order_can_be_cancelled(driver: ExchangeDriver) -> None:
    driver.gap()
    first, second = driver.order(BUY, "1"), driver.order(BUY, "1")
    driver.send(Cancel(ME, SYMBOL, first.order_id))
    assert driver.send(CancelAll(ME, SYMBOL)) == 1
    resynced(driver)
    assert {driver.now(order).status for order in (first, second)} == {OrderStatus.CANCELED}
    assert filled(driver) == []


def test_held_orders_are_carried_out_in_the_order_of_their_arrival(driver: ExchangeDriver) -> None:
    driver.gap()
    driver.order(BUY, "1")
    driver.order(BUY, "1")
    resynced(driver)
    assert filled(driver) == ["59900.1x1", "59900.2x1"]


@pytest.mark.parametrize(
    ("price", "force", "status", "fills"),
    [
        ("60000.0", TimeInForce.GTC, OrderStatus.FILLED, ["59900.1x1", "59900.2x1"]),
        ("59900.1", TimeInForce.GTC, OrderStatus.PARTIALLY_FILLED, ["59900.1x1"]),
        ("59850.0", TimeInForce.GTC, OrderStatus.NEW, []),
        ("59900.1", TimeInForce.IOC, OrderStatus.EXPIRED, ["59900.1x1"]),
        ("59900.1", TimeInForce.FOK, OrderStatus.EXPIRED, []),
        ("59900.2", TimeInForce.FOK, OrderStatus.FILLED, ["59900.1x1", "59900.2x1"]),
        ("60000.0", TimeInForce.GTX, OrderStatus.EXPIRED, []),
        ("59850.0", TimeInForce.GTX, OrderStatus.NEW, []),
    ],
)
def test_conditions_of_a_held_limit_order_are_judged_on_the_fresh_book(
    driver: ExchangeDriver, price: str, force: TimeInForce, status: OrderStatus, fills: list[str]
) -> None:
    driver.gap()
    order = driver.order(BUY, "2", price, time_in_force=force)
    assert order.status is OrderStatus.NEW
    resynced(driver)
    assert (driver.now(order).status, filled(driver)) == (status, fills)


def test_held_orders_count_in_the_margin(driver: ExchangeDriver) -> None:
    driver.send(SetLeverage(ME, SYMBOL, 1))
    driver.gap()
    driver.order(BUY, "1.6")
    with pytest.raises(Rejection, match="-2019"):
        driver.order(BUY, "0.1")


def test_a_held_order_is_no_resting_order(driver: ExchangeDriver) -> None:
    driver.tick(5_001)
    driver.order(BUY, "1", "60000.0")
    driver.trade("59000.0", "5", SELL)
    assert filled(driver) == []


def test_a_held_closing_order_takes_no_more_than_the_position(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    driver.gap()
    orders = [driver.order(SELL, "1", reduce_only=True) for _ in range(2)]
    resynced(driver)
    assert [driver.now(order).status for order in orders] == [OrderStatus.FILLED, OrderStatus.EXPIRED]
    assert driver.account.position(SYMBOL).amount == 0


def test_a_held_market_order_beyond_the_bound_stays_held_instead_of_expiring(driver: ExchangeDriver) -> None:
    driver.mark("60000.0")
    driver.order(BUY, "1")
    stop = driver.stop(SELL, "1", OrderType.STOP_MARKET, "59950.0", reduce_only=True)
    driver.gap().trade("50000.0", "1", SELL)
    driver.tick(100).opened("50000.0x5", "50000.1x5")
    assert algo_status(driver, stop.algo_id) is AlgoStatus.TRIGGERED
    driver.tick(100).mark("50000.0").depth(bids="49999.0x1")
    assert algo_status(driver, stop.algo_id) is AlgoStatus.FINISHED
    assert driver.account.position(SYMBOL).amount == 0


@pytest.mark.parametrize("cause", ["mark", "fault"])
def test_a_liquidation_in_a_hole_waits_for_the_fresh_book(driver: ExchangeDriver, cause: str) -> None:
    driver.mark("60000.0")
    driver.order(BUY, "1")
    driver.account.wallet = driver.account.deposited = parse("3000")
    driver.gap()
    open_order = driver.order(SELL, "0.5", "60100.0", reduce_only=True)
    driver.send(ForceLiquidation(ME, SYMBOL)) if cause == "fault" else driver.mark("57200.0")
    assert plain(driver.account.position(SYMBOL).amount) == "1"
    assert not driver.now(open_order).status.open
    driver.mark("60000.0")
    assert plain(driver.account.position(SYMBOL).amount) == "1"
    resynced(driver)
    assert driver.account.position(SYMBOL).amount == 0
    assert filled(driver)[-1] == "59900x1"


def test_a_recording_begun_anew_fills_stale_orders_from_its_book(driver: ExchangeDriver) -> None:
    driver.tick(6_000)
    held = driver.order(BUY, "2")
    assert filled(driver) == []
    driver.restarted(NEW_BIDS, NEW_ASKS)
    assert (driver.now(held).status, filled(driver)) == (OrderStatus.FILLED, ["59900.1x1", "59900.2x1"])


def test_a_recording_begun_anew_forgets_what_was_taken_and_refuted(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    driver.trade("60000.2", "2", BUY)
    driver.tick(100).restarted(BIDS, ASKS)
    driver.order(BUY, "3")
    assert filled(driver)[1:] == ["60000.1x1", "60000.2x2"]


def test_a_recording_begun_anew_puts_an_order_last_in_its_queue(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0")
    driver.tick(100).trade("60000.0", "1", SELL)
    driver.tick(100).restarted(BIDS, ASKS)
    driver.trade("60000.0", "2", SELL)
    assert driver.now(order).filled == 0
    driver.trade("60000.0", "1", SELL)
    assert driver.now(order).status is OrderStatus.FILLED
