"""The `market` server: bars, symbols, and live order books with age and sync state."""

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.arguments import (
    CANCELS,
    READS,
    READS_VENUES,
    STORES,
    ExchangeName,
    Instant,
    JobId,
    SourceName,
    Symbol,
    Timeframe,
    WaitSeconds,
)
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.market.bar_answers import BarsAnswer, DataList, FetchAnswer, SymbolsAnswer
from mcp_servers.market.book_answers import (
    BookAnswer,
    FeedStatusAnswer,
    ImbalanceAnswer,
    ScanAnswer,
    SubscribedAnswer,
)
from mcp_servers.paging import Cursor
from skills_lib.progress import Progress

server = BoundedServer(
    "market",
    title="Twokey market data",
    version="0.1.0",
    instructions=(
        "Candles, symbols and live order books; nothing here can trade. Name the source of candles, and report it when "
        "synthetic and when bars are missing. Use a book only while trusted is true, and report its age."
    ),
)

VenueName = Literal["usdm", "spot"]
Levels = Annotated[int, Field(ge=1, le=50)]


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
    limit: Annotated[int, Field(ge=1, le=200)] = 100,
) -> BarsAnswer:
    """OHLCV bars by page, oldest first, with source, whether synthetic, and defects of the whole span.

    Without since and until: the newest 17,520. To test a strategy use backtest_run.
    """
    from mcp_servers.market.bar_calls import get_bars
    from skills_lib.market.candles import CandleArguments

    def work(progress: Progress) -> BarsAnswer:
        return get_bars(CandleArguments(symbol, timeframe, since, until, source, exchange), cursor, limit, progress)

    return await run_library(ctx, work)


