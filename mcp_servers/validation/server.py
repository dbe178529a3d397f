"""The `validation` server: optimisation, walk-forward and validation as jobs that outlive the server."""

from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, Resource
from pydantic import Field

from mcp_servers.arguments import (
    CANCELS,
    READS,
    STORES,
    Cash,
    CostsName,
    ExchangeName,
    Instant,
    JobId,
    Leverage,
    SourceName,
    StrategyName,
    Symbol,
    Timeframe,
    WaitSeconds,
)
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.job_answer import JobAnswer
from mcp_servers.library_calls import run_library
from mcp_servers.pictures import Picture
from mcp_servers.validation import prompts
from mcp_servers.validation.answers import ReportAnswer, Section
from mcp_servers.validation.arguments import (
    Constraints,
    Duration,
    Engine,
    Maximize,
    Method,
    MinTrades,
    Pick,
    Ranges,
    Seed,
    Trials,
)
from mcp_servers.validation.ledger import LedgerAnswer
from skills_lib.progress import Progress


class ValidationServer(BoundedServer):
    """Lists the reports of stored validations as resources."""

    async def list_resources(self) -> list[Resource]:
        """The reports of the newest validations; older ones can be read by their URI."""
        from mcp_servers.validation.resources import list_reports

        return await anyio.to_thread.run_sync(list_reports)


server = ValidationServer(
    "validation",
    title="Twokey validation",
    version="0.1.0",
    instructions=(
        "Searches parameters, walks forward and validates; nothing here can trade. Jobs go on when this server stops. "
        "The best of many combinations is luck to some degree: call it in-sample, say so when the data is synthetic, "
        "and follow it with validation_start, whose verdict counts every trial."
    ),
)


@server.tool(title="Start an optimisation", annotations=STORES)
async def validation_start_optimize(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    ranges: Ranges | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials | None = None,
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
    """Search parameters on all bars, as a job; returns its job_id.

    Watch it with validation_status. To test the choice out of sample: validation_start_walk_forward.
    """
    from skills_lib.backtest.arguments import AccountArguments
    from skills_lib.market.candles import CandleArguments
    from skills_lib.optimize.arguments import SearchArguments

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import start
        from skills_lib.validate.job_request import OptimizeJob

        search = SearchArguments(_texts(ranges), constraints or [], maximize, method, trials, seed, min_trades, engine)
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        return start(OptimizeJob(strategy=strategy, candles=candles, account=account, search=search))

    return await run_library(ctx, work)


@server.tool(title="Start a walk-forward", annotations=STORES)
async def validation_start_walk_forward(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    train: Duration = "180d",
    test: Duration = "60d",
    step: Duration = "30d",
    embargo: Duration = "0d",
    anchored: bool = False,
    pick: Pick = "plateau",
    ranges: Ranges | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials | None = None,
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
    """Choose parameters on one span, test them on the next, repeat, as a job; returns its job_id, as
    validation_start_optimize. Watch it with validation_status.
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
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        request = WalkForwardJob(strategy=strategy, candles=candles, account=account, search=search, windows=windows)
        return start(request)

    return await run_library(ctx, work)


@server.tool(title="Start a validation", annotations=STORES)
async def validation_start(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    symbols: Annotated[list[Symbol], Field(max_length=16, description="other assets to test on")] | None = None,
    timeframes: Annotated[list[Timeframe], Field(max_length=8, description="others to test on")] | None = None,
    ranges: Ranges | None = None,
    constraints: Constraints | None = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials | None = None,
    seed: Seed = 0,
    min_trades: MinTrades = 30,
    train: Duration | None = None,
    test: Duration | None = None,
    step: Duration | None = None,
    embargo: Duration = "0d",
    anchored: bool = False,
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
    """Validate with a verdict PASS, CAUTION or FAIL, as a job: search on the first 70 %, test on the next 20 %, walk
    forward, other markets, resampling, deflation by all counted trials, stress. Only the user can open the sealed last
    10 %. Ranges default to a coarse grid.

    Watch it with validation_status, then read validation_get_report.
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
        markets = (",".join(symbols or []), ",".join(timeframes or []))
        validation = ValidationArguments(search, *windows, *markets, open_sealed=False, reason="")
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange)
        account = AccountArguments(costs=costs, cash=cash, leverage=leverage)
        return start(ValidateJob(strategy=strategy, candles=candles, account=account, validation=validation))

    return await run_library(ctx, work)


@server.tool(title="Get job status", annotations=READS)
async def validation_status(
    job_id: JobId,
    ctx: Context[Any, Any],
    wait_seconds: WaitSeconds = 0,
) -> JobAnswer:
    """State and progress of a job of this server; its result is in validation_get_report."""

    def work(progress: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import status

        return status(job_id, wait_seconds, progress)

    return await run_library(ctx, work)


@server.tool(title="Cancel a job", annotations=CANCELS)
async def validation_cancel(job_id: JobId, ctx: Context[Any, Any]) -> JobAnswer:
    """Interrupt a job; its progress is saved, and the same start call resumes it. To watch it: validation_status."""

    def work(_: Progress) -> JobAnswer:
        from mcp_servers.validation.calls import cancel

        return cancel(job_id)

    return await run_library(ctx, work)


@server.tool(title="Read the result of a job", annotations=READS)
async def validation_get_report(
    job_id: JobId,
    ctx: Context[Any, Any],
    section: Section = Section.SUMMARY,
) -> ReportAnswer:
    """The result of a finished job; `section` picks the written report or one stage of a validation.

    While it runs: validation_status.
    """

    def work(_: Progress) -> ReportAnswer:
        from mcp_servers.validation.calls import report

        return report(job_id, section)

    return await run_library(ctx, work)


@server.tool(title="Look at a result", annotations=READS)
async def validation_get_picture(
    job_id: JobId,
    ctx: Context[Any, Any],
    name: Annotated[str, Field(max_length=80, description="one of `others`; default: the first")] | None = None,
) -> Annotated[CallToolResult, Picture]:
    """A picture of a finished job as an image: heatmap, windows, or the main charts of a validation.

    Figures: validation_get_report.
    """

    def work(progress: Progress) -> CallToolResult:
        from mcp_servers.validation.pictures import get_picture

        return get_picture(job_id, name, progress)

    return await run_library(ctx, work)


@server.tool(title="Read the trial ledger", annotations=READS)
async def validation_ledger(ctx: Context[Any, Any]) -> LedgerAnswer:
    """Every configuration ever evaluated by the user; it cannot be reset, and deflates Sharpe ratios.

    One job's result: validation_get_report.
    """

    def work(_: Progress) -> LedgerAnswer:
        from mcp_servers.validation.ledger import ledger

        return ledger()

    return await run_library(ctx, work)


@server.resource("twokey://validations/{validation_id}/report", title="Report", mime_type="text/markdown")
async def validation_report(validation_id: str) -> str:
    """The written report of a stored validation."""
    from mcp_servers.validation.resources import read_report

    return await anyio.to_thread.run_sync(read_report, validation_id)


@server.prompt(title="Validate a strategy")
def validate_strategy(symbol: str, timeframe: str, strategy: str) -> str:
    """Learn whether a strategy is luck, and report it honestly."""
    return prompts.validate_strategy(symbol, timeframe, strategy)


def _texts(ranges: dict[str, str] | None) -> list[str]:
    return [f"{name}={values}" for name, values in (ranges or {}).items()]
