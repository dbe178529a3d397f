"""Accounts: wallet, positions and per-symbol settings. Margin is computed in `margin.py`."""

from dataclasses import dataclass, field, replace
from typing import Any

from live.simulator.core.enums import MarginType, PositionSide, Side
from live.simulator.core.money import fee as charge
from live.simulator.core.orders import SymbolSettings
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection

ASSET = "USDT"


@dataclass(frozen=True, slots=True)
class FeeTier:
    """Rates in units of 1e-8: 20_000 is 0.02 %."""

    maker: int = 20_000
    taker: int = 50_000
    level: int = 0


@dataclass(slots=True)
class Account:
    """Money in units of 1e-8 of the margin asset. `wallet` includes isolated margins."""

    name: str
    wallet: int
    fees: FeeTier = field(default_factory=FeeTier)
    dual_side: bool = False
    positions: dict[tuple[str, PositionSide], Position] = field(default_factory=dict)
    settings: dict[str, SymbolSettings] = field(default_factory=dict)
    updated_ms: int = 0
    warned: bool = False
    reduce_only_account: bool = False

    def settings_of(self, symbol: str) -> SymbolSettings:
        """Leverage and margin type of a symbol; the defaults if the account has not changed them."""
        return self.settings.get(symbol) or SymbolSettings()

    def change_settings(self, symbol: str, **changes: Any) -> None:
        """Change leverage or margin type of a symbol."""
        self.settings[symbol] = replace(self.settings_of(symbol), **changes)

    def position(self, symbol: str, side: PositionSide = PositionSide.BOTH) -> Position:
        """The position of a symbol; a flat one, not stored, before the first fill."""
        return self.positions.get((symbol, side)) or Position(symbol, side)

    def held(self) -> list[Position]:
        """Positions that are not flat."""
        return [position for position in self.positions.values() if position.amount]

    def check_position_side(self, side: PositionSide) -> None:
        """Check that the position side is BOTH in one-way mode, LONG or SHORT in hedge mode.

        Raises:
            Rejection: -4061.
        """
        if (side is PositionSide.BOTH) == self.dual_side:
            raise Rejection(-4061, "Order's position side does not match user's setting.")

    def closable(self, symbol: str, position_side: PositionSide, side: Side) -> int:
        """The open quantity that an order of this side would reduce, units of 1e-8."""
        amount = self.position(symbol, position_side).amount
        return abs(amount) if amount * side.sign < 0 else 0

    def isolated(self, symbol: str) -> bool:
        """True if the symbol's margin type is isolated."""
        return self.settings_of(symbol).margin_type is MarginType.ISOLATED

    def cross_wallet(self) -> int:
        """The wallet balance without isolated margins."""
        return self.wallet - sum(position.isolated_wallet for position in self.positions.values())

    def trade(self, position: Position, price: int, change: int, rate: int, now_ms: int) -> tuple[int, int]:
        """Apply a fill of `change` (signed) and store the position; return (fee, realized profit) in money units."""
        self.positions[position.symbol, position.side] = position
        before = abs(position.amount)
        paid = charge(price * abs(change) // 10**8, rate)
        realized = position.apply(price, change, paid)
        self.wallet += realized - paid
        if self.isolated(position.symbol):
            self._move_isolated(position, price, before)
        position.updated_ms = now_ms
        return paid, realized

    def _move_isolated(self, position: Position, price: int, before: int) -> None:
        after = abs(position.amount)
        if after > before:
            leverage = self.settings_of(position.symbol).leverage
            position.isolated_wallet += price * (after - before) // 10**8 // leverage
        else:
            position.isolated_wallet = position.isolated_wallet * after // before if before else 0
