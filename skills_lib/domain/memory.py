"""Indicators once: inside `memory.active()` an indicator asked again for the same array and period is looked up.

A sweep runs a strategy's `signals` a thousand times on the same bars, and most combinations share their
indicators. Only what derives from the bars' own columns is remembered; anything else is computed as always.
Remembered arrays are read-only, because every combination shares them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from skills_lib.domain.bars import BoolArray, FloatArray

P = ParamSpec("P")
R = TypeVar("R")
Crosses = Callable[[FloatArray, FloatArray], tuple[BoolArray, BoolArray]]


class Memory:
    """Indicators already computed on the given columns; safe to share between threads.

    `compiled`: by name of an indicator, a function that gives the same and takes less time.
    """

    def __init__(
        self,
        columns: Iterable[npt.NDArray[np.generic]],
        crosses: Crosses | None = None,
        compiled: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    ) -> None:
        self._kept = {id(column): column for column in columns}  # kept alive, so an id stays theirs
        self._results: dict[tuple[object, ...], Any] = {}
        self._compiled = compiled
        self.crosses = crosses
        """A faster `signals.crosses` for two arrays, or None."""

    @contextmanager
    def active(self) -> Iterator[None]:
        """Remember, in this thread, what `remembered` functions compute."""
        token = _ACTIVE.set(self)
        try:
            yield
        finally:
            _ACTIVE.reset(token)

    def knows(self, array: FloatArray) -> bool:
        """Whether `array` is one of the columns or was remembered."""
        return id(array) in self._kept

    def recall(self, compute: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        """The result of `compute(*arguments)`, computed now unless it is known."""
        key: list[object] = [compute]
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                if id(argument) not in self._kept:
                    return compute(*arguments)
                key.append(id(argument))
            else:
                key.append(argument)
        found: R | None = self._results.get(tuple(key))
        if found is not None:
            return found
        quickest: Callable[..., R] = self._compiled.get(compute.__name__, compute)
        return self._keep(tuple(key), quickest(*arguments))

    def _keep(self, key: tuple[object, ...], result: R) -> R:
        kept: Any = self._results.setdefault(key, result)  # another thread may have been first: its arrays count
        for array in kept if isinstance(kept, tuple) else (kept,):
            array.flags.writeable = False
            self._kept[id(array)] = array
        known: R = kept
        return known


_ACTIVE: ContextVar[Memory | None] = ContextVar("memory", default=None)


def active_memory() -> Memory | None:
    """The memory of the sweep this thread works for."""
    return _ACTIVE.get()


def remembered(compute: Callable[P, R]) -> Callable[P, R]:
    """Let the active memory, if there is one, keep what the indicator `compute` returns."""

    @wraps(compute)
    def recalled(*args: P.args, **kwargs: P.kwargs) -> R:
        memory = _ACTIVE.get()
        if memory is None or kwargs:
            return compute(*args, **kwargs)
        return memory.recall(compute, args)

    return recalled
