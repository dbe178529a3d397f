"""From which prices on something happens at the exchange: triggers of conditional orders, and an account's margin."""

from dataclasses import dataclass, field

from live.enums import OrderType, WorkingType
from live.simulator.core import risk
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.state import State

NEVER_FROM, NEVER_TO = 2**62, 0
_REACH_PARTS = 50
"""Margins are looked at again when the mark price has moved by a fiftieth."""
Range = tuple[int, int]
"""A price matters that is at the first or above, or at the second or below."""


@dataclass(slots=True)
class WatchedPrices:
    """Of one exchange. The range of margins is kept until the accounts change."""

    state: State
    _margins: dict[str, tuple[object, Range]] = field(default_factory=dict)

    def ranges(self, symbol: str) -> tuple[Range, Range] | None:
        """The ranges of last prices and of mark prices; None where they do not tell."""
        trades, marks = (NEVER_FROM, NEVER_TO), (NEVER_FROM, NEVER_TO)
        for algo in self.state.waiting.get(symbol, {}).values():
            if algo.request.kind is OrderType.TRAILING_STOP_MARKET:
                return None
            if algo.request.order.working_type is WorkingType.CONTRACT_PRICE:
                trades = _narrowed(trades, algo)
            else:
                marks = _narrowed(marks, algo)
        margins = self._of_margins(symbol)
        return None if margins is None else (trades, (min(marks[0], margins[0]), max(marks[1], margins[1])))

    def _of_margins(self, symbol: str) -> Range | None:
        """Where no account is close to a liquidation."""
        state = self.state
        held = [(one, position) for one in state.accounts.values() for position in one.held()]
        if any(account.warned for account in state.accounts.values()):
            return None
        if not held:
            return NEVER_FROM, NEVER_TO
        mark = state.markets[symbol].mark_price
        key = [(a.name, a.wallet, p.symbol, p.side, p.amount, p.cost, p.isolated_wallet) for a, p in held]
        known = self._margins.get(symbol)
        if known is None or known[0] != key or not known[1][1] < mark < known[1][0]:
            reach = mark // _REACH_PARTS
            found = (mark + reach, mark - reach) if risk.is_far(state, symbol, mark - reach, mark + reach) else (0, 0)
            known = self._margins[symbol] = key, found
        return known[1] if known[1][0] else None


def _narrowed(found: Range, algo: AlgoOrder) -> Range:
    above, below = found
    if algo.fires_at(NEVER_FROM):
        return min(above, algo.trigger_price), below
    return above, max(below, algo.trigger_price)
