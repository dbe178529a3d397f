"""Market stream payloads. Every frame carries `st`; 1 is USD-M."""

from typing import Any

from live.enums import Side
from live.money import SCALE, show
from live.simulator.core.events import Liquidated
from live.simulator.core.market import Market
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.streams.history import Aggregate, Bar
from skills_lib.market.depth.model import DepthUpdate

USDM, COINM = 1, 2


def depth(update: DepthUpdate) -> dict[str, Any]:
    """`<symbol>@depth@<speed>`."""
    return {
        "e": "depthUpdate",
        "E": update.event_ts_ms,
        "T": update.transaction_ts_ms or update.event_ts_ms,
        "s": update.symbol,
        "ps": update.symbol,
        "st": USDM,
        "U": update.first_update_id,
        "u": update.final_update_id,
        "pu": update.previous_update_id or 0,
        "b": update.bids,
        "a": update.asks,
    }


def book_ticker(symbol: str, market: Market, update_id: int, now_ms: int) -> dict[str, Any]:
    """`<symbol>@bookTicker`, from the tape's book."""
    sides = {side: next(market.book.levels(side), (0, 0)) for side in Side}
    rules = market.rules
    (bid, bid_size), (ask, ask_size) = sides[Side.BUY], sides[Side.SELL]
    return {
        "e": "bookTicker",
        "u": update_id,
        "E": now_ms,
        "T": now_ms,
        "s": symbol,
        "ps": symbol,
        "b": rules.price_text(bid),
        "B": rules.quantity_text(bid_size),
        "a": rules.price_text(ask),
        "A": rules.quantity_text(ask_size),
        "st": USDM,
    }


def agg_trade(symbol: str, entry: Aggregate, rules: SymbolRules, now_ms: int) -> dict[str, Any]:
    """`<symbol>@aggTrade`. `nq` is the quantity without retail-price-improvement orders: all of it."""
    return {"e": "aggTrade", "E": now_ms, "s": symbol, **aggregate(entry, rules), "st": USDM}


def aggregate(entry: Aggregate, rules: SymbolRules) -> dict[str, Any]:
    """The fields that stream and REST share for an aggregate trade."""
    quantity = rules.quantity_text(entry.quantity)
    return {
        "a": entry.number,
        "p": rules.price_text(entry.price),
        "q": quantity,
        "nq": quantity,
        "f": entry.first,
        "l": entry.last,
        "T": entry.time_ms,
        "m": entry.buyer_is_maker,
    }


def mark_price(symbol: str, market: Market, now_ms: int) -> dict[str, Any]:
    """`<symbol>@markPrice`."""
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": symbol,
        "p": show(market.mark_price),
        "ap": show(market.mark_price),
        "i": show(market.index_price),
        "P": show(market.mark_price),
        "r": show(market.funding_rate),
        "T": market.next_funding_ms,
        "st": USDM,
    }


def coin_mark_price(mark: dict[str, Any], base: str) -> dict[str, Any]:
    """The COIN-M entry of a base asset that `!markPrice@arr` carries next to USD-M symbols, distinguished by `st`."""
    return mark | {"s": f"{base}USD_PERP", "st": COINM}


def kline(symbol: str, interval: str, bar: Bar, rules: SymbolRules, now_ms: int, closed: bool) -> dict[str, Any]:
    """`<symbol>@kline_<interval>`."""
    price, quantity = rules.price_text, rules.quantity_text
    return {
        "e": "kline",
        "E": now_ms,
        "s": symbol,
        "k": {
            "t": bar.open_ms,
            "T": bar.close_ms,
            "s": symbol,
            "i": interval,
            "f": bar.first,
            "L": bar.last,
            "o": price(bar.open),
            "c": price(bar.close),
            "h": price(bar.high),
            "l": price(bar.low),
            "v": quantity(bar.volume),
            "n": bar.trades,
            "x": closed,
            "q": show(bar.quote, 5),
            "V": quantity(bar.taker_volume),
            "Q": show(bar.taker_quote, 5),
            "B": "0",
        },
        "st": USDM,
    }


def ticker(symbol: str, bar: Bar, rules: SymbolRules, now_ms: int, last_quantity: int) -> dict[str, Any]:
    """`<symbol>@ticker`, over what the tape has traded so far."""
    price, quantity = rules.price_text, rules.quantity_text
    change = bar.close - bar.open
    return {
        "e": "24hrTicker",
        "E": now_ms,
        "s": symbol,
        "p": price(change),
        "P": show(change * 100 * SCALE // bar.open, 3),
        "w": show(bar.quote * SCALE // bar.volume),
        "c": price(bar.close),
        "Q": quantity(last_quantity),
        "o": price(bar.open),
        "h": price(bar.high),
        "l": price(bar.low),
        "v": quantity(bar.volume),
        "q": show(bar.quote),
        "O": bar.open_ms,
        "C": now_ms,
        "F": bar.first,
        "L": bar.last,
        "n": bar.trades,
        "st": USDM,
    }


def mini_ticker(symbol: str, bar: Bar, rules: SymbolRules, now_ms: int) -> dict[str, Any]:
    """`<symbol>@miniTicker`."""
    price = rules.price_text
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": symbol,
        "c": price(bar.close),
        "o": price(bar.open),
        "h": price(bar.high),
        "l": price(bar.low),
        "v": rules.quantity_text(bar.volume),
        "q": show(bar.quote),
        "st": USDM,
    }


def force_order(event: Liquidated, rules: SymbolRules) -> dict[str, Any]:
    """`<symbol>@forceOrder`."""
    order = event.order
    return {
        "e": "forceOrder",
        "E": event.time_ms,
        "o": {
            "s": order.symbol,
            "S": order.side,
            "o": "LIMIT",
            "f": "IOC",
            "q": rules.quantity_text(order.quantity),
            "p": show(order.price),
            "ap": show(order.average_price),
            "X": order.status,
            "l": rules.quantity_text(order.filled),
            "z": rules.quantity_text(order.filled),
            "T": event.time_ms,
        },
        "st": USDM,
    }
