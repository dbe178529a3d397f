"""The insurance fund: receives clearance fees, covers deficits and takes over what the book does not."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class InsuranceFund:
    """The venue's own side of liquidations, so that no money appears or disappears with them.

    cash: fees received minus deficits covered, units of 1e-8; negative if it has paid more. amounts: contracts taken
    over per symbol, signed, units of 1e-8. costs: their exact signed cost, price times quantity, units of 1e-16.
    Source: Binance FAQ 360033525371, "Insurance Fund". Unlike Binance's, it is never exhausted.
    """

    cash: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)

    def take_over(self, symbol: str, price: int, change: int) -> None:
        """Be the counterparty of a liquidation: `change` is the signed quantity that the fund receives."""
        self.amounts[symbol] = self.amounts.get(symbol, 0) + change
        self.costs[symbol] = self.costs.get(symbol, 0) + price * change
