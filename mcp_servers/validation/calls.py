"""Jobs of the validation server: arguments parse_model, a process started, its result read."""

import sys
from collections.abc import Mapping
from typing import Any

import strategies
from mcp_servers.validation import answers as answers
from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.costs import costs_from
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import parse_model
from skills_lib.jobs import JobStatus, JobStore
from skills_lib.market.candles import CandleArguments
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.settings import Settings
from skills_lib.validate.arguments import ValidationArguments
from skills_lib.walk_forward.arguments import WindowArguments


def start(
    strategy: str,
    question: CandleArguments,
    arguments: SearchArguments,
    windows: WindowArguments | None,
    account: Mapping[str, Any],
) -> answers.JobAnswer:
    """Refuse what can be refused now, then start the same verb that a person would type.

    Raises:
        InputError: an argument the library refuses.
    """
    settings = Settings()
    question.request(settings)
    parse_model(BacktestSettings, costs=costs_from(account["costs"], {}), **_without(account, "costs"))
    search = arguments.search(strategies.load(strategy))
    if windows is not None:
        windows.walk(search)
    verb = "walk-forward" if windows is not None else "optimize"
    command = [verb, strategy, question.symbol, question.timeframe, *_options(question, arguments, windows, account)]
    return _answer(_store().start(_command(), command))


def start_validation(
    strategy: str, question: CandleArguments, arguments: ValidationArguments, account: Mapping[str, Any]
) -> answers.JobAnswer:
    """As `start`, for `twokey validate`; sealed bars are not opened from here.

    Raises:
        InputError: an argument the library refuses.
    """
    question.request(Settings())
    parse_model(BacktestSettings, costs=costs_from(account["costs"], {}), **_without(account, "costs"))
    arguments.plan(strategies.load(strategy))
    arguments.pairs(question.symbol, question.timeframe)
    searched = [text for text in _options(question, arguments.search, None, account) if text != "--json"]
    windows = {name: getattr(arguments, name) for name in ("train", "test", "step", "embargo", "pick")}
    beside = {"symbols": arguments.symbols or None, "timeframes": arguments.timeframes or None}
    options = [f"--{name}={value}" for name, value in (windows | beside).items() if value is not None]
    command = ["validate", strategy, question.symbol, question.timeframe, *searched, *options]
    anchored = ["--anchored"] if arguments.anchored else []
    return _answer(_store().start(_command(), [*command, *anchored, "--json"]))


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
        InputError: unknown job, not finished, or a section that it has not.
    """
    from mcp_servers.validation.report import read

    job = _store().get(job_id)
    if job.state != "done":
        raise InputError(f"Job {job_id} is {job.state}, so there is no result. validation_status tells how far it is.")
    return read(job, _store().output(job_id), section)


def _answer(job: JobStatus) -> answers.JobAnswer:
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
    question: CandleArguments, arguments: SearchArguments, windows: WindowArguments | None, account: Mapping[str, Any]
) -> list[str]:
    single = {
        "--maximize": arguments.maximize,
        "--method": arguments.method,
        "--trials": arguments.trials,
        "--seed": arguments.seed,
        "--min-trades": arguments.min_trades,
        "--engine": arguments.engine,
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
    options += [f"--param={text}" for text in arguments.param] + [
        f"--constraint={text}" for text in arguments.constraint
    ]
    return [*options, *(["--anchored"] if windows is not None and windows.anchored else []), "--json"]


def _command() -> list[str]:
    safe = ["-P"] if sys.flags.safe_path else []
    return [sys.executable, *safe, "-c", "from scripts.cli import main; main()"]


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _store() -> JobStore:
    return JobStore(Settings().jobs_dir)
