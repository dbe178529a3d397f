"""Interface of the look-ahead probes, which run a strategy on truncated or changed bars."""

from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from skills_lib.domain.bars import Bars, BoolArray, IntArray

_GENERATED_BARS = 300
STRENGTHS = (-3.0, -0.3)


class Cut(NamedTuple):
    """Keeps the first `known` bars; `strength`: factor on later log moves, None cuts later bars off."""

    known: int
    strength: float | None = None


class Difference(NamedTuple):
    """The earliest bar with a difference, and the names of all columns that differ before the cut."""

    bar: int
    names: tuple[str, ...]


class Probe(Protocol):
    """A strategy with its results on all bars. `on`: what is compared."""

    on: str

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        """The cuts to test, about `count` at most."""
        ...

    def starts(self, count: int) -> int:
        """How many later starts to test, `count` at most."""
        ...

    def compare(self, cut: Cut) -> Difference | None:
        """What a cut changes before it; InputError if the strategy cannot run on the remaining bars."""
        ...

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        """Two bool[bars from start]: where a later start decides differently; where either decides."""
        ...

    def is_repeatable(self) -> bool:
        """Whether the same bars give the same result."""
        ...


def at_changes(kinds: list[IntArray], wanted: int, rng: np.random.Generator) -> list[Cut]:
    """`wanted` cuts right after bars of each kind in turn; three of four early, where a run is short.

    The bar itself is the last known one. Every other cut replaces the bars after it with generated ones.
    """
    kinds = [kind for kind in kinds if len(kind)]
    cuts = []
    for number in range(wanted if kinds else 0):
        kind = kinds[number % len(kinds)]
        early = number % 4 > 0
        place = rng.choice(kind[: max(len(kind) // 10, 10)] if early else kind)
        cuts.append(Cut(int(place) + 1, None if number % 2 else STRENGTHS[number // 2 % len(STRENGTHS)]))
    return cuts


def generated_after(bars: Bars, cut: Cut) -> Bars:
    """The known bars, then up to 300 later ones whose log moves from the last known close are times `strength`.

    Volumes are times its absolute value.
    """
    assert cut.strength is not None
    known, later = bars[: cut.known], bars[cut.known : cut.known + _GENERATED_BARS]
    base = known.close[-1]
    moved = {name: base * (getattr(later, name) / base) ** cut.strength for name in ("open", "high", "low", "close")}
    if cut.strength < 0:
        moved["high"], moved["low"] = moved["low"], moved["high"]
    generated = moved | {"volume": later.volume * abs(cut.strength)}
    columns: dict[str, Any] = {name: np.concatenate((getattr(known, name), generated[name])) for name in generated}
    return replace(bars, open_time_ns=bars.open_time_ns[: cut.known + len(later)], **columns)
