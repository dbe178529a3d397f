"""Controls of a signal on the same tape: random entries, the signal inverted, and the signal late.

Each is a `Signal` of the engine, so limits, orders, fills and costs are those of the strategy.
"""

import random
from collections import deque
from typing import Protocol

from live.engine.events import BookChanged
from live.engine.state import Signal
from live.enums import Side

_LOOK_AHEAD = 1_024
"""Books that are drawn for together."""


class RawSignal(Signal, Protocol):
    """A signal that rests on nothing of a usable book but the side to which it leans, and on its time."""

    def says(self, leaning: Side | None, now_ns: int) -> Side | None:
        """What `follow` would return; nothing changes."""

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `update`, on a usable book of this time that leans to a side."""


class CountedSignal:
    """A signal as it is; `books` counts the usable books it saw, `wanted` those on which it named a side."""

    def __init__(self, signal: RawSignal) -> None:
        self._signal = signal
        self.books = self.wanted = 0

    def update(self, book: BookChanged) -> Side | None:
        """The side that the signal names."""
        side = self._signal.update(book)
        self.books += book.usable
        self.wanted += side is not None
        return side

    def says(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.says`."""
        return self._signal.says(leaning, now_ns)

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.follow`."""
        side = self._signal.follow(leaning, now_ns)
        self.books += 1
        self.wanted += side is not None
        return side


class RandomSignal:
    """A side by lot on usable books drawn uniformly, one in `books_per_entry` on average.

    Each book is drawn independently of all others, so the entries that the engine can act on, while it has no position,
    are drawn uniformly from the books in which it could have entered.

    Raises:
        ValueError: books_per_entry is below 1.
    """

    def __init__(self, seed: int, books_per_entry: float) -> None:
        if not books_per_entry >= 1:
            raise ValueError(f"books_per_entry is {books_per_entry}. Give at least 1.")
        self._rng, self._share = random.Random(f"random entries {seed}"), 1 / books_per_entry
        self._left = 0
        self._next: Side | None = None
        self._draw()

    def update(self, book: BookChanged) -> Side | None:
        """A side, or mostly None."""
        return self.follow(None, book.time_ns) if book.usable else None

    def says(self, _: Side | None, _now_ns: int) -> Side | None:
        """As `RawSignal.says`."""
        return None if self._left else self._next

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.follow`."""
        side = self.says(leaning, now_ns)
        self._left -= side is None
        if side is not None or (not self._left and self._next is None):
            self._draw()
        return side

    def _draw(self) -> None:
        """How many books come before one that names a side, and which side that is; None if it is further away."""
        self._left, self._next = 0, None
        while self._left < _LOOK_AHEAD and self._rng.random() >= self._share:
            self._left += 1
        if self._left < _LOOK_AHEAD:
            self._next = Side.BUY if self._rng.random() < 0.5 else Side.SELL


class InvertedSignal:
    """The other side whenever the signal names one."""

    def __init__(self, signal: RawSignal) -> None:
        self._signal = signal

    def update(self, book: BookChanged) -> Side | None:
        """The side opposite to the signal's."""
        return _opposite(self._signal.update(book))

    def says(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.says`."""
        return _opposite(self._signal.says(leaning, now_ns))

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.follow`."""
        return _opposite(self._signal.follow(leaning, now_ns))


def _opposite(side: Side | None) -> Side | None:
    return None if side is None else side.opposite


class DelayedSignal:
    """What the signal said `delay_ns` earlier: of the last book that was that old."""

    def __init__(self, signal: RawSignal, delay_ns: int) -> None:
        self._signal, self._delay_ns = signal, delay_ns
        self._said: deque[tuple[int, Side | None]] = deque()
        self._last: Side | None = None
        self._current: Side | None = None

    def update(self, book: BookChanged) -> Side | None:
        """The side that held `delay_ns` before this book."""
        return self._delayed(self._signal.update(book), book.time_ns)

    def says(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.says`."""
        side, current, old_ns = self._signal.says(leaning, now_ns), self._current, now_ns - self._delay_ns
        for said_ns, earlier in self._said:
            if said_ns > old_ns:
                return current
            current = earlier
        return side if side is not self._last and now_ns <= old_ns else current

    def follow(self, leaning: Side | None, now_ns: int) -> Side | None:
        """As `RawSignal.follow`."""
        return self._delayed(self._signal.follow(leaning, now_ns), now_ns)

    def _delayed(self, side: Side | None, now_ns: int) -> Side | None:
        if side is not self._last:
            self._said.append((now_ns, side))
            self._last = side
        while self._said and self._said[0][0] <= now_ns - self._delay_ns:
            self._current = self._said.popleft()[1]
        return self._current
