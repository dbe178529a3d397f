"""Library calls about runs. Imported on the first call, since it loads pandas and backtesting.py."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
from mcp_types import CallToolResult

import strategies
from mcp_servers.backtest import answers as answers
from mcp_servers.backtest.answers import Section
from mcp_servers.paging import make_cursor, read_cursor
from mcp_servers.pictures import as_image
from mcp_servers.reports import bounded_report
from mcp_servers.trials import meter_text
from skills_lib.backtest import pipeline
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestResult, BacktestSettings
from skills_lib.backtest.report import comparison
from skills_lib.backtest.report.draw import drawings
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import costs_from
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.models import parse_model
from skills_lib.ledger.counter import open_trial_counter
from skills_lib.ledger.ledger import Ledger
from skills_lib.market.candles import CandleArguments
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import draw_missing
from skills_lib.settings import Settings

_LINE = frozenset(answers.RunListLine.model_fields)
_LINE_FIGURES = ("return_pct", "sharpe", "max_drawdown_pct", "trades")


def run_backtest(
    strategy: str,
    parameters: Mapping[str, Value],
    arguments: CandleArguments,
    costs: str,
    rates: Mapping[str, float | None],
    account: Mapping[str, Any],
    progress: Progress = no_progress,
) -> answers.RunAnswer:
    """Load the candles, then run and store the backtest, or return the stored result.

    Raises:
        TwokeyError: any error of the library.
    """
    settings, tested = Settings(), strategies.load(strategy)
    subject = LoadedStrategy(strategy, tested, strategies.source_file(strategy))
    conditions = parse_model(BacktestSettings, costs=costs_from(costs, rates), **account).for_symbol(arguments.symbol)
    parameter_space(tested).resolve(parameters)  # reject them before candles are fetched
    candles = arguments.answer(settings, progress)
    open_counter = partial(open_trial_counter, Ledger.of(settings), "mcp backtest_run")
    result = pipeline.run_backtest(
        subject, candles, parameters, conditions, RunStore(settings.results_dir), open_counter, progress
    )
    return answers.RunAnswer(**summary(result).model_dump(), trial_meter=meter_text(result))


def list_runs(strategy: str | None, symbol: str | None, cursor: str | None, limit: int) -> answers.RunList:
    """`limit` stored runs, newest first, of one strategy and one symbol if given.

    A cursor stores how many older runs there are, so pages stay stable when newer runs are added.

    Raises:
        InputError: not a symbol, or a cursor of another request.
    """
    wanted = Instrument.parse(symbol).symbol if symbol else None
    runs = [run for run in _store().runs() if _matches(run, strategy, wanted)]
    older = read_cursor(cursor, "runs", strategy, wanted) if cursor else len(runs)
    page = runs[max(len(runs) - older, 0) :][:limit]
    rest = older - len(page)
    next_cursor = make_cursor(rest, "runs", strategy, wanted) if page and rest > 0 else None
    return answers.RunList(
        runs=[_list_line(run) for run in page],
        total=len(runs),
        next_cursor=next_cursor,
        next_step=_after_list(page, next_cursor, strategy or wanted),
    )


def get_picture(run_id: str, _progress: Progress = no_progress) -> CallToolResult:
    """The picture of a stored run.

    Raises:
        InputError: unknown run, or its picture cannot be drawn.
    """
    run = _stored(_store(), run_id)
    path = run.artifacts.picture
    if problems := draw_missing({path: drawings(run)[path]}).problems:
        raise InputError(f"{problems[0]} backtest_get_run has them.")
    label = "SYNTHETIC candles, in-sample" if run.synthetic else "in-sample"
    title = f"{run.strategy} {run.symbol} {run.timeframe}, {run.start[:10]} to {run.end[:10]}, {label}"
    step = "Describe what it shows with the figures of backtest_get_run, and call them in-sample."
    return as_image(path, title, run.synthetic, step, [])


def get_section(run_id: str, section: Section, cursor: str | None, limit: int) -> answers.RunSection:
    """One section of a stored run; `limit` rows after `cursor` if it has rows.

    Raises:
        InputError: unknown run, or a cursor of another request.
    """
    store = _store()
    run = _stored(store, run_id)
    content = _content(store, run, section, cursor, limit)
    return answers.RunSection(
        run_id=run.run_id,
        section=section,
        synthetic=run.synthetic,
        content=content,
        next_step=_after(content),
    )


def compare_runs(run_ids: list[str]) -> answers.Comparison:
    """Stored runs side by side.

    Raises:
        InputError: an unknown run, or fewer than two different ones.
    """
    store = _store()
    found = comparison.compare([_stored(store, run_id) for run_id in run_ids])
    return answers.Comparison(
        runs=[_run_line(run) for run in found.runs],
        metrics=[answers.MetricRow.model_validate(row.model_dump()) for row in found.metrics],
        warnings=found.warnings,
        next_step="Report the warnings with the figures. backtest_get_run reads trades and equity of one run.",
    )


def summary(run: BacktestResult) -> answers.RunSummary:
    """A result as `backtest_run` returns it."""
    plain = run.model_dump(mode="json", exclude={"settings", "verdict", "costs"})
    return answers.RunSummary.model_validate(
        plain
        | {
            "verdict": run.verdict.model_dump(),
            "artifacts": {name: str(path) for name, path in dict(run.artifacts).items() if path.is_file()},
            "costs": answers.finite(run.costs.model_dump()),
            "next_step": (
                f'Report the verdict first, that this is in-sample, and the source. backtest_get_run("{run.run_id}", '
                'section="trades") pages the trades; section="report" is the full report.'
            ),
        }
    )


def _content(store: RunStore, run: BacktestResult, section: Section, cursor: str | None, limit: int) -> answers.Content:
    if section is Section.TRADES:
        return answers.TradesAnswer.model_validate(_page(store.trades(run.run_id), run, section, cursor, limit))
    if section is Section.EQUITY:
        return answers.EquityAnswer.model_validate(_page(store.equity(run.run_id), run, section, cursor, limit))
    return _WHOLE[section](run)


def _page(
    frame: pd.DataFrame, run: BacktestResult, section: Section, cursor: str | None, limit: int
) -> dict[str, object]:
    first = read_cursor(cursor, run.run_id, section)
    rows = frame.iloc[first : first + limit]
    after = first + len(rows)
    return {
        "total": len(frame),
        "first": first,
        "rows": [{str(name): _plain(value) for name, value in row.items()} for row in rows.to_dict("records")],
        "next_cursor": make_cursor(after, run.run_id, section) if after < len(frame) else None,
    }


def _plain(value: Any) -> object:
    if isinstance(value, pd.Timestamp):
        return value.isoformat(timespec="seconds")
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _after(content: answers.Content) -> str:
    cursor = getattr(content, "next_cursor", None)
    if cursor:
        return f'Call again with cursor="{cursor}" for the next page.'
    return "Other sections: " + ", ".join(member.value for member in Section if member.value != content.kind) + "."


def _store() -> RunStore:
    return RunStore(Settings().results_dir)


def _matches(run: BacktestResult, strategy: str | None, symbol: str | None) -> bool:
    return strategy in (None, run.strategy) and symbol in (None, run.symbol)


def _list_line(run: BacktestResult) -> answers.RunListLine:
    plain = run.model_dump(mode="json", include=set(_LINE)) | {name: run.metrics[name] for name in _LINE_FIGURES}
    return answers.RunListLine.model_validate(plain | {"verdict": run.verdict.label, "costs": run.costs.name})


def _after_list(page: list[BacktestResult], next_cursor: str | None, filtered: str | None) -> str:
    if not page:
        return f"No stored run of {filtered}. Call without it." if filtered else "No runs yet: backtest_run makes one."
    more = f' cursor="{next_cursor}" gives the next page.' if next_cursor else ""
    return f"All figures are in-sample. backtest_get_run reads one run, backtest_compare_runs several.{more}"


def _stored(store: RunStore, run_id: str) -> BacktestResult:
    try:
        return store.get(run_id)
    except InputError as error:
        recent = [f"{run.run_id} ({run.strategy} {run.symbol} {run.timeframe})" for run in store.runs()[:3]]
        newest = f"The newest are {', '.join(recent)}." if recent else "No runs are stored: backtest_run makes one."
        raise InputError(f"{error} {newest}") from None


def _verdict(run: BacktestResult) -> answers.VerdictAnswer:
    return answers.VerdictAnswer.model_validate(run.verdict.model_dump())


def _metrics(run: BacktestResult) -> answers.MetricsAnswer:
    return answers.MetricsAnswer(
        metrics=[
            answers.MetricLine(name=name, value=run.metrics[name], perfect=run.perfect.get(name), **metric._asdict())
            for name, metric in METRICS.items()
        ]
    )


def _quality(run: BacktestResult) -> answers.QualityAnswer:
    return answers.QualityAnswer(defects=run.quality)


def _report(run: BacktestResult) -> answers.ReportAnswer:
    text, is_cut = bounded_report(run.artifacts.report)
    return answers.ReportAnswer(markdown=text, truncated=is_cut, path=str(run.artifacts.report))


def _run_line(run: BacktestResult) -> answers.RunLine:
    return answers.RunLine.model_validate(
        run.model_dump(mode="json", include=set(answers.RunLine.model_fields) - {"verdict"})
        | {"verdict": run.verdict.label}
    )


_WHOLE: Mapping[Section, Callable[[BacktestResult], answers.Content]] = {
    Section.SUMMARY: summary,
    Section.METRICS: _metrics,
    Section.VERDICT: _verdict,
    Section.QUALITY: _quality,
    Section.REPORT: _report,
}
