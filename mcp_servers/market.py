"""The `market` server, candle half: bars of one instrument, and which symbols there are."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers._bar_answers import BarsAnswer, SymbolsAnswer
from mcp_servers._paging import Cursor
from mcp_servers._shared import (
    READS_VENUES,
    ExchangeName,
    Instant,
    SourceName,
    Symbol,
    TeachingServer,
    run_library,
    serve,
)
from skills_lib.domain.timeframes import Timeframe
from skills_lib.progress import Progress

server = TeachingServer(
    "market",
    title="Twokey market data",
    version="0.1.0",
    instructions=(
        "Candles and symbols; nothing here can trade. Find a symbol with market_search_symbols, read bars with "
        "market_get_bars. Every answer names its source: say so when it is synthetic, and report gaps."
    ),
)


@server.tool(title="Get bars", annotations=READS_VENUES)
async def market_get_bars(
    symbol: Symbol,
    timeframe: Timeframe,
    ctx: Context[Any, Any],
    since: Instant | None = None,
    until: Instant | None = None,
    source: SourceName = "auto",
    exchange: ExchangeName | None = None,
    cursor: Cursor | None = None,
    limit: Annotated[int, Field(ge=1, le=200, description="bars a page")] = 100,
) -> BarsAnswer:
    """OHLCV bars of one instrument by page, oldest first, with source, whether synthetic, and counts of gaps and
    other defects over the whole span; gaps are reported, never filled.

    `since` is included, `until` is not; without them the newest 17,520 bars, at most eight years. Pass next_cursor as
    cursor, all else unchanged, until it is null. What is fetched is kept in the local cache. To find out how a symbol
    is called use market_search_symbols; to test a strategy do not read bars: backtest_run of the backtest server
    loads them itself.
    """
    from mcp_servers._bars import get_bars
    from skills_lib.market.candles import CandleQuestion

    def work(progress: Progress) -> BarsAnswer:
        return get_bars(
            CandleQuestion(symbol, timeframe.value, since, until, source, exchange), cursor, limit, progress
        )

    return await run_library(ctx, work)


@server.tool(title="Search symbols", annotations=READS_VENUES)
async def market_search_symbols(
    text: Annotated[str, Field(min_length=1, max_length=40, description="part of a symbol or name, such as eth")],
    ctx: Context[Any, Any],
    exchange: ExchangeName | None = None,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> SymbolsAnswer:
    """Symbols that match `text`, the closest first: spelling for this program and for ccxt, spot or perpetual, whether
    it trades, and where the list came from. The exchange is asked once a week; offline a shipped list answers.

    Use it when market_get_bars or backtest_run does not know a symbol. It returns no prices: those are in
    market_get_bars.
    """
    from mcp_servers._bars import find_symbols

    return await run_library(ctx, lambda _: find_symbols(text, exchange, limit))


if __name__ == "__main__":
    serve(server)
