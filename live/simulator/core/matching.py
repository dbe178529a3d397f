"""Matches arriving orders against the tape's levels and against resting simulated orders, by price, then by age."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from live.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, PositionSide, SelfTrade, Side
from live.simulator.core.bnb import BNB
from live.simulator.core.events import Executed
from live.simulator.core.market import crosses
from live.simulator.core.orders import Fill, Order, TradeRecord
from live.simulator.core.positions import Position
from live.simulator.core.state import State


def fill(state: State, order: Order, price: int, quantity: int, maker: bool) -> None:
    """Execute part of an order and update its account."""
    account = state.accounts[order.account]
    position = account.position(order.symbol, order.request.position_side)
    quantity = min(quantity, reducible(state, order))
    if quantity <= 0:
        return
    rate = account.fees.maker if maker else account.fees.taker
    fee, asset, realized = account.trade(position, price, quantity * order.side.sign, rate, state.now_ms)
    order.filled += quantity
    order.cost += price * quantity
    order.status = OrderStatus.PARTIALLY_FILLED if order.remaining else OrderStatus.FILLED
    if not order.remaining:
        state.open.get(order.symbol, {}).pop(order.order_id, None)
    done = Fill(state.numbers.trade, price, quantity, fee, realized, maker, state.now_ms, asset)
    _record(state, order, done)
    _report(state, order, position, done)


def _record(state: State, order: Order, done: Fill) -> None:
    account = state.accounts[order.account]
    state.numbers.trade += 1
    request = order.request
    state.trades.append(
        TradeRecord(
            order.account, order.order_id, order.symbol, order.side, request.position_side, done, done.fee_asset
        )
    )
    state.record_income(account, order.symbol, "COMMISSION", -done.fee, str(done.trade_id), done.fee_asset)
    state.record_income(account, order.symbol, "REALIZED_PNL", done.realized, str(done.trade_id))


def _report(state: State, order: Order, position: Position, done: Fill) -> None:
    """Report a fill in the venue's order: TRADE_LITE, ACCOUNT_UPDATE, ORDER_TRADE_UPDATE."""
    state.outbox.append(Executed(order.account, order.snapshot(), done, state.now_ms))
    account = state.accounts[order.account]
    bnb = (account.bnb.balance,) if done.fee_asset == BNB else ()
    state.report_account(account, "ORDER", [position], bnb=bnb)
    forced = order.request.kind is OrderType.LIQUIDATION
    state.report(order, ExecutionType.CALCULATED if forced else ExecutionType.TRADE, done)


def reducible(state: State, order: Order) -> int:
    """Remaining quantity, limited by the position for orders that may only reduce it."""
    if not order.request.only_reduces:
        return order.remaining
    account = state.accounts[order.account]
    return min(order.remaining, account.closable(order.symbol, order.request.position_side, order.side))


class Offer(NamedTuple):
    """Something an arriving order meets: the tape's quantity at a price, or a resting simulated order (`maker`)."""

    price: int
    quantity: int
    maker: Order | None = None


def by_priority(state: State, symbol: str, side: Side) -> list[Order]:
    """Resting orders of one side in the order in which they fill: by price, then by their turn in the queue."""
    orders = state.open.get(symbol)
    if not orders:
        return []
    found = [order for order in orders.values() if order.request.side is side and not order.held]
    return found if len(found) < 2 else sorted(found, key=lambda order: (-order.price * side.sign, order.place.turn))


def offers(state: State, order: Order, limit: int) -> Iterator[Offer]:
    """What an order meets up to price `limit`, in order. Own makers come before everything else at their price.

    At a price, the tape's quantity ahead of a resting order comes before it, the rest after it.
    """
    side = order.side.opposite
    makers = [(price, list(group)) for price, group in groupby(by_priority(state, order.symbol, side), _price)]
    for price, quantity in state.markets[order.symbol].available(side):
        if not crosses(order.side, limit, price):
            break
        while makers and crosses(order.side, price, makers[0][0]):
            at, group = makers.pop(0)
            yield from _at_price(order, at, quantity if at == price else 0, group)
            quantity = 0 if at == price else quantity
        if quantity:
            yield Offer(price, quantity)
    for price, group in makers:
        if crosses(order.side, limit, price):
            yield from _at_price(order, price, 0, group)


