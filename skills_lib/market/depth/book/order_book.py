"""Implements the order book in plain Python with a heap of prices a side; reference for the compiled book."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import islice
from operator import mul

from skills_lib.market.depth.book.view import BestPrices, WritableBook
from skills_lib.market.depth.model import Level, Side, WireError, WireLevel
from skills_lib.market.depth.scale import MAX_SCALED, Scale, ScaleError

Levels = list[tuple[int, int]]

_FEW = 64
"""Levels read from the heap one by one; who reads on gets the others sorted at once."""


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
        self._bids, self._asks = _Side((-price, quantity) for price, quantity in new_bids), _Side(new_asks)

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
        self._bids.change(_side_change(bids, -1))
        self._asks.change(_side_change(asks, 1))
        self._update_id = update_id

    def bids(self) -> Iterator[Level]:
        """Bids, best first."""
        quantities = self._bids.quantities
        return (Level(-key, quantities[key]) for key in self._bids.ordered())

    def asks(self) -> Iterator[Level]:
        """Asks, best first."""
        quantities = self._asks.quantities
        return (Level(key, quantities[key]) for key in self._asks.ordered())

    @property
    def best_bid(self) -> Level | None:
        """The highest bid."""
        key = self._bids.best
        return None if key is None else Level(-key, self._bids.quantities[key])

    @property
    def best_ask(self) -> Level | None:
        """The lowest ask."""
        key = self._asks.best
        return None if key is None else Level(key, self._asks.quantities[key])

    def best_prices(self) -> BestPrices:
        """As `BookView.best_prices`."""
        bids, asks = self._bids, self._asks
        bid, ask = bids.best or 0, asks.best or 0
        update_id = -1 if self._update_id is None else self._update_id
        return BestPrices(update_id, -bid, bids.quantities.get(bid, 0), ask, asks.quantities.get(ask, 0))

    def quantity_at(self, side: Side, price: int) -> int:
        """Quantity at one price, in units; 0 without a level."""
        return self._bids.quantities.get(-price, 0) if side == "bid" else self._asks.quantities.get(price, 0)

    @property
    def levels(self) -> tuple[int, int]:
        """Number of bid and ask levels."""
        return len(self._bids.levels()), len(self._asks.levels())

    def _refine(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel]) -> tuple[Levels, Levels]:
        """Refine the scale to cover the new levels, and return them in it."""
        scale = self.scale.finest(Scale.of_levels([*bids, *asks]))
        new = scaled_levels(bids, scale), scaled_levels(asks, scale)
        sides = [refined_levels(side.levels().items(), self.scale, scale) for side in (self._bids, self._asks)]
        self._bids, self._asks, self.scale = _Side(sides[0]), _Side(sides[1]), scale
        return new

    def _check(self) -> None:
        """Assert every invariant."""
        for side, sign in ((self._bids, -1), (self._asks, 1)):
            levels = side.levels()
            assert list(side.ordered()) == sorted(levels), "prices are in order and occur once"
            assert side.best == min(levels, default=None), "the best price is known"
            assert all(quantity >= 0 for quantity in side.quantities.values()), "no quantity is negative"
            assert all(sign * key > 0 for key in side.quantities), "prices are above 0"
            side.check_heap()
        assert (self._update_id is not None) or self.levels == (0, 0), "levels come with an update id"


class _Side:
    """One side. Keys grow outwards: prices of asks, negative prices of bids.

    `quantities` and the heap hold the same keys. A deleted level has quantity 0 in both until it comes to the top of
    the heap, or until half of all levels may be deleted. So an update searches for nothing, whichever levels it sets.
    """

    __slots__ = ("_heap", "_limit", "best", "quantities")

    def __init__(self, levels: Iterable[tuple[int, int]] = ()) -> None:
        self.quantities = dict(levels)
        self._rebuild()

    def change(self, change: dict[int, int]) -> None:
        """Set levels by their keys, and delete those of quantity 0."""
        quantities, heap = self.quantities, self._heap
        before = len(quantities)
        quantities.update(change)
        for key in islice(reversed(quantities), len(quantities) - before):  # the new ones: a dict keeps its order
            heappush(heap, key)
        while heap and not quantities[heap[0]]:
            del quantities[heappop(heap)]
        self.best = heap[0] if heap else None
        if len(heap) > self._limit:
            self._rebuild()

    def ordered(self) -> Iterator[int]:
        """Keys of levels from the best outwards: a few from the top of the heap, the rest sorted."""
        yield from islice(self._from_top(), _FEW)
        if len(self.quantities) > _FEW:
            yield from sorted(self.levels())[_FEW:]

    def levels(self) -> dict[int, int]:
        """Quantities of the levels that are not deleted, in no order."""
        return {key: quantity for key, quantity in self.quantities.items() if quantity}

    def _from_top(self) -> Iterator[int]:
        """Keys in order, found by descending the heap: a key's children are never better than it."""
        heap, quantities = self._heap, self.quantities
        reached = [(heap[0], 0)] if heap else []
        while reached:
            key, place = heappop(reached)
            for child in range(2 * place + 1, min(2 * place + 3, len(heap))):
                heappush(reached, (heap[child], child))
            if quantities[key]:
                yield key

    def _rebuild(self) -> None:
        """Remove all deleted levels."""
        self.quantities = self.levels()
        self._heap = sorted(self.quantities)
        self._limit = 2 * len(self._heap) + _FEW
        self.best = self._heap[0] if self._heap else None

    def check_heap(self) -> None:
        """Assert that the heap is one, and holds every key once."""
        heap = self._heap
        assert all(heap[(n - 1) // 2] <= heap[n] for n in range(1, len(heap))), "no key is better than its parent"
        assert sorted(heap) == sorted(self.quantities), "heap and quantities hold the same keys"


def _side_change(levels: Levels, sign: int) -> dict[int, int]:
    """The change that an update's levels make to the side of that sign: -1 for bids, 1 for asks.

    Of one price given twice the last counts.
    """
    return {_key(price, sign): quantity for price, quantity in levels}


_key = lru_cache(1 << 16)(mul)
"""A price's key. The same object each time: a dict finds its own keys fastest."""


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
