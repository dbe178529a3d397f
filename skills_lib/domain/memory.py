"""A cache of indicators: inside `memory.active()` the same indicator, array and period is computed once.

A sweep runs a strategy's `signals` thousands of times on the same bars, and most combinations share their
indicators. Only results derived from the columns of the bars are cached. Cached arrays are shared, so they are
read-only.
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

    `compiled`: faster equivalents of indicators, by name. Their results are cheap to recompute, so at most
    `compiled_bytes` of them are cached, least recently used first out. `retire` receives each evicted array.
    """

    def __init__(
        self,
        bars: Bars,
        crosses: Crosses | None = None,
        compiled: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        retire: Callable[[Any], None] = lambda _array: None,
        compiled_bytes: int = 48_000_000,
    ) -> None:
        self._bars = bars
        self._known: dict[int, npt.NDArray[np.generic]] = {}  # referenced, so that ids are not reused
        self._results: dict[Key, Any] = {}
        self._compiled, self._compiled_bytes, self._retire = compiled, compiled_bytes, retire
        self._replaceable: OrderedDict[Key, int] = OrderedDict()
        self._is_full = False
        self._lock = threading.Lock()
        self.crosses = crosses
        """A faster `signals.crosses` for two arrays, or None."""

    @contextmanager
    def active(self) -> Iterator[None]:
        """Cache the results of `remembered` functions in this thread."""
        token = _ACTIVE.set(self)
        try:
            yield
        finally:
            _ACTIVE.reset(token)

    def knows(self, array: npt.NDArray[Any]) -> bool:
        """Whether `array` is a column of the bars or a cached result."""
        if id(array) in self._known:
            return True
        if self._bars.has_column(array):
            self._known[id(array)] = array
            return True
        return False

    def recall(self, compute: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        """The result of `compute(*arguments)`, from the cache if it is there."""
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
        faster: Callable[..., R] | None = self._compiled.get(compute.__name__)
        if faster is None:
            return self._keep(key, arguments, compute(*arguments))
        self._evict(self._bars.open_time_ns.nbytes)
        return self._keep(key, arguments, faster(*arguments), replaceable=True)

    def _keep(self, key: Key, arguments: tuple[Any, ...], result: R, replaceable: bool = False) -> R:
        arrays = _arrays_of(result)
        for array in arrays:
            array.flags.writeable = False
        with self._lock:
            if key in self._results:  # another thread was first: use its arrays
                known: R = self._results[key]
                return known
            if any(isinstance(a, np.ndarray) and id(a) not in self._known for a in arguments):
                return result  # evicted meanwhile, so its id may be reused
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
        """Drop a result and everything computed from it: those are keyed by its id, which may be reused."""
        was_compiled = self._replaceable.pop(key, None) is not None
        for array in _arrays_of(self._results.pop(key)):
            self._known.pop(id(array), None)
            for dependent in [found for found in self._results if id(array) in found]:
                self._forget(dependent)
            if was_compiled:
                self._retire(array)


def _arrays_of(result: object) -> tuple[npt.NDArray[np.generic], ...]:
    return result if isinstance(result, tuple) else (cast("npt.NDArray[np.generic]", result),)


_ACTIVE: ContextVar[Memory | None] = ContextVar("memory", default=None)


def active_memory() -> Memory | None:
    """The memory that is active in this thread, if any."""
    return _ACTIVE.get()


def remembered(compute: Callable[P, R]) -> Callable[P, R]:
    """Decorator: cache the results of the indicator `compute` in the active memory, if there is one."""

    @wraps(compute)
    def recalled(*args: P.args, **kwargs: P.kwargs) -> R:
        memory = _ACTIVE.get()
        if memory is None or kwargs:
            return compute(*args, **kwargs)
        return memory.recall(compute, args)

    return recalled
