"""Runs a backtest, or returns the stored run with the same arguments."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from skills_lib.backtest import engine
from skills_lib.backtest.equity_file import write_equity
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.identity import Identity, identity_of
from skills_lib.backtest.metrics import DAYS_PER_YEAR, compute_metrics
from skills_lib.backtest.model import Artifacts, BacktestResult, BacktestSettings
from skills_lib.backtest.report.draw import page_of
from skills_lib.backtest.report.markdown import write_report
from skills_lib.backtest.report.series import CLOSE, DRAWDOWN, EQUITY, RunSeries
from skills_lib.backtest.results import REPORT, RESULT, RunStore
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.backtest.trials import OpenTrialCounter, TrialCounter
from skills_lib.backtest.verdict import judge
from skills_lib.domain.bars import Bars
from skills_lib.domain.time import DAY_NS, utc
from skills_lib.market.candles.model import Candles
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import draw_missing, write_texts


def run_backtest(
    subject: LoadedStrategy,
    candles: Candles,
    given: Mapping[str, object],
    settings: BacktestSettings,
    store: RunStore,
    open_counter: OpenTrialCounter,
    progress: Progress = no_progress,
) -> BacktestResult:
    """Backtest `subject` on `candles` with the `given` parameters; identical arguments return the stored run.

    A new run is counted as a trial before it starts; a stored run was counted then.

    Raises:
        InputError: a parameter outside its space, too few bars, or a strategy that raises.
        OSError: the run cannot be counted, or the result cannot be written.
    """
    identity = identity_of(subject.source, parameter_space(subject.strategy), candles, given, settings)
    if stored := store.find_on(candles.origin, identity.run_id):
        return stored
    progress(0, 3, f"Running {subject.name}")
    counter = open_counter(subject.source, candles, settings)
    counter.reserve([identity.parameters])
    execution = engine.run_engine(subject.strategy, candles.bars, identity.parameters, identity.settings, progress)
    progress(1, 3, "Measuring")
    result = _result(subject, candles, identity, execution, store.artifacts(identity.run_id))
    result = result.model_copy(update={"warnings": [*result.warnings, *counter.notices]})
    _record_trial(counter, result, candles.bars)
    progress(2, 3, "Writing the report")
    stored = _store(result, RunSeries.of(execution, candles.bars, result.costs), execution, store)
    progress(3, 3, "Done")
    return stored


def _record_trial(counter: TrialCounter, result: BacktestResult, bars: Bars) -> None:
    sharpe = result.metrics["sharpe"]
    daily = np.array([np.nan if sharpe is None else sharpe / np.sqrt(DAYS_PER_YEAR)])
    spanned = int(bars.open_time_ns[-1]) + bars.interval_ns - int(bars.open_time_ns[0])
    counter.note([result.parameters], daily, spanned / DAY_NS)
    counter.flush()


def _result(
    subject: LoadedStrategy, candles: Candles, identity: Identity, execution: Execution, artifacts: Artifacts
) -> BacktestResult:
    metrics = compute_metrics(execution, candles.bars, identity.settings.costs)
    return BacktestResult(
        run_id=identity.run_id,
        strategy=subject.name,
        symbol=candles.instrument.symbol,
        timeframe=candles.timeframe.value,
        source=str(candles.origin),
        synthetic=candles.origin.synthetic,
        bars=len(candles.bars),
        start=utc(candles.bars.open_time_ns[0]),
        end=utc(candles.bars.open_time_ns[-1]),
        parameters=identity.parameters,
        settings=identity.settings,
        metrics=metrics,
        verdict=judge(metrics, identity.settings.costs),
        quality=candles.quality.counts(),
        data_sha256=identity.data_sha256,
        code_sha256=identity.code_sha256,
        created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        warnings=[*candles.quality.break_lines(), *execution.warnings],
        artifacts=artifacts,
    )


def _store(result: BacktestResult, series: RunSeries, execution: Execution, store: RunStore) -> BacktestResult:
    """Store the run, then draw its page; a page that fails is a warning of this answer."""
    store.save(result.run_id, lambda files: _write(files, result, execution, series))
    problems = draw_missing(page_of(result, series)).problems
    return result.model_copy(update={"warnings": [*result.warnings, *problems]})


def _write(files: Artifacts, result: BacktestResult, execution: Execution, series: RunSeries) -> None:
    execution.trades.to_csv(files.trades, index=False)
    columns = {CLOSE: series.close, EQUITY: series.equity, DRAWDOWN: series.drawdown_pct}
    write_equity(files.equity, series.open_time_ns, columns)
    write_texts(files.result.parent, {REPORT: write_report(result), RESULT: result.model_dump_json(indent=2)})
