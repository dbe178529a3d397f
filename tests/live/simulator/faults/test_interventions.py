"""What others do to accounts and orders keeps the books: events as Binance sends them, and an audit afterwards."""

from typing import Any

import pytest

from live.enums import AlgoStatus, ExecutionType, MarginType, OrderStatus, OrderType, PositionSide
from live.money import parse, plain
from live.simulator.core import interventions as do
from live.simulator.core.audit import audit
from live.simulator.core.commands import Cancel, CancelAlgo, ChangeRules, SetDualSide, SetLeverage, SetMarginType
from live.simulator.core.events import AccountChanged, AlgoChanged, Liquidated, OrderChanged
from live.simulator.core.rejections import Rejection
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.streams.user_frames import frames
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver

BOOK = ("9990x5 9980x5", "10010x5 10020x5")
STOP = OrderType.STOP_MARKET


def market() -> ExchangeDriver:
    driver = ExchangeDriver().opened(*BOOK).depth(bids="9990x5")
    return driver.mark("10000").trade("10000", "0.001", BUY)


def carry_out(driver: ExchangeDriver, body: Any) -> list[Any]:
    """Carry out an intervention; return its events after checking the books."""
    before = len(driver.events)
    driver.send(body)
    assert audit(driver.exchange.state) == []
    return driver.events[before:]


def amount(driver: ExchangeDriver, side: PositionSide = PositionSide.BOTH) -> str:
    return plain(driver.account.position(SYMBOL, side).amount)


def order_frames(driver: ExchangeDriver, events: list[Any]) -> list[dict[str, Any]]:
    shown = [frame for event in events for frame in frames(event, driver.feed.listed)]
    return [frame["o"] for frame in shown if frame["e"] == "ORDER_TRADE_UPDATE"]


def with_status(driver: ExchangeDriver, status: str) -> ChangeRules:
    rules = driver.exchange.state.markets[SYMBOL].rules
    return ChangeRules(SymbolRules.of(rules.listing | {"status": status}, rules.brackets))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_close_by_hand_is_a_reduce_only_order_with_a_web_id(side: Any) -> None:
    driver = market()
    driver.order(side, "0.5")
    shown = order_frames(driver, carry_out(driver, do.ClosePositions(ME, SYMBOL)))
    assert [(frame["x"], frame["R"], frame["c"][:4]) for frame in shown] == [
        ("NEW", True, "web_"),
        ("TRADE", True, "web_"),
    ]
    assert amount(driver) == "0"


def test_a_close_by_hand_closes_both_sides_of_hedge_mode() -> None:
    driver = market()
    driver.send(SetDualSide(ME, True))
    driver.order(BUY, "0.5", position_side=PositionSide.LONG)
    driver.order(SELL, "0.3", position_side=PositionSide.SHORT)
    carry_out(driver, do.ClosePositions(ME, SYMBOL))
    assert (amount(driver, PositionSide.LONG), amount(driver, PositionSide.SHORT)) == ("0", "0")


@pytest.mark.parametrize("body", [do.ClosePositions(ME, SYMBOL), do.Deleverage(ME, SYMBOL)])
def test_without_a_position_there_is_nothing_to_close(body: Any) -> None:
    driver = market()
    with pytest.raises(Rejection, match="-2022"):
        driver.send(body)
    assert audit(driver.exchange.state) == []


@pytest.mark.parametrize(("transferred", "reason"), [("250.5", "DEPOSIT"), ("-250.5", "WITHDRAW")])
def test_a_transfer_has_an_income_row_and_an_event_without_positions(transferred: str, reason: str) -> None:
    driver = market()
    driver.order(BUY, "0.5")
    before = driver.account.wallet
    events = carry_out(driver, do.Transfer(ME, parse(transferred)))
    [event] = [event for event in events if isinstance(event, AccountChanged)]
    assert (event.reason, event.change, event.positions) == (reason, parse(transferred), ())
    assert driver.account.wallet == before + parse(transferred)
    row = driver.exchange.state.incomes[-1]
    assert (row.kind, row.amount) == ("TRANSFER", parse(transferred))


