"""The `backtest` server: list and describe strategies, run them, read and compare stored runs."""

from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.backtest.answers import Comparison, RunSection, RunSummary, Section, StrategyDetails, StrategyList
from mcp_servers.paging import Cursor
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
from skills_lib.domain.costs import PRESETS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.progress import Progress

server = BoundedServer(
    "backtest",
    title="Twokey backtests",
    version="0.1.0",
    instructions=(
        "Backtests of crypto strategies; nothing here can trade. Start with backtest_list_strategies, run one with "
        "backtest_run, read its details with backtest_get_run. Every result is in-sample: report it as a description "
        "of the past, with its verdict, costs and source, and say so when the data is synthetic."
    ),
)

StrategyName = Annotated[
    str, Field(min_length=1, max_length=64, description="a name from backtest_list_strategies, such as sma_crossover")
]
RunId = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{4,16}$", description="run_id returned by backtest_run, or its first digits"),
]
Parameters = Annotated[
    dict[str, bool | int | float | str],
    Field(max_length=32, description="values by parameter name; backtest_describe_strategy lists names and ranges"),
]
CostsName = Annotated[str, Field(json_schema_extra={"enum": list(PRESETS)}, description="fees of a venue")]
Rate = Annotated[float | None, Field(ge=0, lt=1_000)]

_one_backtest = anyio.CapacityLimiter(1)  # candles and series of one run at a time


@server.tool(title="List strategies", annotations=READS)
async def backtest_list_strategies(ctx: Context[Any, Any]) -> StrategyList:
    """Names of all strategies that can be tested, each with one line on what it does and its parameters.

    A file that cannot be imported is listed with the reason in `problem`; the others are not affected. For the
    ranges, sweep sizes and constraints of one strategy use backtest_describe_strategy; to test one, backtest_run.
    """
    from mcp_servers.backtest.calls import list_strategies

    return await run_library(ctx, list_strategies)


@server.tool(title="Describe a strategy", annotations=READS)
async def backtest_describe_strategy(strategy: StrategyName, ctx: Context[Any, Any]) -> StrategyDetails:
    """One strategy in full: what it does, every parameter with default and allowed values, and the constraints.

    Use it before backtest_run with parameters of your own. For the names of all strategies use
    backtest_list_strategies.
    """
    from mcp_servers.backtest.calls import describe_strategy

    return await run_library(ctx, lambda _: describe_strategy(strategy))


@server.tool(title="Run a backtest", annotations=STORES_RUNS)
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
    commission_bps: Annotated[Rate, Field(description="per side, instead of the preset's")] = None,
    spread_bps: Annotated[Rate, Field(description="full bid-ask spread, instead of the preset's")] = None,
    slippage_bps: Annotated[Rate, Field(description="per side, instead of the preset's")] = None,
    cash: Annotated[float, Field(gt=0, le=1e12, description="starting equity in quote currency")] = 100_000,
    leverage: Annotated[float, Field(ge=1, le=125)] = 1,
) -> RunSummary:
    """Backtest a strategy on one instrument and store the run; identical arguments return the stored run at once.

    Returns run_id, verdict with reasons, all metrics, costs, source (and whether it is synthetic), warnings,
    the paths of report and page, and next_step. Trades and the equity curve are not included: page through them
    with backtest_get_run. `since` is included, `until` is not; without them the newest 17,520 bars are used. To read
    candles only use market_get_bars of the market server; to compare runs, backtest_compare_runs.
    """
    from mcp_servers.backtest.calls import run_backtest
    from skills_lib.market.candles import CandleArguments

    def work(progress: Progress) -> RunSummary:
        arguments = CandleArguments(symbol, timeframe.value, since, until, source, exchange)
        rates = {"commission_bps": commission_bps, "spread_bps": spread_bps, "slippage_bps": slippage_bps}
        account = {"cash": cash, "leverage": leverage}
        return run_backtest(strategy, parameters or {}, arguments, costs, rates, account, progress)

    return await run_library(ctx, work, _one_backtest)


@server.tool(title="Read a stored run", annotations=READS)
async def backtest_get_run(
    run_id: RunId,
    ctx: Context[Any, Any],
    section: Section = Section.SUMMARY,
    cursor: Cursor | None = None,
    limit: Annotated[int, Field(ge=1, le=100, description="rows per page, for trades and equity")] = 50,
) -> RunSection:
    """One section of a stored run.

    summary: what backtest_run returned. metrics: every figure with unit and definition. verdict: label and reasons.
    quality: defects of the candles. report: the written report. trades: closed trades, oldest first. equity: equity
    and drawdown by bar. Trades and equity are paged: pass next_cursor as cursor until it is null. To run a backtest
    use backtest_run; to compare several runs, backtest_compare_runs.
    """
    from mcp_servers.backtest.calls import get_section

    return await run_library(ctx, lambda _: get_section(run_id, section, cursor, limit))


@server.tool(title="Compare runs", annotations=READS)
async def backtest_compare_runs(
    run_ids: Annotated[list[RunId], Field(min_length=2, max_length=10)], ctx: Context[Any, Any]
) -> Comparison:
    """Two to ten stored runs side by side: each metric in the order of the runs, and warnings where different
    data, costs or settings make the comparison misleading.

    The best of several in-sample runs is itself an in-sample choice. For one run use backtest_get_run.
    """
    from mcp_servers.backtest.calls import compare_runs

    return await run_library(ctx, lambda _: compare_runs(run_ids))
