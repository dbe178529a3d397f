"""Probes strategies for look-ahead by their signals on truncated or changed bars."""

from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.kernel.run import signals_of
from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals
from skills_lib.validate.stages.probe import STRENGTHS, Cut, Difference, at_changes, generated_after

if TYPE_CHECKING:
    from skills_lib.backtest.strategy import SignalStrategy

RELATIVE_TOLERANCE = 1e-9


class SignalProbe:
    """Compares signals, on bars as a strategy sees them inside a backtest."""

    on = "signals"

    def __init__(self, strategy: "type[SignalStrategy]", seen: Bars, parameters: dict[str, Value]) -> None:
        self._strategy, self._bars, self._parameters = strategy, seen, parameters
        self._signals = self._signals_on(seen)
        self._whole = _columns(self._signals)

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        bars = len(self._bars)
        ends = [Cut(bars - 1), Cut(bars - 1, STRENGTHS[0]), Cut(bars - 2, STRENGTHS[0])]
        spread = [Cut(int(bars * share)) for share in (0.25, 0.5, 0.75, *rng.random(count // 16))]
        changes = at_changes(self._changes(), max(count - len(ends) - len(spread), count // 2), rng)
        return [cut for cut in (*ends, *spread, *changes) if 0 < cut.known < bars]

    def starts(self, count: int) -> int:
        return count

    def compare(self, cut: Cut) -> Difference | None:
        bars = self._bars[: cut.known] if cut.strength is None else generated_after(self._bars, cut)
        names, first = [], cut.known
        found = _columns(self._signals_on(bars))
        for name in self._whole.keys() | found.keys():
            bar = _first_difference(self._whole.get(name), found.get(name), cut.known)
            if bar is not None:
                names.append(name)
                first = min(first, bar)
        return Difference(first, tuple(sorted(names))) if names else None

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        part = self._signals_on(self._bars[start:])
        size = len(part)
        differs, decided = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for whole, found in zip(_entries_and_exits(self._signals), _entries_and_exits(part), strict=True):
            differs |= whole[start:] != found
            decided |= whole[start:] | found
        return differs, decided

    def is_repeatable(self) -> bool:
        again = _columns(self._signals_on(self._bars))
        names = self._whole.keys() | again.keys()
        return all(_first_difference(self._whole.get(n), again.get(n), len(self._bars)) is None for n in names)

    def _signals_on(self, bars: Bars) -> Signals:
        found = signals_of(self._strategy, bars, self._parameters)
        if len(found) != len(bars):
            raise InputError(f"{self._strategy.__name__} gave {len(found)} signals for {len(bars)} bars.")
        return found

    def _changes(self) -> list[IntArray]:
        """The bars at which each signal appears, and at which it ends; entries have weight three, exits two."""
        found = []
        for entry_or_exit, weight in zip(_entries_and_exits(self._signals), (3, 3, 2, 2), strict=True):
            before = np.concatenate(([False], entry_or_exit[:-1]))
            found += [np.flatnonzero(entry_or_exit & ~before)] * weight + [np.flatnonzero(before & ~entry_or_exit)]
        return found


def _entries_and_exits(signals: Signals) -> tuple[BoolArray, BoolArray, BoolArray, BoolArray]:
    return signals.long_entry, signals.short_entry, signals.long_exit, signals.short_exit


def _columns(signals: Signals) -> dict[str, BoolArray | FloatArray]:
    """All columns; a scalar size is broadcast to an array."""
    found = signals.columns()
    return found if "size" in found else found | {"size": np.broadcast_to(np.float64(signals.size), len(signals))}


def _first_difference(
    whole: BoolArray | FloatArray | None, found: BoolArray | FloatArray | None, known: int
) -> int | None:
    """The first of the `known` bars that differs, None if none does; 0 if only one side has the column."""
    if whole is None or found is None:
        return 0
    before, after = whole[:known], found[:known]
    if before.dtype == np.bool_:
        wrong = before != after
    elif np.array_equal(before, after, equal_nan=True):
        return None
    else:
        wrong = ~np.isclose(before, after, rtol=RELATIVE_TOLERANCE, atol=0.0, equal_nan=True)
    return int(wrong.argmax()) if wrong.any() else None
