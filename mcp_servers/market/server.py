"""The `market` server: bars, symbols, and live order books with age and sync state."""

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.market.bar_answers import BarsAnswer, SymbolsAnswer
from mcp_servers.market.book_answers import (
    BookAnswer,
    FeedStatusAnswer,
    ImbalanceAnswer,
    ScanAnswer,
    SubscribedAnswer,
)
from mcp_servers.paging import Cursor
from mcp_servers.shared import (
    READS_VENUES,
    BoundedServer,
    ExchangeName,
    Instant,
    SourceName,
    Symbol,
    run_library,
)
from skills_lib.domain.timeframes import Timeframe
from skills_lib.progress import Progress

server = BoundedServer(
    "market",
    title="Twokey market data",
    version="0.1.0",
    instructions=(
        "Candles, symbols and live order books; nothing here can trade. Find a symbol with market_search_symbols, read "
        "bars with market_get_bars: every answer names its source; report it when synthetic, and report gaps. "
        "Follow a book with market_subscribe_book: use it only while trusted is true, and report its age."
    ),
)

VenueName = Annotated[Literal["usdm", "spot"], Field(description="Binance USD-M futures or spot")]
Levels = Annotated[int, Field(ge=1, le=50, description="levels per side")]


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
    limit: Annotated[int, Field(ge=1, le=200, description="bars per page")] = 100,
) -> BarsAnswer:
    """OHLCV bars of one instrument, paged, oldest first, with source, whether synthetic, and counts of gaps and
    other defects over the whole span; gaps are reported, never filled.

    `since` is included, `until` is not; without them the newest 17,520 bars, at most eight years. Pass next_cursor as
    cursor, all else unchanged, until it is null. Fetched bars are cached locally. To look up a symbol use
    market_search_symbols. To test a strategy use backtest_run of the backtest server, which loads bars itself.
    """
    from mcp_servers.market.bar_calls import get_bars
    from skills_lib.market.candles import CandleArguments

    def work(progress: Progress) -> BarsAnswer:
        return get_bars(
            CandleArguments(symbol, timeframe.value, since, until, source, exchange), cursor, limit, progress
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
    it trades, and where the list came from. The exchange is queried once a week; offline a bundled list is used.

    Use it when market_get_bars or backtest_run rejects a symbol. For prices use market_get_bars.
    """
    from mcp_servers.market.bar_calls import find_symbols

    return await run_library(ctx, lambda _: find_symbols(text, exchange, limit))


@server.tool(title="Follow a book", annotations=READS_VENUES)
async def market_subscribe_book(symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm") -> SubscribedAnswer:
    """Follow the order book of one instrument from now on, and wait up to 5 s until it is in sync.

    The server follows it until the server stops; repeated calls have no effect. Then use market_get_book,
    market_read_book or market_get_imbalance.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    return await run_library(ctx, lambda _: book_service().subscribe(BookKey.of(symbol, venue)))


@server.tool(title="Get a book", annotations=READS_VENUES)
async def market_get_book(
    symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm", levels: Levels = 10
) -> BookAnswer:
    """The best levels of a followed book now, with its age; empty, with the reason, while it is not trusted.

    Follow it first with market_subscribe_book; to wait for a change use market_read_book.
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
        int | None, Field(ge=0, le=2**62, description="wait until the book is past this id; null: past the current one")
    ] = None,
    timeout_s: Annotated[float, Field(ge=0, le=50, description="how long to wait")] = 10.0,
) -> BookAnswer:
    """The best levels of a followed book once it has changed; `changed` is false after a timeout.

    Pass the update_id of the answer as after_update_id to miss nothing. To read without waiting use market_get_book.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    def work(_: Progress) -> BookAnswer:
        return book_service().read_book(BookKey.of(symbol, venue), levels, after_update_id, timeout_s)

    return await run_library(ctx, work)


@server.tool(title="Get the imbalance", annotations=READS_VENUES)
async def market_get_imbalance(
    symbol: Symbol, ctx: Context[Any, Any], venue: VenueName = "usdm", levels: Levels = 5
) -> ImbalanceAnswer:
    """Imbalance of the best levels of a followed book, microprice, spread and depth, with its age; null while the book
    is not trusted.

    The levels themselves are in market_get_book.
    """
    from mcp_servers.market.book_calls import BookKey, book_service

    return await run_library(ctx, lambda _: book_service().get_imbalance(BookKey.of(symbol, venue), levels))


@server.tool(title="Get feed status", annotations=READS_VENUES)
async def market_feed_status(ctx: Context[Any, Any]) -> FeedStatusAnswer:
    """Every followed book: in sync or not and why, age, messages, gaps, reconnects, clock offset.

    Call it when market_get_book says that a book is not trusted.
    """
    from mcp_servers.market.book_calls import book_service

    return await run_library(ctx, lambda _: book_service().status())


@server.tool(title="Scan instruments", annotations=READS_VENUES)
async def market_scan(
    ctx: Context[Any, Any],
    source: Annotated[
        Literal["tapes", "exchange"], Field(description="recorded tapes of the workspace, or the exchange now")
    ] = "exchange",
    venue: VenueName = "usdm",
    count: Annotated[int, Field(ge=1, le=50, description="number of instruments, by volume; exchange only")] = 10,
    seconds: Annotated[float, Field(ge=1, le=40, description="seconds to sample each book")] = 10.0,
) -> ScanAnswer:
    """Instruments ranked by a taker's costs over the typical move of a minute, with spread, depth, volume, volatility
    and how long an imbalance lasts.

    For one instrument's book use market_subscribe_book.
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