def test_a_withdrawal_beyond_the_balance_is_refused() -> None:
    driver = market()
    driver.order(BUY, "0.5")
    with pytest.raises(Rejection, match="-2018"):
        driver.send(do.Transfer(ME, -driver.account.wallet))
    assert audit(driver.exchange.state) == []


@pytest.mark.parametrize("margin_type", MarginType)
@pytest.mark.parametrize(("percent", "left"), [(100, "0"), (33, "0.335"), (1, "0.495")])
def test_deleveraging_closes_a_part_at_the_mark_price(margin_type: MarginType, percent: int, left: str) -> None:
    driver = market()
    if margin_type is MarginType.ISOLATED:
        driver.send(SetMarginType(ME, SYMBOL, margin_type))
    driver.order(BUY, "0.5")
    events = carry_out(driver, do.Deleverage(ME, SYMBOL, percent))
    shown = order_frames(driver, events)
    assert [(frame["c"], frame["x"], frame["X"]) for frame in shown] == [
        ("adl_autoclose", "NEW", "NEW"),
        ("adl_autoclose", "CALCULATED", "FILLED"),
    ]
    assert shown[-1]["L"] == "10000.00"
    assert amount(driver) == left


@pytest.mark.parametrize("margin_type", MarginType)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_partial_liquidation_leaves_the_rest_and_charges_the_fee(margin_type: MarginType, side: Any) -> None:
    driver = market()
    if margin_type is MarginType.ISOLATED:
        driver.send(SetMarginType(ME, SYMBOL, margin_type))
    driver.order(side, "0.4")
    events = carry_out(driver, do.LiquidatePart(ME, SYMBOL, 25))
    assert order_frames(driver, events)[0]["c"].startswith("autoclose-")
    assert any(isinstance(event, Liquidated) for event in events)
    assert amount(driver) == ("0.3" if side is BUY else "-0.3")
    assert driver.exchange.state.incomes[-1].kind == "INSURANCE_CLEAR"


def test_settlement_ends_orders_and_closes_positions_at_the_mark_price() -> None:
    driver = market()
    driver.order(BUY, "0.5")
    resting, stop = driver.order(BUY, "0.1", "9900"), driver.stop(SELL, "0.5", STOP, "9500")
    carry_out(driver, with_status(driver, "SETTLING"))
    events = carry_out(driver, do.SettleSymbol(SYMBOL))
    assert driver.now(resting).status is OrderStatus.EXPIRED
    assert driver.exchange.state.algos[stop.algo_id].status is AlgoStatus.EXPIRED
    assert order_frames(driver, events)[-1]["c"].startswith("settlement_autoclose-")
    assert amount(driver) == "0"


