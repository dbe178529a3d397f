"""Library calls that list and download candles. Imported on the first call, since they load numpy."""

from mcp_servers.jobs import answer_fields, find_job, job_store, start_job, wait_for_end
from mcp_servers.market.bar_answers import DataList, FetchAnswer, Fetched
from mcp_servers.paging import make_cursor, read_cursor
from skills_lib.answers.market import CacheLine
from skills_lib.domain.errors import CorruptDataError
from skills_lib.jobs import JobStatus
from skills_lib.market.candles import CandleArguments
from skills_lib.market.candles.cache import CacheKey, CandleCache
from skills_lib.market.candles.fetch_job import FetchJob
from skills_lib.progress import Progress
from skills_lib.settings import Settings

_VERBS = ("fetch",)
_SIBLING = "validation_status"
_WATCH = 'Call market_fetch_status("{job}") with wait_seconds=50, until it is done.'
_RESUME = "Downloaded pages are kept: repeat market_fetch to resume."
_NEXT = {
    "starting": _WATCH,
    "running": _WATCH,
    "done": "Report gaps and other defects. market_get_bars reads the bars, backtest_run tests on them.",
    "failed": f"Report the error. {_RESUME}",
    "cancelled": _RESUME,
    "died": _RESUME,
}


def list_data(cursor: str | None, limit: int) -> DataList:
    """`limit` of the cached candle files.

    Raises:
        InputError: a cursor of another request.
    """
    cache = CandleCache(Settings().candles_dir)
    keys = cache.entries()
    first = read_cursor(cursor, "data")
    page = keys[first : first + limit]
    after = first + len(page)
    found = [_line(cache, key) for key in page]
    return DataList(
        data=[line for line in found if isinstance(line, CacheLine)],
        damaged=[line for line in found if isinstance(line, str)],
        total=len(keys),
        next_cursor=make_cursor(after, "data") if after < len(keys) else None,
        next_step="market_fetch adds candles, market_get_bars reads them."
        if keys
        else "Nothing is cached: market_fetch downloads candles.",
    )


def start_fetch(arguments: CandleArguments, wait_seconds: float, progress: Progress) -> FetchAnswer:
    """Start a download and wait for its end, at most `wait_seconds`.

    Raises:
        InputError: an argument that the library refuses.
    """
    request = FetchJob(candles=arguments)
    request.check(Settings())
    return _answer(wait_for_end(start_job(request.verb, request), wait_seconds, progress))


def fetch_status(job_id: str, wait_seconds: float, progress: Progress) -> FetchAnswer:
    """The state of a download.

    Raises:
        InputError: unknown job, or no download.
    """
    return _answer(wait_for_end(find_job(job_id, _VERBS, _SIBLING), wait_seconds, progress))


def cancel_fetch(job_id: str) -> FetchAnswer:
    """Interrupt a download.

    Raises:
        InputError: unknown job, or no download.
    """
    find_job(job_id, _VERBS, _SIBLING)
    return _answer(job_store().cancel(job_id))


def _answer(job: JobStatus) -> FetchAnswer:
    text = job_store().output(job.job_id) if job.state == "done" else None
    fetched = Fetched.model_validate_json(text) if text else None
    return FetchAnswer.model_validate(answer_fields(job, _NEXT) | {"fetched": fetched})


def _line(cache: CandleCache, key: CacheKey) -> CacheLine | str:
    try:
        cached = cache.read(key)
    except CorruptDataError as error:
        return str(error)
    if cached is None or not len(cached.bars):
        return f"{key} has no bars. market_fetch downloads them."
    return CacheLine.of(key, cached)
