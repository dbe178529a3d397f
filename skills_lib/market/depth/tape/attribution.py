"""Attributes the lines of a tape to symbols and venues, by evidence.

A REST snapshot carries no symbol. It belongs to a symbol if its `lastUpdateId` lies in the chain of that symbol's
updates, and its prices are that symbol's; ids alone do not tell, because symbols of one venue share them. If that
holds for no symbol or for several, the snapshot is refused, never guessed. So are lines of another venue than the
symbol's first update: spot updates lack `pu`, COIN-M's name the pair in USD (its quantities are contracts).
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import NamedTuple

from skills_lib.domain.instruments import is_coin_margined
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    MarkPrice,
    Message,
    Snapshot,
    Trade,
    Venue,
    WireError,
    WireLevel,
)
from skills_lib.market.depth.tape.lines import BadLine, Lines, TapeDamage, TapeLine
from skills_lib.market.depth.wire import decode

WINDOW_LINES = 5_000
"""How many lines after a snapshot are read for evidence, at most."""

COIN_M = "they are of COIN-M, whose quantities are contracts; Twokey reads USD-M and spot"

_MAX_SEGMENTS = 256
_MAX_PRICES = 200
_PRICE_RATIO = 1.25
_DIFF_PRICE_RATIO = 2.0


class Attributed(NamedTuple):
    """A line, its message (None if unreadable), and its symbol ("" if it has none).

    `refusal` says why the line must not be used; "" for all others.
    """

    line: TapeLine | BadLine | TapeDamage
    message: Message | None = None
    symbol: str = ""
    refusal: str = ""


def attributed(lines: Lines, venue: Venue | None = None) -> Iterator[Attributed]:
    """Lines in order with their symbols; holds back at most `WINDOW_LINES`, from a snapshot that has none.

    venue: the one to read where a symbol has updates of two; by default that of its first update.
    """
    evidence, held = TapeEvidence(venue), deque[Attributed]()
    for line in lines:
        entry = evidence.note(line)
        if not held and not is_nameless(entry):
            yield entry
            continue
        held.append(entry)
        while held and (not is_nameless(held[0]) or len(held) > WINDOW_LINES):
            yield evidence.place(held.popleft())
    for entry in held:
        yield evidence.place(entry)


def venue_of(message: Message) -> Venue | None:
    """The venue a message proves: spot's updates have no `pu`, its tickers no times; None if it proves none."""
    if isinstance(message, DepthUpdate):
        return Venue.SPOT if message.previous_update_id is None else Venue.USDM
    if isinstance(message, BookTicker):
        return Venue.SPOT if message.event_ts_ms is None and message.transaction_ts_ms is None else Venue.USDM
    return None


def is_of_coin_m(message: Message, symbol: str) -> bool:
    """Whether a message is of COIN-M futures, by its symbol or `st`."""
    return is_coin_margined(symbol) or (isinstance(message, DepthUpdate) and message.margin_type == _COIN_M_TYPE)


_COIN_M_TYPE = 2


def is_nameless(entry: Attributed) -> bool:
    """Whether an entry is a snapshot that does not say of which symbol it is."""
    return isinstance(entry.message, Snapshot) and not entry.symbol


@dataclass
class SymbolEvidence:
    """What a tape tells about one symbol: its chain, its prices, and how many decimals it writes."""

    venue: Venue | None = None
    segments: deque[list[int]] = field(default_factory=lambda: deque(maxlen=_MAX_SEGMENTS))
    price: float | None = None
    diff_prices: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_PRICES))
    places: int = 0
    mixed: bool = False
    _noted_text: str = ""

    def note(self, message: Message) -> None:
        if type(message) is BookTicker:
            self._note_price(message.bid_price)
        elif type(message) is DepthUpdate:
            self._note_update(message)
        elif type(message) is Trade or type(message) is AggTrade:
            self._note_price(message.price)
        elif type(message) is MarkPrice and self.price is None:
            self.price = _number(message.mark_price)

    def fits_chain(self, update_id: int) -> bool:
        """Whether the id lies in the chain: in an update, or between one and the next."""
        return any(first <= update_id <= last for first, last in self.segments)

    def fits_prices(self, best: float) -> bool:
        """Whether `best` may be a best price of this symbol; true without evidence."""
        if self.price:
            return 1 / _PRICE_RATIO <= best / self.price <= _PRICE_RATIO
        if not self.diff_prices:
            return True
        return 1 / _DIFF_PRICE_RATIO <= best / median(self.diff_prices) <= _DIFF_PRICE_RATIO

    def note_chain(self, before: int, final_update_id: int) -> None:
        """An update that follows `before`."""
        if self.segments and self.segments[-1][1] == before:
            self.segments[-1][1] = final_update_id
        elif not self.fits_chain(final_update_id):
            self.segments.append([before, final_update_id])

    def _note_update(self, update: DepthUpdate) -> None:
        previous = update.previous_update_id
        self.note_chain(update.first_update_id - 1 if previous is None else previous, update.final_update_id)
        self.note_prices(update)

    def note_prices(self, update: DepthUpdate) -> None:
        """Where the market is by an update: the last bids are the best, and so are the first asks."""
        for price, quantity in chain(update.bids[-3:], update.asks[:3]):
            if (value := _number(price)) and _number(quantity):
                self.diff_prices.append(value)
                self.places = max(self.places, _places(price))

    def _note_price(self, text: str) -> None:
        if text == self._noted_text:
            return
        self._noted_text = text
        self.price, self.places = _number(text) or self.price, max(self.places, _places(text))


