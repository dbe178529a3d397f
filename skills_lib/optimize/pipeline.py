"""Runs an optimisation: searches the space, rates points by their neighbourhoods, writes report and pictures."""

import csv
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.backtest.trials import OpenTrialCounter
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.domain.time import utc
from skills_lib.ledger.counter import open_counted
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.measure import Measurer
from skills_lib.optimize.model import (
    Heatmap,
    OptimizationArtifacts,
    OptimizationResult,
    Plateau,
    Point,
    SweepKey,
    finite,
)
from skills_lib.optimize.report.draw import page_of
from skills_lib.optimize.report.landscape import Landscape
from skills_lib.optimize.report.markdown import write_optimization
from skills_lib.optimize.request import SearchRequest, sweep_key
from skills_lib.optimize.search import search
from skills_lib.optimize.sensitivity import at_edges, sensitivities
from skills_lib.optimize.space import Space
from skills_lib.optimize.stability import Peaks, RankedPoint, Surface
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective, SearchTable, is_eligible, raw_extreme
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import PAGE, draw_missing, write_texts

OpenEvaluator = Callable[[], AbstractContextManager[Evaluator]]
"""Opens the engine and its cluster, if one was requested; called only if there is something to compute."""


def optimize(
    subject: LoadedStrategy,
    candles: Candles,
    request: SearchRequest,
    settings: BacktestSettings,
    store: SweepStore[OptimizationResult],
    open_evaluator: OpenEvaluator,
    open_counter: OpenTrialCounter,
    progress: Progress = no_progress,
) -> OptimizationResult:
    """Search the space on all of `candles` and store the result; an equal request returns the stored result.

    Progress is saved: an equal request resumes an interrupted one. Every combination is counted as a trial before it
    is evaluated.

    Raises:
        InputError: an invalid space, method or cluster, or no combination with enough trades.
        TwokeyError: workers died repeatedly, or the same sweep is running in another process.
        OSError: trials cannot be counted, or the result cannot be written.
    """
    key = sweep_key(subject.source, candles, request, settings)
    if stored := store.find(key.id):
        return stored
    began, span = time.perf_counter(), Span(0, len(candles.bars))
    with store.checkpoint(key.id) as checkpoint:
        counter = open_counter(subject.source, candles, settings)
        counter.reserve(request.space.combinations(checkpoint.tried()))  # the ledger may have been reset since
        with open_counted(open_evaluator(), counter, candles.bars) as evaluator:
            total = request.plan.expected(request.space)
            measure = Measurer(request.space, evaluator, span, checkpoint, progress=progress, total=total)
            table = search(request.space, request.plan, measure, request.objective)
        scores = request.objective.scores(table.rows)
        peaks = Surface(request.space, table.indices).peaks(scores, request.objective.ranks(table.rows, scores))
        if peaks is None:
            raise _nothing_eligible(table, request.objective, evaluator.notes, candles)
        found = _SearchOutcome(request, table, scores, peaks, evaluator.name, tuple(evaluator.notes))
        result = _result(found, key, candles, store.folder(subject.name, key.id), began)
        stored = _store(result, found, store)
        store.discard(checkpoint)
    return stored


@dataclass(frozen=True, slots=True)
class _SearchOutcome:
    request: SearchRequest
    table: SearchTable
    scores: FloatArray
    peaks: Peaks
    engine: str
    notes: tuple[str, ...]

    @property
    def eligible(self) -> int:
        return int(is_eligible(self.scores).sum())


