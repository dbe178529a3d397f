"""Controls: random entries are uniform and as rare as asked; the inverted signal is the opposite; the late one late."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from live.engine.events import BookChanged
from live.enums import Side
from live.replay.controls import CountedSignal, DelayedSignal, InvertedSignal, RandomSignal
from tests.live.replay.trips import SECOND


class Scripted:
    """A signal that names one side after another."""

    def __init__(self, sides: Sequence[Side | None]) -> None:
        self._sides = iter(sides)

    def update(self, book: BookChanged) -> Side | None:
        return next(self._sides)


def books(count: int, step_ns: int = SECOND, usable: Sequence[bool] = ()) -> list[BookChanged]:
    return [
        BookChanged(n * step_ns, "BTCUSDT", n * step_ns, n, usable[n] if usable else True, (1, 1), (2, 1))
        for n in range(count)
    ]


def random_sides(count: int, seed: int) -> list[Side | None]:
    rng = random.Random(seed)
    return [rng.choice((Side.BUY, Side.SELL, None, None)) for _ in range(count)]


def test_the_inverted_signal_is_the_opposite_on_every_book() -> None:
    sides = random_sides(300, 1)
    inverted = InvertedSignal(Scripted(sides))
    found = [inverted.update(book) for book in books(300)]
    assert found == [side and side.opposite for side in sides]
    assert set(found) == {Side.BUY, Side.SELL, None}


@pytest.mark.parametrize("delay_s", [0, 1, 7])
def test_the_late_signal_says_what_the_signal_said_so_long_before(delay_s: int) -> None:
    sides = random_sides(300, 2)
    late = DelayedSignal(Scripted(sides), delay_s * SECOND)
    found = [late.update(book) for book in books(300)]
    assert found == [*[None] * delay_s, *sides][:300]


def test_the_late_signal_waits_for_a_book_that_is_old_enough() -> None:
    """Books every 4 s and a delay of 10 s: what was said at 0 holds at 12, not at 8."""
    late = DelayedSignal(Scripted([Side.BUY, None, None, None, None]), 10 * SECOND)
    assert [late.update(book) for book in books(5, 4 * SECOND)] == [None, None, None, Side.BUY, None]


def test_random_entries_are_as_rare_as_asked_uniform_and_of_both_sides() -> None:
    rare = RandomSignal(3, books_per_entry=50)
    found = [rare.update(book) for book in books(40_000)]
    at = np.flatnonzero([side is not None for side in found])
    assert len(at) == pytest.approx(800, abs=100)  # 3.5 standard deviations
    assert np.histogram(at, 4, (0, 40_000))[0] == pytest.approx(200, abs=60)
    assert [found[n] for n in at].count(Side.BUY) / len(at) == pytest.approx(0.5, abs=0.07)


def test_random_entries_follow_their_seed_and_need_a_usable_book() -> None:
    usable = [n % 3 == 0 for n in range(3_000)]
    one, again, other = (
        [signal.update(book) for book in books(3_000, usable=usable)]
        for signal in (RandomSignal(1, 4), RandomSignal(1, 4), RandomSignal(2, 4))
    )
    assert one == again
    assert one != other
    assert any(one)
    assert not any(side for side, may in zip(one, usable, strict=True) if not may)


def test_fewer_than_one_book_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="Give at least 1"):
        RandomSignal(1, 0.5)


def test_what_the_signal_saw_and_said_is_counted() -> None:
    usable = [True, False, True, True]
    counted = CountedSignal(Scripted([Side.BUY, None, None, Side.SELL]))
    found = [counted.update(book) for book in books(4, usable=usable)]
    assert found == [Side.BUY, None, None, Side.SELL]
    assert (counted.books, counted.wanted) == (3, 2)
