"""Strategy, symbol and timeframe in any order: a timeframe and a listed strategy are recognised by what they are."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from itertools import permutations
from typing import Any

from skills_lib.domain.errors import InputError

_ORDERS = (("strategy", "symbol", "timeframe"), ("symbol", "timeframe", "strategy"))
"""The orders that the pages of the commands document."""


def in_any_order(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb, which then takes its strategy, symbol and timeframe in any order; its own order where words fit two."""
    documented = tuple(name for name in inspect.signature(verb).parameters if name in _ORDERS[0])

    @wraps(verb)
    def ordered(**given: Any) -> None:
        verb(**given | named(tuple(given[name] for name in documented), documented))

    return ordered


def named(words: tuple[str, ...], documented: tuple[str, ...]) -> dict[str, str]:
    """The three words by what they are: the order in which most of them fit; of equal ones, `documented` first."""
    import strategies

    listed = frozenset(strategies.available())
    orders = dict.fromkeys((documented, *_ORDERS, *permutations(documented)))
    return max((dict(zip(order, words, strict=True)) for order in orders), key=lambda found: _fitting(found, listed))


def _fitting(found: Mapping[str, str], listed: frozenset[str]) -> int:
    return _is_timeframe(found["timeframe"]) + (found["strategy"] in listed)


def _is_timeframe(word: str) -> bool:
    from skills_lib.domain.timeframes import Timeframe

    try:
        Timeframe.parse(word)
    except InputError:
        return False
    return True
