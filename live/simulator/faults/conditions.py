"""Conditions that begin or end a fault: a fixed list, evaluated on the exchange's events as they happen."""

from dataclasses import dataclass, field
from enum import StrEnum

from live.enums import AlgoStatus, ExecutionType, OrderStatus
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.events import AccountChanged, AlgoChanged, Event, Liquidated, OrderChanged


class Condition(StrEnum):
    """Intervals hold for a time; moments happen and are over at once."""

    POSITION_OPEN = "position_open"
    POSITION_FLAT = "position_flat"
    POSITION_WITHOUT_STOP = "position_without_stop"
    ORDER_RESTS = "order_rests"
    NO_ORDER_RESTS = "no_order_rests"
    STOP_WAITS = "stop_waits"
    NO_STOP_WAITS = "no_stop_waits"
    BETWEEN_ACK_AND_FILL = "between_ack_and_fill"
    ORDER_ACCEPTED = "order_accepted"
    FILL = "fill"
    PARTIAL_FILL = "partial_fill"
    ORDER_FILLED = "order_filled"
    ORDER_CANCELED = "order_canceled"
    ORDER_EXPIRED = "order_expired"
    POSITION_OPENS = "position_opens"
    POSITION_CLOSES = "position_closes"
    STOP_PLACED = "stop_placed"
    STOP_TRIGGERS = "stop_triggers"
    STOP_CANCELED = "stop_canceled"
    FUNDING_CHARGED = "funding_charged"
    LIQUIDATION = "liquidation"
    STREAM_OPENS = "stream_opens"


MEANINGS: dict[Condition, str] = {
    Condition.POSITION_OPEN: "while a position is open",
    Condition.POSITION_FLAT: "while no position is open",
    Condition.POSITION_WITHOUT_STOP: "while a position is open and no conditional order waits on its symbol",
    Condition.ORDER_RESTS: "while a regular order is open",
    Condition.NO_ORDER_RESTS: "while no regular order is open",
    Condition.STOP_WAITS: "while a conditional order waits",
    Condition.NO_STOP_WAITS: "while no conditional order waits",
    Condition.BETWEEN_ACK_AND_FILL: "from the acceptance of the nth order until its first fill or its end",
    Condition.ORDER_ACCEPTED: "when a regular order is accepted",
    Condition.FILL: "when an order fills, partly or completely",
    Condition.PARTIAL_FILL: "when an order fills partly",
    Condition.ORDER_FILLED: "when an order fills completely",
    Condition.ORDER_CANCELED: "when a regular order is cancelled",
    Condition.ORDER_EXPIRED: "when a regular order expires",
    Condition.POSITION_OPENS: "when a flat position becomes open",
    Condition.POSITION_CLOSES: "when an open position becomes flat",
    Condition.STOP_PLACED: "when a conditional order is accepted",
    Condition.STOP_TRIGGERS: "when a conditional order is triggered",
    Condition.STOP_CANCELED: "when a conditional order is cancelled",
    Condition.FUNDING_CHARGED: "when funding is charged",
    Condition.LIQUIDATION: "when a position is liquidated",
    Condition.STREAM_OPENS: "when a client opens a user or market stream",
}
"""What each condition means, for the page and the error messages."""

INTERVALS = frozenset(name for name, meaning in MEANINGS.items() if meaning.startswith(("while", "from")))
"""Conditions that hold for a time. The others are moments."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to an account; `account` and `symbol` are empty where none applies."""

    condition: Condition
    account: str = ""
    symbol: str = ""
    number: int = 0

    def concerns(self, account: str, symbol: str) -> bool:
        """True if it happened to that account and symbol; an empty name stands for any."""
        return account in ("", self.account) and symbol in ("", self.symbol)


Key = tuple[str, str]
"""Account and symbol."""


