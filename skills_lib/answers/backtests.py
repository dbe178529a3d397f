"""Answers about stored backtests."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from skills_lib.answers.model import FIGURE_UNITS, Answer, SearchAnswer, files_of
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestResult
    from skills_lib.backtest.report.comparison import Comparison
    from skills_lib.market.benchmark import Benchmark

Figure = float | int | None
Figures = dict[str, Figure]
MAIN_FIGURES = (
    *("return_pct", "buy_hold_return_pct", "cagr_pct", "sharpe", "sortino", "max_drawdown_pct", "win_rate_pct"),
    *("profit_factor", "trades", "exposure_pct", "fees_paid", "break_even_cost_bps"),
)
"""The figures of a run that an answer about several runs shows."""


def main_figures(metrics: Figures | None) -> Figures | None:
    """The MAIN_FIGURES among all; None where there are none."""
    return None if metrics is None else {name: metrics[name] for name in MAIN_FIGURES if name in metrics}


class RunAnswer(SearchAnswer):
    """One backtest. In-sample: `metrics` describe the past. `perfect`: why a figure is null though nothing was lost."""

    MATTERS: ClassVar = ("verdict", "metrics", "costs", "parameters", "perfect")

    verdict: dict[str, Any]
    synthetic: bool
    sample: Literal["in-sample"]
    run_id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    bars: int
    start: str
    end: str
    parameters: dict[str, Value]
    costs: dict[str, Any]
    metrics: Figures
    benchmark: dict[str, Any] | None = None
    units: str = FIGURE_UNITS
    perfect: dict[str, str]
    warnings: list[str]
    quality: dict[str, int]
    settings: dict[str, Any]
    artifacts: dict[str, Path]

    @classmethod
    def of(cls, run: "BacktestResult", benchmark: "Benchmark | None" = None) -> Self:
        """The answer about a stored run."""
        fields = {name: getattr(run, name) for name in cls.model_fields if hasattr(run, name)}
        verdict, costs = run.verdict.model_dump(), run.costs.model_dump()
        settings = run.settings.model_dump(exclude={"costs"})
        more = {"verdict": verdict, "costs": costs, "settings": settings, "artifacts": files_of(run.artifacts)}
        held = None if benchmark is None else benchmark.model_dump()
        return cls(**fields | more, benchmark=held, path=run.artifacts.result)


class TearSheetAnswer(Answer):
    """The tear sheet of a stored run, in-sample like the run."""

    run_id: str
    sample: Literal["in-sample"] = "in-sample"
    tear_sheet: Path


class RunLine(FrozenModel):
    """One run of a list; the figures are in-sample."""

    run_id: str
    verdict: str
    synthetic: bool
    strategy: str
    symbol: str
    timeframe: str
    start: str
    end: str
    return_pct: Figure
    sharpe: Figure
    max_drawdown_pct: Figure
    trades: Figure
    parameters: dict[str, Value]

    @classmethod
    def of(cls, run: "BacktestResult") -> Self:
        """The line of a stored run."""
        names = ("run_id", "synthetic", "strategy", "symbol", "timeframe", "start", "end", "parameters")
        figures = {name: run.metrics[name] for name in ("return_pct", "sharpe", "max_drawdown_pct", "trades")}
        return cls(verdict=run.verdict.label, **{name: getattr(run, name) for name in names}, **figures)


class RunsAnswer(Answer):
    """Stored runs, newest first. `stored`: how many there are in all."""

    stored: int
    units: str = FIGURE_UNITS
    runs: list[RunLine]

    @classmethod
    def of(cls, runs: "Sequence[BacktestResult]", stored: int) -> Self:
        """The answer about some of the stored runs."""
        return cls(stored=stored, runs=[RunLine.of(run) for run in runs])


class FigureRow(FrozenModel):
    """One figure of every run, in the order of `runs`."""

    name: str
    unit: str
    values: list[Figure]


class ComparisonAnswer(Answer):
    """Runs side by side. `warnings`: where the comparison is unfair; `metrics`: MAIN_FIGURES only."""

    MATTERS: ClassVar = ("warnings", "metrics")

    warnings: list[str]
    runs: list[RunLine]
    metrics: list[FigureRow]

    @classmethod
    def of(cls, found: "Comparison") -> Self:
        """The answer about a comparison."""
        rows = [
            FigureRow(name=row.name, unit=row.unit, values=row.values)
            for row in found.metrics
            if row.name in MAIN_FIGURES
        ]
        return cls(warnings=found.warnings, runs=[RunLine.of(run) for run in found.runs], metrics=rows)
