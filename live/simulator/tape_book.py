"""The tape's order book in the core's units of 1e-8."""

from collections.abc import Iterator

from live.enums import Side
from live.money import DIGITS
from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.model import Side as BookSide
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.wire import decode

Levels = list[tuple[int, int]]
_SIDES: dict[Side, BookSide] = {Side.BUY: "bid", Side.SELL: "ask"}


class TapeLocalBook(CompiledLocalBook):
    """`CompiledLocalBook` that knows which prices its last update named. A number finer than 1e-8 is malformed.

    units: what a price and a quantity of the book are multiplied by, to be in units of 1e-8.
    """

    units: tuple[int, int] = (10**DIGITS, 10**DIGITS)
    _update: DepthUpdate | None = None  # the last one, if compiled code did not read it

    def receive_raw(self, raw: bytes) -> UpdateDecision:
        """As `CompiledLocalBook.receive_raw`."""
        return self.receive_found(raw, self._consume(raw, self._book.address))

    def receive_found(self, raw: bytes, found: float) -> UpdateDecision:
        """As `receive_raw`, of a message that compiled code has read, with what it made of it."""
        if found <= 1.0:
            self._imbalance, self._update = found, None
            return UpdateDecision.APPLY
        return self._receive_general(raw, found)

    def note_passed(self) -> None:
        """As `CompiledLocalBook.note_passed`."""
        super().note_passed()
        self._update = None

    def best_price(self, side: Side) -> int:
        """The best price of one side, in units of 1e-8; 0 if it is empty."""
        return self._book.best_price(_SIDES[side]) * self.units[0]

    def named_prices(self, side: Side) -> list[int]:
        """Prices of one side that the last update has set or deleted, in units of 1e-8."""
        if self._update is None:
            prices = self._book.named_prices(_SIDES[side])
        else:
            scale, levels = self._book.scale, self._update.bids if side is Side.BUY else self._update.asks
            prices = [scale.price(price) for price, _ in levels]
        unit = self.units[0]
        return [price * unit for price in prices]

    def _receive_general(self, raw: bytes, found: float) -> UpdateDecision:
        if found != self._general:  # compiled code has read it, and its windows may move now
            update = decode(raw)
            self._update = update if isinstance(update, DepthUpdate) else None
        return super()._receive_general(raw, found)

    def _write_update(self, update: DepthUpdate) -> None:
        super()._write_update(update)
        self._update = update
        self._follow_scale()

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        super()._write_snapshot(snapshot)
        self._follow_scale()

    def _follow_scale(self) -> None:
        scale = self._book.scale
        if max(scale.price_decimals, scale.quantity_decimals) > DIGITS:
            raise WireError(f"A number is finer than 1e-{DIGITS}. Take a new snapshot.")
        self.units = 10 ** (DIGITS - scale.price_decimals), 10 ** (DIGITS - scale.quantity_decimals)


class NamedPrices:
    """The prices of one side that the last update of a book has named: read when they are asked for."""

    __slots__ = ("_local", "_side")

    def __init__(self, local: TapeLocalBook, side: Side) -> None:
        self._local, self._side = local, side

    def __iter__(self) -> Iterator[int]:
        return iter(self._local.named_prices(self._side))


class TapeBook:
    """The order book reconstructed from the tape; prices and quantities in units of 1e-8.

    named: bids and asks that the last update has set or deleted.
    """

    def __init__(self, symbol: str) -> None:
        self.local = TapeLocalBook(symbol, Venue.USDM)
        self.named = NamedPrices(self.local, Side.BUY), NamedPrices(self.local, Side.SELL)

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, quantity) from the best price outwards; BUY gives the bids."""
        book, (price_unit, quantity_unit) = self.local.book, self.local.units
        levels = book.bids() if side is Side.BUY else book.asks()
        return ((price * price_unit, quantity * quantity_unit) for price, quantity in levels)

    def top(self, count: int) -> tuple[Levels, Levels]:
        """The best bids and asks, at most `count`, best first."""
        price_unit, quantity_unit = self.local.units
        bids, asks = self.local.book.top(count)
        return (
            [(price * price_unit, quantity * quantity_unit) for price, quantity in bids],
            [(price * price_unit, quantity * quantity_unit) for price, quantity in asks],
        )

    def best(self, side: Side) -> int:
        """The best price of one side; 0 if it is empty."""
        return self.local.best_price(side)

    def quantity(self, side: Side, price: int) -> int:
        """The displayed quantity at a price; 0 if none."""
        price_unit, quantity_unit = self.local.units
        if price % price_unit:
            return 0
        return self.local.book.quantity_at(_SIDES[side], price // price_unit) * quantity_unit
