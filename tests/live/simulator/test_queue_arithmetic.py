"""Many resting orders on a thin book: each trade and each displayed quantity is used once, in price-time order."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import OrderType, Side
from live.money import SCALE, parse, plain
from live.simulator.core.accounts import Account
from live.simulator.core.audit import audit
from live.simulator.core.commands import Amend, Cancel, Submit
from live.simulator.core.events import OrderChanged
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.state import State
from tests.live.simulator.in_process import BUY, SELL, SYMBOL, ExchangeDriver
from tests.live.simulator.queue_reference import Filled, QueueReference, Waiting

NAMES = ("ann", "bob", "cid")
MIDDLE, TICK, STEP = 60_000 * SCALE, SCALE // 10, SCALE // 1000
THIN = "59999.8x0.004 59999.7x0.003 59999.6x0.006 59000.0x5", "60000.2x0.004 60000.3x0.003 60000.4x0.006 61000.0x5"
FULL = "59999.9x0.009 59999.8x0.011 59999.6x0.008 59000.0x5", "60000.1x0.009 60000.2x0.011 60000.4x0.008 61000.0x5"


def opened(model: FillModel) -> ExchangeDriver:
    accounts = {name: Account(name, parse("10000000")) for name in NAMES}
    return ExchangeDriver(Exchange(State(markets={}, accounts=accounts, model=model))).opened(*THIN)


@dataclass
class Comparison:
    """Sends commands and tape messages, and compares every fill and queue place with the reference."""

    model: FillModel
    driver: ExchangeDriver = field(init=False)

    def __post_init__(self) -> None:
        self.driver = opened(self.model)
        self.state = self.driver.exchange.state
        self.market = self.state.markets[SYMBOL]
        self.reference = QueueReference(self.model, self.market)

    def place(self, name: str, side: Side, ticks: int, steps: int) -> None:
        """A buy below the middle or a sell above it: our orders never meet each other."""
        price = MIDDLE - ticks * side.sign * TICK
        expected = self.reference.arrive(side, price, steps * STEP)
        request = OrderRequest(name, SYMBOL, side, OrderType.LIMIT, steps * STEP, price)
        self.arrived(self.driver.send(Submit(request)).order_id, expected)

    def amend(self, which: int, ticks: int, steps: int) -> None:
        """Another price or quantity: the order arrives anew."""
        order = self.chosen(which)
        price, left = MIDDLE - ticks * order.side.sign * TICK, steps * STEP
        if (price, left) == (order.price, order.remaining):
            return
        self.forget(order)
        expected = self.reference.arrive(order.side, price, left)
        body = Amend(order.account, SYMBOL, order.side, order.filled + left, price, order.order_id)
        self.driver.send(body)
        self.arrived(order.order_id, expected)

    def cancel(self, which: int) -> None:
        order = self.chosen(which)
        self.forget(order)
        self.driver.send(Cancel(order.account, SYMBOL, order.order_id))

    def trade(self, taker: Side, ticks: int, steps: int, late_ms: int = 0) -> None:
        """One trade of the tape, matched `late_ms` ago."""
        price, quantity, before = MIDDLE + ticks * TICK, steps * STEP, self.ahead()
        matched_ms = self.driver.now_ms - late_ms
        expected = self.reference.trade(taker, price, quantity, matched_ms)
        self.driver.trade(plain(price), plain(quantity), taker, late_ms)
        fills = self.maker_fills()
        assert fills == expected
        at_price = [number for number in before if self.state.orders[number].price == price]
        used = max((before[n] - self.state.orders[n].place.ahead for n in at_price), default=0)
        assert fills.total() + used <= quantity
        self.check_shrunk(before)

    def diff(self, side: Side, ticks: int, steps: int) -> None:
        """One level of the book, and without the opposite levels that it would cross."""
        price, book, before = MIDDLE + ticks * TICK, self.market.book, self.ahead()
        crossed = [at for at, _ in book.levels(side.opposite) if steps and (at - price) * side.sign <= 0]
        own, other = f"{plain(price)}x{plain(steps * STEP)}", " ".join(f"{plain(at)}x0" for at in crossed)
        self.driver.depth(*((own, other) if side is BUY else (other, own)))
        prices = ([price], crossed) if side is BUY else (crossed, [price])
        assert self.maker_fills() == self.reference.diff(*prices)
        self.check_shrunk(before)

    def ticker(self, bid_ticks: int, spread: int, bid_steps: int, ask_steps: int) -> None:
        bid = MIDDLE + bid_ticks * TICK
        shown = f"{plain(bid)}x{plain(bid_steps * STEP)}", f"{plain(bid + spread * TICK)}x{plain(ask_steps * STEP)}"
        before = self.ahead()
        self.driver.ticker(*shown)
        assert self.maker_fills() == Filled()
        assert self.ahead() == before

    def resync(self, gap: bool, full: bool) -> None:
        """A new book, after a gap or of a recording begun anew: the only thing that may move orders back."""
        bids, asks = FULL if full else THIN
        if gap:
            self.driver.gap()
            self.driver.trade("59990.0", "1", SELL).trade("60010.0", "1", BUY)
            assert self.maker_fills() == Filled()
            self.driver.opened(bids, asks)
        else:
            self.driver.restarted(bids, asks)
        assert self.maker_fills() == self.reference.diff([], [], fresh=True)
        for order in self.state.resting(SYMBOL):
            assert order.place.ahead == self.market.book.quantity(order.side, order.price)

    def chosen(self, which: int) -> Order:
        resting = self.state.resting(SYMBOL)
        return resting[which % len(resting)].snapshot()

    def forget(self, order: Order) -> None:
        self.reference.waiting = [it for it in self.reference.waiting if it.number != order.order_id]

    def arrived(self, number: int, expected: Counter[int]) -> None:
        """Compare what an order took with what was offered, and let the rest join the reference."""
        events = [it for it in self.driver.events if isinstance(it, OrderChanged) and it.fill]
        assert all(it.fill and not it.fill.maker for it in events)
        assert Counter({it.fill.price: it.fill.quantity for it in events if it.fill}) == expected
        order = self.state.orders[number]
        if order.status.open:
            shown = self.market.book.quantity(order.side, order.price)
            traded = self.market.traded_at(order.side, order.price)
            place = Waiting(number, order.side, order.price, order.remaining, self.driver.now_ms, 0, shown, traded)
            self.reference.join(place)

    def ahead(self) -> dict[int, int]:
        return {order.order_id: order.place.ahead for order in self.state.resting(SYMBOL)}

    def maker_fills(self) -> Filled:
        """What resting orders got since the last action, each at its own price."""
        filled = Filled()
        for event in self.driver.events:
            if isinstance(event, OrderChanged) and event.fill:
                assert (event.fill.maker, event.fill.price) == (True, event.order.price)
                filled[event.order.order_id] += event.fill.quantity
        return filled

    def check_shrunk(self, before: dict[int, int]) -> None:
        assert all(ahead <= before[number] for number, ahead in self.ahead().items())

    def check(self) -> None:
        """Queue, remaining quantities and taken levels are the reference's; no level gave more than it had."""
        assert self.ahead() == {order.number: order.ahead for order in self.reference.waiting}
        assert {order.order_id: order.remaining for order in self.state.resting(SYMBOL)} == {
            order.number: order.left for order in self.reference.waiting
        }
        assert +Counter(self.market.taken) == +self.reference.taken
        for (side, price), quantity in self.market.taken.items():
            assert quantity <= self.market.book.quantity(side, price)
        assert audit(self.state) == []


