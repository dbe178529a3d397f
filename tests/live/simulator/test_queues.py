"""Orders of several accounts share one queue at each price: a trade is used once, and time priority holds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import OrderStatus, OrderType, SelfTrade, Side, TimeInForce
from live.money import SCALE, parse, plain
from live.simulator.core.accounts import Account
from live.simulator.core.audit import audit
from live.simulator.core.commands import Amend, Cancel, Command, Submit
from live.simulator.core.events import Event, OrderChanged
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.market import crosses, strictly_crosses
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.state import State
from tests.live.simulator.in_process import BUY, SELL, SYMBOL, ExchangeDriver

NAMES = ("ann", "bob", "cid")
DEPOSIT = parse("10000000")
MIDDLE, TICK, STEP = 60_000 * SCALE, SCALE // 10, SCALE // 1000
BIDS, ASKS = "60000.0x0.020 59999.9x0.030 59999.8x0.010", "60000.1x0.020 60000.2x0.030 60000.3x0.010"


def several_accounts(model: FillModel) -> ExchangeDriver:
    accounts = {name: Account(name, DEPOSIT) for name in NAMES}
    return ExchangeDriver(Exchange(State(markets={}, accounts=accounts, model=model)))


@dataclass
class Before:
    """What was known before a step. orders: of every resting order a copy. offered: levels that takers may meet."""

    orders: dict[int, Order]
    offered: dict[Side, list[tuple[int, int]]]


@dataclass
class Queues:
    """Sends commands and tape messages, and checks after each what orders of several accounts owe to each other."""

    model: FillModel
    driver: ExchangeDriver = field(init=False)

    def __post_init__(self) -> None:
        self.driver = several_accounts(self.model).opened(BIDS, ASKS)
        self.state = self.driver.exchange.state

    def resting(self) -> list[Order]:
        return [order for order in self.state.resting(SYMBOL) if not order.held]

    def before(self) -> Before:
        market = self.state.markets[SYMBOL]
        offered = {side: list(market.available(side)) for side in Side}
        return Before({order.order_id: order.snapshot() for order in self.resting()}, offered)

    def send(self, body: Any) -> None:
        """One command of a client."""
        before, driver = self.before(), self.driver
        driver.commands += 1
        fills = self.fills(driver.exchange.step(Command(driver.commands, driver.now_ms, body)))
        self.check_pairs(before, fills)
        self.check(before, fills)

    def trade(self, taker: Side, ticks: int, steps: int, late_ms: int) -> None:
        """One trade of the tape: used once, by what queues ahead and by the orders it reaches."""
        before, price, quantity = self.before(), MIDDLE + ticks * TICK, steps * STEP
        self.driver.events.clear()
        self.driver.trade(plain(price), plain(quantity), taker, late_ms)
        fills = self.fills(self.driver.events)
        assert all(event.fill.maker and event.order.side is taker.opposite for event in fills if event.fill)
        assert all(crosses(event.order.side, event.order.price, price) for event in fills)
        used = [
            was.place.ahead - self.state.orders[number].place.ahead
            for number, was in before.orders.items()
            if (was.price, was.side) == (price, taker.opposite)
        ]
        assert filled(fills) + max(used, default=0) <= quantity
        self.check(before, fills, self.driver.now_ms - late_ms)

    def diff(self, side: Side, ticks: int, steps: int) -> None:
        """One diff of the tape, which removes opposite levels that it would cross."""
        price, book = MIDDLE + ticks * TICK, self.state.markets[SYMBOL].book
        crossed = [at for at, _ in book.levels(side.opposite) if steps and crosses(side, price, at)]
        own, other = f"{plain(price)}x{plain(steps * STEP)}", " ".join(f"{plain(at)}x0" for at in crossed)
        before = self.before()
        self.driver.events.clear()
        self.driver.depth(*((own, other) if side is BUY else (other, own)))
        fills = self.fills(self.driver.events)
        self.check_offered(before, fills)
        self.check(before, fills)

    def resync(self, gap: bool) -> None:
        """A gap suspends the book, a new one resumes it; queue places are unknown then, so `check` is not called."""
        if gap:
            self.driver.gap()
        else:
            self.driver.restarted(BIDS, ASKS)
        assert audit(self.state) == []

    def fills(self, events: Iterable[Event]) -> list[OrderChanged]:
        return [event for event in events if isinstance(event, OrderChanged) and event.fill]

    def check_pairs(self, before: Before, fills: list[OrderChanged]) -> None:
        """Each maker's fill has a taker of another account at its price; the rest was taken from the tape's levels."""
        made, taken = Counter[int](), Counter[int]()
        for event in fills:
            assert event.fill
            (made if event.fill.maker else taken)[event.fill.price] += event.fill.quantity
        takers = {(event.order.account, event.order.side) for event in fills if event.fill and not event.fill.maker}
        makers = {(event.order.account, event.order.side) for event in fills if event.fill and event.fill.maker}
        assert len(takers) <= 1
        assert {name for name, _ in takers}.isdisjoint(name for name, _ in makers)
        assert {side.opposite for _, side in takers} >= {side for _, side in makers}
        offered = {price: quantity for _, side in takers for price, quantity in before.offered[side.opposite]}
        assert all(0 <= taken[at] - made[at] <= offered.get(at, 0) for at in made.keys() | taken.keys())

    def check_offered(self, before: Before, fills: list[OrderChanged]) -> None:
        """Resting orders get no more from a diff than it offers within their limits, all of them together."""
        book, reaches = self.state.markets[SYMBOL].book, crosses
        if self.model is FillModel.PESSIMISTIC:
            reaches = strictly_crosses
        makers = [event for event in fills if event.order.order_id in before.orders]
        for limit, side in {(event.order.price, event.order.side) for event in makers}:
            within = [event for event in makers if event.order.side is side and crosses(side, limit, event.order.price)]
            offered = sum(quantity for at, quantity in book.levels(side.opposite) if reaches(side, limit, at))
            own = [event for event in within if (event.order.price - limit) * side.sign <= 0]
            assert filled(own) <= offered

    def check(self, before: Before, fills: list[OrderChanged], traded_ms: int | None = None) -> None:
        assert audit(self.state) == []
        self.check_priority(before, fills, traded_ms)
        for number, was in before.orders.items():
            order = self.state.orders[number]
            same_place = order.status.open and order.place.turn == was.place.turn
            assert not same_place or order.place.ahead <= was.place.ahead
        self.check_not_crossed()

    def check_priority(self, before: Before, fills: list[OrderChanged], traded_ms: int | None) -> None:
        """No order fills while one with priority stays open, and those at a price never overtake each other."""
        numbers = {event.order.order_id for event in fills if event.fill and event.fill.maker}
        eligible = [was for was in before.orders.values() if traded_ms is None or was.place.since_ms <= traded_ms]
        for was in eligible:
            now = self.state.orders[was.order_id]
            if not now.status.open or now.place.turn != was.place.turn:
                continue
            later = [other for other in before.orders.values() if other.side is was.side and rank(was) < rank(other)]
            assert [other.order_id for other in later if other.order_id in numbers] == []
            same = [self.state.orders[other.order_id] for other in later if other.price == was.price]
            moved = {other.order_id for other in same if other.place.turn != before.orders[other.order_id].place.turn}
            assert all(
                other.place.ahead >= now.place.ahead
                for other in same
                if other.status.open and other.order_id not in moved
            )

    def check_not_crossed(self) -> None:
        """While the book is fresh, no two resting orders could trade with each other."""
        if not self.state.markets[SYMBOL].tradable(self.state.now_ms):
            return
        bids = [order.price for order in self.resting() if order.side is BUY]
        asks = [order.price for order in self.resting() if order.side is SELL]
        assert not (bids and asks) or max(bids) < min(asks)


def filled(fills: list[OrderChanged]) -> int:
    return sum(event.fill.quantity for event in fills if event.fill)


def rank(order: Order) -> tuple[int, int]:
    return -order.price * order.side.sign, order.place.turn


SIDES, TICKS, STEPS = st.sampled_from(list(Side)), st.integers(-1, 2), st.integers(1, 40)
PLACED = st.tuples(
    st.just("place"),
    st.sampled_from(NAMES),
    SIDES,
    TICKS,
    STEPS,
    st.sampled_from([*[TimeInForce.GTC] * 4, TimeInForce.GTX, TimeInForce.IOC, TimeInForce.FOK]),
    st.sampled_from(list(SelfTrade)),
    st.sampled_from([False, False, True]),
)
ACTIONS = st.lists(
    st.one_of(
        PLACED,
        PLACED,
        st.tuples(st.just("market"), st.sampled_from(NAMES), SIDES, STEPS, st.booleans()),
        st.tuples(st.just("amend"), st.integers(0, 9), TICKS, STEPS),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("trade"), SIDES, TICKS, STEPS, st.sampled_from([0, 0, 0, 20])),
        st.tuples(st.just("trade"), SIDES, TICKS, STEPS, st.just(0)),
        st.tuples(st.just("diff"), SIDES, TICKS, st.integers(0, 40)),
        st.tuples(st.just("diff"), SIDES, TICKS, st.integers(0, 40)),
        st.tuples(st.just("resync"), st.sampled_from([True, False, False])),
    ),
    min_size=15,
    max_size=40,
)


def act(queues: Queues, action: Any) -> None:
    kind, *values = action
    resting, driver = queues.resting(), queues.driver
    driver.tick(10)
    if kind == "place":
        name, side, ticks, steps, force, prevention, reduces = values
        request = OrderRequest(
            name, SYMBOL, side, OrderType.LIMIT, steps * STEP, MIDDLE + ticks * TICK, force, reduce_only=reduces,
            self_trade=prevention,
        )  # fmt: skip
        queues.send(Submit(request))
    elif kind == "market":
        name, side, steps, reduces = values
        queues.send(Submit(OrderRequest(name, SYMBOL, side, OrderType.MARKET, steps * STEP, reduce_only=reduces)))
    elif kind == "amend" and resting:
        order = resting[values[0] % len(resting)]
        price, quantity = MIDDLE + values[1] * TICK, order.filled + values[2] * STEP
        queues.send(Amend(order.account, SYMBOL, order.side, quantity, price, order.order_id))
    elif kind == "cancel" and resting:
        order = resting[values[0] % len(resting)]
        queues.send(Cancel(order.account, SYMBOL, order.order_id))
    elif kind in ("trade", "diff", "resync"):
        getattr(queues, kind)(*values)


@settings(max_examples=120, deadline=None)
@given(actions=ACTIONS, model=st.sampled_from(list(FillModel)))
def test_orders_of_several_accounts_share_one_queue(actions: list[Any], model: FillModel) -> None:
    queues = Queues(model)
    for action in actions:
        act(queues, action)


@settings(max_examples=80, deadline=None)
@given(actions=st.lists(PLACED, min_size=4, max_size=30))
def test_accounts_that_trade_with_each_other_lose_the_fees_and_no_more(actions: list[Any]) -> None:
    queues = Queues(FillModel.PESSIMISTIC)
    queues.driver = several_accounts(FillModel.PESSIMISTIC).opened("59000.0x1", "61000.0x1")
    queues.state = state = queues.driver.exchange.state
    for action in actions:
        act(queues, action)
    positions = [account.position(SYMBOL) for account in state.accounts.values()]
    assert sum(position.amount for position in positions) == 0
    fees = sum(trade.fill.fee for trade in state.trades)
    # What is open costs one account what it brings another, so at any price the unrealized profits are this sum.
    unrealized = -sum(position.cost * (1 if position.amount > 0 else -1) for position in positions if position.amount)
    missing = (len(NAMES) * DEPOSIT - fees - sum(account.wallet for account in state.accounts.values())) * SCALE
    assert 0 <= missing - unrealized <= len(state.trades) * SCALE
    assert len(state.trades) % 2 == 0


def place(queues: Queues, name: str, side: Side, quantity: str, price: str = "", **options: Any) -> Order:
    kind = OrderType.LIMIT if price else OrderType.MARKET
    queues.send(Submit(OrderRequest(name, SYMBOL, side, kind, parse(quantity), parse(price or "0"), **options)))
    return list(queues.state.orders.values())[-1]


def with_a_shrinking_maker() -> Queues:
    """Bob holds 0.010 and rests a reduce-only sell of 0.008 and, at a better price, a plain one of 0.006."""
    queues = Queues(FillModel.PESSIMISTIC)
    place(queues, "bob", BUY, "0.010")
    queues.driver.tick(10).depth(asks="60000.1x0 60000.2x0 60000.3x0 60000.6x1")
    place(queues, "bob", SELL, "0.008", "60000.5", reduce_only=True)
    place(queues, "bob", SELL, "0.006", "60000.4")
    return queues


def test_a_taker_goes_on_behind_a_maker_that_may_close_less_than_it_shows() -> None:
    queues = with_a_shrinking_maker()
    taker = place(queues, "ann", BUY, "0.014")
    prices = [(plain(trade.fill.price), plain(trade.fill.quantity)) for trade in queues.state.trades[-5:]]
    assert taker.status is OrderStatus.FILLED
    assert ("60000.6", "0.004") in prices
    assert queues.state.accounts["bob"].position(SYMBOL).amount == 0


def test_fill_or_kill_counts_what_makers_may_close_and_not_what_they_show() -> None:
    queues = with_a_shrinking_maker()
    count = len(queues.state.orders)
    place(queues, "ann", BUY, "0.014", "60000.5", time_in_force=TimeInForce.FOK)
    assert len(queues.state.orders) == count  # refused: only 0.010 is there
    filled_ = place(queues, "ann", BUY, "0.010", "60000.5", time_in_force=TimeInForce.FOK)
    assert filled_.status is OrderStatus.FILLED
