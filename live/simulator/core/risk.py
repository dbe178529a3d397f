"""Margin calls, liquidation and funding."""

from live.simulator.core import matching
from live.simulator.core.accounts import Account
from live.simulator.core.commands import ForceLiquidation
from live.simulator.core.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, Side, TimeInForce
from live.simulator.core.events import Liquidated, MarginCalled
from live.simulator.core.margin import Exposure, Margin, liquidation_price, total
from live.simulator.core.money import SCALE, fee
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State

WARNING_PERCENT = 80
FUNDING_INTERVAL_MS = 8 * 3600 * 1000


def watch(state: State) -> None:
    """Check every account with open positions against its maintenance margin."""
    for account in state.accounts.values():
        if account.held():
            _watch(state, account)


def _watch(state: State, account: Account) -> None:
    parts = [part for part in state.exposures(account) if part.position.amount]
    margin = total(account, parts)
    for part in parts:
        if part.isolated and part.position.isolated_wallet + part.unrealized < part.maintenance:
            liquidate(state, account, part, margin)
    crossed = [part for part in parts if not part.isolated]
    if crossed and margin.cross_equity < margin.cross_maintenance:
        for part in crossed:
            liquidate(state, account, part, margin)
        return
    _warn(state, account, crossed, margin)


def _warn(state: State, account: Account, parts: list[Exposure], margin: Margin) -> None:
    close = bool(parts) and margin.cross_maintenance * 100 >= margin.cross_equity * WARNING_PERCENT
    if close and not account.warned:
        shown = tuple((part.position, part.mark, part.unrealized, part.maintenance, part.isolated) for part in parts)
        state.outbox.append(MarginCalled(account.name, account.cross_wallet(), shown, state.now_ms))
    account.warned = close


def bankruptcy_price(state: State, part: Exposure, margin: Margin) -> int:
    """Price at which closing leaves no margin, limited to the bound of market orders."""
    side = Side.SELL if part.position.amount > 0 else Side.BUY
    bound = state.markets[part.position.symbol].bound(side)
    spent = liquidation_price(part, margin, 0, 0)
    return max(spent, bound) if side is Side.SELL else min(spent, bound) if spent else bound


def liquidate(state: State, account: Account, part: Exposure, margin: Margin) -> None:
    """Liquidate a position: against the book up to the bankruptcy price, the rest to the insurance fund."""
    position = part.position
    for order in state.open_orders(account.name, position.symbol):
        state.finish(order, OrderStatus.EXPIRED, ExpiryReason.LIQUIDATION)
    price = bankruptcy_price(state, part, margin)
    order = _closing_order(state, account, position, price)
    state.orders[order.order_id] = order
    state.report(order, ExecutionType.NEW)
    wallet, isolated = account.wallet, position.isolated_wallet
    if state.markets[position.symbol].tradable(state.now_ms):
        matching.walk(state, order, price)
    if order.remaining:
        matching.fill(state, order, price, order.remaining, maker=False)
    state.outbox.append(Liquidated(account.name, order.snapshot(), state.now_ms))
    left = isolated + account.wallet - wallet if part.isolated else account.wallet
    _clear(state, account, order, left)


def _closing_order(state: State, account: Account, position: Position, price: int) -> Order:
    number = state.numbers.order
    state.numbers.order += 1
    request = OrderRequest(
        account=account.name,
        symbol=position.symbol,
        side=Side.SELL if position.amount > 0 else Side.BUY,
        kind=OrderType.LIQUIDATION,
        quantity=abs(position.amount),
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
    account.wallet += change
    state.record_income(account, order.symbol, "INSURANCE_CLEAR", change)
    position = account.position(order.symbol, order.request.position_side)
    position.isolated_wallet = 0
    state.report_account(account, "INSURANCE_CLEAR", [position], change)


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
    for part in chosen:
        liquidate(state, account, part, total(account, parts))
    return len(chosen)


def fund(state: State, symbol: str) -> None:
    """Charge funding: position value at the mark price times the rate; longs pay a positive rate."""
    market = state.markets[symbol]
    for account in state.accounts.values():
        for position in account.held():
            if position.symbol == symbol:
                _fund(state, account, position, market.mark_price, market.funding_rate)
    market.next_funding_ms += FUNDING_INTERVAL_MS


def _fund(state: State, account: Account, position: Position, mark: int, rate: int) -> None:
    exact = -position.notional(mark) * rate
    change = exact // SCALE
    isolated = account.isolated(position.symbol)
    account.wallet += change
    if isolated:
        position.isolated_wallet += change
    state.record_income(account, position.symbol, "FUNDING_FEE", change)
    state.report_account(account, "FUNDING_FEE", [position] if isolated else [], change)
