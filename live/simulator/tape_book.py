"""The tape's order book in the core's units of 1e-8."""

from collections.abc import Iterator

from live.enums import Side
from live.money import DIGITS
from live.simulator.scaled_messages import ScaledUpdate
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.book.order_book import OrderBook
from skills_lib.market.depth.model import DepthUpdate, Venue
from skills_lib.market.depth.scale import Scale

UNITS = Scale(DIGITS, DIGITS)


class ScaledLocalBook(LocalBook):
    """`LocalBook` that takes the levels of a scaled update as they are."""

    _book: OrderBook

    def best(self, side: Side) -> int:
        """The best price of one side; 0 if it is empty."""
        return self._book.best_price("bid" if side is Side.BUY else "ask")

    def _write_update(self, update: DepthUpdate) -> None:
        if isinstance(update, ScaledUpdate):
            self._book.set_changes(update.bid_change, update.ask_change, update.final_update_id)
        else:
            super()._write_update(update)


class TapeBook:
    """The order book reconstructed from the tape; prices and quantities in units of 1e-8."""

    def __init__(self, symbol: str) -> None:
        self.local = ScaledLocalBook(symbol, Venue.USDM, UNITS)

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, quantity) from the best price outwards; BUY gives the bids."""
        book = self.local.book
        return book.bids() if side is Side.BUY else book.asks()

    def best(self, side: Side) -> int:
        """The best price of one side; 0 if it is empty."""
        return self.local.best(side)

    def quantity(self, side: Side, price: int) -> int:
        """The displayed quantity at a price; 0 if none."""
        return self.local.book.quantity_at("bid" if side is Side.BUY else "ask", price)
