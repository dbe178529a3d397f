"""The market's past on the tape: klines, trades and aggregates."""

from typing import Any

from live.money import SCALE, show
from live.simulator.core.rejections import Rejection, illegal
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, by_limit
from live.simulator.http.endpoints.windows import read_window, rows
from live.simulator.http.rate_limits import FUNDING_POOL
from live.simulator.streams.frames import aggregate
from live.simulator.streams.history import Bar, Tick
from live.simulator.streams.names import INTERVALS_MS
from skills_lib.domain.instruments import upper_symbol

KLINE_WEIGHT = by_limit(500, ((99, 1), (499, 2), (1000, 5), (1500, 10)))
HOUR_MS = 3600 * 1000
_LONG_INTERVALS = ("3d", "1w", "1M")


async def klines(call: Call) -> list[list[Any]]:
    """`GET /fapi/v1/klines`: bars built from the tape's trades."""
    return _klines(call, call.rules())


async def continuous_klines(call: Call) -> list[list[Any]]:
    """`GET /fapi/v1/continuousKlines`: only perpetual contracts are listed here, so a pair is a symbol.

    Raises:
        Rejection: -1102, -1121, -4104 for another type of contract.
    """
    rules = call.rules(upper_symbol(call.params.need("pair")))
    if call.params.need("contractType") != "PERPETUAL":
        raise Rejection(-4104, "Invalid contract type.")
    return _klines(call, rules)


def _klines(call: Call, rules: SymbolRules) -> list[list[Any]]:
    interval, limit, window = call.params.need("interval"), call.params.limit(500, 1500), read_window(call.params)
    if interval in _LONG_INTERVALS:
        return []
    if interval not in INTERVALS_MS:
        raise Rejection(-1120, "Invalid interval.")
    bars = call.gateway.publisher.history(rules.symbol).bars(interval)
    found = (bar for bar in bars if bar.open_ms in window)
    return [_kline(bar, rules) for bar in rows(found, limit, window.from_start)]


def _kline(bar: Bar, rules: SymbolRules) -> list[Any]:
    price, quantity = rules.price_text, rules.quantity_text
    return [
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


async def agg_trades(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/aggTrades`: the tape's trades, aggregated by taker and price, from `fromId` or `startTime` on.

    Raises:
        Rejection: -1127 if both times are sent and are more than an hour apart.
    """
    rules, limit, window = call.rules(), call.params.limit(500, 1000), read_window(call.params)
    if window.from_start and call.params.get("endTime") and window.end_ms - window.start_ms > HOUR_MS:
        raise Rejection(-1127, "More than 1 hours between startTime and endTime.")
    first = _from_id(call)
    entries = list(call.gateway.publisher.history(rules.symbol).aggregates)
    found = (entry for entry in entries if entry.number >= first and entry.time_ms in window)
    return [aggregate(entry, rules) for entry in rows(found, limit, first >= 0 or window.from_start)]


def _from_id(call: Call) -> int:
    """`fromId`, -1 if absent.

    Raises:
        Rejection: -1130.
    """
    if call.params.get("fromId") and call.params.integer("fromId") < 0:
        raise illegal("fromId")
    return call.params.integer("fromId", -1)


async def trades(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/trades`: the tape's recent trades, oldest first."""
    rules, limit = call.rules(), call.params.limit(500, 1000)
    return [_trade(tick, rules) for tick in list(call.gateway.publisher.history(rules.symbol).trades)[-limit:]]


async def historical_trades(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/historicalTrades`: the tape's trades from `fromId` on, else the most recent; oldest first."""
    rules, limit, first = call.rules(), call.params.limit(100, 500), _from_id(call)
    ticks = (tick for tick in list(call.gateway.publisher.history(rules.symbol).trades) if tick.number >= first)
    return [_trade(tick, rules) for tick in rows(ticks, limit, first >= 0)]


def _trade(tick: Tick, rules: SymbolRules) -> dict[str, Any]:
    return {
        "id": tick.number,
        "price": rules.price_text(tick.price),
        "qty": rules.quantity_text(tick.quantity),
        "quoteQty": show(tick.price * tick.quantity // SCALE, 5),
        "time": tick.time_ms,
        "isBuyerMaker": tick.buyer_is_maker,
        "isRPITrade": False,
    }


async def funding_rate(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/fundingRate`: the funding times that have passed on the tape, oldest first."""
    symbol, limit, window = call.optional_symbol(), call.params.limit(100, 1000), read_window(call.params)
    found = (e for e in call.state.funding_rates if symbol in ("", e.symbol) and e.time_ms in window)
    return [
        {
            "symbol": entry.symbol,
            "fundingTime": entry.time_ms,
            "fundingRate": show(entry.rate),
            "markPrice": show(entry.mark_price),
            "rateType": "Regular",
        }
        for entry in rows(found, limit, window.from_start)
    ]


ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/klines", klines, KLINE_WEIGHT),
    Endpoint("GET", "/fapi/v1/continuousKlines", continuous_klines, KLINE_WEIGHT),
    Endpoint("GET", "/fapi/v1/aggTrades", agg_trades, 20),
    Endpoint("GET", "/fapi/v1/trades", trades, 5),
    Endpoint("GET", "/fapi/v1/historicalTrades", historical_trades, 200, Security.KEY),
    Endpoint("GET", "/fapi/v1/fundingRate", funding_rate, 0, pool=FUNDING_POOL),
]
