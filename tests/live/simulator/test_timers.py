"""Timers fire once at each due moment: funding, good-till dates, countdowns and margin calls."""

from pathlib import Path

import pytest

from live.enums import AlgoStatus, MarginType, OrderStatus, OrderType, TimeInForce
from live.money import parse, plain
from live.simulator.core.audit import audit
from live.simulator.core.commands import SetCountdown, SetLeverage, SetMarginType, Submit
from live.simulator.core.events import AccountChanged, AlgoChanged, MarginCalled, OrderChanged
from live.simulator.core.orders import OrderRequest
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.model import MarkPrice, Snapshot
from skills_lib.market.depth.tape.lines import parse_line, read_lines
from tests.live.simulator.in_process import BUY, ME, SELL, START_MS, SYMBOL, ExchangeDriver, make_exchange
from tests.live.simulator.tapes import TapeWriter

HOUR_MS = 3_600_000
BOUNDARY_MS = (START_MS // (8 * HOUR_MS) + 1) * 8 * HOUR_MS


def opened(now_ms: int = BOUNDARY_MS - 10_000, balance: str = "100000") -> ExchangeDriver:
    driver = ExchangeDriver(make_exchange(balance=balance), now_ms=now_ms)
    return driver.opened("60000.0x50 57000.0x50", "60000.1x50 63000.0x50")


def charges(driver: ExchangeDriver) -> list[tuple[int, str]]:
    """Funding so far: milliseconds after the first boundary, and the amount."""
    rows = [income for income in driver.exchange.state.incomes if income.kind == "FUNDING_FEE"]
    assert audit(driver.exchange.state) == []
    return [(row.time_ms - BOUNDARY_MS, plain(row.amount)) for row in rows]


def test_marks_that_still_name_the_passed_boundary_charge_it_once() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    for _ in range(15):
        driver.tick(1_000).mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.mark("60000.0", "0.0001", BOUNDARY_MS + 8 * HOUR_MS).tick(1_000)
    assert charges(driver) == [(0, "-6")]


@pytest.mark.parametrize("named_ms", [1, BOUNDARY_MS - 8 * HOUR_MS, BOUNDARY_MS - 1, BOUNDARY_MS])
def test_a_mark_that_names_an_earlier_or_equal_boundary_charges_nothing(named_ms: int) -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.tick(10_000)
    for _ in range(3):
        driver.tick(1_000).mark("60000.0", "0.0001", named_ms)
    driver.tick(8 * HOUR_MS)
    assert charges(driver) == [(0, "-6"), (8 * HOUR_MS, "-6")]


def test_a_mark_that_moves_on_early_does_not_skip_the_boundary() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.tick(9_900).mark("60000.0", "0.0001", BOUNDARY_MS + 8 * HOUR_MS).tick(2_000)
    assert charges(driver) == [(0, "-6")]


def test_every_symbol_pays_before_a_liquidation_that_one_of_them_causes() -> None:
    driver, eth = opened(BOUNDARY_MS - 1_000, "1700"), "ETHUSDT"
    levels = ([("3000.00", "50")], [("3000.01", "50")])
    driver.events += driver.feed.take(Snapshot(1, *levels, driver.now_ms, driver.now_ms), eth)
    marks = {SYMBOL: ("60000.0", "0.055"), eth: ("3000.0", "0.001")}
    for symbol, (price, rate) in marks.items():
        driver.events += driver.feed.take(MarkPrice(symbol, driver.now_ms, price, price, rate, BOUNDARY_MS), symbol)
    driver.order(BUY, "0.5")
    driver.send(Submit(OrderRequest(ME, eth, BUY, OrderType.MARKET, parse("1"))))
    driver.tick(1_000)
    rows = [(row.symbol, row.time_ms) for row in driver.exchange.state.incomes if row.kind == "FUNDING_FEE"]
    assert rows == [(SYMBOL, BOUNDARY_MS), (eth, BOUNDARY_MS)]
    assert not driver.account.held()


def test_funding_takes_the_position_and_the_mark_price_of_the_boundary() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.tick(5_000).mark("60100.0", "0.0002", BOUNDARY_MS).order(BUY, "1")
    driver.now_ms += 10_000  # the first line after the boundary is a mark of another price, named late
    driver.mark("50000.0", "-0.05", BOUNDARY_MS).order(SELL, "2")
    assert charges(driver) == [(0, "-24.04")]


@pytest.mark.parametrize("hours", [1, 4, 8])
def test_a_clock_that_jumps_over_several_boundaries_charges_each_once(hours: int) -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.tick(10_000).mark("60000.0", "0.0001", BOUNDARY_MS + hours * HOUR_MS)
    driver.tick(24 * HOUR_MS)
    assert charges(driver) == [(each * HOUR_MS, "-6") for each in range(0, 25, hours)]


def test_a_boundary_inside_a_hole_of_the_tape_is_charged_once() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.gap()
    driver.tick(20_000).opened("60000.0x50", "60000.1x50").mark("60000.0", "0.0001", BOUNDARY_MS)
    assert charges(driver) == [(0, "-6")]


def test_a_shorter_interval_is_charged_at_its_own_boundaries() -> None:
    driver = opened(BOUNDARY_MS + 1).mark("60000.0", "0.0001", BOUNDARY_MS + 8 * HOUR_MS)
    driver.order(BUY, "1")
    driver.mark("60000.0", "0.0001", BOUNDARY_MS + 4 * HOUR_MS).tick(4 * HOUR_MS + 10_000)
    driver.mark("60000.0", "0.0001", BOUNDARY_MS + 8 * HOUR_MS).tick(8 * HOUR_MS)
    assert [when // HOUR_MS for when, _ in charges(driver)] == [4, 8, 12]


def test_a_mark_of_another_century_neither_postpones_nor_adds_a_charge() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.mark("60000.0", "0.0001", BOUNDARY_MS + 10**13).tick(10_000).mark("60000.0", "0.0001", 4 * 10**18)
    driver.tick(8 * HOUR_MS)
    assert charges(driver) == [(0, "-6"), (8 * HOUR_MS, "-6")]


def test_a_session_that_goes_on_with_an_earlier_tape_has_that_tapes_funding() -> None:
    driver = opened()
    market = driver.exchange.state.markets[SYMBOL]
    market.funded_ms, market.next_funding_ms = BOUNDARY_MS + 80 * HOUR_MS, BOUNDARY_MS + 88 * HOUR_MS
    driver.depth(bids="60000.0x40").mark("60000.0", "0.0001", BOUNDARY_MS).order(BUY, "1")
    driver.tick(10_000)
    assert charges(driver) == [(0, "-6")]


def test_a_delivery_contract_has_no_funding() -> None:
    driver = opened()
    driver.events += driver.feed.take(MarkPrice(SYMBOL, driver.now_ms, "60000.0", "60000.0", "", 0), SYMBOL)
    driver.order(BUY, "1")
    driver.tick(24 * HOUR_MS)
    assert charges(driver) == []


def test_a_jump_of_centuries_without_a_position_ends_at_once() -> None:
    driver = opened().tick(10**14)
    assert charges(driver) == []


def test_isolated_margin_pays_funding_down_to_zero_and_the_rest_is_cross() -> None:
    driver = opened(balance="1000")
    driver.send(SetLeverage(ME, SYMBOL, 100))
    driver.send(SetMarginType(ME, SYMBOL, MarginType.ISOLATED))
    driver.mark("60000.0", "0.02", BOUNDARY_MS).order(BUY, "0.1")
    driver.mark("66000.0", "0.02", BOUNDARY_MS).tick(10_000)  # 132 to pay, 60 in the position
    assert charges(driver) == [(0, "-132")]
    assert driver.account.position(SYMBOL).isolated_wallet == 0
    assert plain(driver.account.cross_wallet()) == "864.999995"  # 1000 less 3.000005 of commission and 132


def test_the_shared_tape_of_a_funding_boundary_charges_once(shared_data: Path) -> None:
    tape = shared_data.parent / "cases/tapes/c02_funding_boundary.jsonl"
    driver = ExchangeDriver(make_exchange())
    lines = list(TapeSource().read(read_lines(tape)))
    for number, line in enumerate(lines):
        driver.events += driver.feed.take(line.message, line.symbol)
        driver.now_ms = driver.exchange.state.now_ms
        if number == 30:
            driver.order(BUY, "1")
    assert [plain(row.amount) for row in driver.exchange.state.incomes if row.kind == "FUNDING_FEE"] == ["-6"]


def test_a_dated_order_and_a_dated_stop_expire_once_at_their_date() -> None:
    driver = opened(START_MS)
    date = START_MS + 700_000
    order = driver.order(BUY, "1", "59000.0", time_in_force=TimeInForce.GTD, good_till_ms=date)
    dated = {"time_in_force": TimeInForce.GTD, "good_till_ms": date, "price": "61000.0"}
    stop = driver.stop(BUY, "1", OrderType.STOP, "61000.0", **dated)
    driver.tick(699_999)
    assert driver.now(order).status is OrderStatus.NEW
    driver.tick(1).tick(1).tick(HOUR_MS)
    assert driver.now(order).status is OrderStatus.EXPIRED
    assert driver.exchange.state.algos[stop.algo_id].status is AlgoStatus.EXPIRED
    ends = [event for event in driver.events if isinstance(event, OrderChanged) and not event.order.status.open]
    algo_ends = [event for event in driver.events if isinstance(event, AlgoChanged) and not event.order.open]
    assert (len(ends), len(algo_ends)) == (1, 1)


def test_a_dated_stop_that_fires_near_its_date_is_not_refused() -> None:
    driver = opened(START_MS)
    dated = {"time_in_force": TimeInForce.GTD, "good_till_ms": START_MS + 700_000, "price": "61000.0"}
    stop = driver.stop(BUY, "1", OrderType.STOP, "60500.0", **dated)
    driver.tick(600_000).depth(bids="60000.0x50").trade("60500.0", "1", BUY)
    assert driver.exchange.state.algos[stop.algo_id].status is not AlgoStatus.REJECTED


def test_a_countdown_cancels_once_and_spares_later_orders() -> None:
    driver = opened(START_MS)
    first = driver.order(BUY, "1", "59000.0")
    driver.send(SetCountdown(ME, SYMBOL, 1_000))
    driver.tick(1_000)
    second = driver.order(BUY, "1", "59000.0")
    driver.tick(5_000)
    assert (driver.now(first).status, driver.now(second).status) == (OrderStatus.CANCELED, OrderStatus.NEW)


def test_a_margin_call_comes_once_for_each_approach() -> None:
    driver = opened(START_MS, "3100").mark("60000.0")
    driver.order(BUY, "1")
    for price in ("57200.0", "57190.0", "57200.0", "59000.0", "57200.0", "57195.0"):
        driver.mark(price)
    assert sum(isinstance(event, MarginCalled) for event in driver.events) == 2


def test_a_closed_position_does_not_silence_the_next_margin_call() -> None:
    driver = opened(START_MS, "3100").mark("60000.0")
    for price in ("57200.0", "57270.0"):
        driver.order(BUY, "1")
        driver.mark(price)
        driver.order(SELL, "1")
        driver.mark("60000.0").depth(bids="60000.0x50", asks="60000.1x50")
    assert sum(isinstance(event, MarginCalled) for event in driver.events) == 2


def test_an_isolated_position_has_a_margin_call_of_its_own() -> None:
    driver = opened(START_MS)
    driver.send(SetMarginType(ME, SYMBOL, MarginType.ISOLATED))
    driver.mark("60000.0").order(BUY, "1")
    driver.mark("57250.0").mark("57251.0")
    [call] = [event for event in driver.events if isinstance(event, MarginCalled)]
    assert [(position.symbol, isolated) for position, *_, isolated in call.positions] == [(SYMBOL, True)]


def test_every_charge_has_one_event_and_one_row() -> None:
    driver = opened().mark("60000.0", "0.0001", BOUNDARY_MS)
    driver.order(BUY, "1")
    driver.tick(8 * HOUR_MS + 10_000)
    events = [event for event in driver.events if isinstance(event, AccountChanged) and event.reason == "FUNDING_FEE"]
    assert [event.change for event in events] == [-parse("6"), -parse("6")]
    assert len(charges(driver)) == 2


def test_funding_on_a_tape_of_is_charged_once_per_boundary() -> None:
    """The drawn tape carries its own marks; what they name decides, however often."""
    lines = TapeSource().read(filter(None, (parse_line(line.encode()) for line in TapeWriter(3).lines(200))))
    driver = ExchangeDriver(make_exchange())
    for number, line in enumerate(lines):
        driver.events += driver.feed.take(line.message, line.symbol)
        driver.now_ms = max(driver.now_ms, driver.exchange.state.now_ms)
        if number == 20:
            driver.order(BUY, "1")
    times = [row.time_ms for row in driver.exchange.state.incomes if row.kind == "FUNDING_FEE"]
    assert len(times) == len(set(times))
    assert audit(driver.exchange.state) == []
