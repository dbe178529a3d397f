"""Closes positions for others: by hand, by auto-deleveraging, by partial liquidation and by settlement.

Sources: user data stream page "Order update" (client ids `autoclose-`, `adl_autoclose`, `settlement_autoclose-`);
recorded events of orders placed on the website (client ids `web_` and 20 characters).
"""

from collections.abc import Iterator

from live.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, Side, TimeInForce
from live.money import SCALE, fee
from live.simulator.core import algo_order_service, liquidation, matching, order_service
from live.simulator.core.accounts import Account
from live.simulator.core.commands import Submit
from live.simulator.core.events import Liquidated
from live.simulator.core.interventions import ClosePositions, Deleverage, LiquidatePart, SettleSymbol
from live.simulator.core.margin import total
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State


def close(state: State, command: ClosePositions) -> int:
    """Close a symbol's positions with market orders from the website; return how many.

    Raises:
        Rejection: -2022 if there is none; the refusal of a market order.
    """
    account = state.accounts[command.account]
    held = _held(state, command.account, command.symbol)
    for position in held:
        for quantity in _lots(state, position):
            order_service.submit(state, Submit(_by_hand(state, account, position, quantity)))
    return len(held)


def _lots(state: State, position: Position) -> Iterator[int]:
    """The position's size in market orders of the allowed size."""
    left, largest = abs(position.amount), state.markets[position.symbol].rules.max_market_quantity
    while left > 0:
        yield min(left, largest)
        left -= largest


def _by_hand(state: State, account: Account, position: Position, quantity: int) -> OrderRequest:
    return OrderRequest(
        account=account.name,
        symbol=position.symbol,
        side=_closing_side(position),
        kind=OrderType.MARKET,
        quantity=quantity,
        position_side=position.side,
        reduce_only=not account.dual_side,
        client_id=f"web_{state.numbers.order:020d}",
    )


def deleverage(state: State, command: Deleverage) -> int:
    """Close a part of a symbol's positions at the mark price; return how many.

    Raises:
        Rejection: -2022 if there is none.
    """
    held = _held(state, command.account, command.symbol)
    for position in held:
        _close_at_mark(state, position, command.account, "adl_autoclose", command.percent)
    return len(held)


def liquidate_part(state: State, command: LiquidatePart) -> int:
    """Liquidate a part of a symbol's positions; return how many. The clearance fee is paid from the cross wallet.

    Raises:
        Rejection: -2022 if there is none.
    """
    account = state.accounts[command.account]
    held = _held(state, command.account, command.symbol)
    for position in held:
        parts = [part for part in state.exposures(account) if part.position.amount]
        part = next(part for part in parts if part.position is position)
        margin = total(account, [part] if part.isolated else parts)
        quantity = _share(state, position, command.percent)
        order = liquidation.close_position(state, account, part, margin, quantity)
        rate = state.markets[position.symbol].rules.liquidation_fee
        due = min(max(0, account.cross_wallet()), fee(order.cost // SCALE, rate))
        liquidation.pay(state, account, position.symbol, -due, [position])
    return len(held)


def settle(state: State, command: SettleSymbol) -> int:
    """Expire a symbol's orders and close its positions at the mark price; return how many positions."""
    state.market(command.symbol)
    for order in state.resting(command.symbol):
        state.finish(order, OrderStatus.EXPIRED, ExpiryReason.DELISTED)
    for algo in list(state.waiting.get(command.symbol, {}).values()):
        algo_order_service.expire(state, algo)
    closed = 0
    for account in state.accounts.values():
        for position in account.held():
            if position.symbol == command.symbol:
                _close_at_mark(state, position, account.name, f"settlement_autoclose-{state.now_ms}", 100)
                closed += 1
    return closed


def _held(state: State, account: str, symbol: str) -> list[Position]:
    state.market(symbol)
    held = [position for position in state.accounts[account].held() if position.symbol == symbol]
    if not held:
        raise Rejection(-2022, "There is no position to close.")
    return held


def _close_at_mark(state: State, position: Position, account: str, client_id: str, percent: int) -> None:
    """Close a part of a position at the mark price, rounded to the tick against it, with a fee as a taker."""
    market, side = state.markets[position.symbol], _closing_side(position)
    tick = market.rules.tick
    price = market.mark_price // tick * tick if side is Side.SELL else -(-market.mark_price // tick) * tick
    number = state.numbers.order
    state.numbers.order += 1
    request = OrderRequest(
        account=account,
        symbol=position.symbol,
        side=side,
        kind=OrderType.LIQUIDATION,
        quantity=_share(state, position, percent),
        price=price,
        time_in_force=TimeInForce.IOC,
        position_side=position.side,
        client_id=client_id,
        original_kind=OrderType.LIMIT,
    )
    order = Order(number, request, price, request.quantity, client_id, state.now_ms, state.now_ms)
    state.orders[number] = order
    state.report(order, ExecutionType.NEW)
    matching.fill(state, order, price, order.remaining, maker=False)
    if client_id == "adl_autoclose":
        state.outbox.append(Liquidated(account, order.snapshot(), state.now_ms))


def _share(state: State, position: Position, percent: int) -> int:
    """`percent` of a position, rounded up to the step."""
    size, step = abs(position.amount), state.markets[position.symbol].rules.step
    return min(size, -(-size * percent // (100 * step)) * step)


def _closing_side(position: Position) -> Side:
    return Side.SELL if position.amount > 0 else Side.BUY
