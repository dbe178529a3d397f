"""Computes the runs of a validation (search, out-of-sample, walk-forward) and decides which bars each one uses.

The sealed tenth is cut off before anything is computed, so that no stage can use it.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import NamedTuple, Self

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import Figures
from skills_lib.backtest.kernel.run import unsupported_reason
from skills_lib.backtest.metrics import compute_metrics, execution_returns
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.backtest.trials import TrialCount, TrialCounter
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.ledger.counter import open_counted
from skills_lib.ledger.in_memory import InMemoryTrialCounter
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.checkpoint import Checkpoint
from skills_lib.optimize.measure import Measurer
from skills_lib.optimize.search import search
from skills_lib.optimize.stability import Peaks, RankedPoint, Surface
from skills_lib.optimize.table import Objective, SearchTable
from skills_lib.progress import Progress, no_progress
from skills_lib.validate.plan import Plan, default_windows
from skills_lib.validate.stages.holdout import Split, split
from skills_lib.walk_forward.stitch import WindowRun, run_windows, stitch
from skills_lib.walk_forward.walk import WalkForward, WindowChoice
from skills_lib.walk_forward.windows import Window, WindowPlan, make_windows, stitched_spans

_IN_SAMPLE = 1_000_000
"""Number of the in-sample span in a checkpoint; train spans are numbered from 0 up, tests from -1 down."""
MAX_COMPARED = 1_000
"""Maximum number of configurations compared for PBO and SPA; from more, an evenly spaced subset is taken."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of the in-sample search. `place`: the chosen point, which all later stages run.

    `few_trades`: no combination had the required number of trades, so the choice was made among all that traded.
    """

    table: SearchTable
    scores: FloatArray
    peaks: Peaks
    place: RankedPoint
    few_trades: bool

    @property
    def chosen(self) -> dict[str, Value]:
        """The chosen combination."""
        return self.table.parameters(self.place.row)


class Run(NamedTuple):
    """One run on its own bars; bars of its trades are counted from the first."""

    execution: Execution
    bars: Bars

    def daily(self) -> FloatArray:
        """Net return of each UTC day."""
        return execution_returns(self.execution, self.bars)


class Runs:
    """All runs of one examination, each computed at most once, on first use.

    Use it as a context manager: engines stay open until its end.
    """

    def __init__(
        self,
        subject: LoadedStrategy,
        candles: Candles,
        plan: Plan,
        settings: BacktestSettings,
        counter: TrialCounter | None = None,
        checkpoint: Checkpoint | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self.subject, self.plan, self.settings = subject, plan, settings
        self.split: Split = split(len(candles.bars))
        self.bars: Bars = candles.bars[: self.split.sealed.start]
        self.candles = candles
        self._counter, self._checkpoint, self._progress = counter or InMemoryTrialCounter(), checkpoint, progress
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def stage_settings(self) -> BacktestSettings:
        """Settings for stages with runs of their own: the search's engine if it supports the strategy."""
        wanted = self.plan.search.engine
        can = wanted == "kernel" and unsupported_reason(self.subject.strategy, self.settings) is None
        return self.settings.model_copy(update={"engine": "kernel" if can else "reference"})

    @cached_property
    def evaluator(self) -> Evaluator:
        """The engine, bound to the unsealed bars."""
        return self._engine(self.settings)

    @cached_property
    def found(self) -> SearchResult:
        """The search on the in-sample.

        Raises:
            InputError: a space that cannot be searched, or no combination that trades.
        """
        request = self.plan.search
        where, total = (self._checkpoint, _IN_SAMPLE, self._progress), request.plan.expected(request.space)
        measure = Measurer(request.space, self.evaluator, self.split.in_sample, *where, total)
        table = search(request.space, request.plan, measure, request.objective)
        surface = Surface(request.space, table.indices)
        for minimum in (request.objective.min_trades, 1):
            objective = Objective(request.objective.metric, minimum)
            scores = objective.scores(table.rows)
            if peaks := surface.peaks(scores, objective.ranks(table.rows, scores)):
                place = peaks.recommended if self.plan.pick == "plateau" else peaks.best
                return SearchResult(table, scores, peaks, place, minimum < request.objective.min_trades)
        notes = f" {self.evaluator.notes[-1]}" if self.evaluator.notes else ""
        raise InputError(
            f"None of {len(table):,} combinations traded in-sample.{notes} Widen the space or extend the span."
        )

    @property
    def chosen(self) -> dict[str, Value]:
        """The parameters under examination."""
        return self.found.chosen

    @cached_property
    def in_sample(self) -> Run:
        """The chosen parameters on the in-sample bars."""
        return self.fixed(self.split.in_sample)

    @cached_property
    def out_of_sample(self) -> Run:
        """The chosen parameters on the out-of-sample bars."""
        return self.fixed(self.split.out_of_sample)

    def fixed(self, span: Span) -> Run:
        """The chosen parameters on one span; flat if the span is too short to trade."""
        (part,) = run_windows(self.evaluator, [span], [self.chosen], self.settings.cash)
        return Run(part.execution, self.bars[span.start : span.stop])

    @cached_property
    def windows(self) -> list[Window]:
        """The walk-forward's windows, all on unsealed bars."""
        return make_windows(self.bars, self.window_plan)

    @cached_property
    def window_plan(self) -> WindowPlan:
        return self.plan.windows or default_windows(self.bars)

    @cached_property
    def outcomes(self) -> list[WindowChoice]:
        """The choice of each window and its test."""
        request = self.plan.search
        objective = Objective(request.objective.metric, min(request.objective.min_trades, self.plan.window_min_trades))
        walk = WalkForward(self.evaluator, request.space, request.plan, objective, self.plan.pick)
        return walk.run(self.windows, self._checkpoint, self._progress)

    @cached_property
    def stitched(self) -> Run:
        """Every test bar of the walk-forward once, equity carried over."""
        return self._stitched(self.evaluator)

    def stitched_at(self, settings: BacktestSettings) -> Run:
        """The stitched run of the same choices with other settings."""
        return self._stitched(self._engine(settings))

    @cached_property
    def compared(self) -> FloatArray:
        """float64[days, configurations]: net daily returns of the searched configurations over all unsealed bars."""
        table = self.found.table
        step = max(1, -(-len(table) // MAX_COMPARED))
        combinations = table.space.combinations(table.indices[::step])
        return self.evaluator.daily_returns(combinations, Span(0, len(self.bars))).T

    @cached_property
    def whole(self) -> Run:
        """The chosen parameters over all unsealed bars, in-sample and out-of-sample."""
        return self.fixed(Span(0, len(self.bars)))

    def opened(self) -> Run:
        """The chosen parameters on the sealed bars. Call it only after the opening is recorded."""
        span, whole = self.split.sealed, self.candles.bars
        engine, strategy = self.plan.search.engine, self.subject.strategy
        with open_evaluator(engine, strategy, whole, self.settings) as evaluator:
            (part,) = run_windows(evaluator, [span], [self.chosen], self.settings.cash)
        return Run(part.execution, whole[span.start : span.stop])

    @cached_property
    def trials(self) -> TrialCount:
        """All counted configurations, this search included, and the variance of their daily Sharpe ratios."""
        _ = self.found
        return self._counter.count()

    def metrics(self, run: Run, settings: BacktestSettings | None = None) -> Figures:
        """All metrics of one run."""
        return compute_metrics(run.execution, run.bars, (settings or self.settings).costs)

    def notes(self) -> list[str]:
        """Notes of the engines that were opened."""
        return list(self.evaluator.notes) if "evaluator" in vars(self) else []

    def _engine(self, settings: BacktestSettings) -> Evaluator:
        engine, strategy = self.plan.search.engine, self.subject.strategy
        opened = open_evaluator(engine, strategy, self.bars, settings, progress=self._progress)
        return self._stack.enter_context(open_counted(opened, self._counter, self.bars))

    def _stitched(self, evaluator: Evaluator) -> Run:
        choices = [outcome.chosen.parameters if outcome.chosen else None for outcome in self.outcomes]
        parts: Sequence[WindowRun] = run_windows(evaluator, stitched_spans(self.windows), choices, self.settings.cash)
        return Run(*stitch(parts, self.bars))
