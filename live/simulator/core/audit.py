"""Checks a state against the accounting rules that hold after every step, whatever clients and the tape do.

All sums are exact integers. The venue's code is not used to recompute anything: positions and profits are rebuilt from
the fills, wallets from the income rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from live.enums import OrderStatus, PositionSide
from live.money import SCALE, plain
from live.simulator.core.accounts import ASSET, Account
from live.simulator.core.bnb import BNB
from live.simulator.core.orders import Order
from live.simulator.core.positions import Position
from live.simulator.core.state import State
from live.simulator.core.timers import next_due_ms


def audit(state: State) -> list[str]:
    """Every broken rule, one line each; an empty list if the state is sound."""
    checks = (_wallets, _positions, _orders, _conditional_orders, _reducing_orders, _numbers, _fund, _margins, _timers)
    return [line for check in checks for line in check(state)]


@dataclass(slots=True)
class _Flow:
    """What the fills of one position add up to. cash: signed, units of 1e-16. realized: money units."""

    amount: int = 0
    cash: int = 0
    realized: int = 0
    fills: int = 0


def _wallets(state: State) -> Iterator[str]:
    """Wallet = deposit + income rows of its asset; commissions and realized profits are those of the fills."""
    income: Counter[tuple[str, str]] = Counter()
    by_kind: Counter[tuple[str, str, str]] = Counter()
    for row in state.incomes:
        income[row.account, row.asset] += row.amount
        by_kind[row.account, row.kind, row.asset] += row.amount
    for trade in state.trades:
        by_kind[trade.account, "COMMISSION", trade.fill.fee_asset] += trade.fill.fee
        by_kind[trade.account, "REALIZED_PNL", ASSET] -= trade.fill.realized
    for name, account in state.accounts.items():
        for asset, held, start in ((ASSET, account.wallet, account.deposited), (BNB, account.bnb.balance, 0)):
            if held != start + income[name, asset]:
                expected = plain(start + income[name, asset])
                yield f"{name}: {asset} wallet {plain(held)}, but deposit and income rows give {expected}"
            for kind in ("COMMISSION", "REALIZED_PNL"):
                if by_kind[name, kind, asset]:
                    yield f"{name}: {kind} rows and fills differ by {plain(by_kind[name, kind, asset])} {asset}"


def _positions(state: State) -> Iterator[str]:
    flows: defaultdict[tuple[str, str, PositionSide], _Flow] = defaultdict(_Flow)
    for trade in state.trades:
        flow = flows[trade.account, trade.symbol, trade.position_side]
        change = trade.fill.quantity * trade.side.sign
        flow.amount += change
        flow.cash -= change * trade.fill.price
        flow.realized += trade.fill.realized
        flow.fills += 1
    for account in state.accounts.values():
        for position in account.positions.values():
            flow = flows.pop((account.name, position.symbol, position.side), _Flow())
            where = f"{account.name} {position.symbol} {position.side}"
            yield from (f"{where}: {line}" for line in _position(account, position, flow))
    yield from (f"{' '.join(key)}: fills without a position" for key, flow in flows.items() if flow.amount)


def _position(account: Account, position: Position, flow: _Flow) -> Iterator[str]:
    amount, isolated = position.amount, account.isolated(position.symbol)
    if amount != flow.amount:
        yield f"position {plain(amount)}, but its fills give {plain(flow.amount)}"
    if (position.side is PositionSide.LONG and amount < 0) or (position.side is PositionSide.SHORT and amount > 0):
        yield f"position {plain(amount)} is on the wrong side"
    if amount and (position.side is PositionSide.BOTH) == account.dual_side:
        yield "position of the other position mode"
    if (position.cost == 0) != (amount == 0) or position.cost < 0:
        yield f"position {plain(amount)} with a cost of {position.cost}e-16"
    sign = 1 if amount > 0 else -1
    exact = flow.cash + sign * position.cost
    if not 0 <= exact - flow.realized * SCALE <= flow.fills * SCALE:
        yield f"realized {plain(flow.realized)}, but its fills give {exact}e-16"
    if position.isolated_wallet < 0 or (position.isolated_wallet and not (isolated and amount)):
        yield f"isolated wallet {plain(position.isolated_wallet)}"


def _orders(state: State) -> Iterator[str]:
    filled: Counter[int] = Counter()
    cost: Counter[int] = Counter()
    for trade in state.trades:
        filled[trade.order_id] += trade.fill.quantity
        cost[trade.order_id] += trade.fill.quantity * trade.fill.price
    for number, order in state.orders.items():
        if (order.filled, order.cost) != (filled[number], cost[number]):
            yield f"order {number}: filled {plain(order.filled)}, but its fills give {plain(filled[number])}"
        if not 0 <= order.filled <= order.quantity:
            yield f"order {number}: filled {plain(order.filled)} of {plain(order.quantity)}"
        if (order.status is OrderStatus.FILLED) != (order.remaining == 0):
            yield f"order {number}: {order.status} with {plain(order.remaining)} left"
        if order.status.open != (number in state.open.get(order.symbol, {})):
            yield f"order {number}: {order.status}, but its place among the open orders says otherwise"


def _conditional_orders(state: State) -> Iterator[str]:
    for number, algo in state.algos.items():
        if algo.open != (number in state.waiting.get(algo.symbol, {})):
            yield f"conditional order {number}: {algo.status}, but its place among the waiting says otherwise"


def _reducing_orders(state: State) -> Iterator[str]:
    """No order that may only reduce a position rests without one."""
    for order in _open(state):
        request, account = order.request, state.accounts[order.account]
        if request.only_reduces and not account.closable(order.symbol, request.position_side, order.side):
            yield f"order {order.order_id}: may only reduce a position, and rests without one"


def _numbers(state: State) -> Iterator[str]:
    yield from _repeated("trade id", (trade.fill.trade_id for trade in state.trades))
    yield from _repeated("transaction id", (row.transaction_id for row in state.incomes))
    yield from _repeated("client order id", ((order.account, order.client_id) for order in _open(state)))


def _repeated(what: str, values: Iterator[object]) -> Iterator[str]:
    yield from (f"{what} {value} given {count} times" for value, count in Counter(values).items() if count > 1)


def _open(state: State) -> list[Order]:
    return [order for orders in state.open.values() for order in orders.values()]


def _fund(state: State) -> Iterator[str]:
    """What accounts paid for clearance, net of what was covered, is what the insurance fund has."""
    paid = -sum(row.amount for row in state.incomes if row.kind == "INSURANCE_CLEAR")
    if state.fund.cash != paid:
        yield f"insurance fund holds {plain(state.fund.cash)}, but the accounts paid it {plain(paid)}"


def _margins(state: State) -> Iterator[str]:
    for account in state.accounts.values():
        parts = state.exposures(account)
        margin = state.margin(account)
        for part in parts:
            if min(part.position_margin, part.order_margin, part.maintenance) < 0:
                yield f"{account.name} {part.position.symbol}: negative margin {part}"
        if margin.available < 0 or margin.withdrawable < 0:
            yield f"{account.name}: available {plain(margin.available)}, withdrawable {plain(margin.withdrawable)}"
        if margin.cross_wallet < 0 and all(part.isolated for part in parts if part.position.amount):
            yield f"{account.name}: cross wallet {plain(margin.cross_wallet)} without a crossed position"


def _timers(state: State) -> Iterator[str]:
    if (due := next_due_ms(state)) <= state.now_ms:
        yield f"a timer of {due} has not fired at {state.now_ms}"
