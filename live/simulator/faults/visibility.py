"""What queries see while a fault hides orders or answers from the past. Matching always uses the true state."""

from bisect import bisect_right
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TypeVar

from live.simulator.core.accounts import Account
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.commands import Cancel, CancelAlgo
from live.simulator.core.events import AccountChanged, AlgoChanged, Event, Executed, OrderChanged
from live.simulator.core.orders import Order
from live.simulator.core.state import State
from live.simulator.faults.kinds.requests import LateVisible

T = TypeVar("T")


@dataclass(slots=True)
class Past:
    """Copies of one thing by time, ascending, in milliseconds."""

    times: list[int] = field(default_factory=list)
    copies: list[object] = field(default_factory=list)

    def add(self, time_ms: int, copy: object) -> None:
        """Add a copy; a later one of the same time replaces it."""
        if self.times and self.times[-1] == time_ms:
            self.copies[-1] = copy
        else:
            self.times.append(time_ms)
            self.copies.append(copy)

    def at(self, time_ms: int) -> object | None:
        """The copy that held at that time; None before the first."""
        place = bisect_right(self.times, time_ms)
        return self.copies[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Hidden:
    """An order that queries do not see until `until_ms`; `number` is its id."""

    fault: LateVisible
    account: str
    number: int
    conditional: bool
    since_ms: int
    until_ms: int


@dataclass(slots=True)
class Visibility:
    """Hidden orders, and the past of orders and accounts. Records only if a plan needs it."""

    recording: bool = False
    hidden: list[Hidden] = field(default_factory=list)
    _orders: dict[int, Past] = field(default_factory=dict)
    _algos: dict[int, Past] = field(default_factory=dict)
    _accounts: dict[str, Past] = field(default_factory=dict)

    def start(self, state: State) -> None:
        """Keep what the accounts are at the start."""
        if self.recording:
            for account in state.accounts.values():
                self._accounts.setdefault(account.name, Past()).add(0, deepcopy(account))

    def record(self, events: Iterable[Event], state: State) -> None:
        """Keep copies of what the events changed."""
        if not self.recording:
            return
        for event in events:
            if isinstance(event, OrderChanged):
                self._orders.setdefault(event.order.order_id, Past()).add(event.time_ms, event.order)
            elif isinstance(event, AlgoChanged):
                self._algos.setdefault(event.order.algo_id, Past()).add(event.time_ms, event.order)
            elif isinstance(event, AccountChanged):
                account = deepcopy(state.accounts[event.account])
                self._accounts.setdefault(event.account, Past()).add(event.time_ms, account)

    def hide(self, fault: LateVisible, account: str, number: int, conditional: bool, now_ms: int) -> None:
        """Hide an order from now on."""
        self.hidden.append(Hidden(fault, account, number, conditional, now_ms, now_ms + fault.hidden_ms))

    def view(self, state: State, now_ms: int, age_ms: int = 0) -> State:
        """The state as queries see it, as of `age_ms` before `now_ms` and without hidden orders.

        now_ms: the exchange's time, which goes on between two steps of the state.
        """
        seen = self._as_of(state, now_ms - age_ms) if age_ms else state
        active = self._active(now_ms)
        return self._without(seen, active) if active else seen

    def blocks(self, state: State, now_ms: int, command: object) -> bool:
        """True if a command cancels an order that is hidden from cancellations too."""
        return any(entry.fault.cancels and _cancels(state, command, entry) for entry in self._active(now_ms))

    def held_until_ms(self, event: Event, now_ms: int) -> int:
        """When an event of the user stream may be sent: later than `now_ms` if its order is hidden there too."""
        due = [entry.until_ms for entry in self._active(now_ms) if entry.fault.user_stream and _concerns(entry, event)]
        return max(due, default=now_ms)

    def _active(self, now_ms: int) -> list[Hidden]:
        if self.hidden:
            self.hidden = [entry for entry in self.hidden if entry.until_ms > now_ms]
        return self.hidden

    def _as_of(self, state: State, time_ms: int) -> State:
        orders = _past_of(state.orders, self._orders, time_ms, Order)
        algos = _past_of(state.algos, self._algos, time_ms, AlgoOrder)
        return _state_of(
            state, orders, algos, {name: self._account(account, time_ms) for name, account in state.accounts.items()},
            time_ms,
        )  # fmt: skip

    def _account(self, account: Account, time_ms: int) -> Account:
        found = self._accounts[account.name].at(time_ms) if account.name in self._accounts else None
        return found if isinstance(found, Account) else account

    def _without(self, state: State, active: list[Hidden]) -> State:
        algo_ids = {entry.number for entry in active if entry.conditional}
        order_ids = {entry.number for entry in active if not entry.conditional}
        order_ids |= {number for number, order in state.orders.items() if order.request.algo_id in algo_ids}
        accounts = dict(state.accounts)
        for entry in active:
            if entry.fault.positions:
                accounts[entry.account] = self._account(state.accounts[entry.account], entry.since_ms - 1)
        orders = {number: order for number, order in state.orders.items() if number not in order_ids}
        algos = {number: algo for number, algo in state.algos.items() if number not in algo_ids}
        return _state_of(state, orders, algos, accounts, state.now_ms)


def _past_of(true: dict[int, T], pasts: dict[int, Past], time_ms: int, kind: type[T]) -> dict[int, T]:
    """What was known at a time; an entry without a recorded past was there from the start."""
    found = {number: pasts[number].at(time_ms) if number in pasts else entry for number, entry in true.items()}
    return {number: entry for number, entry in found.items() if isinstance(entry, kind)}


def _state_of(
    state: State, orders: dict[int, Order], algos: dict[int, AlgoOrder], accounts: dict[str, Account], time_ms: int
) -> State:
    """A state for queries with these orders and accounts, and their trades and income rows up to a time."""
    trades = [trade for trade in state.trades if trade.order_id in orders and trade.fill.time_ms <= time_ms]
    shown = {str(trade.fill.trade_id) for trade in trades}
    seen = replace(
        state,
        orders=orders,
        algos=algos,
        accounts=accounts,
        open={},
        waiting={},
        trades=trades,
        incomes=[
            row for row in state.incomes if row.time_ms <= time_ms and (not row.trade_id or row.trade_id in shown)
        ],
        amendments=[row for row in state.amendments if row.order_id in orders and row.time_ms <= time_ms],
        outbox=[],
    )
    for order in orders.values():
        if order.status.open:
            seen.rest(order)
    for algo in algos.values():
        if algo.open:
            seen.waiting.setdefault(algo.symbol, {})[algo.algo_id] = algo
    return seen


def _cancels(state: State, command: object, entry: Hidden) -> bool:
    if isinstance(command, Cancel) and not entry.conditional:
        order = state.orders[entry.number]
        return command.account == entry.account and (
            command.order_id == entry.number or (not command.order_id and command.client_id == order.client_id)
        )
    if isinstance(command, CancelAlgo) and entry.conditional:
        algo = state.algos[entry.number]
        return command.account == entry.account and (
            command.algo_id == entry.number or (not command.algo_id and command.client_id == algo.client_id)
        )
    return False


def _concerns(entry: Hidden, event: Event) -> bool:
    """True for events of the hidden order, and for the account's balance changes if positions are hidden too."""
    if isinstance(event, AlgoChanged):
        return entry.conditional and event.order.algo_id == entry.number
    if isinstance(event, OrderChanged | Executed):
        number = event.order.request.algo_id if entry.conditional else event.order.order_id
        return number == entry.number
    return isinstance(event, AccountChanged) and event.account == entry.account and entry.fault.positions
