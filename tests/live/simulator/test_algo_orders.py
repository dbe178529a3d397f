"""Conditional orders: triggers, the orders they send, and their statuses."""

import pytest

from live.enums import AlgoStatus, OrderStatus, OrderType, WorkingType
from live.money import parse, plain
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.commands import Cancel, CancelAlgo, CancelAll, CancelAllAlgos
from live.simulator.core.events import AlgoChanged
from live.simulator.core.rejections import Rejection
from live.simulator.streams import user_frames
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver

STOP, STOP_MARKET = OrderType.STOP, OrderType.STOP_MARKET
TARGET, TRAILING = OrderType.TAKE_PROFIT_MARKET, OrderType.TRAILING_STOP_MARKET


@pytest.fixture
def driver() -> ExchangeDriver:
    """Long 1 BTC at 60000.1, last price 60000.1."""
    opened = ExchangeDriver().opened("60000.0x5 59990.0x5 59900.0x5", "60000.1x5 60010.0x5 60100.0x5")
    opened.trade("60000.1", "1", BUY)
    opened.order(BUY, "1")
    return opened


def life(driver: ExchangeDriver, algo: AlgoOrder) -> list[AlgoStatus]:
    """Every status reported by events."""
    return [e.order.status for e in driver.events if isinstance(e, AlgoChanged) and e.order.algo_id == algo.algo_id]


def test_a_stop_fires_on_the_last_price_and_slips_to_what_the_book_has(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP_MARKET, "59995.0", reduce_only=True)
    driver.trade("59996.0", "1", SELL)
    assert life(driver, stop) == [AlgoStatus.NEW]
    driver.depth(bids="60000.0x0").trade("59990.0", "1", SELL)
    assert life(driver, stop) == [AlgoStatus.NEW, AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED, AlgoStatus.FINISHED]
    assert plain(driver.fills[-1].price) == "59990"
    assert driver.account.position(SYMBOL).amount == 0


def test_a_stop_on_the_mark_price_ignores_the_last_price(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP_MARKET, "59995.0", working_type=WorkingType.MARK_PRICE)
    driver.trade("59000.0", "1", SELL)
    assert life(driver, stop) == [AlgoStatus.NEW]
    driver.tick(1).depth(bids="60000.0x0 59990.0x5")  # the market is back
    driver.mark("59994.0")
    assert life(driver, stop)[-1] is AlgoStatus.FINISHED
    assert plain(driver.fills[-1].price) == "59990"


def test_a_stop_limit_rests_where_its_price_says(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP, "59995.0", price="60005.0")
    driver.trade("59994.0", "1", SELL)
    assert life(driver, stop)[-1] is AlgoStatus.TRIGGERED
    order = driver.exchange.state.orders[driver.exchange.state.algos[stop.algo_id].order_id]
    assert (order.status, plain(order.price)) == (OrderStatus.NEW, "60005")


def test_a_target_sells_when_the_price_rises(driver: ExchangeDriver) -> None:
    target = driver.stop(SELL, "1", TARGET, "60050.0", reduce_only=True)
    driver.trade("60050.0", "1", BUY)
    assert life(driver, target)[-1] is AlgoStatus.FINISHED


def test_a_trailing_stop_follows_the_price_up_and_fires_on_the_way_down(driver: ExchangeDriver) -> None:
    trailing = driver.stop(SELL, "1", TRAILING, activate_price=parse("60020.0"), callback_rate=parse("1"))
    driver.trade("59000.0", "1", SELL)
    assert life(driver, trailing) == [AlgoStatus.NEW]
    driver.trade("60500.0", "1", BUY).trade("59896.0", "1", SELL)
    assert life(driver, trailing) == [AlgoStatus.NEW, AlgoStatus.NEW]  # the second says that it is active
    driver.trade("59895.0", "1", SELL)  # 60500 less 1 %; the trade has passed every bid displayed
    assert life(driver, trailing)[-1] is AlgoStatus.TRIGGERED
    driver.tick(1).depth(bids="60000.0x0 59990.0x0 59900.0x0 59894.0x5")
    assert life(driver, trailing)[-1] is AlgoStatus.FINISHED
    assert plain(driver.fills[-1].price) == "59894"


@pytest.mark.parametrize(
    ("side", "kind", "trigger"),
    [
        (SELL, STOP_MARKET, "60001.0"),
        (BUY, STOP_MARKET, "60000.0"),
        (SELL, TARGET, "59000.0"),
        (BUY, TARGET, "61000.0"),
    ],
)
def test_a_trigger_that_has_been_passed_is_refused(driver: ExchangeDriver, side, kind: OrderType, trigger: str) -> None:
    with pytest.raises(Rejection, match="-2021"):
        driver.stop(side, "1", kind, trigger)


