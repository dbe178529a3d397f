"""Round trips: a position from its opening to flat, through partial fills, reductions, additions and flips.

A fill that flips a position closes one round trip and opens the next; its fee is divided by quantity.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from skills_lib.trades.profit.exact import ZERO, add, multiply, quotient, rounded, signed, subtract, total
from skills_lib.trades.profit.fees import NONE, Fees, divided
from skills_lib.trades.profit.realised import AveragePosition, sign_of
from skills_lib.trades.store.rows import StoredFill, StoredTrade

LONG, SHORT = "LONG", "SHORT"
OPEN, CLOSED = "open", "closed"


@dataclass(slots=True)
class Trip:
    """A position from opening to flat. direction: +1 long, -1 short. entered, left: quantities.

    entry_quote, exit_quote: exact sums of price times quantity. gross: realised so far, by average cost while it is
    open and exactly the cash once it is flat.
    """

    opening: StoredFill
    direction: int
    entered: Decimal = ZERO
    left: Decimal = ZERO
    entry_quote: Decimal = ZERO
    exit_quote: Decimal = ZERO
    fees: Fees = NONE
    fills: int = 0
    closed_ms: int | None = None
    last_ms: int = 0
    strategies: set[str] = field(default_factory=set)
    _book: AveragePosition = field(default_factory=AveragePosition)

    @property
    def quantity(self) -> Decimal:
        """What is open, unsigned."""
        return subtract(self.entered, self.left)

    @property
    def gross(self) -> Decimal:
        """Realised without fees and funding."""
        if self.closed_ms is None:
            return rounded(self._book.realised)
        return signed(subtract(self.exit_quote, self.entry_quote), self.direction)

    def take(self, fill: StoredFill, quantity: Decimal, fees: Fees) -> None:
        """Add a fill, or the part of it that belongs to this round trip."""
        quote = multiply(fill.price, quantity)
        if sign_of(fill) == self.direction:
            self.entered, self.entry_quote = add(self.entered, quantity), add(self.entry_quote, quote)
        else:
            self.left, self.exit_quote = add(self.left, quantity), add(self.exit_quote, quote)
        self._book.change(fill.price, signed(quantity, sign_of(fill)))
        self.fees, self.fills, self.last_ms = self.fees + fees, self.fills + 1, fill.time_ms
        self.strategies.add(fill.strategy_id)
        if not self.quantity:
            self.closed_ms = fill.time_ms


def round_trips(fills: Iterable[StoredFill]) -> list[Trip]:
    """The round trips of one position, in order; the last may be open.

    fills: of one symbol and position side, in order of time and id, from a time at which the position was flat.
    """
    found: list[Trip] = []
    for fill in fills:
        now = found[-1] if found and found[-1].closed_ms is None else None
        if now is None or sign_of(fill) == now.direction or fill.quantity <= now.quantity:
            if now is None:
                found.append(now := Trip(fill, sign_of(fill)))
            now.take(fill, fill.quantity, divided(fill, fill.quantity)[0])
            continue
        closing = now.quantity
        closing_fees, opening_fees = divided(fill, closing)
        now.take(fill, closing, closing_fees)
        found.append(flipped := Trip(fill, sign_of(fill)))
        flipped.take(fill, subtract(fill.quantity, closing), opening_fees)
    return found


def trade_row(trip: Trip, funding: Decimal = ZERO) -> StoredTrade:
    """The row of a round trip. funding: paid (negative) or received while it was open."""
    opening, gross = trip.opening, trip.gross
    others = {asset: format(amount, "f") for asset, amount in sorted(trip.fees.others.items())}
    return StoredTrade(
        venue=opening.venue,
        account=opening.account,
        symbol=opening.symbol,
        position_side=opening.position_side,
        trade_id=opening.trade_id,
        strategy_id=opening.strategy_id,
        mode=opening.mode,
        direction=LONG if trip.direction > 0 else SHORT,
        status=OPEN if trip.closed_ms is None else CLOSED,
        quantity=trip.entered,
        entry_quote=trip.entry_quote,
        exit_quote=trip.exit_quote,
        entry_price=quotient(trip.entry_quote, trip.entered),
        exit_price=quotient(trip.exit_quote, trip.left) if trip.left else None,
        gross_pnl=gross,
        fees=trip.fees.quote,
        fees_other_json=json.dumps(others),
        funding=funding,
        pnl=total([gross, trip.fees.quote.copy_negate(), funding]),
        fills=trip.fills,
        opened_ms=opening.time_ms,
        closed_ms=trip.closed_ms,
        source=opening.source,
        run=opening.run,
    )
