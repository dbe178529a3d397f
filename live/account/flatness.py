"""Whether an account holds nothing, proven by two reads and no order."""

from collections.abc import Sequence
from typing import Final

from live.account.closing.model import SETTLED_NS
from live.account.reads import Seen, read_account
from live.client.conversations import Conversation, pause

READS: Final = 2


def what_is_left(symbols: Sequence[str] = ()) -> Conversation[tuple[str, ...]]:
    """What the account holds or does not tell; empty if two reads, `SETTLED_NS` apart, show nothing in all four lists.

    By the second read the exchange refuses whatever was sent before the first one. symbols: only these, or all.
    """
    left: tuple[str, ...] = ()
    for number in range(READS):
        yield from pause(SETTLED_NS if number else 0)
        seen = yield from read_account(symbols)
        if left := _named(seen):
            return left
    return left


def _named(seen: Seen) -> tuple[str, ...]:
    unknown = tuple(f"unknown: {one}" for one in seen.unknown)
    resting = tuple(f"{one.symbol} {'stop' if one.stop else 'order'} {one.client_id}" for one in seen.resting)
    return (*unknown, *map(str, seen.positions), *resting)
