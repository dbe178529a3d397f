"""A trade or a bookTicker that has passed a level removes it before anything takes, until a newer diff restores it."""

import pytest

from live.enums import OrderStatus, OrderType, PriceMatch, SelfTrade, Side, TimeInForce, WorkingType
from live.money import plain
from live.simulator.core.evidence import MAX_RECENT
from live.simulator.core.fill_models import FillModel
from live.simulator.core.rejections import Rejection
from skills_lib.market.depth.model import Snapshot
from tests.live.simulator.in_process import BUY, SELL, ExchangeDriver, levels, make_exchange

BIDS = "60000.0x2 59999.9x3 59999.8x5 59990.0x50"
ASKS = "60000.1x1 60000.2x2 60000.3x4 60010.0x50"
STRICT = [FillModel.PESSIMISTIC, FillModel.BASE]


def opened(model: FillModel = FillModel.PESSIMISTIC) -> ExchangeDriver:
    return ExchangeDriver(make_exchange(model, balance="10000000")).opened(BIDS, ASKS)


@pytest.fixture(params=STRICT)
def driver(request: pytest.FixtureRequest) -> ExchangeDriver:
    return opened(request.param)


def prices(driver: ExchangeDriver) -> list[str]:
    return [f"{plain(fill.price)}x{plain(fill.quantity)}" for fill in driver.fills]


@pytest.mark.parametrize(
    ("price", "taker", "side", "filled"),
    [
        ("60000.3", BUY, BUY, "60000.3"),  # asks below a buyer's price are gone
        ("60000.3", BUY, SELL, "60000"),  # and no bid stood at or above it anyway
        ("59999.9", BUY, SELL, "59999.8"),  # a buyer's trade at a displayed bid: that bid is gone
        ("59999.8", SELL, SELL, "59999.8"),  # bids above a seller's price are gone
        ("60000.2", SELL, BUY, "60000.3"),  # a seller's trade at a displayed ask: that ask is gone
    ],
)
def test_a_trade_removes_the_levels_it_has_passed(
    driver: ExchangeDriver, price: str, taker: Side, side: Side, filled: str
) -> None:
    driver.trade(price, "0.1", taker)
    driver.order(side, "0.5")
    assert prices(driver) == [f"{filled}x0.5"]


def test_a_trade_uses_up_quantity_at_its_own_price(driver: ExchangeDriver) -> None:
    driver.trade("60000.1", "0.7", BUY)
    driver.order(BUY, "1")
    assert prices(driver) == ["60000.1x0.3", "60000.2x0.7"]


@pytest.mark.parametrize(("side", "filled"), [(BUY, "60000.3x0.6"), (SELL, "59999.9x0.6")])
def test_a_newer_ticker_removes_levels_inside_it(driver: ExchangeDriver, side: Side, filled: str) -> None:
    driver.ticker("59999.9x0.8", "60000.3x0.9")
    driver.order(side, "0.6")
    assert prices(driver) == [filled]


def test_a_newer_ticker_limits_the_quantity_at_its_prices(driver: ExchangeDriver) -> None:
    driver.ticker("60000.0x0.1", "60000.1x0.2")
    driver.order(BUY, "0.5")
    driver.order(SELL, "0.5")
    assert prices(driver) == ["60000.1x0.2", "60000.2x0.3", "60000x0.1", "59999.9x0.4"]


def test_a_trade_after_the_ticker_uses_up_its_quantity(driver: ExchangeDriver) -> None:
    driver.ticker("60000.0x2", "60000.1x0.5").trade("60000.1", "0.4", BUY)
    driver.order(BUY, "0.5")
    assert prices(driver) == ["60000.1x0.1", "60000.2x0.4"]


def test_a_ticker_older_than_the_book_removes_nothing(driver: ExchangeDriver) -> None:
    driver.depth(asks="60000.1x1")
    driver.ticker("60000.0x1", "60000.3x1", updates_ahead=-3)
    driver.order(BUY, "1")
    assert prices(driver) == ["60000.1x1"]


