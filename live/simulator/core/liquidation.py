"""Liquidation: closes positions against the book up to the bankruptcy price, the rest to the insurance fund.

Source: Binance FAQ 360033525271, "Liquidation protocols": open orders are cancelled, the position is closed with an
immediate-or-cancel order, the insurance fund takes over the rest at the bankruptcy price and balances a negative wallet
back to 0. Assumed: the whole position at once, and for cross margin every crossed position.
"""

from dataclasses import replace

from live.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, Side, TimeInForce
from live.money import SCALE, fee
from live.simulator.core import matching
from live.simulator.core.accounts import Account
from live.simulator.core.commands import ForceLiquidation
from live.simulator.core.events import Liquidated
from live.simulator.core.margin import Exposure, Margin, liquidation_price, total
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State


def bankruptcy_price(state: State, part: Exposure, margin: Margin) -> int:
    """Price at which closing leaves no margin, on the tick, limited to the bound of market orders."""
    side = Side.SELL if part.position.amount > 0 else Side.BUY
    market = state.markets[part.position.symbol]
    without_others = replace(
        margin, cross_maintenance=part.maintenance
    )  # the maintenance of other positions is not spent
    spent, bound = liquidation_price(part, without_others, 0, 0), market.bound(side)
    price = max(spent, bound) if side is Side.SELL else min(spent, bound) if spent else bound
    tick = market.rules.tick
    return max(tick, price // tick * tick if side is Side.SELL else -(-price // tick) * tick)


def liquidate_isolated(state: State, account: Account, part: Exposure) -> None:
    """Liquidate one isolated position with its own margin and no more."""
    position = part.position
    _cancel(state, state.open_orders(account.name, position.symbol))
    if _deferred(state, account, position.symbol):
        return
    wallet, isolated = account.wallet, position.isolated_wallet
    margin = total(account, [part])
    order = close_position(state, account, part, margin)
    _clear(state, account, order, isolated + account.wallet - wallet)


def liquidate_crossed(state: State, account: Account, symbol: str = "") -> None:
    """Liquidate every crossed position, or those of one symbol.

    The clearance fees are paid from what the cross wallet then holds; the fund covers a deficit. A position whose book
    is not fresh is liquidated when it is.
    """
    crossed = [order for order in state.open_orders(account.name, symbol) if not account.isolated(order.symbol)]
    _cancel(state, crossed)
    done = []
    for position in account.held():
        if not account.isolated(position.symbol) and symbol in ("", position.symbol):
            if _deferred(state, account, position.symbol):
                continue
            parts = [part for part in state.exposures(account) if part.position.amount]
            part = next(part for part in parts if part.position is position)
            done.append(close_position(state, account, part, total(account, parts)))
    for order in done:
        _clear(state, account, order, max(0, account.cross_wallet()))
    clear_debt(state, account)


def _deferred(state: State, account: Account, symbol: str) -> bool:
    """True if the book of the symbol is not fresh: the liquidation is then noted, and carried out when it is."""
    if state.markets[symbol].tradable(state.now_ms):
        return False
    state.liquidations[account.name, symbol] = None
    return True


def resume(state: State, symbol: str) -> None:
    """Carry out the liquidations that waited for a fresh book of this symbol, whatever the margin is by now."""
    for key in [key for key in state.liquidations if key[1] == symbol]:
        del state.liquidations[key]
        account = state.accounts[key[0]]
        if not account.isolated(symbol):
            liquidate_crossed(state, account, symbol)
            continue
        for part in [part for part in state.exposures(account) if part.position.symbol == symbol]:
            if part.position.amount:
                liquidate_isolated(state, account, part)


def clear_debt(state: State, account: Account) -> None:
    """Balance a negative cross wallet that no crossed position can recover back to 0, at the fund's cost."""
    debt = -account.cross_wallet()
    if debt > 0 and all(account.isolated(position.symbol) for position in account.held()):
        pay(state, account, "", debt, [])


def force(state: State, command: ForceLiquidation) -> int:
    """Liquidate a symbol's positions regardless of their margin; return how many.

    Raises:
        Rejection: -1121 for an unknown symbol, -2022 if there is no position.
    """
    state.market(command.symbol)
    account = state.accounts[command.account]
    parts = [part for part in state.exposures(account) if part.position.amount]
    chosen = [part for part in parts if part.position.symbol == command.symbol]
    if not chosen:
        raise Rejection(-2022, "There is no position to liquidate.")
    if account.isolated(command.symbol):
        for part in chosen:
            liquidate_isolated(state, account, part)
    else:
        liquidate_crossed(state, account, command.symbol)
    return len(chosen)


def _cancel(state: State, orders: list[Order]) -> None:
    for order in orders:
        state.finish(order, OrderStatus.EXPIRED, ExpiryReason.LIQUIDATION)


def close_position(state: State, account: Account, part: Exposure, margin: Margin, quantity: int = 0) -> Order:
    """Close a position, or `quantity` of it, up to its bankruptcy price; the fund takes over what the book does not."""
    position = part.position
    price = bankruptcy_price(state, part, margin)
    order = _closing_order(state, account, position, price, quantity or abs(position.amount))
    state.orders[order.order_id] = order
    state.report(order, ExecutionType.NEW)
    if state.markets[position.symbol].tradable(state.now_ms):
        matching.walk(state, order, price)
    if order.remaining:
        state.fund.take_over(position.symbol, price, -order.side.sign * order.remaining)
        matching.fill(state, order, price, order.remaining, maker=False)
    state.outbox.append(Liquidated(account.name, order.snapshot(), state.now_ms))
    return order


def _closing_order(state: State, account: Account, position: Position, price: int, quantity: int) -> Order:
    number = state.numbers.order
    state.numbers.order += 1
    request = OrderRequest(
        account=account.name,
        symbol=position.symbol,
        side=Side.SELL if position.amount > 0 else Side.BUY,
        kind=OrderType.LIQUIDATION,
        quantity=quantity,
        price=price,
        time_in_force=TimeInForce.IOC,
        position_side=position.side,
        client_id=f"autoclose-{state.now_ms}{number % 1000:03d}",
        original_kind=OrderType.LIMIT,
    )
    return Order(number, request, price, request.quantity, request.client_id, state.now_ms, state.now_ms)


def _clear(state: State, account: Account, order: Order, left: int) -> None:
    """Charge the clearance fee, at most the remaining margin; the insurance fund covers a deficit."""
    rate = state.markets[order.symbol].rules.liquidation_fee
    change = -left if left < 0 else -min(left, fee(order.cost // SCALE, rate))
    pay(state, account, order.symbol, change, [account.position(order.symbol, order.request.position_side)])


def pay(state: State, account: Account, symbol: str, change: int, positions: list[Position]) -> None:
    """Move money between the account and the fund; `change` is the account's side."""
    account.wallet += change
    state.fund.cash -= change
    state.record_income(account, symbol, "INSURANCE_CLEAR", change)
    state.report_account(account, "INSURANCE_CLEAR", positions, change)
