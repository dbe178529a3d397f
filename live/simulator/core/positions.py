"""Positions: size, cost and realized profit in exact integers.

Realized profit is rounded down to the unit of 1e-8: a loop of tiny trades can lose by rounding, never gain.
"""

from dataclasses import dataclass

from live.enums import PositionSide
from live.money import SCALE, product, share


@dataclass(slots=True)
class Position:
    """Size in units of 1e-8, signed. `cost` is the exact sum of price times quantity in units of 1e-16, unsigned.

    isolated_wallet: isolated margin. fees: paid on the open quantity, for the break-even price.
    realized: realized profit so far.
    """

    symbol: str
    side: PositionSide = PositionSide.BOTH
    amount: int = 0
    cost: int = 0
    isolated_wallet: int = 0
    fees: int = 0
    realized: int = 0
    updated_ms: int = 0

    @property
    def entry_price(self) -> int:
        """Average entry price, units of 1e-8, rounded down; 0 when flat."""
        return self.cost // abs(self.amount) if self.amount else 0

    @property
    def break_even_price(self) -> int:
        """Price at which closing covers the fees paid so far, excluding the closing fee."""
        if not self.amount:
            return 0
        sign = 1 if self.amount > 0 else -1
        return (self.cost + sign * self.fees * SCALE) // abs(self.amount)

    def notional(self, mark: int) -> int:
        """Signed value at the mark price, money units."""
        return product(mark, self.amount)

    def unrealized(self, mark: int) -> int:
        """Profit that closing at the mark price would realize, money units."""
        if not self.amount:
            return 0
        sign = 1 if self.amount > 0 else -1
        exact = mark * self.amount - sign * self.cost
        return exact // SCALE if exact >= 0 else -(-exact // SCALE)

    def apply(self, price: int, change: int, fee: int) -> int:
        """Trade `change` (signed) at `price`; return the realized profit in money units."""
        closing = min(abs(self.amount), abs(change)) if self.amount * change < 0 else 0
        realized = self._close(price, closing) if closing else 0
        opening = abs(change) - closing
        if opening:
            self.amount += opening if change > 0 else -opening
            self.cost += opening * price
            self.fees += share(fee, opening, abs(change))
        self.realized += realized
        return realized

    def _close(self, price: int, closing: int) -> int:
        sign, size = (1 if self.amount > 0 else -1), abs(self.amount)
        cost = self.cost * closing // size
        self.fees -= share(self.fees, closing, size)
        self.cost -= cost
        self.amount -= sign * closing
        return sign * (price * closing - cost) // SCALE