def test_a_diff_older_than_the_trade_does_not_restore_a_level(driver: ExchangeDriver) -> None:
    driver.trade("60000.3", "0.1", BUY)
    driver.tick(50).depth(asks="60000.1x9", late_ms=60)
    driver.order(BUY, "0.5")
    driver.depth(asks="60000.1x9")
    driver.order(BUY, "0.5")
    assert prices(driver) == ["60000.3x0.5", "60000.1x0.5"]


def test_a_diff_older_than_the_ticker_does_not_restore_a_level(driver: ExchangeDriver) -> None:
    driver.ticker("60000.0x1", "60000.3x1", updates_ahead=11)
    driver.depth(asks="60000.1x9")  # ten updates on
    driver.order(BUY, "0.5")
    driver.depth(asks="60000.2x9")  # twenty
    driver.order(BUY, "0.5")
    assert prices(driver) == ["60000.3x0.5", "60000.1x0.5"]


def test_a_diff_of_the_trades_millisecond_restores_only_what_it_names(driver: ExchangeDriver) -> None:
    driver.trade("60000.3", "0.1", BUY).depth(asks="60000.2x0.2")
    driver.order(BUY, "0.5")
    assert prices(driver) == ["60000.2x0.2", "60000.3x0.3"]


@pytest.mark.parametrize(("late_ms", "filled"), [(100, "60000.3x0.5"), (0, "60000.1x0.5")])
def test_a_snapshot_restores_levels_only_if_it_is_newer(driver: ExchangeDriver, late_ms: int, filled: str) -> None:
    driver.tick(1_000).gap().trade("60000.3", "0.1", BUY)
    driver.tick(50)
    driver.update_id += 10
    time_ms = driver.now_ms - late_ms
    driver.feed.take(Snapshot(driver.update_id, levels(BIDS), levels(ASKS), time_ms, time_ms), "BTCUSDT")
    driver.order(BUY, "0.5")
    assert prices(driver) == [filled]


def test_a_trade_that_comes_late_still_limits_what_reacts_to_it(driver: ExchangeDriver) -> None:
    driver.stop(BUY, "0.5", OrderType.STOP_MARKET, "60000.3")
    driver.tick(100).depth(asks="60000.1x1").trade("60000.3", "0.1", BUY, late_ms=20)
    assert prices(driver) == ["60000.3x0.5"]


def test_a_stop_never_fills_better_than_the_trade_that_fired_it(driver: ExchangeDriver) -> None:
    driver.stop(BUY, "0.5", OrderType.STOP_MARKET, "60000.3")
    driver.stop(SELL, "0.5", OrderType.STOP_MARKET, "59999.9")
    driver.trade("60000.3", "0.1", BUY).trade("59999.8", "0.1", SELL)
    assert prices(driver) == ["60000.3x0.5", "59999.8x0.5"]


def test_the_optimistic_model_believes_the_displayed_book() -> None:
    driver = opened(FillModel.OPTIMISTIC)
    driver.trade("60000.3", "0.1", BUY).ticker("60000.0x1", "60000.3x0.1")
    driver.order(BUY, "0.5")
    assert prices(driver) == ["60000.1x0.5"]


def test_a_stop_on_the_mark_price_meets_what_tickers_have_left(driver: ExchangeDriver) -> None:
    driver.mark("60000.0")
    driver.stop(BUY, "0.5", OrderType.STOP_MARKET, "60001.0", working_type=WorkingType.MARK_PRICE)
    driver.ticker("60000.0x1", "60000.3x0.2").mark("60001.0")
    assert prices(driver) == ["60000.3x0.2", "60010x0.3"]


def test_immediate_orders_count_only_what_stands(driver: ExchangeDriver) -> None:
    driver.trade("60000.2", "1.5", BUY)
    with pytest.raises(Rejection, match="-5021"):
        driver.order(BUY, "0.6", "60000.2", time_in_force=TimeInForce.FOK)
    order = driver.order(BUY, "0.6", "60000.2", time_in_force=TimeInForce.IOC)
    assert (order.status, prices(driver)) == (OrderStatus.EXPIRED, ["60000.2x0.5"])


