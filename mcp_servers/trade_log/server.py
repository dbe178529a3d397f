"""The `trade_log` server: the trade log by typed filters. It cannot import what sends or signs orders."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.arguments import CANCELS, READS, STORES, Instant
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.trade_log.answers import LogPage, LogRecorded, LogSummary, LogSynchronised

server = BoundedServer(
    "trade_log",
    title="Twokey trade log",
    version="0.1.0",
    instructions="Paper and synthetic trades earn nothing; nothing here can trade.",
)

Name = Annotated[str, Field(max_length=64)]
Limit = Annotated[int, Field(ge=1, le=200)]
Place = Annotated[str, Field(max_length=600)]


@server.tool(title="Query", annotations=READS)
async def trade_log_query(
    table: Literal["trades", "orders", "fills", "income", "days", "backtests"],
    ctx: Context[Any, Any],
    strategy: Name | None = None,
    symbol: Name | None = None,
    venue: Name | None = None,
    account: Name | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: Limit = 50,
    cursor: Place | None = None,
) -> LogPage:
    """Rows by page, oldest first. Sums: trade_log_summary."""
    from mcp_servers.trade_log.calls import query

    where = {"strategy_id": strategy, "symbol": symbol, "venue": venue, "account": account}
    return await run_library(ctx, lambda _: query(_request(table, where, since, until, limit, cursor)))


@server.tool(title="Summary", annotations=READS)
async def trade_log_summary(
    ctx: Context[Any, Any],
    strategy: Name | None = None,
    venue: Name | None = None,
    account: Name | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> LogSummary:
    """Profit, fees, funding, trades by account. Rows: trade_log_query."""
    from mcp_servers.trade_log.calls import summary
    from mcp_servers.trade_log.filters import where_of

    where = {"strategy_id": strategy, "venue": venue, "account": account}
    return await run_library(ctx, lambda _: summary(where_of(where, since, until)))


@server.tool(title="Synchronise", annotations=STORES)
async def trade_log_sync(
    ctx: Context[Any, Any],
    host: Annotated[str, Field(max_length=64, description="of a local exchange")] | None = None,
    since: Instant | None = None,
    session: Annotated[str, Field(max_length=32)] | None = None,
) -> LogSynchronised:
    """Read the account at Binance into the log, and compare. Without asking it: trade_log_reconcile."""
    from mcp_servers.trade_log.sync_process import synchronise

    return await run_library(ctx, lambda progress: synchronise(host, since, session, progress))


@server.tool(title="Reconcile", annotations=READS)
async def trade_log_reconcile(
    ctx: Context[Any, Any],
    strategy: Name | None = None,
    account: Name | None = None,
    limit: Limit = 50,
    cursor: Place | None = None,
) -> LogPage:
    """Differences of journal and exchange that stand since trade_log_sync."""
    from mcp_servers.trade_log.calls import discrepancies

    where = {"strategy_id": strategy, "account": account}
    equal = {"resolved_ms": None}
    return await run_library(
        ctx, lambda _: discrepancies(_request("discrepancies", where, None, None, limit, cursor, equal))
    )


@server.tool(title="Record a backtest", annotations=CANCELS)
async def trade_log_record_backtest(
    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{4,16}$")], ctx: Context[Any, Any]
) -> LogRecorded:
    """Write a run of backtest_list_runs into the log."""
    from mcp_servers.trade_log.calls import record_backtest

    return await run_library(ctx, lambda _: record_backtest(run_id))


@server.tool(title="Funding flows", annotations=READS)
async def trade_log_flows(
    ctx: Context[Any, Any],
    match: Literal["matched", "ambiguous", "unmatched"] | None = None,
    kind: Literal["bank", "deposit", "withdrawal"] | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: Limit = 50,
    cursor: Place | None = None,
) -> LogPage:
    """Bank transactions, deposits, withdrawals. Trades: trade_log_query."""
    from mcp_servers.trade_log.calls import flows

    equal = {name: value for name, value in (("match", match), ("kind", kind)) if value}
    return await run_library(ctx, lambda _: flows(_request("flows", {}, since, until, limit, cursor, equal)))


def _request(
    table: str,
    where: Mapping[str, str | None],
    since: str | None,
    until: str | None,
    limit: int,
    cursor: str | None,
    equal: Mapping[str, str | None] | None = None,
) -> Any:
    from mcp_servers.trade_log.filters import where_of
    from mcp_servers.trade_log.row_pages import PageRequest

    return PageRequest(table, where_of(where, since, until, equal or {}), limit, cursor)
