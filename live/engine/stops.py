"""Where the stop of a position belongs: at the price that its entry was judged with, else away from its fills."""

from live.engine.contract import Contract
from live.engine.state import EngineState, Position
from live.enums import Side
from live.money import SCALE

_BPS = 10_000 * SCALE


def stop_price(state: EngineState, position: Position) -> int:
    """The trigger of a position's stop."""
    if planned := planned_stop(state, position.id):
        return planned
    side = Side.BUY if position.quantity > 0 else Side.SELL
    return stop_away(
        state.markets[position.symbol].contract, side, position.stop_from or position.price, state.settings.stop_bps
    )


def planned_stop(state: EngineState, position_id: str) -> int:
    """The stop that a position's entry named; 0 for none, and for a position that no entry of this run opened."""
    entry = state.orders.get(position_id)
    return entry.intent.stop_price if entry is not None else 0


def stop_away(contract: Contract, side: Side, price: int, stop_bps: int) -> int:
    """The stop of a position of `side` that lies `stop_bps` from a price, on the tick that loses less."""
    if side is Side.BUY:
        return contract.tick_above(price * (_BPS - stop_bps) // _BPS)
    return contract.tick_below(price * (_BPS + stop_bps) // _BPS)


def distance_bps(price: int, stop: int) -> int:
    """How far a stop lies from a price above 0, in units of 1e-8 bp, rounded up."""
    return -(-abs(price - stop) * _BPS // price)