def _price(order: Order) -> int:
    return order.price


def _at_price(order: Order, price: int, quantity: int, makers: list[Order]) -> Iterator[Offer]:
    own = [maker for maker in makers if maker.account == order.account]
    yield from (Offer(price, 0, maker) for maker in own)
    passed = 0
    for maker in makers:
        if maker in own:
            continue
        before = min(max(0, maker.place.ahead - passed), quantity)
        if before:
            yield Offer(price, before)
            passed, quantity = passed + before, quantity - before
        yield Offer(price, maker.remaining, maker)
    if quantity:
        yield Offer(price, quantity)


def _sized(state: State, order: Order, limit: int) -> Iterator[tuple[Offer, int]]:
    """The offers with what each has for the order, given what the ones before it close of their accounts' positions."""
    closed: Counter[tuple[str, PositionSide]] = Counter()
    for offer in offers(state, order, limit):
        quantity, maker = offer.quantity, offer.maker
        if maker and quantity:
            key = (maker.account, maker.request.position_side)
            if maker.request.only_reduces:
                closable = state.accounts[maker.account].closable(maker.symbol, maker.request.position_side, maker.side)
                quantity = min(quantity, max(0, closable - closed[key]))
            closed[key] += quantity
        yield offer, quantity


def reachable(state: State, order: Order, limit: int) -> int:
    """Quantity available up to price `limit`, until it covers the order."""
    found = 0
    for offer, quantity in _sized(state, order, limit):
        expires = offer.maker and not offer.quantity and order.request.self_trade is not SelfTrade.EXPIRE_MAKER
        if found >= order.remaining or expires:
            break
        found += quantity
    return found


def walk(state: State, order: Order, limit: int) -> None:
    """Execute an arriving order from the best price up to `limit`."""
    for offer in _enough(state, order, limit):
        if offer.maker and not offer.quantity:
            _prevent_self_trade(state, order, offer.maker)
        elif offer.maker:
            _meet(state, order, offer.maker)
        else:
            _take(state, order, offer)
        if not order.status.open or not reducible(state, order):
            return


def _enough(state: State, order: Order, limit: int) -> list[Offer]:
    found, left = [], order.remaining
    for offer, quantity in _sized(state, order, limit):
        if left <= 0:
            break
        found.append(offer)
        left -= quantity
    return found


def _take(state: State, order: Order, offer: Offer) -> None:
    taken = min(reducible(state, order), offer.quantity)
    if taken:
        state.markets[order.symbol].take(order.side.opposite, offer.price, taken)
        fill(state, order, offer.price, taken, maker=False)


def _meet(state: State, order: Order, maker: Order) -> None:
    """Two simulated orders trade with each other at the resting one's price."""
    quantity = min(reducible(state, order), reducible(state, maker))
    if quantity:
        fill(state, order, maker.price, quantity, maker=False)
    fill_resting(state, maker, quantity)


def fill_resting(state: State, order: Order, quantity: int) -> None:
    """Execute a resting order at its price; one that only closes expires when nothing is left to close."""
    fill(state, order, order.price, quantity, maker=True)
    if order.status.open and not reducible(state, order):
        state.finish(order, OrderStatus.EXPIRED)


def _prevent_self_trade(state: State, taker: Order, maker: Order) -> None:
    """Expire the maker, the arriving order or both before they trade with each other."""
    mode = taker.request.self_trade
    if mode is not SelfTrade.EXPIRE_TAKER:
        state.finish(maker, OrderStatus.EXPIRED_IN_MATCH, ExpiryReason.SELF_TRADE)
    if mode is not SelfTrade.EXPIRE_MAKER:
        state.finish(taker, OrderStatus.EXPIRED_IN_MATCH, ExpiryReason.SELF_TRADE)


def would_take(state: State, order: Order) -> bool:
    """True if a limit order would trade on arrival: with a level, a simulated order or a newer ticker's price."""
    if next(offers(state, order, order.price), None):
        return True
    quoted = state.markets[order.symbol].quote(order.side.opposite)
    return bool(quoted) and crosses(order.side, order.price, quoted)
