"""Controls of a signal on the same tape: random entries, the signal inverted, and the signal late.

Each is a `Signal` of the engine, so limits, orders, fills and costs are those of the strategy.
"""

import random
from collections import deque

from live.engine.events import BookChanged
from live.engine.state import Signal
from live.enums import Side


class CountedSignal:
    """A signal as it is; `books` counts the usable books it saw, `wanted` those on which it named a side."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self.books = self.wanted = 0

    def update(self, book: BookChanged) -> Side | None:
        """The side that the signal names."""
        side = self._signal.update(book)
        self.books += book.usable
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

    def update(self, book: BookChanged) -> Side | None:
        """A side, or mostly None."""
        if not book.usable or self._rng.random() >= self._share:
            return None
        return Side.BUY if self._rng.random() < 0.5 else Side.SELL


class InvertedSignal:
    """The other side whenever the signal names one."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def update(self, book: BookChanged) -> Side | None:
        """The side opposite to the signal's."""
        side = self._signal.update(book)
        return None if side is None else side.opposite


class DelayedSignal:
    """What the signal said `delay_ns` earlier: of the last book that was that old."""

    def __init__(self, signal: Signal, delay_ns: int) -> None:
        self._signal, self._delay_ns = signal, delay_ns
        self._said: deque[tuple[int, Side | None]] = deque()
        self._last: Side | None = None
        self._current: Side | None = None

    def update(self, book: BookChanged) -> Side | None:
        """The side that held `delay_ns` before this book."""
        side = self._signal.update(book)
        if side is not self._last:
            self._said.append((book.time_ns, side))
            self._last = side
        while self._said and self._said[0][0] <= book.time_ns - self._delay_ns:
            self._current = self._said.popleft()[1]
        return self._current
