"""Indicators once: inside `memory.active()` an indicator asked again for the same array and period is looked up.

A sweep runs a strategy's `signals` a thousand times on the same bars, and most combinations share their
indicators. Only what derives from the bars' own columns is remembered; anything else is computed as always.
Remembered arrays are read-only, because every combination shares them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import numpy.typing as npt

from skills_lib.domain.bars import Bars, BoolArray, FloatArray

P = ParamSpec("P")
R = TypeVar("R")
Key = tuple[object, ...]
"""A function and its arguments, arrays by id."""
_ARRAY = np.ndarray
Crosses = Callable[[FloatArray, FloatArray], tuple[BoolArray, BoolArray]]


class Memory:
    """Indicators already computed on `bars`; safe to share between threads.

    `compiled`: by name of an indicator, a function that gives the same and takes less time. What these make is made
    anew in a moment, so at most `compiled_bytes` of it are kept: over millions of bars every array counts. `retire` is
    given what is no longer kept.
    """

    def __init__(
        self,
        bars: Bars,
        crosses: Crosses | None = None,
        compiled: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        retire: Callable[[Any], None] = lambda _array: None,
        compiled_bytes: int = 128_000_000,
    ) -> None:
        self._bars = bars
        self._known: dict[int, npt.NDArray[np.generic]] = {}  # kept alive, so an id stays theirs
        self._results: dict[Key, Any] = {}
        self._compiled, self._compiled_bytes, self._retire = compiled, compiled_bytes, retire
        self._replaceable: OrderedDict[Key, int] = OrderedDict()
        self._is_full = False
        self._lock = threading.Lock()
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

    def knows(self, array: npt.NDArray[Any]) -> bool:
        """Whether `array` is one of the bars' columns or is remembered."""
        if id(array) in self._known:
            return True
        if self._bars.has_column(array):
            self._known[id(array)] = array
            return True
        return False

    def recall(self, compute: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        """The result of `compute(*arguments)`, computed now unless it is known."""
        key = (compute, *[id(a) if isinstance(a, _ARRAY) else a for a in arguments])
        found: R | None = self._results.get(key)
        if found is None:
            return self._computed(key, compute, arguments)
        if self._is_full:
            with self._lock:
                if key in self._replaceable:
                    self._replaceable.move_to_end(key)
        return found

    def _computed(self, key: Key, compute: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        if not all(self.knows(argument) for argument in arguments if isinstance(argument, _ARRAY)):
            return compute(*arguments)
        quickest: Callable[..., R] | None = self._compiled.get(compute.__name__)
        if quickest is None:
            return self._keep(key, arguments, compute(*arguments))
        self._evict(self._bars.open_time_ns.nbytes)
        return self._keep(key, arguments, quickest(*arguments), replaceable=True)

    def _keep(self, key: Key, arguments: tuple[Any, ...], result: R, replaceable: bool = False) -> R:
        arrays = _arrays_of(result)
        for array in arrays:
            array.flags.writeable = False
        with self._lock:
            if key in self._results:  # another thread was first: its arrays count
                known: R = self._results[key]
                return known
            if any(isinstance(a, np.ndarray) and id(a) not in self._known for a in arguments):
                return result  # forgotten meanwhile, so its id may soon be another's
            self._results[key] = result
            self._known.update({id(array): array for array in arrays})
            if replaceable:
                self._replaceable[key] = sum(array.nbytes for array in arrays)
        return result

    def _evict(self, needed_bytes: int) -> None:
        with self._lock:
            while self._replaceable and sum(self._replaceable.values()) + needed_bytes > self._compiled_bytes:
                self._is_full = True
                self._forget(next(iter(self._replaceable)))

    def _forget(self, key: Key) -> None:
        """Drop a result, and what was computed from it: those are found by its id, which is free for others now."""
        was_compiled = self._replaceable.pop(key, None) is not None
        for array in _arrays_of(self._results.pop(key)):
            self._known.pop(id(array), None)
            for other in [other for other in self._results if id(array) in other]:
                self._forget(other)
            if was_compiled:
                self._retire(array)


def _arrays_of(result: object) -> tuple[npt.NDArray[np.generic], ...]:
    return result if isinstance(result, tuple) else (cast("npt.NDArray[np.generic]", result),)


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
