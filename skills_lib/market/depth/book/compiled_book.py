"""Implements the order book in a block of integers updated by compiled functions."""

from collections.abc import Iterator, Sequence
from struct import Struct

import numpy as np
import numpy.typing as npt

from skills_lib.market.depth.book.compiled import layout as at
from skills_lib.market.depth.book.compiled.entries import ENTRIES
from skills_lib.market.depth.book.local_book import IMBALANCE_LEVELS
from skills_lib.market.depth.book.order_book import Levels, refined_levels, scaled_levels
from skills_lib.market.depth.book.view import BestPrices, FlatTop, Top, WritableBook
from skills_lib.market.depth.model import Level, Side, Venue, WireLevel
from skills_lib.market.depth.scale import MAX_SCALED, Scale, ScaleError
from skills_lib.market.depth.sequencer import UpdateIds

_FIRST_FAR_CAPACITY = 4_096
_TOP_LEVELS = 20
"""Levels that are read without new memory."""
_FLAT_TOPS = {count: Struct(f"={4 * count}q").unpack_from for count in range(1, _TOP_LEVELS + 1)}
_CHECKED_LEVELS = 32
_SIDE_NUMBERS: dict[Side, int] = {"bid": 0, "ask": 1}
_NONE = -1
GENERAL, RECENTRE = 9.0, 8.0
"""Return codes of `consume` besides an imbalance: see compiled/apply.py."""

Block = npt.NDArray[np.int64]