@pytest.mark.parametrize(("percent", "status", "executions"), [(100, "FILLED", 1), (40, "CANCELED", 2)])
def test_a_fill_after_the_cancellation_changes_the_position(percent: int, status: str, executions: int) -> None:
    driver = market()
    order = driver.order(BUY, "0.5", "9900")
    driver.send(Cancel(ME, SYMBOL, order.order_id))
    events = carry_out(driver, do.FillCanceled(order.order_id, percent))
    shown = order_frames(driver, events)
    assert (shown[0]["x"], shown[-1]["X"], len(shown)) == ("TRADE", status, executions)
    assert amount(driver) == plain(parse("0.5") * percent // 100)
    assert driver.now(order).status == status


def test_only_a_cancelled_order_can_fill_late() -> None:
    driver = market()
    order = driver.order(BUY, "0.5", "9900")
    with pytest.raises(Rejection, match="-2013"):
        driver.send(do.FillCanceled(order.order_id))


def stopped(driver: ExchangeDriver, trouble: do.Trouble, after_ms: int = 0) -> int:
    driver.order(BUY, "0.5")
    number = driver.stop(SELL, "0.5", STOP, "9985").algo_id
    driver.send(do.TroubleAlgo(number, do.Troubled(trouble, after_ms)))
    return number


def test_a_stop_can_be_rejected_at_its_trigger_without_a_child_order() -> None:
    driver = market()
    number = stopped(driver, do.Trouble.REJECTED)
    driver.trade("9980", "0.1", SELL)
    statuses = [event.order.status for event in driver.events if isinstance(event, AlgoChanged)]
    assert statuses == [AlgoStatus.NEW, AlgoStatus.TRIGGERING, AlgoStatus.REJECTED]
    assert (driver.exchange.state.algos[number].order_id, amount(driver)) == (0, "0.5")
    assert audit(driver.exchange.state) == []


def test_a_stop_can_hang_in_triggering_and_cannot_be_cancelled_then() -> None:
    driver = market()
    number = stopped(driver, do.Trouble.HANGING)
    driver.trade("9980", "0.1", SELL).tick(60_000).trade("9980", "0.1", SELL)
    assert driver.exchange.state.algos[number].status is AlgoStatus.TRIGGERING
    with pytest.raises(Rejection, match="-2011"):
        driver.send(CancelAlgo(ME, number))
    assert amount(driver) == "0.5"
    assert audit(driver.exchange.state) == []


@pytest.mark.parametrize("trades_later", [False, True])
def test_a_stop_can_trigger_late_whether_or_not_more_trades_come(trades_later: bool) -> None:
    driver = market()
    number = stopped(driver, do.Trouble.LATE, 2_000)
    driver.trade("9980", "0.1", SELL).tick(1_999)
    if trades_later:
        driver.trade("9970", "0.1", SELL)
    assert driver.exchange.state.algos[number].status is AlgoStatus.NEW
    driver.tick(1)
    assert driver.exchange.state.algos[number].triggered_ms == driver.now_ms
    driver.depth(bids="9980x5")
    assert amount(driver) == "0"
    assert audit(driver.exchange.state) == []


def test_a_late_stop_that_is_cancelled_meanwhile_does_not_trigger() -> None:
    driver = market()
    number = stopped(driver, do.Trouble.LATE, 2_000)
    driver.trade("9980", "0.1", SELL)
    driver.send(CancelAlgo(ME, number))
    driver.tick(5_000)
    assert driver.exchange.state.algos[number].status is AlgoStatus.CANCELED
    assert audit(driver.exchange.state) == []


@pytest.mark.parametrize(("silent", "sent"), [(False, 1), (True, 0)])
def test_the_exchange_can_cancel_a_stop_with_or_without_an_event(silent: bool, sent: int) -> None:
    driver = market()
    stop = driver.stop(SELL, "0.5", STOP, "9500")
    events = carry_out(driver, do.EndAlgo(stop.algo_id, silent))
    shown = [frame for event in events for frame in frames(event, driver.feed.listed)]
    assert len(shown) == sent
    assert driver.exchange.state.waiting_algos(ME) == []


def test_while_the_service_is_down_nothing_triggers_and_afterwards_it_does() -> None:
    driver = market()
    driver.order(BUY, "0.5")
    driver.stop(SELL, "0.5", STOP, "9985")
    driver.send(do.StopConditionalOrders(True))
    driver.trade("9980", "0.1", SELL)
    assert amount(driver) == "0.5"
    driver.send(do.StopConditionalOrders(False))
    driver.trade("9980", "0.1", SELL)
    assert amount(driver) == "0"
    assert audit(driver.exchange.state) == []


@pytest.mark.parametrize(("status", "code"), [("TRADING_HALT", -4140), ("SETTLING", -4108), ("PENDING_TRADING", -4108)])
def test_a_symbol_that_is_not_trading_refuses_orders_and_fills_nothing(status: str, code: int) -> None:
    driver = market()
    order = driver.order(BUY, "0.5", "9990")
    before = driver.exchange.state.markets[SYMBOL].rules
    driver.send(with_status(driver, status))
    for refused in (
        lambda: driver.order(BUY, "0.5", "9900"),
        lambda: driver.order(BUY, "0.5"),
        lambda: driver.stop(BUY, "0.5", STOP, "10500"),
    ):
        with pytest.raises(Rejection, match=str(code)):
            refused()
    driver.trade("9900", "50", SELL).depth(bids="9990x0 9980x0 9890x5", asks="9900x5")
    assert not driver.now(order).filled
    driver.send(ChangeRules(before))
    driver.trade("9900", "50", SELL)
    assert driver.now(order).filled
    assert audit(driver.exchange.state) == []


def test_orders_of_a_halted_symbol_can_be_cancelled() -> None:
    driver = market()
    order = driver.order(BUY, "0.5", "9990")
    driver.send(with_status(driver, "TRADING_CANCEL_ONLY"))
    assert driver.send(Cancel(ME, SYMBOL, order.order_id)).status is OrderStatus.CANCELED


def test_a_changed_funding_interval_moves_the_next_funding_time() -> None:
    driver = market()
    hour = 3_600_000
    carry_out(driver, do.ChangeFundingInterval(SYMBOL, hour))
    found = driver.exchange.state.markets[SYMBOL]
    assert found.next_funding_ms == (driver.now_ms // hour + 1) * hour
    driver.order(BUY, "0.5")
    driver.tick(3 * hour)
    assert [row.kind for row in driver.exchange.state.incomes].count("FUNDING_FEE") == 3
    assert audit(driver.exchange.state) == []


def test_a_leverage_change_by_hand_sends_the_event_of_a_client_change() -> None:
    driver = market()
    events = carry_out(driver, SetLeverage(ME, SYMBOL, 7))
    shown = [frame for event in events for frame in frames(event, driver.feed.listed)]
    assert [frame["ac"] for frame in shown] == [{"s": SYMBOL, "l": 7}]


def test_executions_of_the_exchange_are_calculated() -> None:
    driver = market()
    driver.order(BUY, "0.5")
    events = carry_out(driver, do.Deleverage(ME, SYMBOL))
    kinds = [event.execution for event in events if isinstance(event, OrderChanged)]
    assert kinds == [ExecutionType.NEW, ExecutionType.CALCULATED]


def test_fees_in_bnb_leave_the_wallet_of_usdt_alone_while_the_bnb_last() -> None:
    driver = market()
    events = carry_out(driver, do.PayFeesInBnb(ME, parse("600")))
    [deposit] = [event for event in events if isinstance(event, AccountChanged)]
    assert (deposit.reason, deposit.bnb) == ("DEPOSIT", (parse("1"), parse("1")))
    before = driver.account.wallet
    driver.order(BUY, "0.5")
    assert driver.account.wallet == before
    [fill] = driver.fills
    assert (fill.fee_asset, plain(fill.fee)) == ("BNB", "0.00375375")  # 10010 * 0.5 * 0.05 % * 90 % / 600
    shown = [frame for event in driver.events for frame in frames(event, driver.feed.listed)]
    filled = shown[-1]["o"]
    assert (filled["N"], filled["n"]) == ("BNB", "0.00375375")
    assert {"a": "BNB", "wb": "0.99624625", "cw": "0.99624625", "bc": "0.00000000"} in shown[-2]["a"]["B"]
    assert audit(driver.exchange.state) == []
    carry_out(driver, do.PayFeesInBnb(ME, 0))
    driver.order(SELL, "0.5")
    assert driver.fills[-1].fee_asset == "USDT"
    assert audit(driver.exchange.state) == []


def test_a_fee_beyond_the_bnb_is_paid_in_usdt() -> None:
    driver = market()
    carry_out(driver, do.PayFeesInBnb(ME, parse("0.001")))
    driver.order(BUY, "0.5")
    assert [fill.fee_asset for fill in driver.fills] == ["USDT"]
    assert audit(driver.exchange.state) == []
