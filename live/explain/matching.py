"""Which trade of a session is which of the replay: the same symbol and side, decided on the same book or nearly so."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from live.explain.trades import ExplainedTrade

BOOKS_APART: Final = 50
"""Decisions at most so many books apart are the same one: five seconds at ten books a second."""


class Pair(NamedTuple):
    """A trade of the session and of the replay; one of them None where the other side did not make it."""

    session: ExplainedTrade | None
    replay: ExplainedTrade | None


def matched(
    session: Iterable[ExplainedTrade], replay: Iterable[ExplainedTrade], books: Mapping[str, Sequence[int]]
) -> list[Pair]:
    """Pair the trades, nearest first; every trade is in exactly one pair, in order of its book.

    books: update ids of the replay, by symbol, ascending: they say how many books lie between two decisions.
    """
    ours, theirs = list(session), list(replay)
    near = sorted(
        (apart, place, other)
        for place, one in enumerate(ours)
        for other, two in enumerate(theirs)
        if (one.symbol, one.side) == (two.symbol, two.side)
        and (apart := _apart(one.update_id, two.update_id, books.get(one.symbol, ()))) <= BOOKS_APART
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, place, other in near:
        if place not in taken and other not in used:
            taken[place] = other
            used.add(other)
    pairs = [Pair(one, theirs[taken[place]] if place in taken else None) for place, one in enumerate(ours)]
    pairs += [Pair(None, two) for other, two in enumerate(theirs) if other not in used]
    return sorted(pairs, key=_update_id)


def _update_id(pair: Pair) -> int:
    shown = pair.session or pair.replay
    return shown.update_id if shown else 0


def _apart(one: int, two: int, ids: Sequence[int]) -> int:
    return abs(bisect_left(ids, one) - bisect_left(ids, two))
