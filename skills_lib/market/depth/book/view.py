"""Book interface: top levels, imbalance, microprice, spread and depth, independent of the implementation."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from skills_lib.market.depth.model import Level, Side, WireLevel
from skills_lib.market.depth.scale import Scale

BASIS_POINTS = 10_000
_NO_LEVEL = Level(0, 0)


class Top(NamedTuple):
    """The best levels of each side, best first."""

    bids: list[Level]
    asks: list[Level]


class FlatTop(NamedTuple):
    """The best levels of each side, best first, as price, quantity, price, …"""

    bids: tuple[int, ...]
    asks: tuple[int, ...]


class TopText(NamedTuple):
    """The best levels of each side as the venue writes them, best first."""

    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class BestPrices(NamedTuple):
    """Best prices and their quantities after an update, in units of the book's scale; 0 for an empty side."""

    update_id: int
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


class BookView(ABC):
    """A book of one symbol in scaled integers. `update_id` is None before the first snapshot."""

    symbol: str
    scale: Scale

    @property
    @abstractmethod
    def update_id(self) -> int | None:
        """Id of the last update in the book."""

    @abstractmethod
    def bids(self) -> Iterator[Level]:
        """Bids, best first."""

    @abstractmethod
    def asks(self) -> Iterator[Level]:
        """Asks, best first."""

    @abstractmethod
    def quantity_at(self, side: Side, price: int) -> int:
        """Quantity at one price, in units; 0 without a level."""

    @property
    @abstractmethod
    def levels(self) -> tuple[int, int]:
        """Number of bid and ask levels."""

    @abstractmethod
    def _check(self) -> None:
        """Assert every invariant."""

    def top(self, count: int = 5) -> Top:
        """The best levels of each side, at most `count`."""
        return Top(list(islice(self.bids(), count)), list(islice(self.asks(), count)))

    def scaled_top(self, count: int, price_unit: int, quantity_unit: int) -> FlatTop:
        """As `top`, flat and in other units: price times `price_unit`, quantity times `quantity_unit`."""
        bids, asks = self.top(count)
        return FlatTop(
            tuple([number for level in bids for number in (level[0] * price_unit, level[1] * quantity_unit)]),
            tuple([number for level in asks for number in (level[0] * price_unit, level[1] * quantity_unit)]),
        )

    def top_text(self, count: int = 5) -> TopText:
        """As `top`, in the venue's own strings."""
        return TopText(*([self.level_text(level) for level in side] for side in self.top(count)))

    def level_text(self, level: Level) -> tuple[str, str]:
        """One level as the venue writes it."""
        return self.scale.price_text(level.price), self.scale.quantity_text(level.quantity)

    @property
    def best_bid(self) -> Level | None:
        """The highest bid."""
        return next(self.bids(), None)

    @property
    def best_ask(self) -> Level | None:
        """The lowest ask."""
        return next(self.asks(), None)

    def best_prices(self) -> BestPrices:
        """Both best levels in one call; update id -1 before the first snapshot."""
        bid, ask = self.best_bid or _NO_LEVEL, self.best_ask or _NO_LEVEL
        return BestPrices(-1 if self.update_id is None else self.update_id, *bid, *ask)

    @property
    def crossed(self) -> bool:
        """Whether the best bid is at or above the best ask; a correct book never is."""
        best = self.best_prices()
        return bool(best.bid and best.ask) and best.bid >= best.ask

    def imbalance(self, count: int = 5) -> float | None:
        """(bid - ask) / (bid + ask) of the quantities in the best `count` levels, -1 to 1; None for an empty book.

        Gould and Bonart, arXiv 1512.03492, equation 1, over `count` levels instead of one.
        """
        bids, asks = self.top(count)
        bid, ask = (sum(level.quantity for level in side) for side in (bids, asks))
        return float(bid - ask) / float(bid + ask) if bid + ask else None  # as compiled code divides

    def microprice(self) -> float | None:
        """Mid price weighted with the quantity on the other side, in quote currency; None if a side is empty.

        Stoikov, "The micro-price", Quantitative Finance 18 (2018), the weighted mid of equation 2.
        """
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return None
        weighted = bid.price * ask.quantity + ask.price * bid.quantity
        return float(weighted / (bid.quantity + ask.quantity) / 10**self.scale.price_decimals)

    def mid(self) -> float | None:
        """Midpoint of best bid and best ask, in quote currency; None if a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        return (
            None if bid is None or ask is None else float((bid.price + ask.price) / 2 / 10**self.scale.price_decimals)
        )

    def spread_bps(self) -> float | None:
        """Best ask minus best bid over the mid price, in basis points; None if a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return None
        return BASIS_POINTS * 2 * (ask.price - bid.price) / (ask.price + bid.price)

    def depth_quote(self, within_bps: float) -> tuple[float, float]:
        """Depth in quote currency within `within_bps` of the mid price: bids, asks. Both are 0 if a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return 0.0, 0.0
        unit = 10.0 ** (self.scale.price_decimals + self.scale.quantity_decimals)
        both = bid.price + ask.price  # twice the mid price: integers compare exactly
        bids, asks = (self._quote(side, both, within_bps) for side in (self.bids(), self.asks()))
        return bids / unit, asks / unit

    @staticmethod
    def _quote(levels: Iterator[Level], both: int, within_bps: float) -> int:
        total = 0
        for price, quantity in levels:
            if abs(2 * price - both) * BASIS_POINTS > within_bps * both:
                break
            total += price * quantity
        return total


class WritableBook(BookView):
    """A book that loads wire snapshots and applies wire updates, each atomically.

    Without a `scale` the first snapshot sets it, and updates with more decimals refine it. A given scale is fixed:
    numbers it cannot represent raise.
    """

    @abstractmethod
    def load(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Replace the whole book with a snapshot.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """

    @abstractmethod
    def apply(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Set the levels of an update; quantity 0 deletes a level.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """
