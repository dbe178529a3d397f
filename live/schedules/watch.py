"""Invariants seen from the exchange's side: what the engine's orders, stops and positions may never be.

Times are milliseconds of exchange time. What somebody else does in the account is not the engine's doing, and ends the
checks that it makes meaningless.
"""

from dataclasses import dataclass, field

from live.engine.intents import Intent, Purpose
from live.engine.limits import Limits
from live.engine.state import EngineState, Position, StopState
from live.enums import AlgoStatus, ExecutionType, OrderType
from live.money import SCALE, plain
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.events import AlgoChanged, Event, OrderChanged
from live.simulator.core.orders import Order

_ALIVE = (AlgoStatus.NEW, AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED)
DAY_MS = 86_400_000
_MOVED = SCALE * 102 // 100
"""A position may be worth 2 % more than when it was judged, because its price has moved."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that was broken."""

    invariant: str
    text: str


@dataclass(slots=True)
class ExchangeWatch:
    """Watches the account of one run. intents: those in the journal, by client id. accepted: orders and stops that the
    exchange has taken, by client id.

    traded: entries of the run by client id, with the UTC day of their first fill. others: somebody else has acted in
    the account.
    """

    run: str
    limits: Limits
    intents: dict[str, Intent] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    stops: dict[str, dict[int, AlgoOrder]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    working: dict[int, Order] = field(default_factory=dict)
    traded: dict[str, int] = field(default_factory=dict)
    others: bool = False

    @property
    def trades(self) -> int:
        """How many entries have filled, if only in part."""
        return len(self.traded)

    def on_events(self, events: list[Event]) -> None:
        """Take the events of one step of the exchange."""
        for event in events:
            if isinstance(event, OrderChanged):
                self._on_order(event)
            elif isinstance(event, AlgoChanged):
                self._on_stop(event.order)

    def _on_order(self, event: OrderChanged) -> None:
        order = event.order
        if event.fill:
            signed = order.side.sign * event.fill.quantity
            self.positions[order.symbol] = self.positions.get(order.symbol, 0) + signed
        own = order.request.client_id.startswith(f"{self.run}-")
        self.others |= not own and not order.request.algo_id
        if own and event.fill and not (order.request.reduce_only or order.request.algo_id):
            late = order.order_id not in self.working
            self._on_entry_fill(order.request.client_id, event.fill.time_ms // DAY_MS, late)
        if order.status.open:
            self.working[order.order_id] = order
        else:
            self.working.pop(order.order_id, None)
        if own and event.execution is ExecutionType.NEW and not order.request.algo_id:
            self._on_intent(order)

    def _on_entry_fill(self, name: str, day: int, late: bool) -> None:
        """late: the order had been said to be cancelled, so that nobody could count on its fill."""
        self.traded.setdefault(name, day)
        trades = sum(of == day for of in self.traded.values())
        if trades > self.limits.trades_per_day and not late:
            self.found("exposure", f"{name} is entry {trades} that has filled on its day")

    def _on_intent(self, order: Order) -> None:
        """An order of the run has been accepted."""
        name, request = order.request.client_id, order.request
        if name in self.accepted:
            self.found("intent_once", f"{name} was accepted twice")
        self.accepted.add(name)
        intent = self.intents.get(name)
        if intent is None:
            self.found("journal_first", f"{name} is not in the journal")
        elif (intent.symbol, intent.side, intent.quantity) != (order.symbol, order.side, order.quantity):
            self.found("journal_first", f"{name} is not what the journal says")
        if not request.reduce_only and request.kind is not OrderType.LIQUIDATION:
            self._check_exposure(order)

    def _check_exposure(self, order: Order) -> None:
        if self.others:
            return
        symbols = {symbol for symbol, held in self.positions.items() if held}
        symbols |= {other.symbol for other in self.working.values() if not other.request.reduce_only}
        if len(symbols) > self.limits.open_positions:
            self.found("exposure", f"{len(symbols)} symbols are open after {order.request.client_id}")
        price = order.request.price
        open_quantity = sum(
            other.remaining
            for other in self.working.values()
            if other.symbol == order.symbol and not other.request.reduce_only and other.order_id != order.order_id
        )
        notional = (abs(self.positions.get(order.symbol, 0)) + open_quantity + order.quantity) * price // SCALE
        if notional * SCALE > min(self.limits.position, self.limits.instrument) * _MOVED:
            self.found("exposure", f"{order.symbol}: {plain(notional)} after {order.request.client_id}")

    def _on_stop(self, algo: AlgoOrder) -> None:
        if not algo.client_id.startswith(f"{self.run}-"):
            self.others = True
            return
        stops = self.stops.setdefault(algo.symbol, {})
        if algo.status not in _ALIVE:
            stops.pop(algo.algo_id, None)
            return
        self.accepted.add(algo.client_id)
        stops[algo.algo_id] = algo
        if len(stops) > 1:
            names = sorted(stop.client_id for stop in stops.values())
            self.found("one_stop", f"{algo.symbol} has the stops {', '.join(names)}")
        intent = self.intents.get(algo.client_id)
        if intent is None or intent.purpose is not Purpose.STOP:
            self.found("journal_first", f"{algo.client_id} is not in the journal")

    def found(self, invariant: str, text: str) -> None:
        """An invariant is broken."""
        self.violations.append(Violation(invariant, text))

    def at_the_end(self, state: EngineState, wallet_change: int, outside: bool) -> None:
        """After the kill and the calm: flat, no orders, no stops, and the engine knows it.

        wallet_change: of the exchange's account, in money units. outside: money came or went by other ways than trades.
        """
        for symbol, position in state.positions.items():
            real = self.positions.get(symbol, 0)
            if real and not position.dust and not self.others:
                self.found("flat_after_kill", f"{symbol}: the position is {plain(real)}")
            if real != position.quantity:
                self.found("position_equal", f"{symbol}: {plain(position.quantity)}, the exchange has {plain(real)}")
            if not real:
                self._check_stops(symbol, position)
        own = [order for order in self.working.values() if order.request.client_id.startswith(f"{self.run}-")]
        if own:
            self.found("orders_equal", f"{own[0].request.client_id} is open")
        self._check_cash(state, wallet_change, outside)

    def _check_stops(self, symbol: str, position: Position) -> None:
        """None is left, but for one that hangs after it fired: the venue cancels it no more, and the engine knows."""
        for stop in self.stops.get(symbol, {}).values():
            hangs = stop.status is not AlgoStatus.NEW
            if not (hangs and position.stop and position.stop.state is StopState.FIRED):
                self.found("no_stop_after_flat", f"{symbol}: {stop.client_id} rests")

    def _check_cash(self, state: EngineState, wallet_change: int, outside: bool) -> None:
        known = state.account.realised - state.account.fees + state.account.funding
        if known != wallet_change and not outside:
            self.found("cash_equal", f"the engine counts {plain(known)}, the exchange {plain(wallet_change)}")