class CompiledBook(WritableBook):
    """A book in one block of integers updated by compiled functions; equals `OrderBook` after every update."""

    def __init__(self, symbol: str, venue: Venue, scale: Scale | None = None) -> None:
        self.symbol = symbol
        self.consume = ENTRIES.consume
        self._scale_is_given = scale is not None
        self._block: Block = np.zeros(at.block_size(_FIRST_FAR_CAPACITY), dtype=np.int64)
        self.address, self._words = self._block.ctypes.data, self._block.data
        self._best_values: Block = np.zeros(len(BestPrices._fields), dtype=np.int64)
        self._best_address = self._best_values.ctypes.data
        self._top_values: Block = np.zeros((_TOP_LEVELS, 2), dtype=np.int64)
        self._top_address = self._top_values.ctypes.data
        self._named_prices: Block = np.zeros(at.MAX_LEVELS, dtype=np.int64)
        self._named_address = self._named_prices.ctypes.data
        flat = np.zeros(4 * _TOP_LEVELS, dtype=np.int64)
        self._flat_values, self._flat_address = flat.data, flat.ctypes.data
        self._write_header(venue)
        self._set_scale(scale or Scale(0, 0))
        self._place([], [])

    @property
    def update_id(self) -> int | None:
        """Id of the last update in the book."""
        update_id: int = self._words[at.UPDATE_ID]
        return None if update_id == _NONE else update_id

    @property
    def levels(self) -> tuple[int, int]:
        """Number of bid and ask levels."""
        words, bids, asks = self._words, at.SIDES, at.SIDES + at.SIDE_SIZE
        return (
            words[bids + at.DENSE_COUNT] + words[bids + at.FAR_COUNT],
            words[asks + at.DENSE_COUNT] + words[asks + at.FAR_COUNT],
        )

    def load(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Replace the whole book with a snapshot.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """
        scale = self.scale if self._scale_is_given else self.scale.finest(Scale.of_levels([*bids, *asks]))
        new_bids, new_asks = scaled_levels(bids, scale), scaled_levels(asks, scale)
        self._set_scale(scale)
        self._place(_merged([], new_bids, "bid"), _merged([], new_asks, "ask"))
        self._block[at.UPDATE_ID] = update_id

    def apply(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel], update_id: int) -> None:
        """Set the levels of an update; quantity 0 deletes.

        Raises:
            WireError: a level is malformed, or finer than the given scale; the book is unchanged.
        """
        try:
            new = scaled_levels(bids, self.scale), scaled_levels(asks, self.scale)
        except ScaleError:
            if self._scale_is_given:
                raise
            new = self._refined(bids, asks)
        if self._fits(new):
            self._write(new, update_id)
        else:
            self._place(*(_merged(self._all(side), new[n], side) for side, n in _SIDE_NUMBERS.items()))
            self._block[at.UPDATE_ID] = update_id

    def recentre(self) -> None:
        """Re-centre the windows on the current best levels."""
        self._place(self._all("bid"), self._all("ask"))

    def bids(self) -> Iterator[Level]:
        """Bids, best first."""
        return self._iterate("bid")

    def asks(self) -> Iterator[Level]:
        """Asks, best first."""
        return self._iterate("ask")

    @property
    def best_bid(self) -> Level | None:
        """The highest bid."""
        best = self.best_prices()
        return Level(best.bid, best.bid_quantity) if best.bid_quantity else None

    @property
    def best_ask(self) -> Level | None:
        """The lowest ask."""
        best = self.best_prices()
        return Level(best.ask, best.ask_quantity) if best.ask_quantity else None

    def best_price(self, side: Side) -> int:
        """The best price of one side, in units; 0 if it is empty."""
        words, number = self._words, _SIDE_NUMBERS[side]
        start = at.SIDES + number * at.SIDE_SIZE
        position, origin = words[start + at.BEST], words[start + at.ORIGIN]
        if position < at.WINDOW:
            return int(origin + position if number else origin - position)
        level = self.best_ask if number else self.best_bid
        return level.price if level else 0

    def named_prices(self, side: Side) -> list[int]:
        """Prices of one side, in units, that the last update named; valid if compiled code read it (`consume`)."""
        count = ENTRIES.named_prices(self.address, _SIDE_NUMBERS[side], self._named_address)
        found: list[int] = self._named_prices[:count].tolist()
        return found

    def best_prices(self) -> BestPrices:
        """As `BookView.best_prices`."""
        ENTRIES.best_prices(self.address, self._best_address)
        return BestPrices._make(self._best_values.tolist())

    def top(self, count: int = 5) -> Top:
        """The best levels of each side, at most `count`."""
        return Top(self._best("bid", count), self._best("ask", count))

    def scaled_top(self, count: int, price_unit: int, quantity_unit: int) -> FlatTop:
        """As `BookView.scaled_top`."""
        read = _FLAT_TOPS.get(count)
        if read is None or not ENTRIES.scaled_top(self.address, count, price_unit, quantity_unit, self._flat_address):
            return super().scaled_top(count, price_unit, quantity_unit)
        values = read(self._flat_values)
        return FlatTop(values[: 2 * count], values[2 * count :])

    def imbalance(self, count: int = 5) -> float | None:
        """As `BookView.imbalance`."""
        if count != IMBALANCE_LEVELS:
            return super().imbalance(count)
        found = float(ENTRIES.summary(self.address))
        return found if found <= 1.0 else super().imbalance(count)

    def quantity_at(self, side: Side, price: int) -> int:
        """Quantity at one price, in units; 0 without a level."""
        number = _SIDE_NUMBERS[side]
        position = self._position(number, price)
        if 0 <= position < at.WINDOW:
            return int(self._side(number)[at.QUANTITIES + position])
        positions, quantities = self._far(number)
        n = int(np.searchsorted(positions, position))
        return int(quantities[n]) if n < len(positions) and positions[n] == position else 0

    def follow(self, following: bool) -> None:
        """Enable or disable the compiled path for the update after `update_id`."""
        self._block[at.FOLLOWING] = following

    def take_recent(self) -> list[UpdateIds]:
        """The ids of the last updates that compiled code applied since the last call, at most RECENT_SIZE."""
        count, size = int(self._block[at.RECENT_COUNT]), at.RECENT_SIZE
        if not count:
            return []
        self._block[at.RECENT_COUNT] = 0
        ring = self._block[at.RECENT : at.PARSED].reshape(size, at.RECENT_FIELDS).tolist()
        chained = bool(self._block[at.CHAINED])
        rows = (ring[n % size] for n in range(max(0, count - size), count))
        return [UpdateIds(first, final, previous if chained else None) for first, final, previous in rows]

    @property
    def times_ms(self) -> tuple[int, int]:
        """Event and transaction time of the last update in ms; 0 if absent."""
        words = self._words
        return words[at.BOOK_EVENT_TS], words[at.BOOK_TRANSACTION_TS]

    @times_ms.setter
    def times_ms(self, times: tuple[int, int]) -> None:
        self._block[at.BOOK_EVENT_TS], self._block[at.BOOK_TRANSACTION_TS] = times

    def _fits(self, new: tuple[Levels, Levels]) -> bool:
        """Whether compiled code can set the levels without moving a window or allocating memory."""
        capacity = int(self._block[at.FAR_CAPACITY])
        return all(
            len(levels) <= at.MAX_LEVELS
            and int(self._side(number)[at.FAR_COUNT]) + len(levels) <= capacity
            and all(self._position(number, price) >= 0 or not quantity for price, quantity in levels)
            for number, levels in enumerate(new)
        )

    def _write(self, new: tuple[Levels, Levels], update_id: int) -> None:
        for number, levels in enumerate(new):
            start = at.PARSED + number * at.PARSED_SIDE
            flat = [value for price, quantity in levels for value in (self._position(number, price), quantity)]
            self._block[start : start + len(flat)] = flat
            self._block[at.COUNTS + number] = len(levels)
        self._block[at.FINAL_ID] = update_id
        ENTRIES.apply_parsed(self.address)
        if ENTRIES.summary(self.address) == RECENTRE:
            self.recentre()

    def _position(self, number: int, price: int) -> int:
        origin = int(self._side(number)[at.ORIGIN])
        return price - origin if number else origin - price

    def _refined(self, bids: Sequence[WireLevel], asks: Sequence[WireLevel]) -> tuple[Levels, Levels]:
        """Refine the scale to cover the new levels, and return them in it."""
        scale = self.scale.finest(Scale.of_levels([*bids, *asks]))
        new = scaled_levels(bids, scale), scaled_levels(asks, scale)
        old = [refined_levels(self._all(side), self.scale, scale) for side in _SIDE_NUMBERS]
        self._set_scale(scale)
        self._place(*old)
        return new

    def _write_header(self, venue: Venue) -> None:
        letters = self.symbol.encode()[: at.MAX_SYMBOL]
        self._block[at.SYMBOL : at.SYMBOL + len(letters)] = list(letters)
        self._block[at.SYMBOL_LENGTH] = len(self.symbol.encode())
        self._block[at.CHAINED] = venue is Venue.USDM
        self._block[at.UPDATE_ID] = _NONE
        self._block[at.TOP] = IMBALANCE_LEVELS
        self._block[at.FAR_CAPACITY] = _FIRST_FAR_CAPACITY

    def _set_scale(self, scale: Scale) -> None:
        self.scale = scale
        self._block[at.PRICE_DECIMALS] = scale.price_decimals
        self._block[at.PRICE_ZEROS] = scale.price_places - scale.price_decimals
        self._block[at.QUANTITY_DECIMALS] = scale.quantity_decimals
        self._block[at.QUANTITY_ZEROS] = scale.quantity_places - scale.quantity_decimals

    def _side(self, number: int) -> Block:
        start = at.SIDES + number * at.SIDE_SIZE
        return self._block[start : start + at.SIDE_SIZE]

    def _far(self, number: int) -> tuple[Block, Block]:
        capacity, count = int(self._block[at.FAR_CAPACITY]), int(self._side(number)[at.FAR_COUNT])
        start = at.FAR + 2 * number * capacity
        return self._block[start : start + count], self._block[start + capacity : start + capacity + count]

    def _all(self, side: Side) -> list[Level]:
        bids, asks = self.levels
        return self._best(side, asks if _SIDE_NUMBERS[side] else bids)

    def _best(self, side: Side, count: int) -> list[Level]:
        number = _SIDE_NUMBERS[side]
        if count <= _TOP_LEVELS:
            out, address = self._top_values, self._top_address
        else:
            out = np.empty((count, 2), dtype=np.int64)
            address = out.ctypes.data
        written = ENTRIES.best_levels(self.address, number, count, address)
        origin = self._block.item(at.SIDES + number * at.SIDE_SIZE + at.ORIGIN)
        sign = 1 if number else -1
        return [Level(origin + sign * position, quantity) for position, quantity in out[:written].tolist()]

    def _iterate(self, side: Side) -> Iterator[Level]:
        checked_levels = self._best(side, _CHECKED_LEVELS)
        yield from checked_levels
        if len(checked_levels) == _CHECKED_LEVELS:
            yield from self._all(side)[_CHECKED_LEVELS:]

    def _place(self, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]) -> None:
        """Rewrite all levels, best first, with windows around the best level."""
        self._reserve_capacity(max(len(bids), len(asks)))
        for number, levels in enumerate((bids, asks)):
            best = levels[0][0] if levels else 0
            self._place_side(number, np.array(levels, dtype=np.int64).reshape(-1, 2), best)

    def _place_side(self, number: int, levels: Block, best: int) -> None:
        values, sign = self._side(number), 1 if number else -1
        values[:] = 0
        values[at.ORIGIN] = origin = best - sign * at.HOME
        positions, quantities = sign * (levels[:, 0] - origin), levels[:, 1]
        dense = positions < at.WINDOW
        values[at.QUANTITIES :][positions[dense]] = quantities[dense]
        self._index(values)
        values[at.BEST] = positions[0] if len(positions) else at.WINDOW
        values[at.DENSE_COUNT], values[at.FAR_COUNT] = dense.sum(), len(positions) - dense.sum()
        far_positions, far_quantities = self._far(number)
        far_positions[:], far_quantities[:] = positions[~dense], quantities[~dense]

    @staticmethod
    def _index(values: Block) -> None:
        """Rebuild both levels of the bitmap over the dense quantities."""
        words = np.packbits(values[at.QUANTITIES :] != 0, bitorder="little").view(np.int64)
        values[at.WORDS : at.QUANTITIES] = words
        values[at.BITMAP_LEVEL : at.WORDS] = np.packbits(words != 0, bitorder="little").view(np.int64)

    def _reserve_capacity(self, levels: int) -> None:
        if 2 * levels <= self._block[at.FAR_CAPACITY]:
            return
        grown: Block = np.zeros(at.block_size(4 * levels), dtype=np.int64)
        grown[: at.SIDES] = self._block[: at.SIDES]
        grown[at.FAR_CAPACITY] = 4 * levels
        self._block, self.address, self._words = grown, grown.ctypes.data, grown.data

    def _check(self) -> None:
        """Assert every invariant."""
        for number, side in enumerate(_SIDE_NUMBERS):
            values, rebuilt = self._side(number), self._side(number).copy()
            self._index(rebuilt)
            assert (values == rebuilt).all(), "the bitmap marks the dense levels and no other"
            dense = np.flatnonzero(values[at.QUANTITIES :])
            assert values[at.DENSE_COUNT] == len(dense), "dense levels are counted"
            assert values[at.BEST] == (dense[0] if len(dense) else at.WINDOW), "the best dense level is known"
            positions, quantities = self._far(number)
            assert (np.diff(positions) > 0).all(), "far levels are sorted and occur once"
            assert (positions >= at.WINDOW).all(), "far levels are outside the window"
            assert (quantities > 0).all(), "no far level is empty"
            assert all(0 < q <= MAX_SCALED and p > 0 for p, q in self._all(side)), "prices and quantities are above 0"


def _merged(old: list[Level], new: Levels, side: Side) -> Levels:
    """Levels after an update, best first."""
    levels: dict[int, int] = dict(old)
    levels.update(new)
    return sorted(((price, levels[price]) for price in levels if levels[price]), reverse=side == "bid")