SIDES, OFF, STEPS = st.sampled_from(list(Side)), st.integers(1, 3), st.integers(2, 12)
PLACED = st.tuples(st.just("place"), st.sampled_from(NAMES), SIDES, OFF, STEPS)
WHICH = st.integers(0, 11)
TRADED = st.tuples(st.just("trade"), SIDES, st.integers(-3, 3), st.integers(1, 30), st.sampled_from([0, 0, 20]))
CHANGED = st.tuples(st.just("diff"), SIDES, st.integers(-3, 3), st.integers(0, 12))
ACTIONS = st.lists(
    st.one_of(
        *[TRADED] * 4,
        *[CHANGED] * 4,
        *[PLACED] * 3,
        st.tuples(st.just("amend"), WHICH, OFF, STEPS),
        st.tuples(st.just("cancel"), WHICH),
        st.tuples(st.just("ticker"), st.integers(-4, 2), st.integers(1, 4), STEPS, STEPS),
        st.tuples(st.just("resync"), st.booleans(), st.booleans()),
    ),
    min_size=20,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(placed=st.lists(PLACED, min_size=12, max_size=12), actions=ACTIONS, model=st.sampled_from(list(FillModel)))
def test_trades_and_levels_are_used_once_in_the_order_of_the_queue(
    placed: list[Any], actions: list[Any], model: FillModel
) -> None:
    compared = Comparison(model)
    for kind, *values in [*placed, *actions]:
        compared.driver.tick(10).events.clear()
        if kind not in ("amend", "cancel") or compared.state.resting(SYMBOL):
            getattr(compared, kind)(*values)
        compared.check()


MODELS = pytest.mark.parametrize("model", list(FillModel))


def rested(driver: ExchangeDriver, name: str, quantity: str, price: str) -> Order:
    """A resting buy."""
    request = OrderRequest(name, SYMBOL, BUY, OrderType.LIMIT, parse(quantity), parse(price))
    placed: Order = driver.send(Submit(request))
    return driver.now(placed)


def filled(*orders: Order) -> list[str]:
    return [plain(order.filled) for order in orders]


def ahead(*orders: Order) -> list[str]:
    return [plain(order.place.ahead) for order in orders]


@MODELS
def test_a_trade_fills_the_next_order_with_what_the_queue_and_the_first_have_left(model: FillModel) -> None:
    driver = opened(model)
    first, second = (rested(driver, name, "0.005", "59999.8") for name in ("ann", "bob"))
    driver.trade("59999.8", "0.012", SELL)  # 0.004 were displayed before both
    assert filled(first, second) == ["0.005", "0.003"]


@MODELS
def test_an_opposite_level_fills_the_orders_it_crosses_once(model: FillModel) -> None:
    driver = opened(model)
    orders = [rested(driver, *values) for values in (("ann", "0.005", "59999.8"), ("bob", "0.005", "59999.9"))]
    driver.depth("59999.8x0 59999.7x0 59999.6x0", "59999.7x0.007")
    assert filled(*orders) == ["0.002", "0.005"]
    driver.depth("59999.5x1")
    assert filled(*orders) == ["0.002", "0.005"]
    driver.depth("", "59999.7x0.002")
    assert filled(*orders) == ["0.004", "0.005"]


def test_an_order_joins_behind_earlier_ones_though_the_level_shows_less_than_they_wait_for() -> None:
    driver = opened(FillModel.PESSIMISTIC)
    first = rested(driver, "ann", "0.005", "59999.8")
    driver.depth("59999.8x0.001")
    assert ahead(first, rested(driver, "bob", "0.005", "59999.8")) == ["0.004", "0.004"]


@MODELS
def test_a_trade_matched_before_an_order_joined_fills_only_the_earlier_one(model: FillModel) -> None:
    driver = opened(model)
    first = rested(driver, "ann", "0.005", "59999.8")
    later = rested(driver.tick(10), "bob", "0.005", "59999.8")
    driver.trade("59999.8", "0.015", SELL, late_ms=5)
    assert (filled(first, later), ahead(later)) == (["0.005", "0"], ["0.004"])


@pytest.mark.parametrize(
    ("model", "left"), [(FillModel.PESSIMISTIC, "0.004"), (FillModel.BASE, "0.004"), (FillModel.OPTIMISTIC, "0.001")]
)
def test_what_traded_before_an_order_joined_is_no_cancellation_except_where_the_book_is_believed(
    model: FillModel, left: str
) -> None:
    driver = opened(model).trade("59999.8", "0.003", SELL)
    order = rested(driver, "ann", "0.005", "59999.8")
    driver.tick(10).depth("59999.8x0.001")
    assert ahead(order) == [left]


@MODELS
def test_a_trade_that_orders_at_better_prices_used_up_is_not_a_cancellation_at_its_own(model: FillModel) -> None:
    driver = opened(model)
    better, order = rested(driver, "ann", "0.003", "59999.9"), rested(driver, "bob", "0.005", "59999.8")
    driver.trade("59999.8", "0.003", SELL).tick(10).depth("59999.8x0.001")
    assert (filled(better, order), ahead(order)) == (["0.003", "0"], ["0.004"])


@MODELS
def test_nothing_is_ahead_at_a_price_that_a_trade_has_passed_whoever_got_the_trade(model: FillModel) -> None:
    driver = opened(model)
    better, order = rested(driver, "ann", "0.003", "59999.9"), rested(driver, "bob", "0.005", "59999.8")
    driver.trade("59999.7", "0.003", SELL)
    assert (filled(better, order), ahead(order)) == (["0.003", "0"], ["0"])


def test_a_later_order_does_not_overtake_an_earlier_one_that_a_ticker_put_further_back() -> None:
    driver = opened(FillModel.BASE).ticker("59999.8x0.012", "60000.2x0.004")
    first = rested(driver, "ann", "0.005", "59999.8")
    driver.trade("59999.8", "0.003", SELL).tick(10).depth("59999.5x1")  # the book is newer than ticker and trade
    second = rested(driver, "bob", "0.005", "59999.8")
    driver.depth("59999.8x0.001")  # to the second alone this is a cancellation
    assert ahead(first, second) == ["0.009", "0.009"]


@pytest.mark.parametrize(
    ("model", "left"), [(FillModel.PESSIMISTIC, "0.003"), (FillModel.BASE, "0.002"), (FillModel.OPTIMISTIC, "0.002")]
)
def test_a_trade_explains_what_the_next_update_of_its_level_lacks_and_no_later_one(model: FillModel, left: str) -> None:
    driver = opened(model)
    order = rested(driver, "ann", "0.005", "59999.8")
    driver.trade("59999.8", "0.001", SELL).tick(10).depth("59999.8x0.003")
    assert ahead(order) == ["0.003"]
    driver.depth("59999.8x0.002")
    assert ahead(order) == [left]


def test_a_cancellation_leaves_no_more_ahead_than_the_level_then_shows() -> None:
    driver = opened(FillModel.BASE).ticker("59999.8x0.012", "60000.2x0.004")
    order = rested(driver, "ann", "0.005", "59999.8")
    assert ahead(order) == ["0.012"]
    driver.depth("59999.8x0.003")
    assert ahead(order) == ["0.003"]


@MODELS
@pytest.mark.parametrize("gap", [True, False])
def test_only_a_new_book_moves_an_order_back_and_then_to_the_end_of_its_level(model: FillModel, gap: bool) -> None:
    driver = opened(model)
    first, second = (rested(driver, name, "0.005", "59999.8") for name in ("ann", "bob"))
    driver.trade("59999.8", "0.006", SELL)
    assert (filled(first, second), ahead(first, second)) == (["0.002", "0"], ["0", "0"])
    (driver.gap().opened if gap else driver.restarted)(*FULL)
    assert ahead(first, second) == ["0.011", "0.011"]
    driver.trade("59999.8", "0.013", SELL)
    assert filled(first, second) == ["0.004", "0"]
