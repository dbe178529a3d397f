"""Isolated margin: the maintenance tiers of USD-M contracts, and where a position is liquidated.

A position is liquidated where what is left of its margin falls to the maintenance margin, the largest of
notional × rate - amount over the tiers ("cum" in Binance's table, which makes the function continuous).
Source of the formula: Binance, "How to calculate liquidation price of USD-M futures contracts". Source of the tiers:
Binance's leverage brackets as published with freqtrade (c9ae5e1, binance_leverage_tiers.json). They change over
time; a run names the table it used.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from skills_lib.domain.bars import FloatArray

LIQUIDATION_FEE = 0.0125
"""Of notional; `liquidationFee` of BTCUSDT in Binance's exchangeInfo. At most what is left of the margin."""

NOTHING_LEFT = 1e-9
"""An account with this share of its starting cash is empty: what is left is rounding of sizes to whole units."""


class Tier(NamedTuple):
    """Maintenance margin is notional × rate - amount; `rate` a fraction, `amount` in quote currency."""

    rate: float
    amount: float


def _tiers(*pairs: tuple[float, float]) -> tuple[Tier, ...]:
    return tuple(Tier(*pair) for pair in pairs)


TIERS: Mapping[str, tuple[Tier, ...]] = MappingProxyType(
    {
        "BTCUSDT": _tiers(
            (0.004, 0),
            (0.005, 50),
            (0.0065, 950),
            (0.01, 11_450),
            (0.02, 131_450),
            (0.025, 481_450),
            (0.05, 2_981_450),
            (0.1, 14_481_450),
            (0.125, 26_481_450),
            (0.15, 41_481_450),
            (0.25, 121_481_450),
            (0.5, 421_481_450),
        ),
        "ETHUSDT": _tiers(
            (0.004, 0),
            (0.005, 50),
            (0.0065, 950),
            (0.01, 11_450),
            (0.02, 131_450),
            (0.025, 381_450),
            (0.05, 2_006_450),
            (0.1, 9_506_450),
            (0.125, 17_506_450),
            (0.15, 27_506_450),
            (0.25, 80_506_450),
            (0.5, 280_506_450),
        ),
        "SOLUSDT": _tiers(
            (0.005, 0),
            (0.0065, 30),
            (0.01, 380),
            (0.02, 8_380),
            (0.025, 28_380),
            (0.05, 228_380),
            (0.1, 2_228_380),
            (0.125, 4_228_380),
            (0.25, 16_728_380),
            (0.5, 66_728_380),
        ),
    }
)
"""Tiers by contract, lowest notional first."""

OTHER = "SOLUSDT"
"""The table of every other symbol: stricter than that of the two largest, milder than those of small contracts."""


def tiers_of(symbol: str) -> str:
    """The name of the table for a symbol such as BTC, BTCUSDT or BTC/USDT."""
    known = "".join(letter for letter in symbol.upper() if letter.isalnum())
    return next((name for name in TIERS if known in (name, name.removesuffix("USDT"))), OTHER)


def tier_array(name: str) -> "FloatArray":
    """The tiers of a table as float64[2, tiers]: rates, amounts."""
    import numpy as np

    return np.ascontiguousarray(np.array(TIERS[name], dtype=np.float64).T)


def liquidation_price(size: float, basis: float, margin: float, tiers: Any) -> float:
    """The price at which a position is liquidated; -inf for a long and inf for a short that never is.

    `size`: base units, negative for a short. `basis`: |size| × entry price, `margin`: what is left of the position's
    own, both in quote currency. `tiers`: float64[2, tiers], see `tier_array`.

    Solves margin + size × price - basis = maintenance for each tier; the largest maintenance is what counts, hence the
    highest price for a long and the lowest for a short. Compiled code uses this function as it is.
    """
    units = abs(size)
    found = -math.inf if size > 0 else math.inf
    for k in range(tiers.shape[1]):
        rate, amount = tiers[0, k], tiers[1, k]
        if size > 0:
            price = (basis - margin - amount) / (units * (1 - rate))
            if price < found:  # the maintenance margin is convex: the others are lower still
                break
        else:
            price = (basis + margin + amount) / (units * (1 + rate))
            if price > found:
                break
        found = price
    return found if found > 0 else -math.inf


def price_at_liquidation(size: float, basis: float, margin: float, opening: float, level: float) -> float:
    """The price a liquidated position is closed at: its liquidation price or a worse open, never worse than the price
    that uses up the margin."""
    if size > 0:
        return max(min(opening, level), (basis - margin) / size)
    return min(max(opening, level), (basis + margin) / -size)


def liquidation_fee(size: float, basis: float, margin: float, price: float, fee: float) -> float:
    """The fee of a liquidation at `price`, in quote currency; `fee` is a fraction of notional."""
    left = margin + size * price - basis if size > 0 else margin + size * price + basis
    return max(min(abs(size) * price * fee, left), 0.0)