@server.tool(title="Search symbols", annotations=READS_VENUES)
async def market_search_symbols(
    text: Annotated[str, Field(min_length=1, max_length=40, description="part of a symbol")],
    ctx: Context[Any, Any],
    exchange: ExchangeName | None = None,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> SymbolsAnswer:
    """Symbols of a venue that match, the closest first: use it when market_get_bars or backtest_run rejects one."""
    from mcp_servers.market.bar_calls import find_symbols

    return await run_library(ctx, lambda _: find_symbols(text, exchange, limit))


@server.tool(title="List stored candles", annotations=READS)
async def market_list_data(
    ctx: Context[Any, Any], cursor: Cursor | None = None, limit: Annotated[int, Field(ge=1, le=50)] = 20
) -> DataList:
    """Candles in the local cache: symbol, timeframe, span, bars, origin. market_fetch adds more."""
    from mcp_servers.market.fetch_calls import list_data

    return await run_library(ctx, lambda _: list_data(cursor, limit))


@server.tool(title="Download candles", annotations=STORES)
async def market_fetch(
    symbol: Symbol,
    timeframe: Timeframe,
    ctx: Context[Any, Any],
    since: Instant | None = None,
    until: Instant | None = None,
    source: Literal["auto", "exchange", "archive", "yahoo"] = "auto",
    exchange: ExchangeName | None = None,
    wait_seconds: WaitSeconds = 20,
) -> FetchAnswer:
    """Download the bars that the cache lacks, as a job. Identical arguments are the same job and resume it.

    While it runs: market_fetch_status.
    """
    from mcp_servers.market.fetch_calls import start_fetch
    from skills_lib.market.candles import CandleArguments

    arguments = CandleArguments(symbol, timeframe, since, until, source, exchange)
    return await run_library(ctx, lambda progress: start_fetch(arguments, wait_seconds, progress))


@server.tool(title="Get download status", annotations=READS)
async def market_fetch_status(job_id: JobId, ctx: Context[Any, Any], wait_seconds: WaitSeconds = 0) -> FetchAnswer:
    """State of a download of market_fetch, and what the cache holds once it is done."""
    from mcp_servers.market.fetch_calls import fetch_status

    return await run_library(ctx, lambda progress: fetch_status(job_id, wait_seconds, progress))


@server.tool(title="Cancel a download", annotations=CANCELS)
async def market_cancel_fetch(job_id: JobId, ctx: Context[Any, Any]) -> FetchAnswer:
    """Interrupt a download; its pages are kept, and market_fetch resumes it."""
    from mcp_servers.market.fetch_calls import cancel_fetch

    return await run_library(ctx, lambda _: cancel_fetch(job_id))


@server.tool(title="Follow a book", annotations=READS_VENUES)
async def market_subscribe_book(symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm") -> SubscribedAnswer:
    """Follow an order book until the server stops, waiting up to 5 s until it is in sync. Read it with market_get_book,
    market_read_book, market_get_imbalance.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    return await run_library(ctx, lambda _: book_service().subscribe(BookKey.of(symbol, venue)))


@server.tool(title="Get a book", annotations=READS_VENUES)
async def market_get_book(
    symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm", levels: Levels = 10
) -> BookAnswer:
    """The best levels of a followed book and its age; empty, with the reason, while it is not trusted.

    To wait for a change use market_read_book.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    return await run_library(ctx, lambda _: book_service().get_book(BookKey.of(symbol, venue), levels))


@server.tool(title="Wait for a book to change", annotations=READS_VENUES)
async def market_read_book(
    symbol: Symbol,
    ctx: Context[Any, Any],
    venue: VenueName = "usdm",
    levels: Levels = 10,
    after_update_id: Annotated[
        int | None, Field(ge=0, le=2**62, description="of the answer before, to miss nothing")
    ] = None,
    timeout_s: Annotated[float, Field(ge=0, le=50)] = 10.0,
) -> BookAnswer:
    """As market_get_book, once the book has changed; `changed` is false after a timeout."""
    from mcp_servers.market.book_calls import BookKey, book_service

    def work(progress: Progress) -> BookAnswer:
        return book_service().read_book(BookKey.of(symbol, venue), levels, after_update_id, timeout_s, progress)

    return await run_library(ctx, work)


@server.tool(title="Get the imbalance", annotations=READS_VENUES)
async def market_get_imbalance(
    symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm", levels: Levels = 5
) -> ImbalanceAnswer:
    """Imbalance, microprice, spread and depth of a followed book, and its age; null while it is not trusted.

    Levels: market_get_book.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    return await run_library(ctx, lambda _: book_service().get_imbalance(BookKey.of(symbol, venue), levels))


@server.tool(title="Get feed status", annotations=READS_VENUES)
async def market_feed_status(ctx: Context[Any, Any]) -> FeedStatusAnswer:
    """Every followed book: why it is not trusted, age, gaps, reconnects, clock offset.

    For when market_get_book is empty.
    """
    from mcp_servers.market.book_calls import book_service

    return await run_library(ctx, lambda _: book_service().status())


@server.tool(title="Scan instruments", annotations=READS_VENUES)
async def market_scan(
    ctx: Context[Any, Any],
    source: Annotated[Literal["tapes", "exchange"], Field(description="recorded tapes, or now")] = "exchange",
    venue: VenueName = "usdm",
    count: Annotated[int, Field(ge=1, le=50, description="by volume; exchange only")] = 10,
    seconds: Annotated[float, Field(ge=1, le=40, description="to sample each book")] = 10.0,
) -> ScanAnswer:
    """Instruments ranked by a taker's costs over the typical move of a minute, with spread, depth, volume, volatility.

    One instrument's book: market_subscribe_book.
    """
    from mcp_servers.market.book_calls import scan

    return await run_library(ctx, lambda progress: scan(source == "tapes", venue, count, seconds, progress))


@server.resource("book://{symbol}", title="Order book", mime_type="application/json")
async def book(symbol: Symbol) -> str:
    """The best 20 levels of a USD-M book, followed from the first read."""
    import anyio.to_thread

    from mcp_servers.market.book_calls import BookKey, book_service

    def read() -> str:
        key = BookKey.of(symbol, "usdm")
        book_service().subscribe(key)
        return book_service().get_book(key, 20).model_dump_json()

    return await anyio.to_thread.run_sync(read)
