"""Matches orders against the tape: arriving orders take levels, resting orders fill from trades and crossing prices."""

from live.simulator.core import fill_models
from live.simulator.core.bnb import BNB
from live.simulator.core.commands import DepthApplied, Traded
from live.simulator.core.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, SelfTrade, Side
from live.simulator.core.events import Executed
from live.simulator.core.market import Market, crosses
from live.simulator.core.orders import Fill, Order, TradeRecord
from live.simulator.core.positions import Position
from live.simulator.core.state import State


def fill(state: State, order: Order, price: int, quantity: int, maker: bool) -> None:
    """Execute part of an order and update its account."""
    account = state.accounts[order.account]
    position = account.position(order.symbol, order.request.position_side)
    quantity = min(quantity, _reducible(state, order))
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


def _reducible(state: State, order: Order) -> int:
    """Remaining quantity, limited by the position for orders that may only reduce it."""
    if not order.request.only_reduces:
        return order.remaining
    account = state.accounts[order.account]
    return min(order.remaining, account.closable(order.symbol, order.request.position_side, order.side))


def reachable(state: State, order: Order, limit: int) -> int:
    """Quantity available up to price `limit`, until it covers the order."""
    market, found = state.markets[order.symbol], 0
    for price, quantity in market.available(order.side.opposite):
        if not crosses(order.side, limit, price) or found >= order.remaining:
            break
        found += quantity
    return found


def walk(state: State, order: Order, limit: int) -> None:
    """Take levels from the best price up to `limit`, after self-trade prevention at each price."""
    market = state.markets[order.symbol]
    for price, quantity in list(_levels_to_take(market, order, limit)):
        if not _prevent_self_trade(state, order, price) or not order.remaining:
            return
        taken = min(_reducible(state, order), quantity)
        if not taken:
            return
        market.take(order.side.opposite, price, taken)
        fill(state, order, price, taken, maker=False)


def _levels_to_take(market: Market, order: Order, limit: int) -> list[tuple[int, int]]:
    found, left = [], order.remaining
    for price, quantity in market.available(order.side.opposite):
        if not crosses(order.side, limit, price) or left <= 0:
            break
        found.append((price, quantity))
        left -= quantity
    return found


def _prevent_self_trade(state: State, taker: Order, price: int) -> bool:
    """Apply self-trade prevention at one price; return False if the arriving order expired."""
    mode = taker.request.self_trade
    for maker in state.resting(taker.symbol):
        own = maker.account == taker.account and maker.side is not taker.side
        if not own or not crosses(taker.side, price, maker.price):
            continue
        if mode is not SelfTrade.EXPIRE_TAKER:
            state.finish(maker, OrderStatus.EXPIRED_IN_MATCH, ExpiryReason.SELF_TRADE)
        if mode is not SelfTrade.EXPIRE_MAKER:
            state.finish(taker, OrderStatus.EXPIRED_IN_MATCH, ExpiryReason.SELF_TRADE)
            return False
    return True


def would_take(state: State, order: Order) -> bool:
    """True if a limit order would trade on arrival."""
    best = state.markets[order.symbol].best(order.side.opposite)
    return best is not None and crosses(order.side, order.price, best)


def join_queue(state: State, order: Order) -> None:
    """Rest an order at the back of the queue at its price."""
    displayed = state.markets[order.symbol].book.quantity(order.side, order.price)
    order.place = fill_models.join_queue(displayed)
    state.rest(order)


def on_trade(state: State, trade: Traded) -> None:
    """Fill resting orders of the side that a tape trade hit, by price, then by age."""
    side = trade.taker.opposite
    left = trade.quantity
    for order in _by_priority(state, trade.symbol, side):
        if not left or not crosses(order.side, order.price, trade.price):
            return
        if not order.status.open:
            continue
        reached = min(left, fill_models.on_trade(order, trade.price, trade.quantity))
        if reached:
            left -= reached
            _fill_resting(state, order, reached)


def on_depth(state: State, update: DepthApplied) -> None:
    """Update the queue positions of resting orders, and fill those that opposite prices have crossed."""
    market = state.markets[update.symbol]
    orders = state.resting(update.symbol)
    if not orders:
        return
    updated = {Side.BUY: set(update.bids), Side.SELL: set(update.asks)}
    for order in orders:
        if update.fresh:  # the queue is unknown after a resync: assume the back
            order.place = fill_models.join_queue(market.book.quantity(order.side, order.price))
        elif order.price in updated[order.side]:
            fill_models.on_level(order, market.book.quantity(order.side, order.price), state.model)
    for side in (Side.BUY, Side.SELL):
        for order in _by_priority(state, update.symbol, side):
            _fill_from_crossing_levels(state, market, order)


def _fill_from_crossing_levels(state: State, market: Market, order: Order) -> None:
    if not market.rules.trading:
        return
    for price, quantity in market.available(order.side.opposite):
        if not order.remaining or not fill_models.fills_against(order, price, state.model):
            return
        taken = min(_reducible(state, order), quantity)
        market.take(order.side.opposite, price, taken)
        _fill_resting(state, order, taken)
        if not order.status.open:
            return


def _fill_resting(state: State, order: Order, quantity: int) -> None:
    fill(state, order, order.price, quantity, maker=True)
    if order.status.open and not _reducible(state, order):
        state.finish(order, OrderStatus.EXPIRED)


def _by_priority(state: State, symbol: str, side: Side) -> list[Order]:
    """Orders of one side, by price, then by age."""
    found = [order for order in state.open.get(symbol, {}).values() if order.side is side]
    return sorted(found, key=lambda order: (-order.price * side.sign, order.order_id))
