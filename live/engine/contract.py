"""A contract as the engine trades it: filters, fee rates and leverage."""

from collections.abc import Iterable

import msgspec

from live.money import show


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Prices, quantities, notionals and rates in units of 1e-8 (`live/money.py`).

    max_market_quantity: of one market order. leverage: set on the account for this symbol. trading: False while the
    venue takes no orders.
    """

    symbol: str
    margin_asset: str
    tick: int
    step: int
    min_quantity: int
    max_quantity: int
    max_market_quantity: int
    min_notional: int
    price_decimals: int
    quantity_decimals: int
    maker_rate: int
    taker_rate: int
    leverage: int
    trading: bool = True

    def price_text(self, price: int) -> str:
        """A price as the venue wants it written."""
        return show(price, self.price_decimals)

    def quantity_text(self, quantity: int) -> str:
        """A quantity as the venue wants it written."""
        return show(quantity, self.quantity_decimals)

    def whole_steps(self, quantity: int) -> int:
        """The quantity rounded down to the step."""
        return quantity // self.step * self.step

    def tick_below(self, price: int) -> int:
        """The price rounded down to the tick."""
        return price // self.tick * self.tick

    def tick_above(self, price: int) -> int:
        """The price rounded up to the tick."""
        return -(-price // self.tick) * self.tick


class MarginAssetsError(ValueError):
    """Contracts of a run are margined in several assets: one account of profit cannot hold them. One line."""


def margin_asset_of(contracts: Iterable[Contract]) -> str:
    """The asset in which the contracts of a run are margined; empty without contracts.

    Raises:
        MarginAssetsError: there are several.
    """
    assets = {contract.margin_asset: contract.symbol for contract in contracts}
    if len(assets) > 1:
        found = ", ".join(f"{symbol} in {asset}" for asset, symbol in assets.items())
        raise MarginAssetsError(
            f"The symbols are margined in different assets: {found}. Limits hold for one: start a run for each."
        )
    return next(iter(assets), "")