def test_post_only_is_refused_at_a_newer_tickers_price(driver: ExchangeDriver) -> None:
    driver.depth(asks="60000.1x0 60000.2x0").ticker("60000.0x1", "60000.1x1")
    with pytest.raises(Rejection, match="-5022"):
        driver.order(BUY, "0.1", "60000.1", time_in_force=TimeInForce.GTX)


def test_a_matched_price_skips_levels_that_were_passed(driver: ExchangeDriver) -> None:
    driver.trade("60000.3", "0.1", BUY)
    order = driver.order(BUY, "0.1", kind=OrderType.LIMIT, price_match=PriceMatch.OPPONENT)
    assert plain(order.price) == "60000.3"


def test_a_market_order_waits_if_trades_have_passed_all_it_could_take(driver: ExchangeDriver) -> None:
    driver.trade("60020.0", "0.1", BUY)
    order = driver.order(BUY, "0.5")
    assert (order.status, prices(driver)) == (OrderStatus.NEW, [])
    driver.tick(1).depth(asks="60000.1x0 60000.2x0 60000.3x0 60010.0x0 60021.0x5")
    assert (driver.now(order).status, prices(driver)) == (OrderStatus.FILLED, ["60021x0.5"])


def test_an_order_queues_behind_the_larger_of_book_and_ticker(driver: ExchangeDriver) -> None:
    driver.ticker("60000.0x7", "60000.1x1")
    order = driver.order(BUY, "1", "60000.0")
    assert plain(driver.now(order).place.ahead) == "7"


def test_thousands_of_trades_in_a_hole_refute_as_much_as_each_of_them(driver: ExchangeDriver) -> None:
    driver.tick(1_000).gap().trade("60000.2", "0.1", BUY)
    for _ in range(3 * MAX_RECENT):
        driver.trade("60000.1", "0.001", BUY).ticker("59999.8x1", "60000.1x1", updates_ahead=20)
    driver.update_id += 10
    time_ms = driver.now_ms - 10
    driver.feed.take(Snapshot(driver.update_id, levels(BIDS), levels(ASKS), time_ms, time_ms), "BTCUSDT")
    driver.order(BUY, "0.5")
    driver.order(SELL, "0.5")
    assert prices(driver) == ["60000.3x0.5", "59999.8x0.5"]


def test_a_trade_with_a_clock_far_ahead_does_not_refute_for_ever(driver: ExchangeDriver) -> None:
    driver.trade("60000.3", "0.1", BUY, late_ms=-3_600_000)
    driver.tick(100).depth(asks="60000.1x1")
    driver.order(BUY, "1")
    assert prices(driver) == ["60000.1x1"]


def test_update_ids_that_start_anew_do_not_leave_an_old_ticker_in_force(driver: ExchangeDriver) -> None:
    driver.ticker("60000.0x1", "60010.0x1", updates_ahead=10**9)
    driver.feed.lose("BTCUSDT", "the connection broke")
    driver.update_id = 50
    driver.tick(100).opened(BIDS, ASKS)
    driver.order(BUY, "1")
    assert prices(driver) == ["60000.1x1"]


def test_own_orders_meet_where_the_tape_has_nothing_left(driver: ExchangeDriver) -> None:
    driver.depth(asks="60000.1x0 60000.2x0")
    resting = driver.order(SELL, "1", "60000.1")
    with pytest.raises(Rejection, match="-5022"):
        driver.order(BUY, "1", "60000.1", time_in_force=TimeInForce.GTX)
    arriving = driver.order(BUY, "1", "60000.1", self_trade=SelfTrade.EXPIRE_MAKER)
    assert (driver.now(resting).status, arriving.status) == (OrderStatus.EXPIRED_IN_MATCH, OrderStatus.NEW)
    assert prices(driver) == []
