"""Alterations of frames, as bytes in and bytes out."""

import re
from decimal import Decimal
from typing import Any

import msgspec

_PREVIOUS = re.compile(rb'"pu":(\d+)')
_PARTIAL_BOOK = re.compile(r"@depth(5|10|20)\b")
_REPEATABLE = ("bookTicker", "markPriceUpdate", "kline", "24hrTicker", "24hrMiniTicker")


def with_gap(frame: bytes) -> bytes:
    """The frame with a `pu` that is not the previous update id."""
    return _PREVIOUS.sub(lambda found: b'"pu":%d' % (int(found[1]) + 1), frame, count=1)


def with_corrupt_level(frame: bytes, side: str, place: int, factor: int) -> bytes:
    """The diff with the quantity of one level multiplied; the other side's if it has none on this side."""
    whole, data = _decoded(frame)
    first, second = ("b", "a") if side == "bids" else ("a", "b")
    levels = data.get(first) or data.get(second) if data.get("e") == "depthUpdate" else None
    if not levels:
        return frame
    level = levels[min(place, len(levels) - 1)]
    quantity = Decimal(level[1])
    level[1] = str(quantity * factor if quantity else Decimal(1).quantize(quantity))
    return msgspec.json.encode(whole)


def burst(frame: bytes, stream: str, factor: int) -> list[bytes]:
    """The frames that a diff is divided into, or copies of a ticker; other frames once, since their ids are unique."""
    whole, data = _decoded(frame)
    if data.get("e") in _REPEATABLE or _PARTIAL_BOOK.search(stream):
        return [frame] * factor
    if data.get("e") != "depthUpdate":
        return [frame]
    parts = _divided(data, min(factor, data["u"] - data["U"] + 1))
    return [msgspec.json.encode(part if whole is data else whole | {"data": part}) for part in parts]


def _divided(diff: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The diff as a chain of `count` diffs: its ids in ranges, its levels in order over the ranges."""
    first, length = diff["U"], diff["u"] - diff["U"] + 1
    starts = [first + length * part // count for part in range(count)] + [diff["u"] + 1]
    levels = [("b", level) for level in diff["b"]] + [("a", level) for level in diff["a"]]
    parts = []
    for part in range(count):
        own = levels[len(levels) * part // count : len(levels) * (part + 1) // count]
        ids = {"U": starts[part], "u": starts[part + 1] - 1, "pu": starts[part] - 1 if part else diff["pu"]}
        sides = {side: [level for of, level in own if of == side] for side in ("b", "a")}
        parts.append(diff | ids | sides)
    return parts


def without_commission(frame: bytes) -> bytes:
    """The order event without its commission fields."""
    whole, data = _decoded(frame)
    if data.get("e") != "ORDER_TRADE_UPDATE":
        return frame
    data["o"] = {name: value for name, value in data["o"].items() if name not in ("N", "n")}
    return msgspec.json.encode(whole)


def _decoded(frame: bytes) -> tuple[Any, dict[str, Any]]:
    """The frame, and the payload in it, without the stream's name; an empty payload for lists."""
    whole = msgspec.json.decode(frame)
    data = whole.get("data", whole) if isinstance(whole, dict) else {}
    return whole, data if isinstance(data, dict) else {}
