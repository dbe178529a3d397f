"""Strategies' signals as the compiled loops read them: one row of addresses a combination, and its warm-up."""

import weakref
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.kernel import entry_points as jobs_of
from skills_lib.backtest.kernel.indicators import plain
from skills_lib.backtest.model import Span
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, never

_BOOL, _FLOAT = np.dtype(np.bool_), np.dtype(np.float64)
_ARRAYS_KNOWN = 4_096


class Batch:
    """Signals of several combinations by address; keeps their arrays alive."""

    def __init__(self, capacity: int) -> None:
        self.table = np.zeros((capacity, jobs_of.JOB_COLUMNS), dtype=np.int64)
        self.sizes = np.ones(capacity, dtype=np.float64)
        self._reused: list[list[npt.NDArray[np.generic]]] = []

    def __len__(self) -> int:
        return len(self._reused)

    def add(self, signals: Signals, warm_up: int) -> None:
        """Append signals whose indicators are all defined from bar `warm_up` on."""
        row, none = self.table[len(self._reused)], never(len(signals))
        entries = plain(signals.long_entry, _BOOL), plain(signals.short_entry, _BOOL)
        jobs_of.store_entries(row, *entries)
        reused: list[npt.NDArray[np.generic]] = [*entries]
        if signals.long_exit is not none or signals.short_exit is not none:
            exits = plain(signals.long_exit, _BOOL), plain(signals.short_exit, _BOOL)
            jobs_of.store_exits(row, *exits)
            reused += exits
        row[jobs_of.WARM_UP] = warm_up
        if signals.stop_price is None and signals.target_price is None and type(signals.size) is float:
            self.sizes[len(self._reused)] = signals.size
        else:
            self._add_levels(signals, row, reused)
        self._reused.append(reused)

    def _add_levels(self, signals: Signals, row: IntArray, reused: list[npt.NDArray[np.generic]]) -> None:
        for column, values in (
            (jobs_of.SIZE, signals.size),
            (jobs_of.STOP, signals.stop_price),
            (jobs_of.TARGET, signals.target_price),
        ):
            if isinstance(values, np.ndarray):
                reused.append(plain(values, _FLOAT))
                row[column] = jobs_of.address(reused[-1])
        if not isinstance(signals.size, np.ndarray):
            self.sizes[len(self._reused)] = signals.size

    def at(self, rows: Sequence[int]) -> "Batch":
        """The jobs at `rows`."""
        some, taken = Batch(0), np.array(rows, dtype=np.int64)
        some.sizes, some.table = self.sizes[taken], self.table[taken]
        some._reused = [self._reused[row] for row in rows]
        return some

    @property
    def capacity(self) -> int:
        """How many more can be added."""
        return len(self.table) - len(self._reused)


def is_defined_throughout(values: FloatArray) -> bool:
    """Whether an indicator, once defined, stays so."""
    return not bool(np.isnan(values[first_defined(values, 0) :]).any())


def first_defined(values: FloatArray, start: int) -> int:
    """The first bar from `start` at which `values` are defined, or their length."""
    return int(jobs_of.first_defined(plain(values, _FLOAT), start))


class FirstDefined:
    """`first_defined`, looked at once as long as an array lives: combinations share indicators."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[weakref.ref[FloatArray], int]] = {}

    def __call__(self, values: FloatArray, start: int) -> int:
        known = self._known.get((id(values), start))
        if known is not None and known[0]() is values:
            return known[1]
        if len(self._known) >= _ARRAYS_KNOWN:
            self._known.clear()
        found = first_defined(values, start)
        self._known[id(values), start] = weakref.ref(values), found
        return found


def warm_up(name: str, signals: Signals, span: Span, first: Callable[[FloatArray, int], int] = first_defined) -> int:
    """The first bar of the span at which every indicator is defined.

    Raises:
        InputError: one never is.
    """
    start, found = span.start, span.start
    for label, values in signals.indicators.items():
        defined = first(values, start)
        if defined >= span.stop:
            raise InputError(
                f"{span.stop - span.start} bars are fewer than the warm-up of {name}: '{label}' is never "
                "defined. Ask for a longer span or smaller parameters."
            )
        found = max(found, defined)
    return found
