"""Public market data endpoints."""

from typing import Any

from live.simulator.core.enums import Side
from live.simulator.core.money import SCALE, show
from live.simulator.core.rejections import Rejection
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, with_symbol
from live.simulator.http.endpoints.params import Params
from live.simulator.http.rate_limits import ORDERS_PER_10_SECONDS, ORDERS_PER_MINUTE, WEIGHT_PER_MINUTE
from live.simulator.streams.frames import aggregate
from live.simulator.streams.history import Bar
from live.simulator.streams.names import INTERVALS_MS

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
_DEPTH_WEIGHTS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
_WEEK_INTERVALS = ("3d", "1w", "1M")


async def ping(_: Call) -> dict[str, Any]:
    """An empty object."""
    return {}


async def server_time(call: Call) -> dict[str, Any]:
    """The tape's clock."""
    return {"serverTime": call.gateway.server_ms()}


def rate_limits() -> list[dict[str, Any]]:
    """The limits that exchangeInfo lists."""
    return [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": WEIGHT_PER_MINUTE},
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": ORDERS_PER_MINUTE},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_PER_10_SECONDS},
    ]


async def exchange_info(call: Call) -> dict[str, Any]:
    """Symbols of the tape with their filters; `?symbol=` is ignored, as Binance does."""
    return {
        "timezone": "UTC",
        "serverTime": call.gateway.server_ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": rate_limits(),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [market.rules.listing for market in call.state.markets.values()],
    }


async def depth(call: Call) -> dict[str, Any]:
    """A snapshot of the tape's book, without simulated orders."""
    rules = call.rules()
    limit = call.params.integer("limit", 500)
    if limit not in DEPTH_LIMITS:
        raise Rejection(-4021, f"{limit} is not valid depth limit")
    market, local = call.state.markets[rules.symbol], call.gateway.feed.books[rules.symbol].local
    if not market.in_sync:
        raise Rejection(-1001, "Internal error; unable to process your request. Please try again.", 503)
    if past := call.gateway.past_book(rules.symbol):
        return past.limited(limit)
    top = local.book.top(limit)
    bids, asks = ([[rules.price_text(p), rules.quantity_text(q)] for p, q in side] for side in top)
    return {
        "lastUpdateId": local.book.update_id,
        "E": call.gateway.now_ms,
        "T": market.updated_ms,
        "bids": bids,
        "asks": asks,
    }


def _depth_weight(params: Params) -> int:
    return _DEPTH_WEIGHTS.get(params.integer("limit", 500), 20)


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


async def funding_rate(call: Call) -> list[dict[str, Any]]:
    """Past funding rates: none are stored, so the list is empty."""
    call.optional_symbol()
    return []


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


async def klines(call: Call) -> list[list[Any]]:
    """Bars built from the tape's trades."""
    interval = call.params.need("interval")
    if interval in _WEEK_INTERVALS:
        return []
    if interval not in INTERVALS_MS:
        raise Rejection(-1120, "Invalid interval.")
    limit = call.params.limit(500, 1500)
    rules = call.rules()
    start, end = call.params.integer("startTime"), call.params.integer("endTime", 2**62)
    bars = call.gateway.publisher.history(rules.symbol).bars[interval]
    selected = [bar for bar in bars if start <= bar.open_ms <= end]
    chosen = selected[:limit] if start else selected[-limit:]
    price, quantity = rules.price_text, rules.quantity_text
    return [
        [
            bar.open_ms,
            price(bar.open),
            price(bar.high),
            price(bar.low),
            price(bar.close),
            quantity(bar.volume),
            bar.close_ms,
            show(bar.quote, 5),
            bar.trades,
            quantity(bar.taker_volume),
            show(bar.taker_quote, 5),
            "0",
        ]
        for bar in chosen
    ]


async def agg_trades(call: Call) -> list[dict[str, Any]]:
    """The tape's trades, aggregated by taker and price."""
    rules, limit = call.rules(), call.params.limit(500, 1000)
    entries = list(call.gateway.publisher.history(rules.symbol).aggregates)
    first = call.params.integer("fromId")
    start, end = call.params.integer("startTime"), call.params.integer("endTime", 2**62)
    selected = [entry for entry in entries if entry.number >= first and start <= entry.time_ms <= end]
    chosen = selected[:limit] if first or start else selected[-limit:]
    return [aggregate(entry, rules) for entry in chosen]


async def trades(call: Call) -> list[dict[str, Any]]:
    """The tape's recent trades."""
    rules, limit = call.rules(), call.params.limit(500, 1000)
    ticks = list(call.gateway.publisher.history(rules.symbol).trades)[-limit:]
    return [
        {
            "id": tick.number,
            "price": rules.price_text(tick.price),
            "qty": rules.quantity_text(tick.quantity),
            "quoteQty": show(tick.price * tick.quantity // SCALE, 5),
            "time": tick.time_ms,
            "isBuyerMaker": tick.buyer_is_maker,
            "isRPITrade": False,
        }
        for tick in ticks
    ]


ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/ping", ping),
    Endpoint("GET", "/fapi/v1/time", server_time),
    Endpoint("GET", "/api/v3/ping", ping),
    Endpoint("GET", "/api/v3/time", server_time),
    Endpoint("GET", "/fapi/v1/exchangeInfo", exchange_info),
    Endpoint("GET", "/fapi/v1/depth", depth, _depth_weight),
    Endpoint("GET", "/fapi/v1/premiumIndex", premium_index, with_symbol(1, 10)),
    Endpoint("GET", "/fapi/v1/fundingRate", funding_rate),
    Endpoint("GET", "/fapi/v1/ticker/bookTicker", book_ticker, with_symbol(2, 5)),
    Endpoint("GET", "/fapi/v1/ticker/price", price_ticker, with_symbol(1, 2)),
    Endpoint("GET", "/fapi/v2/ticker/price", price_ticker, with_symbol(1, 2)),
    Endpoint("GET", "/fapi/v1/ticker/24hr", day_ticker, with_symbol(1, 40)),
    Endpoint("GET", "/fapi/v1/klines", klines, 5),
    Endpoint("GET", "/fapi/v1/aggTrades", agg_trades, 20),
    Endpoint("GET", "/fapi/v1/trades", trades, 5),
    Endpoint("GET", "/fapi/v1/historicalTrades", trades, 20, Security.KEY),
]
