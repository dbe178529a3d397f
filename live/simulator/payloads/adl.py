"""The place of a position in the queue for auto-deleveraging (ADL)."""

from live.money import SCALE
from live.simulator.core.accounts import Account
from live.simulator.core.positions import Position
from live.simulator.core.state import State

HIGHEST = 4


def quantile(state: State, position: Position, account: Account) -> int:
    """0 (last in the queue) to 4 (first) among this exchange's holders of the same direction; 0 if flat or alone.

    Binance ranks all its users by profit times effective leverage; here the same score ranks the simulated accounts.
    """
    if not position.amount:
        return 0
    scores = [
        _score(state, held, other)
        for other in state.accounts.values()
        for held in other.held()
        if held.symbol == position.symbol and (held.amount > 0) == (position.amount > 0)
    ]
    lower = sum(score < _score(state, position, account) for score in scores)
    return HIGHEST * lower // max(1, len(scores) - 1)


def _score(state: State, position: Position, account: Account) -> int:
    """Unrealized profit per initial margin, in units of 1e-8: profit rate times leverage."""
    mark = state.markets[position.symbol].mark_price
    margin = abs(position.notional(mark)) // account.settings_of(position.symbol).leverage
    return position.unrealized(mark) * SCALE // max(1, margin)
