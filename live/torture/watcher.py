"""Watches the events of the exchange and scores the orders, stops and positions of one account."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from live.enums import AlgoStatus, ExecutionType, OrderType, PositionSide, Side
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.events import AlgoChanged, Answered, Event, OrderChanged
from live.simulator.core.orders import Order
from live.torture.score import Score

GRACE_MS = 2_000
"""A position may be without a stop, and a stop without a position, for this long: two orders cannot arrive at once."""
STOPS = (OrderType.STOP, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)
ALIVE = (AlgoStatus.NEW, AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED)

Intent = tuple[Side, int]


@dataclass(slots=True)
class _Holding:
    """One position with the orders and stops that belong to it. `amount` is signed, in units of 1e-8.

    opened: opening orders, by side and quantity, since the position was last flat. bare_since_ms: since when the
    position has been without a full stop; None while it is not. idle_since_ms: of each stop, without a position.
    """

    amount: int = 0
    opened: dict[int, Intent] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    stops: dict[int, AlgoOrder] = field(default_factory=dict)
    bare_since_ms: int | None = None
    idle_since_ms: dict[int, int] = field(default_factory=dict)

    @property
    def closing_side(self) -> Side:
        return Side.SELL if self.amount > 0 else Side.BUY

    @property
    def protected(self) -> bool:
        """True if stops cover the whole position."""
        covering = [stop for stop in self.stops.values() if stop.side is self.closing_side]
        if any(stop.request.order.close_position for stop in covering):
            return True
        return sum(stop.request.order.quantity - stop.filled for stop in covering) >= abs(self.amount)

    def closes(self, order: Order) -> bool:
        """True if the order reduces the position."""
        return order.request.reduce_only or (self.amount != 0 and order.side is self.closing_side)


@dataclass(slots=True)
class Watcher:
    """Collects the score of an account from events in the order they happen. Orders made by the exchange are left out
    of the intents: they are not the bot's."""

    account: str
    _holdings: dict[tuple[str, PositionSide], _Holding] = field(default_factory=dict)
    _orders: int = 0
    _fills: int = 0
    _refused: int = 0
    _duplicates: int = 0
    _naked: list[int] = field(default_factory=list)
    _orphans: set[int] = field(default_factory=set)
    _asked_ms: int | None = None
    _flat_ms: int | None = None

    @property
    def flat(self) -> bool:
        """True if no position is open."""
        return not any(holding.amount for holding in self._holdings.values())

    def on_events(self, events: Iterable[Event]) -> None:
        """Take the events of one step of the exchange."""
        for event in events:
            if isinstance(event, Answered):
                self._refused += event.rejection is not None
            elif event.account != self.account:
                continue
            elif isinstance(event, OrderChanged):
                self._on_order(event)
            elif isinstance(event, AlgoChanged):
                self._on_stop(event)

    def asked_to_stop(self, time_ms: int) -> None:
        """The bot was asked to end at `time_ms`."""
        self._asked_ms = time_ms
        self._flat_ms = time_ms if self.flat else None

    def score(self, now_ms: int) -> Score:
        """The score up to `now_ms`."""
        for holding in self._holdings.values():
            self._end_bare(holding, now_ms)
            self._end_idle(holding, set(holding.idle_since_ms), now_ms)
        asked = self._asked_ms if self._asked_ms is not None else now_ms
        flat_ms = now_ms if self.flat and self._flat_ms is None else self._flat_ms
        return Score(
            orders=self._orders,
            fills=self._fills,
            refused=self._refused,
            duplicate_intents=self._duplicates,
            naked_positions=len(self._naked),
            longest_naked_ms=max(self._naked, default=0),
            orphan_stops=len(self._orphans),
            flat_after_ms=max(0, flat_ms - asked) if self.flat and flat_ms is not None else None,
        )

    def _holding(self, symbol: str, side: PositionSide) -> _Holding:
        return self._holdings.setdefault((symbol, side), _Holding())

    def _on_order(self, event: OrderChanged) -> None:
        order = event.order
        holding = self._holding(order.symbol, order.request.position_side)
        if event.execution is ExecutionType.NEW and order.request.kind is not OrderType.LIQUIDATION:
            self._on_intent(holding, order)
        if event.fill:
            self._fills += 1
            holding.amount += event.fill.quantity * order.side.sign
        if order.status.open:
            holding.open_orders[order.order_id] = order
        else:
            holding.open_orders.pop(order.order_id, None)
            if not order.filled:
                holding.opened.pop(order.order_id, None)
        self._after(holding, event.time_ms)

    def _on_intent(self, holding: _Holding, order: Order) -> None:
        if order.request.algo_id:
            return
        self._orders += 1
        if holding.closes(order):
            self._duplicates += self._exceeds_position(holding, order)
            return
        intent = (order.side, order.quantity)
        self._duplicates += intent in holding.opened.values()
        holding.opened[order.order_id] = intent

    def _exceeds_position(self, holding: _Holding, order: Order) -> bool:
        if order.request.reduce_only:
            return False
        closing = sum(resting.remaining for resting in holding.open_orders.values() if holding.closes(resting))
        return closing + order.quantity > abs(holding.amount)

    def _on_stop(self, event: AlgoChanged) -> None:
        stop = event.order
        if not is_protective(stop):
            return
        holding = self._holding(stop.symbol, stop.request.order.position_side)
        if stop.status in ALIVE:
            holding.stops[stop.algo_id] = stop
        else:
            holding.stops.pop(stop.algo_id, None)
        self._after(holding, event.time_ms)

    def _after(self, holding: _Holding, now_ms: int) -> None:
        """Start or end the times without a stop and without a position."""
        if not holding.amount and not holding.open_orders:
            holding.opened.clear()
        if not holding.amount or holding.protected:
            self._end_bare(holding, now_ms)
        elif holding.bare_since_ms is None:
            holding.bare_since_ms = now_ms
        idle = {} if holding.amount else holding.stops
        self._end_idle(holding, set(holding.idle_since_ms) - set(idle), now_ms)
        for algo_id in idle:
            holding.idle_since_ms.setdefault(algo_id, now_ms)
        if self._asked_ms is not None and self.flat and self._flat_ms is None:
            self._flat_ms = now_ms

    def _end_bare(self, holding: _Holding, now_ms: int) -> None:
        since, holding.bare_since_ms = holding.bare_since_ms, None
        if since is not None and now_ms - since > GRACE_MS:
            self._naked.append(now_ms - since)

    def _end_idle(self, holding: _Holding, ended: set[int], now_ms: int) -> None:
        for algo_id in ended:
            if now_ms - holding.idle_since_ms.pop(algo_id) > GRACE_MS:
                self._orphans.add(algo_id)


def is_protective(stop: AlgoOrder) -> bool:
    """True for a stop that closes a position; False for take-profits and for stops that open one."""
    order = stop.request.order
    in_hedge_mode = order.position_side is not PositionSide.BOTH
    closing = order.side is (Side.SELL if order.position_side is PositionSide.LONG else Side.BUY)
    closes = order.reduce_only or order.close_position or (in_hedge_mode and closing)
    return stop.request.kind in STOPS and closes
