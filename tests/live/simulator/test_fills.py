"""Fills of orders on hand-written books and tapes, compared with hand-computed amounts."""

import pytest

from live.enums import ExecutionType, OrderStatus, SelfTrade, Side, TimeInForce
from live.money import parse, plain
from live.simulator.core.commands import Amend, Cancel, CancelAll, SetCountdown, SetLeverage
from live.simulator.core.events import OrderChanged
from live.simulator.core.fill_models import FillModel
from live.simulator.core.rejections import Rejection
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver, make_exchange

BIDS, ASKS = "60000.0x2 59999.9x3 59999.8x5", "60000.1x1 60000.2x2 60000.3x4"


@pytest.fixture
def driver() -> ExchangeDriver:
    return ExchangeDriver().opened(BIDS, ASKS)


def shown(driver: ExchangeDriver) -> list[tuple[str, str, str, bool]]:
    """Price, quantity, fee and side of each fill."""
    return [(plain(f.price), plain(f.quantity), plain(f.fee), f.maker) for f in driver.fills]


def test_a_taker_walks_the_levels_and_pays_the_taker_fee_on_each(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "2.5")
    assert order.status is OrderStatus.FILLED
    # 60000.1 x 1 x 0.05 % = 30.00005; 60000.2 x 1.5 x 0.05 % = 45.00015
    assert shown(driver) == [("60000.1", "1", "30.00005", False), ("60000.2", "1.5", "45.00015", False)]
    assert plain(driver.account.wallet) == "99924.9998"
    assert plain(driver.account.position(SYMBOL).entry_price) == "60000.16"