class TapeEvidence:
    """Evidence of all symbols so far; places the lines of a tape by it."""

    def __init__(self, venue: Venue | None) -> None:
        self._wanted = venue
        self._symbols: dict[str, SymbolEvidence] = {}

    def note(self, line: TapeLine | BadLine | TapeDamage) -> Attributed:
        """Decode a line and remember what it tells."""
        if not isinstance(line, TapeLine):
            return Attributed(line)
        try:
            message = decode(line.raw)
        except WireError:
            return Attributed(line)
        return self.note_message(line, message)

    def note_message(self, line: TapeLine, message: Message) -> Attributed:
        """As `note`, of a line that is decoded."""
        symbol = getattr(message, "symbol", "") or line.symbol
        if not symbol:
            return Attributed(line, message)
        if (symbol not in self._symbols or type(message) is DepthUpdate) and is_of_coin_m(message, symbol):
            return Attributed(line, message, symbol, f"lines of {symbol} are refused: {COIN_M}")
        return self._noted(line, message, symbol)

    def of_symbol(self, symbol: str, has_update: bool) -> SymbolEvidence:
        """What is known of a symbol of the venue that is read. has_update: now also one of its updates."""
        found = self._symbols.get(symbol)
        if found is None:
            found = self._symbols[symbol] = SymbolEvidence()
        if has_update and found.venue is None:
            found.venue = self._wanted
        return found

    def place(self, entry: Attributed) -> Attributed:
        """The entry, with the symbol of a snapshot that has none, or the reason why it cannot be placed."""
        if not isinstance(entry.message, Snapshot) or entry.symbol:
            return entry
        fitting = self._fitting(entry.message)
        if len(fitting) == 1:
            return entry._replace(symbol=fitting[0])
        found = f"those of {' and '.join(sorted(fitting))} fit" if fitting else "none of the tape fits"
        return entry._replace(refusal=f"a snapshot without a symbol cannot be placed: by ids and prices {found}")

    def _noted(self, line: TapeLine, message: Message, symbol: str) -> Attributed:
        found = self._symbols.get(symbol)
        if found is None:
            found = self._symbols[symbol] = SymbolEvidence()
        if venue := venue_of(message):
            if found.venue is None and isinstance(message, DepthUpdate):
                found.venue = self._wanted or venue
            if found.venue not in (None, venue):
                found.mixed = True
                return Attributed(line, message, symbol, _other_venue(symbol, venue, found.venue or venue))
        found.note(message)
        return Attributed(line, message, symbol)

    def _fitting(self, snapshot: Snapshot) -> list[str]:
        """Symbols to which the snapshot may belong; the only symbol of a tape only has to agree in price."""
        known = {symbol: found for symbol, found in self._symbols.items() if found.segments} or self._symbols
        best = _mid(snapshot)
        fitting = [symbol for symbol, found in known.items() if best is None or found.fits_prices(best)]
        if len(known) > 1 or any(found.mixed for found in known.values()):
            fitting = [symbol for symbol in fitting if known[symbol].fits_chain(snapshot.last_update_id)]
        if len(fitting) > 1:
            return self._of_same_decimals(snapshot, fitting) or fitting
        return fitting

    def _of_same_decimals(self, snapshot: Snapshot, symbols: list[str]) -> list[str]:
        places = max((_places(price) for price, _ in chain(snapshot.bids, snapshot.asks)), default=0)
        return [symbol for symbol in symbols if self._symbols[symbol].places == places]


def _other_venue(symbol: str, venue: Venue, wanted: Venue) -> str:
    return f"lines of {symbol} are refused: they are of {_VENUE_NAMES[venue]}, not of {_VENUE_NAMES[wanted]}"


_VENUE_NAMES = {Venue.SPOT: "the spot market", Venue.USDM: "USD-M futures"}


def _mid(snapshot: Snapshot) -> float | None:
    best: list[WireLevel] = [*snapshot.bids[:1], *snapshot.asks[:1]]
    prices = [value for price, _ in best if (value := _number(price))]
    return sum(prices) / len(prices) if prices else None


def _number(text: str) -> float:
    """The number, or 0 if it is none: such a line is counted as malformed elsewhere."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def _places(text: str) -> int:
    return len(text.partition(".")[2])