def _result(found: _SearchOutcome, key: SweepKey, candles: Candles, folder: Path, began: float) -> OptimizationResult:
    space, table, times = found.request.space, found.table, candles.bars.open_time_ns
    return OptimizationResult(
        **key.model_dump(include={"strategy", "symbol", "timeframe", "maximize", "min_trades"}),
        **key.model_dump(include={"constraints", "data_sha256", "code_sha256"}),
        id=key.id,
        settings=key.settings.model_copy(update={"engine": found.engine}),
        source=str(candles.origin),
        synthetic=candles.origin.synthetic,
        bars=len(candles.bars),
        start=utc(times[0]),
        end=utc(times[-1]),
        engine=found.engine,
        method=key.plan.method,
        seed=key.plan.seed,
        trials=key.plan.trials,
        combinations=len(space.admissible) if space.is_enumerable else None,
        evaluated=len(table),
        eligible=found.eligible,
        best=_point(found, found.peaks.best),
        recommended=_point(found, found.peaks.recommended),
        sensitivity=sensitivities(table, found.scores, found.request.objective.sign),
        space=key.values,
        quality=candles.quality.counts(),
        warnings=[*candles.quality.break_lines(), *_warnings(found)],
        artifacts=_artifacts(folder, space),
        seconds=round(time.perf_counter() - began, 3),
        created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def _point(found: _SearchOutcome, place: RankedPoint) -> Point:
    table, sign = found.table, found.request.objective.sign
    plateau = Plateau(
        kind=place.kind,
        value=finite(sign * place.score),
        neighbourhood_median=finite(sign * place.neighbourhood_median),
        neighbours=place.neighbours,
    )
    return Point(parameters=table.parameters(place.row), metrics=table.figures(place.row), plateau=plateau)


def _warnings(found: _SearchOutcome) -> list[str]:
    table, peaks = found.table, found.peaks
    texts = [
        f"In-sample: the best of {len(table):,} combinations is inflated by selection. "
        "Run `twokey walk-forward` to test such a choice out of sample."
    ]
    if peaks.best.kind == "spike":
        raw = raw_extreme(found.request.objective.metric)
        texts.append(f"The {raw} is a spike: its neighbours do much worse. Use the recommended point instead.")
    if peaks.recommended.kind == "spike":
        texts.append("The recommended point is a spike too: no point of this space is stable.")
    if peaks.recommended.kind == "unknown":
        raw = raw_extreme(found.request.objective.metric)
        texts.append(f"Too few neighbours were tried to distinguish plateau from spike: the {raw} is recommended.")
    if edges := list(at_edges(table, peaks.recommended.row)):
        texts.append(f"The recommended point lies at the edge of the space: {', '.join(edges)}. Widen the range.")
    if few := len(table) - found.eligible:
        minimum = found.request.objective.min_trades
        texts.append(
            f"{few:,} of {len(table):,} combinations have under {minimum} trades or no defined metric: excluded."
        )
    return texts + list(found.notes)


def _nothing_eligible(table: SearchTable, objective: Objective, notes: list[str], candles: Candles) -> InputError:
    broken = "".join(f" {line}" for line in candles.quality.break_lines()[:1])
    trades = table.rows[:, list(METRICS).index("trades")]
    if np.isnan(trades).all():
        return InputError(f"No combination could run. {notes[-1] if notes else ''}{broken}")
    max_trades = int(np.nanmax(trades))
    return InputError(
        f"None of {len(table):,} combinations has {objective.min_trades} trades and a defined {objective.metric}; "
        f"the largest number of trades is {max_trades}. Lower {option('min_trades')} or "
        f"extend the span.{broken}"
    )


def _artifacts(folder: Path, space: Space) -> OptimizationArtifacts:
    varied = list(space.varied)
    pairs = [(x, y) for i, x in enumerate(varied) for y in varied[i + 1 :]]
    maps = [Heatmap(x=x, y=y, png=folder / f"{x}-{y}.png") for x, y in pairs]
    if len(varied) == 1:
        maps = [Heatmap(x=varied[0], y=None, png=folder / f"{varied[0]}.png")]
    return OptimizationArtifacts(
        folder=folder,
        result=folder / "result.json",
        report=folder / "report.md",
        page=folder / PAGE,
        table=folder / "table.csv",
        heatmaps=maps,
    )


def _store(
    result: OptimizationResult, found: _SearchOutcome, store: SweepStore[OptimizationResult]
) -> OptimizationResult:
    """Store the optimisation, then draw its page; a page that fails is a warning of this answer."""
    store.save(result.artifacts.folder, lambda scratch: _write(scratch, result, found))
    landscape = Landscape.of(result, found.table, found.scores)
    problems = draw_missing(page_of(result, landscape)).problems
    return result.model_copy(update={"warnings": [*result.warnings, *problems]})


def _write(folder: Path, result: OptimizationResult, found: _SearchOutcome) -> None:
    _write_table(folder / "table.csv", found)
    write_texts(folder, {"report.md": write_optimization(result), "result.json": result.model_dump_json(indent=2)})


def _write_table(path: Path, found: _SearchOutcome) -> None:
    """Write every combination with all its metrics; `trades` as integers, undefined values empty, perfect ones inf."""
    table = found.table
    combinations, eligible = table.space.combinations(table.indices), is_eligible(found.scores).tolist()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*table.space.values, "eligible", *METRICS])
        for parameters, counts, row in zip(combinations, eligible, table.rows.tolist(), strict=True):
            writer.writerow([*parameters.values(), counts, *map(_cell, METRICS, row)])


def _cell(metric: str, value: float) -> float | int | str:
    if math.isnan(value):
        return ""
    return int(value) if metric == "trades" else value
