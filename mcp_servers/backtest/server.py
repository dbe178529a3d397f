"""The `backtest` server: list and describe strategies, run them, list, read, look at and compare stored runs."""

from typing import Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, Resource
from pydantic import Field

from mcp_servers.arguments import (
    READS,
    STORES,
    Cash,
    CostsName,
    ExchangeName,
    Instant,
    Leverage,
    SourceName,
    StrategyName,
    Symbol,
    Timeframe,
)
from mcp_servers.backtest import prompts
from mcp_servers.backtest.answers import (
    Comparison,
    RunAnswer,
    RunList,
    RunSection,
    Section,
    StrategyDetails,
    StrategyList,
)
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.paging import Cursor
from mcp_servers.pictures import Picture
from skills_lib.progress import Progress


class BacktestServer(BoundedServer):
    """Lists the reports of stored runs as resources."""

    async def list_resources(self) -> list[Resource]:
        """The reports of the newest runs; older ones can be read by their URI."""
        from mcp_servers.backtest.resources import list_reports

        return await anyio.to_thread.run_sync(list_reports)


server = BacktestServer(
    "backtest",
    title="Twokey backtests",
    version="0.1.0",
    instructions=(
        "Backtests of crypto strategies; nothing here can trade. Every result is in-sample: report it as a description "
        "of the past, with its verdict, costs and source, and say so when the data is synthetic."
    ),
)

RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{4,16}$", description="or its first digits")]
Parameters = Annotated[dict[str, bool | int | float | str], Field(max_length=32)]
Rate = Annotated[float, Field(ge=0, lt=1_000)]

_one_backtest = anyio.CapacityLimiter(1)  # candles and series of one run at a time


@server.tool(title="List strategies", annotations=READS)
async def backtest_list_strategies(ctx: Context[Any, Any]) -> StrategyList:
    """All strategies with a line on each, default parameters, and why a file cannot be used.

    backtest_describe_strategy has ranges and constraints.
    """
    from mcp_servers.backtest.strategy_calls import list_strategies

    return await run_library(ctx, list_strategies)


@server.tool(title="Describe a strategy", annotations=READS)
async def backtest_describe_strategy(strategy: StrategyName, ctx: Context[Any, Any]) -> StrategyDetails:
    """What a strategy does, its parameters with allowed values, and its constraints.

    Names are in backtest_list_strategies; strategy_read has the source.
    """
    from mcp_servers.backtest.strategy_calls import describe_strategy

    return await run_library(ctx, lambda _: describe_strategy(strategy))


@server.tool(title="Run a backtest", annotations=STORES)
async def backtest_run(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: StrategyName,
    ctx: Context[Any, Any],
    parameters: Parameters | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    source: SourceName = "auto",
    exchange: ExchangeName | None = None,
    costs: CostsName = "default",
    commission_bps: Annotated[Rate, Field(description="per side, instead of the preset's")] | None = None,
    spread_bps: Annotated[Rate, Field(description="full bid-ask")] | None = None,
    slippage_bps: Annotated[Rate, Field(description="per side")] | None = None,
    cash: Cash = 100_000,
    leverage: Leverage = 1,
) -> RunAnswer:
    """Backtest a strategy and store the run; identical arguments return the stored run at once.

    Without since and until: the newest 17,520 bars. Source auto ends at a synthetic sample. Trades and equity:
    backtest_get_run. Candles only: market_get_bars.
    """
    from mcp_servers.backtest.run_calls import run_backtest
    from skills_lib.market.candles import CandleArguments

    def work(progress: Progress) -> RunAnswer:
        arguments = CandleArguments(symbol, timeframe, since, until, source, exchange)
        rates = {"commission_bps": commission_bps, "spread_bps": spread_bps, "slippage_bps": slippage_bps}
        account = {"cash": cash, "leverage": leverage}
        return run_backtest(strategy, parameters or {}, arguments, costs, rates, account, progress)

    return await run_library(ctx, work, _one_backtest)


@server.tool(title="List stored runs", annotations=READS)
async def backtest_list_runs(
    ctx: Context[Any, Any],
    strategy: StrategyName | None = None,
    symbol: Symbol | None = None,
    cursor: Cursor | None = None,
    limit: Annotated[int, Field(ge=1, le=50)] = 20,
) -> RunList:
    """Stored runs, newest first: run_id, what was run, verdict, main figures.

    One run in full: backtest_get_run. validation_ledger counts all.
    """
    from mcp_servers.backtest.run_calls import list_runs

    return await run_library(ctx, lambda _: list_runs(strategy, symbol, cursor, limit))


@server.tool(title="Read a stored run", annotations=READS)
async def backtest_get_run(
    run_id: RunId,
    ctx: Context[Any, Any],
    section: Section = Section.SUMMARY,
    cursor: Cursor | None = None,
    limit: Annotated[int, Field(ge=1, le=100, description="rows a page")] = 50,
) -> RunSection:
    """One section of a stored run. metrics: figures with unit and definition; quality: defects of the candles;
    trades and equity: by page, oldest first.

    Its picture: backtest_get_picture.
    """
    from mcp_servers.backtest.run_calls import get_section

    return await run_library(ctx, lambda _: get_section(run_id, section, cursor, limit))


@server.tool(title="Look at a run", annotations=READS)
async def backtest_get_picture(run_id: RunId, ctx: Context[Any, Any]) -> Annotated[CallToolResult, Picture]:
    """The picture of a run as an image: equity against buy and hold, and drawdown.

    Figures: backtest_get_run.
    """
    from mcp_servers.backtest.run_calls import get_picture

    return await run_library(ctx, lambda progress: get_picture(run_id, progress))


@server.tool(title="Compare runs", annotations=READS)
async def backtest_compare_runs(
    run_ids: Annotated[list[RunId], Field(min_length=2, max_length=10)], ctx: Context[Any, Any]
) -> Comparison:
    """Two to ten stored runs side by side, with warnings where different data, costs or settings mislead.

    For one run use backtest_get_run.
    """
    from mcp_servers.backtest.run_calls import compare_runs

    return await run_library(ctx, lambda _: compare_runs(run_ids))


@server.resource("twokey://runs/{run_id}/report", title="Report of a run", mime_type="text/markdown")
async def run_report(run_id: str) -> str:
    """The written report of a stored run."""
    from mcp_servers.backtest.resources import read_report

    return await anyio.to_thread.run_sync(read_report, run_id)


@server.prompt(title="Test a strategy")
def test_strategy(symbol: str, timeframe: str, strategy: str) -> str:
    """Backtest a strategy and report it honestly."""
    return prompts.test_strategy(symbol, timeframe, strategy)
