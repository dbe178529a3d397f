"""On which books of a symbol the engine does nothing but remember them: for replays, which pass them together."""

from typing import NamedTuple

from live.engine.events import BookChanged
from live.engine.state import EngineState

_NEVER = 2**62


class Quiet(NamedTuple):
    """Without a position, exit_sign is 0: nothing happens while the signal names no side, or until `entries_from_ns`.

    With one, nothing happens while its sign times the price at which it could be closed is below `exit_price`.
    """

    exit_sign: int = 0
    exit_price: int = _NEVER
    entries_from_ns: int = 0


def quiet(state: EngineState, symbol: str) -> Quiet:
    """As `engine.step` treats usable books with both sides, until the next event of another kind."""
    position = state.positions[symbol]
    if not position.quantity:
        return Quiet(entries_from_ns=state.markets[symbol].entries_from_ns)
    sign = 1 if position.quantity > 0 else -1
    if position.exit_reason or position.foreign or not position.target_price:
        return Quiet(sign)
    return Quiet(sign, sign * position.target_price)


def pass_books(state: EngineState, last: BookChanged) -> None:
    """The state after books on which `quiet` says that nothing happens; the signal has followed them."""
    state.now_ns = max(state.now_ns, last.time_ns)
    state.markets[last.symbol].book = last