@dataclass(slots=True)
class Observed:
    """What the exchange's events so far say about orders and positions; keys are ids."""

    positions: dict[tuple[str, str, str], int] = field(default_factory=dict)
    resting: dict[int, Key] = field(default_factory=dict)
    waiting: dict[int, Key] = field(default_factory=dict)
    unfilled: dict[int, Key] = field(default_factory=dict)

    def take(self, event: Event) -> list[Moment]:
        """Record one event; return the moments it contains."""
        match event:
            case OrderChanged():
                return self._order(event)
            case AlgoChanged():
                return self._algo(event.order)
            case AccountChanged():
                return self._account(event)
            case Liquidated():
                return [Moment(Condition.LIQUIDATION, event.account, event.order.symbol, event.order.order_id)]
        return []

    def holds(self, condition: Condition, account: str, symbol: str) -> bool:
        """True if an interval condition holds for the account and symbol; an empty name stands for any."""
        held = [
            key for key, amount in self.positions.items() if amount and _is(account, key[0]) and _is(symbol, key[1])
        ]
        resting = any(_is(account, of) and _is(symbol, on) for of, on in self.resting.values())
        waiting = {(of, on) for of, on in self.waiting.values() if _is(account, of) and _is(symbol, on)}
        return {
            Condition.POSITION_OPEN: bool(held),
            Condition.POSITION_FLAT: not held,
            Condition.POSITION_WITHOUT_STOP: any(key[:2] not in waiting for key in held),
            Condition.ORDER_RESTS: resting,
            Condition.NO_ORDER_RESTS: not resting,
            Condition.STOP_WAITS: bool(waiting),
            Condition.NO_STOP_WAITS: not waiting,
        }.get(condition, False)

    def _order(self, event: OrderChanged) -> list[Moment]:
        order, key = event.order, (event.account, event.order.symbol)
        if event.execution is ExecutionType.NEW:
            self.unfilled[order.order_id] = key
        if event.fill or not order.status.open:
            self.unfilled.pop(order.order_id, None)
        if order.status.open:
            self.resting[order.order_id] = key
        else:
            self.resting.pop(order.order_id, None)
        return [Moment(condition, *key, order.order_id) for condition in _of_order(event)]

    def _algo(self, algo: AlgoOrder) -> list[Moment]:
        key = (algo.account, algo.symbol)
        if algo.open:
            self.waiting[algo.algo_id] = key
        else:
            self.waiting.pop(algo.algo_id, None)
        condition = _OF_ALGO.get(algo.status)
        return [Moment(condition, *key, algo.algo_id)] if condition else []

    def _account(self, event: AccountChanged) -> list[Moment]:
        found = [Moment(Condition.FUNDING_CHARGED, event.account)] if event.reason == "FUNDING_FEE" else []
        for position, _, _ in event.positions:
            key = (event.account, position.symbol, position.side)
            before, self.positions[key] = self.positions.get(key, 0), position.amount
            if bool(before) != bool(position.amount):
                turned = Condition.POSITION_OPENS if position.amount else Condition.POSITION_CLOSES
                found.append(Moment(turned, event.account, position.symbol))
        return found


_OF_ALGO = {
    AlgoStatus.NEW: Condition.STOP_PLACED,
    AlgoStatus.TRIGGERING: Condition.STOP_TRIGGERS,
    AlgoStatus.CANCELED: Condition.STOP_CANCELED,
}


def _of_order(event: OrderChanged) -> list[Condition]:
    found = [Condition.ORDER_ACCEPTED] if event.execution is ExecutionType.NEW else []
    if event.fill:
        complete = event.order.status is OrderStatus.FILLED
        found += [Condition.FILL, Condition.ORDER_FILLED if complete else Condition.PARTIAL_FILL]
    elif event.order.status is OrderStatus.CANCELED:
        found.append(Condition.ORDER_CANCELED)
    elif not event.order.status.open:
        found.append(Condition.ORDER_EXPIRED)
    return found


def _is(wanted: str, name: str) -> bool:
    return wanted in ("", name)
