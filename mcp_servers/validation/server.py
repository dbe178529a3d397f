"""The `validation` server: optimisation, walk-forward and validation as jobs that outlive the server."""

import time
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations
from pydantic import Field

from mcp_servers.shared import (
    READS,
    STORES_RUNS,
    BoundedServer,
    ExchangeName,
    Instant,
    SourceName,
    Symbol,
    run_library,
)
from mcp_servers.validation.answers import JobAnswer, ReportAnswer, Section
from mcp_servers.validation.arguments import (
    Cash,
    Constraints,
    CostsName,
    Duration,
    Engine,
    JobId,
    Leverage,
    Maximize,
    Method,
    MinTrades,
    Pick,
    Ranges,
    Seed,
    StrategyName,
    Trials,
)
from mcp_servers.validation.ledger import LedgerAnswer
from skills_lib.domain.timeframes import Timeframe
from skills_lib.progress import Progress

server = BoundedServer(
    "validation",
    title="Twokey validation",
    version="0.1.0",
    instructions=(
        "Optimises, walks forward and validates; nothing here can trade. Start a job, poll validation_status until "
        "it is done, then read it with validation_get_report. Jobs continue when this server stops. "
        "The best of many combinations is inflated by luck: report the recommended point, call it in-sample, "
        "say so when the data is synthetic, and follow it with validation_start, whose verdict counts every trial."
    ),
)

CANCELS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


