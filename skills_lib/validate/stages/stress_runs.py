"""Runs one strategy on one span at any costs, on time or one bar late, on the kernel or the reference."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.figures import Figures
from skills_lib.backtest.kernel.inputs import KernelInputs, prepare_inputs
from skills_lib.backtest.kernel.run import signals_of, unsupported_reason
from skills_lib.backtest.kinds import gives_signals
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings, EngineName, Span
from skills_lib.backtest.spans import cut_signals, run_span
from skills_lib.backtest.sweep.evaluator import figures_of
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import Costs
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

if TYPE_CHECKING:
    from backtesting import Strategy

RunAtCosts = Callable[[Costs], Figures]


class CostRunner(NamedTuple):
    """`on_time`, `one_bar_late`: metrics at given costs; the second is None if the strategy has its own next()."""

    engine: EngineName
    on_time: RunAtCosts
    one_bar_late: RunAtCosts | None


def open_cost_runner(
    strategy: "type[Strategy]", bars: Bars, parameters: dict[str, Value], settings: BacktestSettings, span: Span
) -> CostRunner:
    """A runner on `bars[span]`; earlier bars warm up the indicators, later bars are not used.

    Raises:
        InputError: the strategy raised.
    """
    known, part = bars[: span.stop], slice(span.start, span.stop)
    if gives_signals(strategy) and unsupported_reason(strategy, settings) is None:
        whole = prepare_inputs(known, settings)
        kernel = _KernelCosts(strategy.__name__, whole.bars[part], whole.settings)
        found = signals_of(strategy, whole.bars, parameters)
        on_time, late = cut_signals(found, part), cut_signals(one_bar_later(found), part)
        return CostRunner("kernel", partial(kernel.run, on_time), partial(kernel.run, late))
    reference = _ReferenceCosts(known, parameters, settings, span)
    later = delayed(strategy)
    return CostRunner("reference", partial(reference.run, strategy), later and partial(reference.run, later))


@dataclass(frozen=True)
class _KernelCosts:
    name: str
    bars: Bars
    settings: BacktestSettings

    def run(self, signals: Signals, costs: Costs) -> Figures:
        from skills_lib.backtest.kernel.batch import Batch, warm_up
        from skills_lib.backtest.kernel.runner import Runner, problem_of

        prepared = KernelInputs(self.bars, self.settings.model_copy(update={"costs": costs}))
        jobs, whole = Batch(1), Span(0, len(self.bars))
        jobs.add(signals, warm_up(self.name, signals, whole))
        rows, outcomes = Runner(prepared).run(jobs, whole)
        if found := problem_of(self.name, outcomes[0]):
            raise InputError(found)
        return figures_of(rows[0])


@dataclass(frozen=True)
class _ReferenceCosts:
    bars: Bars
    parameters: dict[str, Value]
    settings: BacktestSettings
    span: Span

    def run(self, strategy: "type[Strategy]", costs: Costs) -> Figures:
        settings = self.settings.model_copy(update={"costs": costs})
        execution = run_span(strategy, self.bars, self.parameters, settings, self.span)
        return compute_metrics(execution, self.bars[self.span.start : self.span.stop], costs)


def delayed(strategy: "type[Strategy]") -> "type[Strategy] | None":
    """The strategy with every signal one bar later; None if it has its own next()."""
    from skills_lib.backtest.strategy import SignalStrategy

    if not issubclass(strategy, SignalStrategy) or strategy.next is not SignalStrategy.next:
        return None

    class Delayed(strategy):  # type: ignore[misc]
        def signals(self, bars: Bars) -> Signals:
            return one_bar_later(super().signals(bars))

    Delayed.__name__ = strategy.__name__
    return Delayed


def one_bar_later(signals: Signals) -> Signals:
    """The same signals, sizes, stops, targets and indicators, each one bar later."""
    stop, target, size = signals.stop_price, signals.target_price, signals.size
    return Signals(
        long_entry=_later(signals.long_entry, False),
        short_entry=_later(signals.short_entry, False),
        long_exit=_later(signals.long_exit, False),
        short_exit=_later(signals.short_exit, False),
        size=_later(size, 1.0) if isinstance(size, np.ndarray) else size,
        stop_price=None if stop is None else _later(stop, np.nan),
        target_price=None if target is None else _later(target, np.nan),
        indicators={name: _later(values, np.nan) for name, values in signals.indicators.items()},
    )


def _later(values: npt.NDArray[Any], first: float) -> npt.NDArray[Any]:
    out = np.empty_like(values)
    out[:1], out[1:] = first, values[:-1]
    return out