def test_close_position_closes_whatever_is_open_when_it_fires(driver: ExchangeDriver) -> None:
    driver.stop(SELL, "0", STOP_MARKET, "59995.0", close_position=True)
    driver.order(BUY, "0.5")
    driver.trade("59990.0", "1", SELL)
    assert driver.account.position(SYMBOL).amount == 0


def test_a_reducing_stop_without_a_position_expires_when_it_fires(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP_MARKET, "59995.0", reduce_only=True)
    driver.order(SELL, "1")
    driver.trade("59990.0", "1", SELL)
    assert life(driver, stop)[-1] is AlgoStatus.EXPIRED
    assert driver.account.position(SYMBOL).amount == 0


def test_a_reduce_only_stop_larger_than_the_position_closes_it(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "3", STOP_MARKET, "59995.0", reduce_only=True)
    driver.trade("59990.0", "1", SELL)
    assert life(driver, stop)[-1] is AlgoStatus.FINISHED
    assert driver.account.position(SYMBOL).amount == 0


def test_a_reduce_only_stop_limit_larger_than_the_position_is_rejected(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "3", STOP, "59995.0", price="59990.0", reduce_only=True)
    driver.trade("59990.0", "1", SELL)
    assert life(driver, stop)[-1] is AlgoStatus.REJECTED
    assert driver.exchange.state.algos[stop.algo_id].order_id == 0
    assert plain(driver.account.position(SYMBOL).amount) == "1"


def test_a_triggered_order_has_its_own_id_and_the_client_id_of_its_stop(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP_MARKET, "59995.0", client_id="my-stop")
    driver.trade("59990.0", "1", SELL)
    order = driver.exchange.state.orders[driver.exchange.state.algos[stop.algo_id].order_id]
    assert (order.client_id, order.order_id == stop.algo_id) == ("my-stop", False)


def test_the_activation_of_a_trailing_stop_is_reported(driver: ExchangeDriver) -> None:
    trailing = driver.stop(SELL, "1", TRAILING, activate_price=parse("60020.0"), callback_rate=parse("1"))
    driver.trade("60020.0", "1", BUY)
    changes = [e for e in driver.events if isinstance(e, AlgoChanged) and e.order.algo_id == trailing.algo_id]
    frames = [frame["o"] for change in changes for frame in user_frames.frames(change, driver.feed.listed)]
    assert [(frame["X"], frame["ia"]) for frame in frames] == [("NEW", False), ("NEW", True)]


def test_a_stop_that_the_account_cannot_carry_is_rejected_when_it_fires(driver: ExchangeDriver) -> None:
    stop = driver.stop(BUY, "100", STOP_MARKET, "60200.0")
    driver.trade("60300.0", "1", BUY)
    assert life(driver, stop)[-1] is AlgoStatus.REJECTED
    assert driver.exchange.state.algos[stop.algo_id].reason == "Margin is insufficient."


def test_price_protection_holds_a_stop_back_while_last_and_mark_are_far_apart(driver: ExchangeDriver) -> None:
    stop = driver.stop(SELL, "1", STOP_MARKET, "59000.0", price_protect=True)
    driver.trade("55000.0", "1", SELL)
    assert life(driver, stop) == [AlgoStatus.NEW]


def test_cancelling_regular_orders_leaves_conditional_ones_and_the_other_way_round(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "0.1", "59990.0")
    stop = driver.stop(SELL, "1", STOP_MARKET, "59995.0")
    driver.send(CancelAll(ME, SYMBOL))
    assert (driver.now(order).status, life(driver, stop)) == (OrderStatus.CANCELED, [AlgoStatus.NEW])
    with pytest.raises(Rejection, match="-2011"):
        driver.send(Cancel(ME, SYMBOL, stop.algo_id))
    assert driver.send(CancelAllAlgos(ME, SYMBOL)) == 1
    with pytest.raises(Rejection, match="-2011"):
        driver.send(CancelAlgo(ME, stop.algo_id))


def test_at_most_two_hundred_conditional_orders_wait(driver: ExchangeDriver) -> None:
    for _ in range(200):
        driver.stop(SELL, "0.001", STOP_MARKET, "59000.0")
    with pytest.raises(Rejection, match="-4045"):
        driver.stop(SELL, "0.001", STOP_MARKET, "59000.0")