@server.tool(title="Start an optimisation", annotations=STORES_RUNS)
async def validation_start_optimize(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    ranges: Ranges | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: MinTrades = 30,
    engine: Engine = "kernel",
    since: Instant | None = None,
    until: Instant | None = None,
    source: SourceName = "auto",
    exchange: ExchangeName | None = None,
    costs: CostsName = "default",
    cash: Cash = 100_000,
    leverage: Leverage = 1,
) -> JobAnswer:
    """Start a parameter search as a job and return its job_id at once.

    Identical arguments are the same job: a running one is returned unchanged, a cancelled one resumes. Poll
    validation_status for its progress. To test such a choice out of sample use
    validation_start_walk_forward; to test one combination, backtest_run of the backtest server.
    """
    from skills_lib.backtest.arguments import AccountArguments
    from skills_lib.market.candles import CandleArguments
    from skills_lib.optimize.arguments import SearchArguments

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import start
        from skills_lib.validate.job_request import OptimizeJob

        search = SearchArguments(_texts(ranges), constraints or [], maximize, method, trials, seed, min_trades, engine)
        candles = CandleArguments(symbol, timeframe.value, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        return start(OptimizeJob(strategy=strategy, candles=candles, account=account, search=search))

    return await run_library(ctx, work)


@server.tool(title="Start a walk-forward", annotations=STORES_RUNS)
async def validation_start_walk_forward(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    train: Duration = "180d",
    test: Duration = "60d",
    step: Duration = "30d",
    embargo: Duration = "0d",
    anchored: Annotated[bool, Field(description="every train span starts at the first bar")] = False,
    pick: Pick = "plateau",
    ranges: Ranges | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: MinTrades = 10,
    engine: Engine = "kernel",
    since: Instant | None = None,
    until: Instant | None = None,
    source: SourceName = "auto",
    exchange: ExchangeName | None = None,
    costs: CostsName = "default",
    cash: Cash = 100_000,
    leverage: Leverage = 1,
) -> JobAnswer:
    """Start a walk-forward as a job and return its job_id at once: choose on one span, test on the next, repeat.

    Identical arguments are the same job: a running one is returned unchanged, a cancelled one resumes. Poll
    validation_status for its progress. To search parameters on all bars only, use validation_start_optimize.
    """
    from skills_lib.backtest.arguments import AccountArguments
    from skills_lib.market.candles import CandleArguments
    from skills_lib.optimize.arguments import SearchArguments
    from skills_lib.walk_forward.arguments import WindowArguments

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import start
        from skills_lib.validate.job_request import WalkForwardJob

        search = SearchArguments(_texts(ranges), constraints or [], maximize, method, trials, seed, min_trades, engine)
        windows = WindowArguments(train, test, step, embargo, anchored, pick)
        candles = CandleArguments(symbol, timeframe.value, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        request = WalkForwardJob(strategy=strategy, candles=candles, account=account, search=search, windows=windows)
        return start(request)

    return await run_library(ctx, work)


@server.tool(title="Start a validation", annotations=STORES_RUNS)
async def validation_start(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    symbols: Annotated[list[Symbol], Field(max_length=16, description="other assets to test the choice on")]
    | None = None,
    timeframes: Annotated[list[Timeframe], Field(max_length=8, description="other timeframes to test the choice on")]
    | None = None,
    ranges: Annotated[
        dict[str, str],
        Field(
            max_length=32,
            description='values by parameter: "5:60:5" (ends included), "5,10,20", or "50" to validate one value. '
            "By default a coarse grid over the strategy's own ranges is searched",
        ),
    ]
    | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: MinTrades = 30,
    train: Annotated[
        Duration | None, Field(description="by default windows are derived from the length of the data")
    ] = None,
    test: Duration | None = None,
    step: Duration | None = None,
    embargo: Duration = "0d",
    anchored: Annotated[bool, Field(description="every train span starts at the first bar")] = False,
    pick: Pick = "plateau",
    engine: Engine = "kernel",
    since: Instant | None = None,
    until: Instant | None = None,
    source: SourceName = "auto",
    exchange: ExchangeName | None = None,
    costs: CostsName = "default",
    cash: Cash = 100_000,
    leverage: Leverage = 1,
) -> JobAnswer:
    """Start a full validation as a job and return its job_id at once: search on the first 70 %, test on the next
    20 %, walk forward, test other markets, resample, deflate by all counted trials, stress, and judge.

    The last 10 % stay sealed; only a person opens them, with `twokey validate --open-sealed`. Identical
    arguments are the same job. Poll validation_status for its progress, then read it with validation_get_report,
    section by section.
    """
    from skills_lib.backtest.arguments import AccountArguments
    from skills_lib.market.candles import CandleArguments
    from skills_lib.optimize.arguments import SearchArguments
    from skills_lib.validate.arguments import ValidationArguments

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import start
        from skills_lib.validate.job_request import ValidateJob

        search = SearchArguments(_texts(ranges), constraints or [], maximize, method, trials, seed, min_trades, engine)
        windows = (train, test, step, embargo, anchored, pick)
        markets = (",".join(symbols or []), ",".join(one.value for one in timeframes or []))
        validation = ValidationArguments(search, *windows, *markets, open_sealed=False, reason="")
        candles = CandleArguments(symbol, timeframe.value, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        return start(ValidateJob(strategy=strategy, candles=candles, account=account, validation=validation))

    return await run_library(ctx, work)


@server.tool(title="Get job status", annotations=READS)
async def validation_status(
    job_id: JobId,
    ctx: Context[Any, Any],
    wait_seconds: Annotated[float, Field(ge=0, le=50, description="wait up to this long for the job to end")] = 0,
) -> JobAnswer:
    """State and progress of a job, and its error if it failed. The result is in validation_get_report."""

    def work(progress: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import status

        deadline = time.monotonic() + wait_seconds
        while (found := status(job_id)).state in ("starting", "running") and time.monotonic() < deadline:
            progress(found.done, found.total, found.message)
            time.sleep(0.2)
        return found

    return await run_library(ctx, work)


@server.tool(title="Cancel a job", annotations=CANCELS)
async def validation_cancel(job_id: JobId, ctx: Context[Any, Any]) -> JobAnswer:
    """Interrupt a running job. Its progress is saved; repeat the start call to resume. To check on a job
    without stopping it use validation_status.
    """

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import cancel

        return cancel(job_id)

    return await run_library(ctx, work)


@server.tool(title="Read the result of a job", annotations=READS)
async def validation_get_report(
    job_id: JobId,
    ctx: Context[Any, Any],
    section: Annotated[
        Section, Field(description="summary: figures; report: the full text; all others: one stage of a validation")
    ] = Section.SUMMARY,
) -> ReportAnswer:
    """The result of a finished job: recommended point, raw maximum and warnings; windows and stitched figures; or
    the verdict of a validation with its rules, and each of its stages by `section`.

    While it runs use validation_status. The table of all combinations and the pictures are files in `folder`.
    """

    def work(_: Progress) -> ReportAnswer:
        from mcp_servers.validation.calls import report

        return report(job_id, section)

    return await run_library(ctx, work)


@server.tool(title="Read the trial ledger", annotations=READS)
async def validation_ledger(ctx: Context[Any, Any]) -> LedgerAnswer:
    """The trial ledger: every configuration ever evaluated, by market, strategy, origin and time.

    It counts what every command, job and tool evaluates, in all workspaces of this user, and cannot be reset; the
    count deflates the Sharpe ratio. Openings of sealed bars are listed too. For the result of one job use
    validation_get_report.
    """

    def work(_: Progress) -> LedgerAnswer:
        from mcp_servers.validation.ledger import ledger

        return ledger()

    return await run_library(ctx, work)


def _texts(ranges: dict[str, str] | None) -> list[str]:
    return [f"{name}={values}" for name, values in (ranges or {}).items()]
