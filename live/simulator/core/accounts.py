"""Accounts: wallet, positions and per-symbol settings. Margin is computed in `margin.py`."""

from dataclasses import dataclass, field, replace
from typing import Any

from live.enums import MarginType, PositionSide, Side
from live.money import commission, product, share
from live.simulator.core.bnb import BNB, BnbWallet
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
    """Money in units of 1e-8 of the margin asset. `wallet` includes isolated margins.

    deposited: the wallet at the start; every later change of the wallet has an income row. warned: what is close to
    liquidation and has had its margin call: a symbol and position side, or "" for the cross margin. multi_assets: the
    Multi-Assets mode. fee_burn: fees are paid in BNB where there is any.
    """

    name: str
    wallet: int
    fees: FeeTier = field(default_factory=FeeTier)
    dual_side: bool = False
    positions: dict[tuple[str, PositionSide], Position] = field(default_factory=dict)
    settings: dict[str, SymbolSettings] = field(default_factory=dict)
    updated_ms: int = 0
    warned: frozenset[tuple[str, str]] = frozenset()
    reduce_only_account: bool = False
    multi_assets: bool = False
    fee_burn: bool = True
    bnb: BnbWallet = field(default_factory=BnbWallet)
    deposited: int = field(init=False)

    def __post_init__(self) -> None:
        self.deposited = self.wallet

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

    def trade(self, position: Position, price: int, change: int, rate: int, now_ms: int) -> tuple[int, str, int]:
        """Apply a fill of `change` (signed) and store the position; return (fee, its asset, realized profit)."""
        self.positions[position.symbol, position.side] = position
        before = position.amount
        paid = commission(price, abs(change), rate)
        in_bnb = self.bnb.charge(paid) if self.fee_burn else 0
        paid = 0 if in_bnb else paid
        realized = position.apply(price, change, paid)
        self.wallet += realized - paid
        if self.isolated(position.symbol):
            self._move_isolated(position, price, before, change)
        position.updated_ms = now_ms
        return in_bnb or paid, BNB if in_bnb else ASSET, realized

    def pay_from_isolated(self, position: Position, amount: int) -> None:
        """Charge (or credit) the margin of an isolated position; what exceeds it falls on the cross wallet.

        The wallet, which holds both, is the caller's to change.
        """
        position.isolated_wallet = max(0, position.isolated_wallet + amount)

    def _move_isolated(self, position: Position, price: int, before: int, change: int) -> None:
        """Release margin in proportion to what was closed, and move in initial margin for what was opened.

        The cross wallet does not fall below zero for it: initial margin is limited to what is there, and a loss beyond
        the released margin is taken from the margin that stays in the position.
        """
        closed = min(abs(before), abs(change)) if before * change < 0 else 0
        if closed:
            position.isolated_wallet -= share(position.isolated_wallet, closed, abs(before))
        if opened := abs(change) - closed:
            initial = product(price, opened) // self.settings_of(position.symbol).leverage
            position.isolated_wallet += min(initial, max(0, self.cross_wallet()))
        if (short := -self.cross_wallet()) > 0:
            position.isolated_wallet -= min(short, position.isolated_wallet)