def test_taken_liquidity_stays_taken_until_the_tape_refreshes_the_level(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    driver.order(BUY, "1")
    assert [plain(f.price) for f in driver.fills] == ["60000.1", "60000.2"]
    driver.depth(asks="60000.1x0.7")
    driver.order(BUY, "0.7")
    assert plain(driver.fills[-1].price) == "60000.1"


def test_an_immediate_limit_order_takes_up_to_its_price_and_expires_with_the_rest(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "5", "60000.2", time_in_force=TimeInForce.IOC)
    assert (order.status, plain(order.filled)) == (OrderStatus.EXPIRED, "3")


def test_a_limit_order_that_crosses_takes_first_and_rests_with_what_is_left(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1.5", "60000.1")
    assert (order.status, plain(order.filled), plain(order.remaining)) == (OrderStatus.PARTIALLY_FILLED, "1", "0.5")
    driver.trade("60000.1", "0.2", SELL)
    assert plain(driver.now(order).filled) == "1.2"
    assert shown(driver)[-1] == ("60000.1", "0.2", "2.400004", True)


def test_fill_or_kill_and_post_only_are_refused_whole(driver: ExchangeDriver) -> None:
    with pytest.raises(Rejection, match="-5021"):
        driver.order(BUY, "8", "60000.3", time_in_force=TimeInForce.FOK)
    with pytest.raises(Rejection, match="-5022"):
        driver.order(BUY, "0.1", "60000.1", time_in_force=TimeInForce.GTX)
    assert driver.fills == []
    assert driver.exchange.state.orders == {}


def test_a_passive_order_waits_until_the_displayed_quantity_has_traded(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0")
    driver.trade("60000.0", "1.9", SELL)
    assert driver.fills == []
    driver.trade("60000.0", "0.4", SELL)
    assert shown(driver) == [("60000", "0.3", "3.6", True)]
    driver.trade("60000.0", "5", SELL)
    assert driver.now(order).status is OrderStatus.FILLED


def test_a_trade_through_the_price_fills_at_the_limit_up_to_the_traded_quantity(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0")
    driver.trade("59999.9", "0.4", SELL)
    assert shown(driver) == [("60000", "0.4", "4.8", True)]
    assert driver.now(order).status is OrderStatus.PARTIALLY_FILLED


def test_a_trade_of_the_other_side_does_not_touch_the_order(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1", "60000.0")
    driver.trade("60000.0", "100", BUY)
    assert driver.fills == []


@pytest.mark.parametrize(
    ("model", "filled"),
    [(FillModel.PESSIMISTIC, "0"), (FillModel.BASE, "0.5"), (FillModel.OPTIMISTIC, "1")],
)
def test_the_three_models_differ_in_what_a_cancellation_does_to_the_queue(model: FillModel, filled: str) -> None:
    driver = ExchangeDriver(make_exchange(model)).opened(BIDS, ASKS)
    order = driver.order(BUY, "1", "60000.0")  # 2 ahead
    driver.depth(bids="60000.0x6")  # 4 more join behind
    driver.depth(bids="60000.0x3")  # 3 of 6 cancel: base takes 2 x 3/6 = 1 from the front, optimistic both
    driver.trade("60000.0", "1.5", SELL)
    assert plain(driver.now(order).filled) == filled


@pytest.mark.parametrize(
    ("model", "filled"),
    [(FillModel.PESSIMISTIC, "0"), (FillModel.BASE, "0.4"), (FillModel.OPTIMISTIC, "0.4")],
)
def test_an_ask_at_the_bid_fills_it_except_in_the_pessimistic_model(model: FillModel, filled: str) -> None:
    driver = ExchangeDriver(make_exchange(model)).opened(BIDS, ASKS)
    order = driver.order(BUY, "1", "60000.0")
    driver.depth(bids="60000.0x0", asks="60000.0x0.4")
    assert plain(driver.now(order).filled) == filled


def test_an_ask_below_a_resting_bid_fills_it_once_in_every_model(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0")
    driver.depth(bids="60000.0x0 59999.9x0", asks="59999.9x0.3")
    driver.depth(asks="60000.4x1")
    assert plain(driver.now(order).filled) == "0.3"
    assert shown(driver)[-1][0] == "60000"


def test_nothing_fills_while_the_book_is_out_of_sync(driver: ExchangeDriver) -> None:
    resting = driver.order(BUY, "1", "60000.0")
    driver.gap()
    driver.trade("59000.0", "5", SELL)
    market = driver.order(BUY, "1")
    assert market.status is OrderStatus.NEW
    assert driver.now(resting).status is OrderStatus.NEW
    assert driver.fills == []


def test_nothing_fills_from_a_stale_book(driver: ExchangeDriver) -> None:
    driver.tick(5_001)
    order = driver.order(BUY, "1")
    assert order.status is OrderStatus.NEW
    driver.depth(asks="60000.1x1")
    assert driver.now(order).status is OrderStatus.FILLED


def test_a_market_order_stops_at_the_bound_around_the_mark_price() -> None:
    driver = ExchangeDriver(make_exchange(balance="1000000")).opened("60000.0x1", "60000.2x1 63000.1x1 63000.2x1")
    order = driver.order(BUY, "3")  # mark 60000.1: the bound is 63000.105
    assert (order.status, plain(order.filled)) == (OrderStatus.EXPIRED, "2")


def test_a_market_order_with_nothing_within_the_bound_is_refused() -> None:
    driver = ExchangeDriver().opened("60000.0x1", "60000.2x1").mark("50000.0")
    with pytest.raises(Rejection, match="-4131"):
        driver.order(BUY, "0.01")


def test_a_round_trip_realizes_the_difference_less_both_fees(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    driver.order(SELL, "1")
    # -0.1 on the spread, 30.00005 and 30.0 in fees
    assert plain(driver.account.wallet) == "99939.89995"
    assert [plain(f.realized) for f in driver.fills] == ["0", "-0.1"]
    assert [(income.kind, plain(income.amount)) for income in driver.exchange.state.incomes] == [
        ("COMMISSION", "-30.00005"),
        ("COMMISSION", "-30"),
        ("REALIZED_PNL", "-0.1"),
    ]


@pytest.mark.parametrize("quantity", ["1.5", "2.5"])
def test_an_amended_order_goes_to_the_back_of_the_queue(driver: ExchangeDriver, quantity: str) -> None:
    order = driver.order(BUY, "2", "60000.0")
    driver.trade("60000.0", "1.5", SELL)
    assert plain(driver.now(order).place.ahead) == "0.5"
    driver.send(Amend(ME, SYMBOL, BUY, parse(quantity), parse("60000.0"), order.order_id))
    assert plain(driver.now(order).place.ahead) == "2"


def test_an_amendment_that_changes_nothing_is_refused(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1.5", "60000.0")
    with pytest.raises(Rejection, match="-5027"):
        driver.send(Amend(ME, SYMBOL, BUY, parse("1.5"), parse("60000.0"), order.order_id))


def test_a_cancel_that_comes_after_the_fill_finds_no_order(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0")
    driver.trade("59999.0", "5", SELL)
    with pytest.raises(Rejection, match="-2011"):
        driver.send(Cancel(ME, SYMBOL, order.order_id))


def test_a_client_id_is_unique_among_open_orders_only(driver: ExchangeDriver) -> None:
    order = driver.order(BUY, "1", "60000.0", client_id="mine")
    with pytest.raises(Rejection, match="-4116"):
        driver.order(BUY, "1", "59999.9", client_id="mine")
    driver.send(Cancel(ME, SYMBOL, order.order_id))
    driver.order(BUY, "1", "59999.9", client_id="mine")


def test_reduce_only_never_opens_and_ends_with_the_position(driver: ExchangeDriver) -> None:
    with pytest.raises(Rejection, match="-2022"):
        driver.order(SELL, "1", reduce_only=True)
    driver.order(BUY, "1")
    target = driver.order(SELL, "1", "60010.0", reduce_only=True)
    assert plain(driver.order(SELL, "1", reduce_only=True).filled) == "1"
    assert driver.now(target).status is OrderStatus.EXPIRED
    assert driver.account.position(SYMBOL).amount == 0


def test_margin_limits_what_can_be_opened(driver: ExchangeDriver) -> None:
    driver.send(SetLeverage(ME, SYMBOL, 1))
    driver.order(BUY, "1.6", "60000.0")
    with pytest.raises(Rejection, match="-2019"):
        driver.order(BUY, "0.1", "60000.0")
    driver.send(SetLeverage(ME, SYMBOL, 20))
    driver.order(BUY, "0.1", "60000.0")


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        (SelfTrade.EXPIRE_MAKER, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.FILLED),
        (SelfTrade.EXPIRE_TAKER, OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH),
        (SelfTrade.EXPIRE_BOTH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.EXPIRED_IN_MATCH),
    ],
)
def test_an_account_does_not_trade_with_itself(
    driver: ExchangeDriver, mode: SelfTrade, maker: OrderStatus, taker: OrderStatus
) -> None:
    resting = driver.order(SELL, "1", "60000.1")
    arriving = driver.order(BUY, "1", "60000.1", self_trade=mode)
    assert (driver.now(resting).status, arriving.status) == (maker, taker)


def test_a_countdown_cancels_orders_of_its_symbol_and_leaves_the_position(driver: ExchangeDriver) -> None:
    driver.order(BUY, "1")
    order = driver.order(BUY, "1", "59990.0")
    driver.send(SetCountdown(ME, SYMBOL, 1_000))
    driver.tick(999)
    assert driver.now(order).status is OrderStatus.NEW
    driver.tick(1)
    assert driver.now(order).status is OrderStatus.CANCELED
    assert plain(driver.account.position(SYMBOL).amount) == "1"


def test_a_good_till_date_order_expires_at_its_time_not_at_the_next_message(driver: ExchangeDriver) -> None:
    until = driver.now_ms + 700_000
    order = driver.order(BUY, "1", "60000.0", time_in_force=TimeInForce.GTD, good_till_ms=until)
    driver.tick(900_000)
    assert (driver.now(order).status, driver.now(order).updated_ms) == (OrderStatus.EXPIRED, until)


def test_cancel_all_cancels_the_accounts_orders_and_returns_how_many(driver: ExchangeDriver) -> None:
    for price in ("59990.0", "59991.0"):
        driver.order(BUY, "0.01", price)
    assert driver.send(CancelAll(ME, SYMBOL)) == 2
    ended = [
        event
        for event in driver.events
        if isinstance(event, OrderChanged) and event.execution is ExecutionType.CANCELED
    ]
    assert len(ended) == 2


@pytest.mark.parametrize(
    ("price", "quantity", "side", "code"),
    [
        ("600.0", "1", SELL, -4024),
        ("64000.0", "1", BUY, -4016),
        ("500.0", "1", BUY, -4013),
        ("60000.05", "1", BUY, -4014),
        ("60000.0", "0", BUY, -4003),
        ("60000.0", "0.0001", BUY, -4004),
        ("60000.0", "1001", BUY, -4005),
        ("60000.0", "0.0015", BUY, -4023),
        ("60000.0", "0.0", BUY, -4003),
        ("", "121", BUY, -4005),
        ("59990.0", "0.001", SELL, 0),
    ],
)
def test_a_filter_refuses_with_its_own_code(
    driver: ExchangeDriver, price: str, quantity: str, side: Side, code: int
) -> None:
    if not code:
        driver.order(side, quantity, price)
        return
    with pytest.raises(Rejection) as refused:
        driver.order(side, quantity, price)
    assert refused.value.code == code


def test_an_order_below_the_smallest_notional_is_refused_unless_it_reduces() -> None:
    driver = ExchangeDriver().opened("1000.0x5", "1000.1x5")
    with pytest.raises(Rejection, match="-4164"):
        driver.order(BUY, "0.049", "1000.0")
    driver.order(BUY, "0.05")
    driver.order(SELL, "0.049", reduce_only=True)
    assert plain(driver.account.position(SYMBOL).amount) == "0.001"
