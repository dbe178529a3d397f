"""Combinations of one strategy's parameters become batches of signals, which the kernel's runners execute.

Signals are computed once a combination, on all bars, and cut to each span: for a strategy that uses nothing later
than each bar's close (the truncation test) that is the same as computing them on the span's own history.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from skills_lib.backtest.kernel.batch import Batch, FirstDefined, is_defined_throughout, warm_up
from skills_lib.backtest.kernel.entry_points import WARM_UP
from skills_lib.backtest.kernel.indicators import CompiledIndicators, crosses
from skills_lib.backtest.kernel.inputs import KernelInputs
from skills_lib.backtest.kernel.run import signals_of
from skills_lib.backtest.model import Parameters, Span
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import Memory
from skills_lib.domain.signals import Signals

if TYPE_CHECKING:
    from skills_lib.backtest.strategy import SignalStrategy

_REMEMBERED_BYTES = 128_000_000
"""Signals kept between spans, for walk-forward."""
_BYTES_A_BAR = 28
"""Four boolean signals, and three arrays of floats where a strategy has them all."""


class Failures:
    """Why combinations could not run; `notes` tells each reason once."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._counts: Counter[str] = Counter()

    def add(self, reason: str) -> None:
        """One more combination that could not run."""
        if not self._counts[reason]:
            self.notes.append(f"Some combinations could not run: {reason}")
        self._counts[reason] += 1


class SignalBatches:
    """Batches of one strategy's signals on all bars of `inputs`; safe to share between threads, `remembered` excepted.

    Combinations without signals are added to `failures`.
    """

    def __init__(self, strategy: "type[SignalStrategy]", inputs: KernelInputs, failures: Failures) -> None:
        self._strategy, self._inputs, self._failures = strategy, inputs, failures
        self._memory = indicator_memory(inputs)
        self._first_defined = FirstDefined()
        self._remembered = _Remembered(0)
        self.max_remembered = _REMEMBERED_BYTES // (len(inputs.bars) * _BYTES_A_BAR)
        """Combinations whose signals are kept between calls of `remembered`."""

    def signals(self, parameters: Parameters) -> Signals:
        """The signals of one combination.

        Raises:
            InputError: the strategy raised.
        """
        with self._memory.active():
            return self._signals(parameters)

    def computed(self, combinations: Sequence[Parameters], span: Span) -> tuple[Batch, list[int]]:
        """A batch for one span, and which of the combinations it holds: those that have signals."""
        batch, places, name = Batch(len(combinations)), [], self._strategy.__name__
        with self._memory.active():
            for place, parameters in enumerate(combinations):
                try:
                    signals = self._signals(parameters)
                    batch.add(signals, warm_up(name, signals, span, self._first_defined))
                except InputError as error:
                    self._failures.add(str(error))
                    continue
                places.append(place)
        return batch, places

    def remembered(self, work: Sequence[Sequence[Parameters]], stops: IntArray) -> Batch | None:
        """A batch of all lists of combinations, one after the other; None where one of them has none before its stop.

        Signals are the same for every span: walk-forward computes them in its first window only.
        """
        lists = {id(combinations): combinations for combinations in work}
        self._evict([parameters for combinations in lists.values() for parameters in combinations])
        with self._memory.active():
            places = {key: [self._place_of(parameters) for parameters in lists[key]] for key in lists}
        rows = [place for combinations in work for place in places[id(combinations)]]
        if None in rows:
            return None
        batch = self._remembered.batch.at([row for row in rows if row is not None])
        return batch if (batch.table[:, WARM_UP] < stops).all() else None

    def _evict(self, combinations: Sequence[Parameters]) -> None:
        """Forget everything rather than some: places are positions in one table."""
        new = sum(tuple(parameters.values()) not in self._remembered.places for parameters in combinations)
        if new > self._remembered.batch.capacity:
            self._remembered = _Remembered(max(len(combinations), self.max_remembered))

    def _place_of(self, parameters: Parameters) -> int | None:
        """Where the signals of a combination are remembered; None where they cannot be."""
        key = tuple(parameters.values())
        if key in self._remembered.places:
            return self._remembered.places[key]
        try:
            signals = self._signals(parameters)
            first = warm_up(self._strategy.__name__, signals, Span(0, len(self._inputs.bars)))
        except InputError:
            return None
        if not all(map(self._remembered.stays_defined, signals.indicators.values())):
            return None
        return self._remembered.add(key, signals, first)

    def _signals(self, parameters: Parameters) -> Signals:
        return signals_of(self._strategy, self._inputs.bars, dict(parameters))


def indicator_memory(inputs: KernelInputs) -> Memory:
    """A cache of indicators of the bars that strategies see, computed by compiled code where there is some."""
    compiled = CompiledIndicators()
    return Memory(inputs.bars, crosses, compiled.functions(), compiled.retire)


class _Remembered:
    """A batch on all bars, and the place in it of each combination."""

    def __init__(self, capacity: int) -> None:
        self.batch = Batch(capacity)
        self.places: dict[tuple[object, ...], int] = {}
        self._defined: WeakValueDictionary[int, FloatArray] = WeakValueDictionary()

    def add(self, key: tuple[object, ...], signals: Signals, first: int) -> int:
        self.places[key] = len(self.batch)
        self.batch.add(signals, first)
        return self.places[key]

    def stays_defined(self, indicator: FloatArray) -> bool:
        """`is_defined_throughout`, looked at once where combinations share an indicator."""
        if self._defined.get(id(indicator)) is not indicator:
            if not is_defined_throughout(indicator):
                return False
            self._defined[id(indicator)] = indicator
        return True
