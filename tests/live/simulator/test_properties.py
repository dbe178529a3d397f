"""Properties on any tape: passive fills are bounded by the tape, balances add up, runs are reproducible."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE, parse
from live.simulator.core.commands import Amend, Cancel, CancelAll, Submit
from live.simulator.core.events import Event, OrderChanged
from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.listed_symbols import built_in
from live.simulator.market_feed import MarketFeed
from live.simulator.matching_engine import MatchingEngine
from live.simulator.schedule import VenueTime
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Trade
from skills_lib.market.depth.tape.lines import parse_line, read_lines
from tests.live.simulator.in_process import ME, SYMBOL, make_exchange
from tests.live.simulator.tapes import TapeWriter

TENTH = SCALE // 10


def generated_lines(seed: int, updates: int, wanders: bool = True) -> list[Played]:
    """Messages of a generated tape."""
    lines = (parse_line(line.encode()) for line in TapeWriter(seed, wanders=wanders).lines(updates))
    return list(TapeSource().read(lines))


@dataclass
class Allowance:
    """Upper bound of a resting order's fills, computed independently from the tape, without a queue model.

    Pessimistic fills need a trade through the price, a trade at the price beyond the displayed quantity, or a strictly
    better opposite price. The other models may also fill from opposite prices at the limit and ignore the queue.
    """

    order: Order
    model: FillModel
    displayed: int
    through: int = 0
    at_price: int = 0
    crossed: int = 0

    def see(self, message: Any, engine: MatchingEngine) -> None:
        side = self.order.side
        if isinstance(message, Trade) and (side is Side.BUY) == message.buyer_is_maker:
            gap = (self.order.price - parse(message.price)) * side.sign
            self.through += parse(message.quantity) if gap > 0 else 0
            self.at_price += parse(message.quantity) if gap == 0 else 0
        elif isinstance(message, DepthUpdate):
            for price, quantity in engine.feed.books[SYMBOL].levels(side.opposite):
                gap = (self.order.price - price) * side.sign
                if gap > 0 or (gap == 0 and self.model is not FillModel.PESSIMISTIC):
                    self.crossed += quantity

    @property
    def max_fill(self) -> int:
        before = self.displayed if self.model is FillModel.PESSIMISTIC and not self.through else 0
        return self.through + max(0, self.at_price - before) + self.crossed


def engine_of(model: FillModel) -> MatchingEngine:
    exchange = make_exchange(model, balance="100000000")
    return MatchingEngine(exchange, MarketFeed(exchange, built_in()), VenueTime())


def feed(engine: MatchingEngine, line: Played) -> list[Event]:
    return engine.feed.take(line.message, line.symbol)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 50),
    arrival=st.integers(1, 60),
    offset=st.integers(-6, 6),
    quantity=st.integers(1, 3_000),
    side=st.sampled_from(list(Side)),
    model=st.sampled_from(list(FillModel)),
)
def test_a_passive_order_never_fills_better_than_the_tape_allows(
    seed: int, arrival: int, offset: int, quantity: int, side: Side, model: FillModel
) -> None:
    lines, engine = generated_lines(seed, 120), engine_of(model)
    for line in lines[:arrival]:
        feed(engine, line)
    book = engine.feed.books[SYMBOL]
    price = next(book.levels(side))[0] + offset * TENTH
    request = OrderRequest(
        ME, SYMBOL, side, OrderType.LIMIT, quantity * SCALE // 1000, price, TimeInForce.GTX, client_id="it"
    )
    displayed = book.quantity(side, price)
    engine.carry_out(Submit(request))
    orders = list(engine.exchange.state.orders.values())
    if not orders:  # it would have taken, and was refused
        return
    allowance = Allowance(orders[0], model, displayed)
    for line in lines[arrival:]:
        allowance.see(line.message, engine) if not isinstance(line.message, DepthUpdate) else None
        before = orders[0].filled
        events = feed(engine, line)
        allowance.see(line.message, engine) if isinstance(line.message, DepthUpdate) else None
        assert orders[0].filled <= allowance.max_fill
        for event in events:
            if isinstance(event, OrderChanged) and event.fill:
                assert event.fill.price == price
                assert event.fill.maker
                assert event.fill.fee >= event.fill.price * event.fill.quantity // SCALE * 20_000 // SCALE
        assert orders[0].filled >= before


@dataclass
class Trader:
    """Sends generated commands and checks invariants after each."""

    engine: MatchingEngine
    sent: list[Any] = field(default_factory=list)

    def act(self, choice: int, side: Side, offset: int, quantity: int) -> None:
        state = self.engine.exchange.state
        price = next(self.engine.feed.books[SYMBOL].levels(side))[0] + offset * TENTH
        size = quantity * SCALE // 1000
        standing = state.open_orders(ME)
        if choice == 0 and standing:
            self.engine.carry_out(Cancel(ME, SYMBOL, standing[0].order_id))
        elif choice == 1 and standing:
            oldest = standing[0]
            self.engine.carry_out(Amend(ME, SYMBOL, oldest.side, oldest.filled + size, price, oldest.order_id))
        elif choice == 2:
            self.engine.carry_out(CancelAll(ME, SYMBOL))
        elif choice == 3:
            self.engine.carry_out(Submit(OrderRequest(ME, SYMBOL, side, OrderType.MARKET, size)))
        else:
            force = list(TimeInForce)[choice % 4]
            self.engine.carry_out(Submit(OrderRequest(ME, SYMBOL, side, OrderType.LIMIT, size, price, force)))

    def check(self) -> None:
        """Check that money and contracts add up."""
        state = self.engine.exchange.state
        account = state.accounts[ME]
        assert account.wallet == parse("100000000") + sum(income.amount for income in state.incomes)
        held = sum(trade.fill.quantity * trade.side.sign for trade in state.trades)
        assert account.position(SYMBOL).amount == held
        for order in state.orders.values():
            fills = [trade.fill for trade in state.trades if trade.order_id == order.order_id]
            assert order.filled == sum(fill.quantity for fill in fills) <= order.quantity
            assert order.cost == sum(fill.quantity * fill.price for fill in fills)
            assert order.status.open == (order.order_id in state.open.get(SYMBOL, {}))
            limit = order.price if order.request.kind is OrderType.LIMIT and not state.amendments else None
            worse = [fill for fill in fills if limit and (fill.price - limit) * order.side.sign > 0]
            assert worse == []


ACTIONS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(list(Side)), st.integers(-8, 8), st.integers(1, 2_500)),
    min_size=3,
    max_size=25,
)


def run(seed: int, actions: list[tuple[int, Side, int, int]], model: FillModel, checked: bool = True) -> bytes:
    """Play a tape while a trader acts; return all events as bytes."""
    lines, engine = generated_lines(seed, 100), engine_of(model)
    happened: list[Event] = []
    engine.record = happened.extend
    trader, step = Trader(engine), max(1, len(lines) // (len(actions) + 1))
    for number, line in enumerate(lines):
        engine.apply(line)
        if number % step == step - 1 and number // step < len(actions):
            trader.act(*actions[number // step])
            if checked:
                trader.check()
    trader.check()
    return msgspec.json.encode([repr(event) for event in happened])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), actions=ACTIONS, model=st.sampled_from(list(FillModel)))
def test_money_and_contracts_balance_whatever_is_sent(
    seed: int, actions: list[tuple[int, Side, int, int]], model: FillModel
) -> None:
    run(seed, actions, model)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), actions=ACTIONS)
def test_the_same_seed_gives_the_same_events_byte_for_byte(
    seed: int, actions: list[tuple[int, Side, int, int]]
) -> None:
    first, second = (run(seed, actions, FillModel.BASE, checked=False) for _ in range(2))
    assert first == second


def test_fills_increase_from_the_pessimistic_to_the_optimistic_model() -> None:
    filled: dict[FillModel, int] = {}
    for model in FillModel:
        total = 0
        for seed in range(60):
            lines, engine = generated_lines(seed, 40, wanders=False), engine_of(model)
            for line in lines[:20]:
                feed(engine, line)
            price = next(engine.feed.books[SYMBOL].levels(Side.BUY))[0]
            request = OrderRequest(ME, SYMBOL, Side.BUY, OrderType.LIMIT, 20 * SCALE, price)
            engine.carry_out(Submit(request))
            for line in lines[20:]:
                feed(engine, line)
            total += sum(order.filled for order in engine.exchange.state.orders.values())
        filled[model] = total
    assert filled[FillModel.PESSIMISTIC] < filled[FillModel.BASE] <= filled[FillModel.OPTIMISTIC]


REAL = "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"


def test_the_book_behind_the_matching_is_the_recordings_own(shared_data: Path) -> None:
    expected = msgspec.json.decode((shared_data / "l2/EXPECTED.json").read_bytes())[REAL]
    engine = engine_of(FillModel.PESSIMISTIC)
    source = TapeSource()
    for line in source.read(read_lines(shared_data / "l2" / REAL)):
        if isinstance(line.message, DepthUpdate | Snapshot):
            feed(engine, line)
    book = engine.feed.books[SYMBOL]
    local = book.local
    assert (local.book.update_id, list(local.book.levels)) == (expected["final_u"], expected["final_levels"])
    bids = [[parse(price), parse(quantity)] for price, quantity in expected["final_top5_bids"]]
    assert [list(level) for level in book.top(5)[0]] == bids
    assert (local.gaps, engine.feed.refused, source.bad_lines) == (0, 0, 0)


@pytest.mark.parametrize("model", FillModel)
def test_orders_on_a_real_recording_fill_the_same_twice(shared_data: Path, model: FillModel) -> None:
    lines = []
    for line in TapeSource().read(read_lines(shared_data / "l2" / REAL)):
        lines.append(line)
        if len(lines) == 6_000:
            break
    outcomes = []
    for _ in range(2):
        engine = engine_of(model)
        trader = Trader(engine)
        for number, line in enumerate(lines):
            engine.apply(line)
            if number % 100 == 99:
                trader.act(number // 100 % 10, list(Side)[number // 100 % 2], 0, 50)
        trader.check()
        outcomes.append([replace(trade) for trade in engine.exchange.state.trades])
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0]) > 5
