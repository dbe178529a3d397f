"""Runs a walk-forward: chooses and tests in each window, stitches the tests, writes report and pictures."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from skills_lib.backtest.equity_file import write_equity
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.report.series import CLOSE, DRAWDOWN, EQUITY
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.sweep.evaluator import figures_of
from skills_lib.backtest.trials import OpenTrialCounter
from skills_lib.domain.bars import Bars
from skills_lib.domain.time import DAY_NS, utc
from skills_lib.ledger.counter import open_counted
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.pipeline import OpenEvaluator
from skills_lib.optimize.store import SweepStore
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import PAGE, draw_missing, write_texts
from skills_lib.walk_forward.model import (
    ParameterDrift,
    StitchedHalves,
    StitchedSpan,
    WalkForwardArtifacts,
    WalkForwardKey,
    WalkForwardResult,
    WindowResult,
)
from skills_lib.walk_forward.report.draw import page_of
from skills_lib.walk_forward.report.markdown import write_walk_forward
from skills_lib.walk_forward.report.series import StitchedSeries
from skills_lib.walk_forward.request import WalkForwardRequest, walk_forward_key
from skills_lib.walk_forward.stitch import WindowRun, run_windows, stitch
from skills_lib.walk_forward.walk import WalkForward, WindowChoice, chosen_places, efficiency, positive_share
from skills_lib.walk_forward.windows import WindowPlan, make_windows, stitched_spans

_FILES = {
    "result": "result.json",
    "report": "report.md",
    "page": PAGE,
    "picture": "windows.png",
    "windows": "windows.csv",
    "trades": "trades.csv",
    "equity": "equity.csv",
}
FEW_WINDOWS = 6


def walk_forward(
    subject: LoadedStrategy,
    candles: Candles,
    request: WalkForwardRequest,
    settings: BacktestSettings,
    store: SweepStore[WalkForwardResult],
    open_evaluator: OpenEvaluator,
    open_counter: OpenTrialCounter,
    progress: Progress = no_progress,
) -> WalkForwardResult:
    """Walk forward over `candles` and store the result; an equal request returns the stored result.

    Progress is saved: an equal request resumes an interrupted one. Every combination is counted as one trial before it
    is evaluated, in however many windows.

    Raises:
        InputError: windows longer than the data, or an invalid space, method or cluster.
        TwokeyError: workers died repeatedly, or the same walk-forward is running in another process.
        OSError: trials cannot be counted, or the result cannot be written.
    """
    key = walk_forward_key(subject.source, candles, request, settings)
    if stored := store.find(key.id):
        return stored
    began, bars, search_request = time.perf_counter(), candles.bars, request.search
    windows = make_windows(bars, request.windows)
    with store.checkpoint(key.id) as checkpoint:
        counter = open_counter(subject.source, candles, settings)
        counter.reserve(search_request.space.combinations(checkpoint.tried()))  # the ledger may have been reset since
        with open_counted(open_evaluator(), counter, candles.bars) as evaluator:
            walk = WalkForward(
                evaluator, search_request.space, search_request.plan, search_request.objective, request.pick
            )
            outcomes = walk.run(windows, checkpoint, progress)
            chosen = [outcome.chosen.parameters if outcome.chosen else None for outcome in outcomes]
            parts = run_windows(evaluator, stitched_spans(windows), chosen, settings.cash)
        walked = _Walked(request, bars, settings, outcomes, parts, evaluator.name, tuple(evaluator.notes))
        result = _result(walked, key, candles, store.folder(subject.name, key.id), began)
        stored = _store(result, walked, store)
        store.discard(checkpoint)
    return stored


@dataclass(frozen=True, slots=True)
class _Walked:
    request: WalkForwardRequest
    bars: Bars
    settings: BacktestSettings
    outcomes: Sequence[WindowChoice]
    parts: Sequence[WindowRun]
    engine: str
    notes: tuple[str, ...]

    def fill_notes(self) -> tuple[str, ...]:
        """What a user must know of the fills of the stitched run."""
        return stitch(self.parts, self.bars)[0].warnings

    def stitched_span(self, first: int, end: int) -> StitchedSpan | None:
        """Metrics of the stitched run over windows [first, end); no trade spans two windows. None if there are none."""
        if first == end:
            return None
        execution, bars = stitch(self.parts[first:end], self.bars)
        return StitchedSpan(
            start=utc(bars.open_time_ns[0]),
            end=utc(bars.open_time_ns[-1]),
            windows=end - first,
            bars=len(bars),
            metrics=compute_metrics(execution, bars, self.settings.costs),
        )


def _result(walked: _Walked, key: WalkForwardKey, candles: Candles, folder: Path, began: float) -> WalkForwardResult:
    outcomes, space, plan = walked.outcomes, walked.request.search.space, walked.request.windows
    whole, middle = walked.stitched_span(0, len(outcomes)), len(outcomes) // 2
    assert whole is not None
    return WalkForwardResult(
        **key.model_dump(include={"strategy", "symbol", "timeframe", "maximize", "min_trades"}),
        **key.model_dump(include={"constraints", "data_sha256", "code_sha256", "anchored", "pick"}),
        id=key.id,
        settings=key.settings.model_copy(update={"engine": walked.engine}),
        source=str(candles.origin),
        synthetic=candles.origin.synthetic,
        bars=len(walked.bars),
        start=utc(walked.bars.open_time_ns[0]),
        end=utc(walked.bars.open_time_ns[-1]),
        engine=walked.engine,
        method=key.plan.method,
        seed=key.plan.seed,
        train_days=plan.train_ns / DAY_NS,
        test_days=plan.test_ns / DAY_NS,
        step_days=plan.step_ns / DAY_NS,
        embargo_days=plan.embargo_ns / DAY_NS,
        combinations=len(space.admissible) if space.is_enumerable else None,
        evaluated=sum(outcome.evaluated for outcome in outcomes),
        windows=[window_result(outcome) for outcome in outcomes],
        out_of_sample=whole,
        halves=StitchedHalves(
            first=walked.stitched_span(0, middle),
            second=walked.stitched_span(middle, len(outcomes)) if middle else None,
        ),
        efficiency=efficiency(outcomes),
        positive_share=positive_share(outcomes),
        parameter_drift=_drift(walked),
        space=key.values,
        quality=candles.quality.counts(),
        warnings=[*candles.quality.break_lines(), *_warnings(walked)],
        artifacts=WalkForwardArtifacts(folder=folder, **{name: folder / file for name, file in _FILES.items()}),
        seconds=round(time.perf_counter() - began, 3),
        created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def window_result(outcome: WindowChoice) -> WindowResult:
    """The result of one window."""
    window, chosen = outcome.window, outcome.chosen
    return WindowResult(
        train_start=utc(window.train_start_ns),
        train_end=utc(window.train_end_ns),
        test_start=utc(window.test_start_ns),
        test_end=utc(window.test_end_ns),
        parameters=chosen.parameters if chosen else None,
        plateau=chosen.kind if chosen else None,
        train=figures_of(chosen.train) if chosen else None,
        test=figures_of(chosen.test) if chosen else None,
    )


def _drift(walked: _Walked) -> dict[str, ParameterDrift]:
    space = walked.request.search.space
    found = {}
    for name, places in chosen_places(space, walked.outcomes).items():
        values, steps = space.values[name], np.abs(np.diff(places))
        moved = float(steps.mean()) / (len(values) - 1) if len(steps) else 0.0
        found[name] = ParameterDrift(
            values=[values[place] for place in places],
            changed_share=float((steps > 0).mean()) if len(steps) else 0.0,
            mean_step=moved if name in space.ordered else None,
        )
    return found


def _warnings(walked: _Walked) -> list[str]:
    outcomes, plan, texts = walked.outcomes, walked.request.windows, []
    if len(outcomes) < FEW_WINDOWS:
        texts.append(f"{len(outcomes)} windows are few: a single lucky window can dominate the result.")
    if empty := sum(outcome.chosen is None for outcome in outcomes):
        minimum = walked.request.search.objective.min_trades
        texts.append(
            f"{empty} windows chose nothing: no combination had {minimum} trades in train. They hold no position."
        )
    if plan.step_ns < plan.test_ns:
        texts.append("Test spans overlap: windows are not independent. The stitched run uses every bar once.")
    if plan.step_ns > plan.test_ns:
        texts.append("Steps are longer than test spans: the bars between tests are not tested.")
    if len(expected := make_windows(walked.bars, plan)) < _planned(walked.bars, plan):
        texts.append(f"Gaps in the data removed windows: {len(expected)} are left.")
    if (unused := len(walked.bars) - outcomes[-1].window.test.stop) > 0:
        texts.append(f"The last {unused:,} bars are after the last window and are unused.")
    return texts + list(walked.notes) + list(walked.fill_notes())


def _planned(bars: Bars, plan: WindowPlan) -> int:
    spanned = int(bars.open_time_ns[-1]) + bars.interval_ns - int(bars.open_time_ns[0])
    return (spanned - plan.train_ns - plan.embargo_ns - plan.test_ns) // plan.step_ns + 1


def _store(result: WalkForwardResult, walked: _Walked, store: SweepStore[WalkForwardResult]) -> WalkForwardResult:
    """Store the walk-forward, then draw its page; a page that fails is a warning of this answer."""
    execution, bars = stitch(walked.parts, walked.bars)
    series = StitchedSeries.of(execution, bars)
    store.save(result.artifacts.folder, lambda scratch: _write(scratch, result, walked, execution, series))
    problems = draw_missing(page_of(result, series)).problems
    return result.model_copy(update={"warnings": [*result.warnings, *problems]})


def _write(
    folder: Path, result: WalkForwardResult, walked: _Walked, execution: Execution, series: StitchedSeries
) -> None:
    files = {name: folder / file for name, file in _FILES.items()}
    execution.trades.to_csv(files["trades"], index=False)
    _write_equity(files["equity"], series, walked.parts)
    _windows_frame(walked.outcomes).to_csv(files["windows"], index=False)
    texts = {"report": write_walk_forward(result), "result": result.model_dump_json(indent=2)}
    write_texts(folder, {_FILES[name]: text for name, text in texts.items()})


def _write_equity(path: Path, series: StitchedSeries, parts: Sequence[WindowRun]) -> None:
    lengths = [part.span.stop - part.span.start for part in parts]
    columns = {
        "window": np.repeat(np.arange(len(parts)), lengths),
        CLOSE: series.close,
        EQUITY: series.equity,
        DRAWDOWN: series.drawdown_pct,
    }
    write_equity(path, series.open_time_ns, columns)


def _windows_frame(outcomes: Sequence[WindowChoice]) -> pd.DataFrame:
    rows = []
    for outcome in outcomes:
        found = window_result(outcome)
        row = found.model_dump(include={"train_start", "train_end", "test_start", "test_end"}) | (
            found.parameters or {}
        )
        for sample, figures in (("train", found.train), ("test", found.test)):
            row |= {f"{sample}_{name}": figures[name] if figures else None for name in METRICS}
        rows.append(row)
    return pd.DataFrame(rows)
