"""The market as it is now: time, listing, book, prices and funding."""

from typing import Any

from live.enums import Side
from live.money import SCALE, show
from live.simulator.core.rejections import Rejection
from live.simulator.http.endpoints.endpoint import Call, Endpoint, by_limit, with_symbol
from live.simulator.http.rate_limits import LIMITS
from live.simulator.streams.history import Bar

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
DEPTH_WEIGHT = by_limit(500, ((50, 2), (100, 5), (500, 10), (1000, 20)))


async def ping(_: Call) -> dict[str, Any]:
    """An empty object."""
    return {}


async def server_time(call: Call) -> dict[str, Any]:
    """The tape's clock."""
    return {"serverTime": call.gateway.server_ms()}


async def exchange_info(call: Call) -> dict[str, Any]:
    """Symbols of the tape with their filters; `?symbol=` is ignored, as Binance does."""
    return {
        "timezone": "UTC",
        "serverTime": call.gateway.server_ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": [LIMITS[2], LIMITS[1], LIMITS[0]],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [market.rules.listing for market in call.state.markets.values()],
    }


async def depth(call: Call) -> dict[str, Any]:
    """A snapshot of the tape's book, without simulated orders."""
    limit = call.params.integer("limit", 500)
    if limit not in DEPTH_LIMITS:
        raise Rejection(-4021, f"{limit} is not valid depth limit")
    return _snapshot(call, limit)


def _snapshot(call: Call, limit: int) -> dict[str, Any]:
    rules = call.rules()
    market, book = call.state.markets[rules.symbol], call.gateway.feed.books[rules.symbol]
    if not market.in_sync:
        raise Rejection(-1001, "Internal error; unable to process your request. Please try again.", 503)
    if past := call.gateway.past_book(rules.symbol):
        return past.limited(limit)
    bids, asks = ([[rules.price_text(p), rules.quantity_text(q)] for p, q in side] for side in book.top(limit))
    return {
        "lastUpdateId": book.local.book.update_id,
        "E": call.gateway.now_ms,
        "T": market.updated_ms,
        "bids": bids,
        "asks": asks,
    }


async def rpi_depth(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/rpiDepth`: the tape's book; it holds no orders of retail price improvement (RPI).

    Raises:
        Rejection: -4021 for a limit other than 1000.
    """
    limit = call.params.integer("limit", 1000)
    if limit != DEPTH_LIMITS[-1]:
        raise Rejection(-4021, f"{limit} is not valid depth limit")
    return _snapshot(call, limit)


async def composite_indices(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/indexInfo`: no composite index is listed."""
    call.optional_symbol()
    return []


def _each(call: Call, one: Any) -> Any:
    """One entry for the given symbol, else a list of all."""
    symbol = call.optional_symbol()
    return one(call, symbol) if symbol else [one(call, name) for name in call.state.markets]


async def premium_index(call: Call) -> Any:
    """Mark price and funding."""
    return _each(call, _premium_index)


def _premium_index(call: Call, symbol: str) -> dict[str, Any]:
    market = call.state.markets[symbol]
    return {
        "symbol": symbol,
        "markPrice": show(market.mark_price),
        "indexPrice": show(market.index_price),
        "estimatedSettlePrice": show(market.mark_price),
        "lastFundingRate": show(market.funding_rate),
        "interestRate": "0.00010000",
        "nextFundingTime": market.next_funding_ms,
        "time": call.gateway.now_ms,
    }


async def book_ticker(call: Call) -> Any:
    """Best bid and ask."""
    return _each(call, _book_ticker)


def _book_ticker(call: Call, symbol: str) -> dict[str, Any]:
    market, rules = call.state.markets[symbol], call.rules(symbol)
    bid, ask = (next(market.book.levels(side), (0, 0)) for side in (Side.BUY, Side.SELL))
    return {
        "symbol": symbol,
        "bidPrice": rules.price_text(bid[0]),
        "bidQty": rules.quantity_text(bid[1]),
        "askPrice": rules.price_text(ask[0]),
        "askQty": rules.quantity_text(ask[1]),
        "time": market.updated_ms,
        "lastUpdateId": call.gateway.feed.books[symbol].local.book.update_id or 0,
    }


async def price_ticker(call: Call) -> Any:
    """The last price."""
    return _each(call, _price_ticker)


def _price_ticker(call: Call, symbol: str) -> dict[str, Any]:
    market = call.state.markets[symbol]
    price = market.last_price or market.mark_price
    return {"symbol": symbol, "price": call.rules(symbol).price_text(price), "time": call.gateway.now_ms}


async def day_ticker(call: Call) -> Any:
    """24-hour statistics of the tape so far."""
    return _each(call, _day_ticker)


def _day_ticker(call: Call, symbol: str) -> dict[str, Any]:
    rules, history, now_ms = call.rules(symbol), call.gateway.publisher.history(symbol), call.gateway.now_ms
    bar = history.session or Bar(now_ms, now_ms, 0, 0, 0, 0, 0, 0)
    price, change = rules.price_text, bar.close - bar.open
    return {
        "symbol": symbol,
        "priceChange": price(change),
        "priceChangePercent": show(change * 100 * SCALE // bar.open if bar.open else 0, 3),
        "weightedAvgPrice": show(bar.quote * SCALE // bar.volume if bar.volume else 0),
        "lastPrice": price(bar.close),
        "lastQty": rules.quantity_text(history.trades[-1].quantity if history.trades else 0),
        "openPrice": price(bar.open),
        "highPrice": price(bar.high),
        "lowPrice": price(bar.low),
        "volume": rules.quantity_text(bar.volume),
        "quoteVolume": show(bar.quote),
        "openTime": bar.open_ms,
        "closeTime": now_ms,
        "firstId": bar.first,
        "lastId": bar.last,
        "count": bar.trades,
    }


ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/ping", ping),
    Endpoint("GET", "/fapi/v1/time", server_time),
    Endpoint("GET", "/api/v3/ping", ping),
    Endpoint("GET", "/api/v3/time", server_time),
    Endpoint("GET", "/fapi/v1/exchangeInfo", exchange_info),
    Endpoint("GET", "/fapi/v1/depth", depth, DEPTH_WEIGHT),
    Endpoint("GET", "/fapi/v1/rpiDepth", rpi_depth, 20),
    Endpoint("GET", "/fapi/v1/indexInfo", composite_indices, 1),
    Endpoint("GET", "/fapi/v1/premiumIndex", premium_index, with_symbol(1, 10)),
    Endpoint("GET", "/fapi/v1/ticker/bookTicker", book_ticker, with_symbol(2, 5)),
    Endpoint("GET", "/fapi/v1/ticker/price", price_ticker, with_symbol(1, 2)),
    Endpoint("GET", "/fapi/v2/ticker/price", price_ticker, with_symbol(1, 2)),
    Endpoint("GET", "/fapi/v1/ticker/24hr", day_ticker, with_symbol(1, 40)),
]
