"""Round trips and markouts from an account's fills, as they come.

One position a symbol: it begins with a fill while flat and ends when it is flat again. Quantities and money in units of
1e-8, exact: what a fill splits between two positions adds up to the fill.
"""

from collections import deque
from dataclasses import dataclass, field

import msgspec

from live.engine.events import BookChanged
from live.enums import Side
from live.money import product, share
from live.replay.round_trips import MARKOUT_HORIZONS_NS, ExitReason, MakerFill, RoundTrip

_NEVER_NS = 2**63


class AccountFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of the account. reason: why the order was sent, of one that closes; None of an entry."""

    symbol: str
    side: Side
    time_ns: int
    price: int
    quantity: int
    fee: int
    maker: bool
    reason: ExitReason | None = None


@dataclass(slots=True)
class _Open:
    """A position that is not flat; `size`: what is left of it, unsigned."""

    side: Side
    entry_ns: int
    size: int = 0
    quantity: int = 0
    entry_value: int = 0
    exit_value: int = 0
    fees: int = 0
    funding: int = 0


@dataclass
class TripRecorder:
    """Collects round trips. `trips`: those that are complete, in order of exit."""

    trips: list[RoundTrip] = field(default_factory=list)
    _open: dict[str, _Open] = field(default_factory=dict)

    def on_fill(self, fill: AccountFill) -> None:
        """Add a fill; one that is larger than the position ends it and opens another."""
        position = self._open.get(fill.symbol)
        if position is None or fill.side is position.side:
            self._enter(fill, fill.quantity, fill.fee)
            return
        closing = min(fill.quantity, position.size)
        fee = share(fill.fee, closing, fill.quantity)
        self._exit(position, fill, closing, fee)
        if fill.quantity > closing:
            self._enter(fill, fill.quantity - closing, fill.fee - fee)

    def on_funding(self, symbol: str, amount: int) -> None:
        """Add funding received, negative if paid, to the open position; without one it belongs to none."""
        if symbol in self._open:
            self._open[symbol].funding += amount

    @property
    def open_symbols(self) -> list[str]:
        """Symbols whose position is not flat."""
        return list(self._open)

    def _enter(self, fill: AccountFill, quantity: int, fee: int) -> None:
        position = self._open.setdefault(fill.symbol, _Open(fill.side, fill.time_ns))
        position.size += quantity
        position.quantity += quantity
        position.entry_value += product(fill.price, quantity)
        position.fees += fee

    def _exit(self, position: _Open, fill: AccountFill, quantity: int, fee: int) -> None:
        position.size -= quantity
        position.exit_value += product(fill.price, quantity)
        position.fees += fee
        if not position.size:
            del self._open[fill.symbol]
            self.trips.append(_complete(position, fill))


@dataclass
class MarkoutRecorder:
    """Watches the mid price after fills of orders that rested. `fills`: in order of time."""

    _fills: list[AccountFill] = field(default_factory=list)
    _mids: list[list[int]] = field(default_factory=list)
    _due: list[deque[tuple[int, int, str]]] = field(default_factory=lambda: [deque() for _ in MARKOUT_HORIZONS_NS])
    _last: dict[str, int] = field(default_factory=dict)

    def on_fill(self, fill: AccountFill) -> None:
        """Watch a fill if its order rested; fills come in order of time."""
        if not fill.maker:
            return
        for due, horizon_ns in zip(self._due, MARKOUT_HORIZONS_NS, strict=True):
            due.append((fill.time_ns + horizon_ns, len(self._fills), fill.symbol))
        self._fills.append(fill)
        self._mids.append([0] * len(MARKOUT_HORIZONS_NS))

    def on_book(self, book: BookChanged) -> None:
        """A book that reached the engine: horizons that end before it take the mid price that held until then."""
        for place, due in enumerate(self._due):
            while due and due[0][0] < book.time_ns:
                _, number, symbol = due.popleft()
                self._mids[number][place] = self._last.get(symbol, 0)
        if book.usable:
            self._last[book.symbol] = (book.bids[0] + book.asks[0]) // 2

    @property
    def due_ns(self) -> int:
        """When the next horizon ends."""
        return min((due[0][0] for due in self._due if due), default=_NEVER_NS)

    @property
    def fills(self) -> tuple[MakerFill, ...]:
        """The fills with the mid prices that the tape shows."""
        return tuple(
            MakerFill(fill.side, fill.time_ns, fill.price, fill.quantity, tuple(mids))
            for fill, mids in zip(self._fills, self._mids, strict=True)
        )


def _complete(position: _Open, last: AccountFill) -> RoundTrip:
    return RoundTrip(
        symbol=last.symbol,
        side=position.side,
        quantity=position.quantity,
        entry_ns=position.entry_ns,
        exit_ns=last.time_ns,
        entry_value=position.entry_value,
        exit_value=position.exit_value,
        fees=position.fees,
        funding=position.funding,
        reason=last.reason or ExitReason.KILL,
    )
