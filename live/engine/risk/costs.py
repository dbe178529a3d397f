"""What a position may lose at its stop, and the margin that it binds: money in units of 1e-8, rounded up."""

from typing import Final

from live.engine.contract import Contract
from live.engine.risk.exposure import notional
from live.money import SCALE, fee

BPS: Final = 10_000 * SCALE
"""One, in units of 1e-8 basis points."""
STOP_SLIPPAGE_BPS: Final = 10 * SCALE
"""How far beyond its trigger a stop is assumed to fill, in units of 1e-8 bp; assumed, not measured (docs/limits.md)."""


def of_bps(amount: int, bps: int) -> int:
    """So many basis points (units of 1e-8) of an amount, rounded up."""
    return -(-amount * bps // BPS)


def farthest_stop(contract: Contract, price: int, stop_bps: int) -> int:
    """Largest distance of a stop from the entry price that `loss_at_stop` covers: one tick for the rounding."""
    return of_bps(price, stop_bps) + contract.tick


def loss_at_stop(contract: Contract, quantity: int, price: int, stop_bps: int) -> int:
    """Loss of `quantity` entered at `price` and closed by a stop `stop_bps` away.

    Distance to the stop and one tick for its rounding, assumed slippage, and the taker fee of entry and exit, the
    latter at the worse of the two prices.
    """
    entered = notional(quantity, price)
    worst = of_bps(entered, stop_bps) + notional(quantity, contract.tick) + of_bps(entered, STOP_SLIPPAGE_BPS)
    return worst + fee(entered, contract.taker_rate) + fee(entered + worst, contract.taker_rate)


def margin(contract: Contract, amount: int) -> int:
    """Initial margin of a notional at the contract's leverage, and the taker fee of opening and closing it."""
    return -(-amount // contract.leverage) + 2 * fee(amount, contract.taker_rate)
