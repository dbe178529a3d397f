"""The order-book imbalance signal; `docs/imbalance.md` specifies it."""

from live.engine.events import BookChanged
from live.engine.settings import ImbalanceSettings
from live.enums import Side
from live.money import SCALE


class ImbalanceSignal:
    """Compares the volume of the best `depth` bids with that of the asks, for one symbol.

    BUY above `buy_ratio`, SELL below `sell_ratio`, once `persistence` updates in a row agree. A book that is not
    usable, or has fewer levels, breaks the row.
    """

    __slots__ = ("_buy_ratio", "_in_a_row", "_persistence", "_sell_ratio", "_side", "_width")

    def __init__(self, settings: ImbalanceSettings) -> None:
        self._width = 2 * settings.depth
        self._buy_ratio = settings.buy_ratio
        self._sell_ratio = settings.sell_ratio
        self._persistence = settings.persistence
        self._side: Side | None = None
        self._in_a_row = 0

    def update(self, book: BookChanged) -> Side | None:
        """The side to enter on this book, or None."""
        return self.follow(self._of(book), book.time_ns)

    def says(self, leaning: Side | None, _now_ns: int) -> Side | None:
        """What `follow` would return; nothing changes."""
        if leaning is None:
            return None
        in_a_row = self._in_a_row + 1 if leaning is self._side else 1
        return leaning if in_a_row >= self._persistence else None

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `update`, on a book whose volumes lean to a side, or to none."""
        said = self.says(leaning, now_ns)
        if leaning is None:
            self._in_a_row = 0
        else:
            self._in_a_row = self._in_a_row + 1 if leaning is self._side else 1
        self._side = leaning
        return said

    def _of(self, book: BookChanged) -> Side | None:
        width, bids, asks = self._width, book.bids, book.asks
        if not book.usable or len(bids) < width or len(asks) < width:
            return None
        bid_volume, ask_volume = sum(bids[1:width:2]), sum(asks[1:width:2])
        if bid_volume * SCALE > self._buy_ratio * ask_volume:
            return Side.BUY
        return Side.SELL if bid_volume * SCALE < self._sell_ratio * ask_volume else None
