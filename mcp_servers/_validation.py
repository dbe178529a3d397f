"""Jobs of the validation server: arguments checked, a process started, its result read."""

import sys
from collections.abc import Mapping
from typing import Any

import strategies
from mcp_servers import _validation_answers as answers
from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.costs import costs_from
from skills_lib.domain.errors import InputError
from skills_lib.domain.validation import checked
from skills_lib.market.candles import CandleQuestion
from skills_lib.settings import Settings
from skills_lib.validate.jobs import Job, JobStore
from skills_lib.validate.model import OptimizationResult
from skills_lib.validate.walk_model import WalkForwardResult
from skills_lib.validate.words import SearchWords, WindowWords

MAX_REPORT = 40_000
MAX_WINDOWS = 120
MAX_WARNINGS = 20
_FIGURES = (
    *("return_pct", "buy_hold_return_pct", "cagr_pct", "sharpe", "sortino", "max_drawdown_pct", "win_rate_pct"),
    *("profit_factor", "trades", "exposure_pct", "fees_paid", "break_even_cost_bps"),
)


def start(
    strategy: str,
    question: CandleQuestion,
    words: SearchWords,
    windows: WindowWords | None,
    account: Mapping[str, Any],
) -> answers.JobAnswer:
    """Refuse what can be refused now, then start the same verb that a person would type.

    Raises:
        InputError: an argument the library refuses.
    """
    settings = Settings()
    question.request(settings)
    checked(BacktestSettings, costs=costs_from(account["costs"], {}), **_without(account, "costs"))
    search = words.search(strategies.load(strategy))
    if windows is not None:
        windows.walk(search)
    verb = "walk-forward" if windows is not None else "optimize"
    arguments = [verb, strategy, question.symbol, question.timeframe, *_options(question, words, windows, account)]
    return _answer(_store().start(_command(), arguments))


def status(job_id: str) -> answers.JobAnswer:
    """The job as it stands.

    Raises:
        InputError: unknown job.
    """
    return _answer(_store().get(job_id))


def cancel(job_id: str) -> answers.JobAnswer:
    """Interrupt the job; what it finished is kept.

    Raises:
        InputError: unknown job.
    """
    return _answer(_store().cancel(job_id))


def report(job_id: str, section: answers.Section) -> answers.ReportAnswer:
    """What a finished job found.

    Raises:
        InputError: unknown job, or not finished.
    """
    job = _store().get(job_id)
    if job.state != "done":
        raise InputError(f"Job {job_id} is {job.state}, so there is no result. validation_status tells how far it is.")
    text = _store().output(job_id)
    walked = job.arguments[0] == "walk-forward"
    model = WalkForwardResult if walked else OptimizationResult
    found = model.model_validate_json(text)
    content = _report(found) if section is answers.Section.REPORT else _summary(found)
    more = ' section="report" is the full report.' if section is answers.Section.SUMMARY else ""
    return answers.ReportAnswer(job_id=job_id, content=content, next_step=_AFTERWARDS[walked] + more)


_AFTERWARDS = {
    False: "Report the recommended point first, call it in-sample, and repeat the warnings; then "
    "validation_start_walk_forward shows what such a choice was worth afterwards.",
    True: "Report efficiency, share of positive windows and the stitched figures, with the warnings.",
}


def _summary(found: OptimizationResult | WalkForwardResult) -> answers.OptimizationAnswer | answers.WalkForwardAnswer:
    plain = found.model_dump(mode="json", exclude={"sensitivity", "windows", "out_of_sample", "settings", "space"})
    plain |= {"warnings": found.warnings[:MAX_WARNINGS], "folder": str(found.artifacts.folder)}
    if isinstance(found, OptimizationResult):
        effects = {name: parameter.effect for name, parameter in found.sensitivity.items()}
        return answers.OptimizationAnswer.model_validate(plain | {"sensitivity": effects})
    halves = found.halves
    return answers.WalkForwardAnswer.model_validate(
        plain
        | {
            "out_of_sample": _few(found.out_of_sample.metrics),
            "first_half": _few(halves.first.metrics) if halves.first else None,
            "second_half": _few(halves.second.metrics) if halves.second else None,
            "windows": [_window(window, found.maximize) for window in found.windows[-MAX_WINDOWS:]],
            "windows_total": len(found.windows),
        }
    )


def _window(window: Any, metric: str) -> dict[str, Any]:
    plain: dict[str, Any] = window.model_dump(
        include={"train_start", "train_end", "test_start", "test_end", "parameters"}
    )
    return plain | {
        "train_metric": window.train[metric] if window.train else None,
        "test_metric": window.test[metric] if window.test else None,
        "test_return_pct": window.test["return_pct"] if window.test else None,
    }


def _report(found: OptimizationResult | WalkForwardResult) -> answers.ReportText:
    path = found.artifacts.report
    text = path.read_text(encoding="utf-8")
    return answers.ReportText(markdown=text[:MAX_REPORT], truncated=len(text) > MAX_REPORT, path=str(path))


def _few(metrics: Mapping[str, answers.Figure]) -> answers.Figures:
    return {name: metrics[name] for name in _FIGURES}


def _answer(job: Job) -> answers.JobAnswer:
    return answers.JobAnswer(
        **job.model_dump(include={"job_id", "state", "done", "total", "message", "error", "started_at"}),
        next_step=_NEXT[job.state].format(job=job.job_id),
    )


_NEXT = {
    "starting": 'validation_status("{job}") tells how far it is; wait_seconds lets it wait for news.',
    "running": 'validation_status("{job}") tells how far it is; wait_seconds lets it wait for news.',
    "done": 'validation_get_report("{job}") reads what it found.',
    "failed": "Correct what the error names and start again; finished parts are kept.",
    "cancelled": "The same start call goes on from what is kept.",
    "died": "The same start call goes on from what is kept.",
}


def _options(
    question: CandleQuestion, words: SearchWords, windows: WindowWords | None, account: Mapping[str, Any]
) -> list[str]:
    single = {
        "--maximize": words.maximize,
        "--method": words.method,
        "--trials": words.trials,
        "--seed": words.seed,
        "--min-trades": words.min_trades,
        "--engine": words.engine,
        "--since": question.since,
        "--until": question.until,
        "--source": question.source,
        "--exchange": question.exchange,
        **{f"--{name}": value for name, value in account.items()},
    }
    if windows is not None:
        for name in ("train", "test", "step", "embargo", "pick"):
            single[f"--{name}"] = getattr(windows, name)
    options = [f"{name}={value}" for name, value in single.items() if value is not None]
    options += [f"--param={text}" for text in words.param] + [f"--constraint={text}" for text in words.constraint]
    return [*options, *(["--anchored"] if windows is not None and windows.anchored else []), "--json"]


def _command() -> list[str]:
    safe = ["-P"] if sys.flags.safe_path else []
    return [sys.executable, *safe, "-c", "from scripts.cli import main; main()"]


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _store() -> JobStore:
    return JobStore(Settings().jobs_dir)
