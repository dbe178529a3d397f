"""Implements the order book in plain Python with sorted price lists; reference for the compiled book."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from skills_lib.market.depth.book.view import BestPrices, WritableBook
from skills_lib.market.depth.model import Level, Side, WireError, WireLevel
from skills_lib.market.depth.scale import MAX_SCALED, Scale, ScaleError

Levels = list[tuple[int, int]]


class OrderBook(WritableBook):
    """All known levels of one symbol. Does not check sequences: `LocalBook` decides what to apply."""

    def __init__(self, symbol: str, scale: Scale | None = None) -> None:
        self.symbol = symbol
        self.scale = scale or Scale(0, 0)
        self._scale_is_given = scale is not None
        self._update_id: int | None = None
        self._bids = _Side()
        self._asks = _Side()

    @property
    def update_id(self) -> int | None:
        """Id of the last update in the book."""
        return self._update_id

    def load(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Replace the whole book with a snapshot.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """
        scale = self.scale if self._scale_is_given else self.scale.finest(Scale.of_levels([*bids, *asks]))
        new_bids, new_asks = scaled_levels(bids, scale), scaled_levels(asks, scale)
        self.scale, self._update_id = scale, update_id
        self._bids, self._asks = _Side(new_bids), _Side((-price, quantity) for price, quantity in new_asks)

    def apply(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Set the levels of an update, all or none; quantity 0 deletes a level.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """
        try:
            new_bids, new_asks = scaled_levels(bids, self.scale), scaled_levels(asks, self.scale)
        except ScaleError:
            if self._scale_is_given:
                raise
            new_bids, new_asks = self._refine(bids, asks)
        self.set_levels(new_bids, new_asks, update_id)

    def set_levels(self, bids: Levels, asks: Levels, update_id: int) -> None:
        """Set the levels of an update whose numbers are valid and in units of `scale`; quantity 0 deletes a level."""
        self.set_changes(SideChange.of(bids, 1), SideChange.of(asks, -1), update_id)

    def set_changes(self, bids: "SideChange", asks: "SideChange", update_id: int) -> None:
        """As `set_levels`, with levels prepared by `SideChange.of`, to be applied any number of times."""
        self._bids.change(bids)
        self._asks.change(asks)
        self._update_id = update_id

    def bids(self) -> Iterator[Level]:
        """Bids, best first."""
        quantities = self._bids.quantities
        return (Level(key, quantities[key]) for key in reversed(self._bids.keys))

    def asks(self) -> Iterator[Level]:
        """Asks, best first."""
        quantities = self._asks.quantities
        return (Level(-key, quantities[key]) for key in reversed(self._asks.keys))

    @property
    def best_bid(self) -> Level | None:
        """The highest bid."""
        side = self._bids
        return Level(side.keys[-1], side.quantities[side.keys[-1]]) if side.keys else None

    @property
    def best_ask(self) -> Level | None:
        """The lowest ask."""
        side = self._asks
        return Level(-side.keys[-1], side.quantities[side.keys[-1]]) if side.keys else None

    def best_prices(self) -> BestPrices:
        """As `BookView.best_prices`."""
        bids, asks = self._bids, self._asks
        bid, ask = bids.keys[-1] if bids.keys else 0, asks.keys[-1] if asks.keys else 0
        update_id = -1 if self._update_id is None else self._update_id
        return BestPrices(update_id, bid, bids.quantities.get(bid, 0), -ask, asks.quantities.get(ask, 0))

    def quantity_at(self, side: Side, price: int) -> int:
        """Quantity at one price, in units; 0 without a level."""
        return self._bids.quantities.get(price, 0) if side == "bid" else self._asks.quantities.get(-price, 0)

    @property
    def levels(self) -> tuple[int, int]:
        """Number of bid and ask levels."""
        return len(self._bids.keys), len(self._asks.keys)

    def _refine(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel]) -> tuple[Levels, Levels]:
        """Refine the scale to cover the new levels, and return them in it."""
        scale = self.scale.finest(Scale.of_levels([*bids, *asks]))
        new = scaled_levels(bids, scale), scaled_levels(asks, scale)
        sides = [refined_levels(side.quantities.items(), self.scale, scale) for side in (self._bids, self._asks)]
        self._bids, self._asks, self.scale = _Side(sides[0]), _Side(sides[1]), scale
        return new

    def _check(self) -> None:
        """Assert every invariant."""
        for side, sign in ((self._bids, 1), (self._asks, -1)):
            assert side.keys == sorted(set(side.keys)), "prices are sorted and occur once"
            assert set(side.keys) == side.quantities.keys(), "every price has a quantity, and the other way round"
            assert all(quantity > 0 for quantity in side.quantities.values()), "no level is empty"
            assert all(sign * key > 0 for key in side.keys), "prices are above 0"
        assert (self._update_id is not None) or self.levels == (0, 0), "levels come with an update id"


class _Side:
    """One side, sorted with the best level last, where inserts and deletes are cheap."""

    __slots__ = ("keys", "quantities")

    def __init__(self, levels: Iterable[tuple[int, int]] = ()) -> None:
        self.quantities = {key: quantity for key, quantity in levels if quantity}
        self.keys = sorted(self.quantities)

    def change(self, change: "SideChange") -> None:
        """Set and delete levels."""
        quantities, keys = self.quantities, self.keys
        added = [key for key in change.quantities if key not in quantities]
        quantities.update(change.quantities)
        for key in added:
            insort(keys, key)
        for key in change.deleted:
            if key in quantities:
                del quantities[key], keys[bisect_left(keys, key)]


class SideChange(NamedTuple):
    """Levels of one side to set and to delete. Keys are prices of bids and negative prices of asks."""

    quantities: dict[int, int]
    deleted: list[int]

    @classmethod
    def of(cls, levels: Levels, sign: int) -> Self:
        """The change that an update's levels make; of one price given twice the last counts."""
        last = {price * sign: quantity for price, quantity in levels}
        quantities = {key: quantity for key, quantity in last.items() if quantity}
        return cls(quantities, [key for key, quantity in last.items() if not quantity])


def scaled_levels(levels: Sequence[WireLevel], scale: Scale) -> Levels:
    """Wire prices and quantities in units of `scale`.

    Raises:
        WireError: a level is malformed, or finer than the scale.
    """
    return [(scale.price(price), scale.quantity(quantity)) for price, quantity in levels]


def refined_levels(levels: Iterable[tuple[int, int]], old: Scale, new: Scale) -> Levels:
    """Levels converted from one scale to a finer one.

    Raises:
        WireError: a number would exceed MAX_SCALED.
    """
    price_factor = 10 ** (new.price_decimals - old.price_decimals)
    quantity_factor = 10 ** (new.quantity_decimals - old.quantity_decimals)
    made = [(price * price_factor, quantity * quantity_factor) for price, quantity in levels]
    if any(max(abs(price), quantity) > MAX_SCALED for price, quantity in made):
        raise WireError("A number has too many decimals for this book's price range. Take a new snapshot.")
    return made
