"""Lines of drawn tapes: each message decoded and as the bytes of its stream. Numbers are text, as on the wire."""

import json

from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, MarkPrice, Snapshot, Trade, WireLevel

MS = 1_000_000


def snapshot_line(symbol: str, time_ms: int, update_id: int, bids: list[WireLevel], asks: list[WireLevel]) -> Played:
    """The answer of `GET /depth`."""
    body = {"lastUpdateId": update_id, "E": time_ms, "T": time_ms, "bids": bids, "asks": asks}
    snapshot = Snapshot(update_id, bids, asks, time_ms, time_ms)
    return Played(snapshot, json.dumps(body, separators=(",", ":")).encode(), symbol, time_ms * MS)


def depth_line(
    symbol: str, time_ms: int, update_id: int, previous_id: int, bids: list[WireLevel], asks: list[WireLevel]
) -> Played:
    """A diff that follows the update `previous_id`."""
    first = previous_id + 1
    update = DepthUpdate(symbol, time_ms, first, update_id, bids, asks, previous_id, time_ms)
    body = {"e": "depthUpdate", "E": time_ms, "T": time_ms, "s": symbol, "U": first}
    body |= {"u": update_id, "pu": previous_id, "b": bids, "a": asks}
    return _line("depth@100ms", update, body, time_ms)


def trade_line(symbol: str, time_ms: int, trade_id: int, price: str, quantity: str, sells: bool) -> Played:
    """A trade. sells: its taker sold."""
    trade = Trade(symbol, time_ms, time_ms, trade_id, price, quantity, sells, "MARKET")
    body = {"e": "trade", "E": time_ms, "T": time_ms, "s": symbol, "t": trade_id}
    return _line("trade", trade, body | {"p": price, "q": quantity, "X": "MARKET", "m": sells}, time_ms)


def mark_line(symbol: str, time_ms: int, price: str, rate: str, funding_ms: int) -> Played:
    """A mark price, which is the index price too. funding_ms: the next funding time that it names."""
    mark = MarkPrice(symbol, time_ms, price, price, rate, funding_ms)
    body = {"e": "markPriceUpdate", "E": time_ms, "s": symbol, "p": price, "i": price, "P": price}
    return _line("markPrice@1s", mark, body | {"r": rate, "T": funding_ms}, time_ms)


def _line(stream: str, message: DepthUpdate | Trade | MarkPrice, body: dict[str, object], time_ms: int) -> Played:
    line = {"stream": f"{message.symbol.lower()}@{stream}", "data": body}
    return Played(message, json.dumps(line, separators=(",", ":")).encode(), message.symbol, time_ms * MS)
