"""Compiles the kernel before it is first needed, and reports what is compiled to whoever waits for it.

numba keeps compiled code in a cache beside the source, for one processor, one version of Python and of the code. Where
the cache does not fit, the next run compiles again, which takes half a minute: it is reported, never silent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.signals import Signals
from skills_lib.domain.time import HOUR_NS
from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from numba.core.event import Event, Listener

MESSAGE = "Compiling the kernel, once for this machine and version"
FUNCTIONS = 210
"""About as many functions are compiled from nothing, those of numba's own included: the length of the bar."""
_LONG = 100_001
"""Bars: more than for which the indicators keep the GIL, so that both of their functions are compiled."""
_BARS = 400


class Compiled:
    """What a block compiled: the names of the functions, in the order in which they were finished."""

    def __init__(self) -> None:
        self.functions: list[str] = []


@contextmanager
def compiling_reported(progress: Progress = no_progress) -> Iterator[Compiled]:
    """Report each function that the block compiles to `progress`; what is loaded from the cache is no compilation."""
    from numba.core import event

    found = Compiled()
    with event.install_listener("numba:compile", _listener(found, progress)):
        yield found


def compile_ahead(progress: Progress = no_progress) -> Compiled:
    """Compile what sweeps, order books and replays call, with the types of arguments that they pass."""
    with compiling_reported(progress) as found:
        _run_jobs()
        _store_signals()
        _compute_indicators()
        import skills_lib.market.depth.book.compiled.entries
        import skills_lib.market.depth.tape.scanning.entries  # noqa: F401
    return found


def _listener(found: Compiled, progress: Progress) -> "Listener":
    from numba.core.event import Listener

    class Reporting(Listener):  # type: ignore[misc]
        def on_start(self, _event: "Event") -> None:
            self._report()

        def on_end(self, event: "Event") -> None:
            found.functions.append(event.data["dispatcher"].py_func.__qualname__)
            self._report()

        def _report(self) -> None:
            done = len(found.functions)
            progress(done, max(FUNCTIONS, done + 1), MESSAGE)

    return Reporting()


def _run_jobs() -> None:
    from skills_lib.backtest.kernel.batch import Batch
    from skills_lib.backtest.kernel.inputs import prepare_inputs
    from skills_lib.backtest.kernel.runner import Runner

    close = _prices(_BARS)
    columns = (close, close + 1, close - 1, close, np.ones(_BARS))
    bars = Bars(np.arange(_BARS) * HOUR_NS, *columns, interval_ns=HOUR_NS)
    jobs, runner, none = Batch(1), Runner(prepare_inputs(bars, BacktestSettings())), np.zeros(_BARS, dtype=np.bool_)
    jobs.add(Signals(close > 100, close < 100, none, none), 0)
    span = Span(0, _BARS)
    runner.equity(runner.run(jobs, span)[1][0], span)


def _store_signals() -> None:
    """Signals may be writable or not, each array by itself: numba compiles a function for each mixture."""
    from skills_lib.backtest.kernel.batch import Batch, first_defined

    flags, prices, jobs = np.zeros(_BARS, np.bool_), _prices(_BARS), Batch(6)
    for one, other in product(_writable_or_not(flags), repeat=2):
        jobs.add(Signals(one, other, one, other), 0)
    for values in _writable_or_not(prices):
        jobs.add(Signals(flags, flags, flags, flags, stop_price=values), 0)
        first_defined(values, 0)


def _compute_indicators() -> None:
    from skills_lib.backtest.kernel.indicators import CompiledIndicators, crosses

    for count in (_BARS, _LONG):
        values = _prices(count)
        average = CompiledIndicators().sma(values, 10)
        crosses(values, average)


def _prices(count: int) -> FloatArray:
    """Prices with two decimals that cross 100 again and again."""
    return np.round(100 + 10 * np.sin(np.arange(count) / 20), 2)


def _writable_or_not(array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    fixed = array.view()
    fixed.flags.writeable = False
    return array, fixed
