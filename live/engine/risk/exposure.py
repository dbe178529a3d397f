"""What positions and orders expose the account to: quantities and notionals in units of 1e-8."""

from collections.abc import Iterator

from live.engine.intents import Purpose
from live.engine.state import EngineState, Order, Position
from live.money import SCALE


def held(position: Position) -> int:
    """Unsigned quantity of a position: by fills or by the venue's report, whichever is larger."""
    return max(abs(position.quantity), abs(reported(position)))


def reported(position: Position) -> int:
    """The venue's figure, signed; 0 where it is older than the last fill and says nothing of it."""
    return position.reported if position.reported_ns >= position.filled_ns else 0


def unfilled(order: Order) -> int:
    """What an order may still fill, or has filled without our knowing the trade."""
    if order.state.ended:
        return max(order.reported - order.filled, 0)
    return max(order.intent.quantity - order.filled, 0)


def entries(state: EngineState, symbol: str = "") -> Iterator[Order]:
    """Entry orders that may still add to a position, those of unknown outcome included; of a symbol, or of all."""
    for order in state.working.values():
        if order.intent.purpose is Purpose.ENTRY and symbol in ("", order.intent.symbol) and unfilled(order):
            yield order


def position_notional(state: EngineState, symbol: str) -> int:
    """Notional of a symbol's position at the mark price, rounded up; before the first mark, at its cost."""
    position = state.positions.get(symbol)
    if position is None:
        return 0
    price = state.markets[symbol].mark or abs(position.price)
    return notional(held(position), price)


def order_notional(state: EngineState, order: Order) -> int:
    """Notional of what an order may still fill, at its price or the mark price, whichever is higher, rounded up."""
    intent = order.intent
    return notional(unfilled(order), max(intent.price, state.markets[intent.symbol].mark))


def instrument_notional(state: EngineState, symbol: str) -> int:
    """Notional of a symbol's position and entry orders."""
    orders = sum(order_notional(state, order) for order in entries(state, symbol))
    return position_notional(state, symbol) + orders


def exposed_symbols(state: EngineState) -> set[str]:
    """Symbols with a position, or with an entry that may become one."""
    positions = {symbol for symbol, position in state.positions.items() if held(position)}
    return positions | {order.intent.symbol for order in entries(state)}


def notional(quantity: int, price: int) -> int:
    """Quantity times price in money units, rounded up: never less than the exposure."""
    return -(-quantity * price // SCALE)
