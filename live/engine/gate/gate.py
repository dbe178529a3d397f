"""Compares each outgoing order with its journalled intent and with the limits on exposure."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from live.engine.actions import PlaceOrder
from live.engine.contract import Contract
from live.engine.decided import LimitsTightened
from live.engine.events import Command, Commanded, ContractChanged, Event, MarkChanged
from live.engine.gate.ledger import GateLedger
from live.engine.intents import Intent, Purpose, is_genuine
from live.engine.limits import Limits, require_limits, tightest
from live.enums import OrderType
from live.money import SCALE

_SECOND_NS: Final = 1_000_000_000
_BPS: Final = 10_000 * SCALE
_ENDS_ENTRIES: Final = (Command.KILL, Command.STOP)


class Gate:
    """Stands between the engine and whoever sends. A refusal means a defect of the engine: stop, and alert.

    Call `observe` with every event, `check` with every order that is about to leave, and `sent` when it leaves.
    stop_bps: how far from the entry a stop belongs, in units of 1e-8 bp.

    Raises:
        LooserLimitsError: the limits are above those of the capital.
    """

    def __init__(self, limits: Limits, capital: int, contracts: Iterable[Contract], stop_bps: int) -> None:
        require_limits(limits, capital)
        self._limits, self._stop_bps = limits, stop_bps
        self._contracts = {contract.symbol: contract for contract in contracts}
        self._marks: dict[str, int] = {}
        self._ledger = GateLedger()
        self._ids: set[str] = set()
        self._stops: dict[str, Intent] = {}
        self._sent_ns: deque[int] = deque()
        self._ended: Command | None = None

    def observe(self, event: Event) -> None:
        """Take in an event, before the orders that follow it are checked."""
        if type(event) is MarkChanged:
            self._marks[event.symbol] = event.price
        elif type(event) is ContractChanged:
            self._contracts[event.contract.symbol] = event.contract
        elif type(event) is LimitsTightened:
            self._limits = tightest(self._limits, event.limits)
        elif type(event) is Commanded:
            self._ended = event.command if event.command in _ENDS_ENTRIES else self._ended
        else:
            self._ledger.observe(event)

    def check(self, action: PlaceOrder, journalled: Intent) -> str | None:
        """Why an order must not leave, as one sentence; None if it may. journalled: as read back from the journal."""
        if not is_genuine(action.approved):
            return "The order was not approved by risk."
        intent = action.approved.intent
        if intent != journalled:
            return f"Order {intent.client_id} is not the one in the journal."
        if intent.symbol not in self._contracts:
            return f"{intent.symbol} is not traded in this run."
        if intent.purpose is Purpose.STOP:
            return self._stop(intent, action.again)
        if intent.client_id in self._ids:
            return f"Order {intent.client_id} was sent before."
        return self._exit(intent) if intent.purpose is Purpose.EXIT else self._entry(intent, action.time_ns)

    def sent(self, action: PlaceOrder) -> None:
        """An order leaves, with whatever outcome."""
        intent = action.approved.intent
        self._ids.add(intent.client_id)
        if intent.purpose is Purpose.STOP:
            self._stops[intent.position] = intent
        else:
            self._ledger.sent(intent, action.time_ns)
        self._sent_ns.append(action.time_ns)
        while self._sent_ns[0] <= action.time_ns - _SECOND_NS:
            self._sent_ns.popleft()

    def _stop(self, intent: Intent, again: bool) -> str | None:
        """again: of a position that may be closed by now, which is all that such a stop can do."""
        earlier = self._stops.get(intent.position)
        if earlier is not None and not (again and earlier == intent):
            return f"Position {intent.position} has its stop; only the same may be sent again."
        if earlier is None and intent.client_id in self._ids:
            return f"Order {intent.client_id} was sent before."
        if intent.type is not OrderType.STOP_MARKET or intent.quantity or intent.trigger_price <= 0:
            return f"Stop {intent.client_id} does not close the whole position at a trigger price."
        if not again and not self._ledger.position(intent.symbol).reducible(intent.side):
            return f"Stop {intent.client_id} would open or add to a position of {intent.symbol}."
        return None if again else self._stop_distance(intent)

    def _stop_distance(self, intent: Intent) -> str | None:
        """On the losing side of an entry price: where the entry said, else within the setting and one tick."""
        held = self._ledger.position(intent.symbol)
        prices = [held.stop_from] if held.stop_from else held.entry_prices(intent.side)
        if any(self._is_near(intent, price) for price in prices or [self._marks.get(intent.symbol, 0)]):
            return None
        return f"Stop {intent.client_id} is not at its distance from the entry price."

    def _is_near(self, intent: Intent, entered: int) -> bool:
        loses = (entered - intent.trigger_price) * -intent.side.sign
        tick, entry = self._contracts[intent.symbol].tick, self._ledger.orders.get(intent.position)
        if entry is not None and entry.intent.stop_price:
            return loses > 0 and intent.trigger_price == entry.intent.stop_price
        return loses > 0 and (loses - tick) * _BPS <= entered * self._stop_bps

    def _exit(self, intent: Intent) -> str | None:
        if not intent.reduce_only or intent.type is not OrderType.MARKET:
            return f"Exit {intent.client_id} is not a reduce-only market order."
        if intent.quantity <= 0 or intent.quantity > self._ledger.position(intent.symbol).reducible(intent.side):
            return f"Exit {intent.client_id} does not reduce the position of {intent.symbol} by at most its size."
        return None

    def _entry(self, intent: Intent, now_ns: int) -> str | None:
        if self._ended:
            return f"The run got the command {self._ended}: no entry leaves."
        if intent.type is not OrderType.LIMIT or intent.quantity <= 0 or intent.price <= 0 or intent.reduce_only:
            return f"Entry {intent.client_id} is not a limit order with price and quantity."
        return self._collar(intent) or self._rate(now_ns) or self._exposure(intent)

    def _collar(self, intent: Intent) -> str | None:
        mark = self._marks.get(intent.symbol, 0)
        if abs(intent.price - mark) * _BPS <= self._limits.collar_bps * mark:
            return None
        return f"Entry {intent.client_id} is outside the price collar."

    def _rate(self, now_ns: int) -> str | None:
        within = sum(sent_ns > now_ns - _SECOND_NS for sent_ns in self._sent_ns)
        return "Too many orders within a second." if within >= self._limits.orders_per_second else None

    def _exposure(self, intent: Intent) -> str | None:
        symbols = {symbol for symbol, held in self._ledger.held.items() if held.size} | {intent.symbol}
        entries = self._ledger.working.values()
        if len(symbols | {order.intent.symbol for order in entries}) > self._limits.open_positions:
            return "Too many open positions."
        price = max(intent.price, self._marks[intent.symbol])
        unfilled = sum(order.unfilled for order in entries if order.intent.symbol == intent.symbol)
        total = (self._ledger.position(intent.symbol).size + unfilled + intent.quantity) * price
        if total > min(self._limits.position, self._limits.instrument) * SCALE:
            return f"Entry {intent.client_id} would take {intent.symbol} above a limit of exposure."
        return None
