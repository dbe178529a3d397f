"""What a symbol's status in exchangeInfo allows. Only TRADING accepts orders; cancellations are always accepted.

Source: error codes page: -4108 "Symbol is on delivering or delivered or settling or closed or pre-trading", -4140
"Invalid symbol status for opening position", -4141 "Symbol is closed". Which code answers a halt is assumed.
"""

from live.simulator.core.rejections import Rejection
from live.simulator.core.symbol_rules import SymbolRules

TRADING = "TRADING"
SETTLED = ("DELIVERING", "DELIVERED", "SETTLING", "CLOSE")
"""Statuses in which the exchange ends all orders and closes all positions of the symbol."""
_PAUSED = ("TRADING_HALT", "TRADING_CANCEL_ONLY", "HALT", "BREAK")


def check(rules: SymbolRules) -> None:
    """Check that the symbol accepts orders.

    Raises:
        Rejection: -4108, -4140.
    """
    if rules.status == TRADING:
        return
    if rules.status in _PAUSED:
        raise Rejection(-4140, "Invalid symbol status for opening position.")
    raise Rejection(-4108, "Symbol is on delivering or delivered or settling or closed or pre-trading.")
