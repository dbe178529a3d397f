"""Names of market streams, and the route each is served on.

Since 2026-04-23 streams are routed: /public carries depth and bookTicker, /market everything else.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from skills_lib.domain.instruments import upper_symbol

INTERVALS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
}
"""Supported kline intervals. Longer ones exceed any tape."""

_NAME = re.compile(
    r"(?:(?P<symbol>(?:[a-z0-9_]|[^\x00-\x7f])+)@|!)(?P<kind>[A-Za-z]+?)(?P<levels>5|10|20)?(?P<rest>[_@].*)?"
)
_DEPTH_SPEEDS = {"": 250, "@0ms": 0, "@100ms": 100, "@250ms": 250, "@500ms": 500}
_MARK_SPEEDS = {"": 3000, "@1s": 1000, "@arr": 3000, "@arr@1s": 1000, "@3s": 3000}


class Route(StrEnum):
    """First part of a stream's path; empty on the un-routed legacy paths, which serve every stream."""

    ANY = ""
    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"


class Kind(StrEnum):
    """What a stream carries."""

    DEPTH = "depth"
    PARTIAL = "partial"
    BOOK_TICKER = "bookTicker"
    TRADE = "trade"
    AGG_TRADE = "aggTrade"
    MARK_PRICE = "markPrice"
    KLINE = "kline"
    TICKER = "ticker"
    MINI_TICKER = "miniTicker"
    FORCE_ORDER = "forceOrder"


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that exists. `symbol` is empty for all symbols; `speed_ms` 0 where every message is sent."""

    name: str
    kind: Kind
    symbol: str = ""
    speed_ms: int = 0
    levels: int = 0
    interval: str = ""

    @property
    def route(self) -> Route:
        """The route that serves the stream."""
        public = (Kind.DEPTH, Kind.PARTIAL, Kind.BOOK_TICKER)
        return Route.PUBLIC if self.kind in public else Route.MARKET

    def served_on(self, route: Route) -> bool:
        """True if the route serves the stream."""
        return route in (Route.ANY, self.route)


def read(name: str) -> Stream | None:
    """The stream of that name; None for unknown names, which Binance acknowledges but never serves."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    symbol, kind, rest = upper_symbol(found["symbol"] or ""), found["kind"], found["rest"] or ""
    if kind == "depth":
        return _depth(name, symbol, int(found["levels"] or 0), rest)
    if kind == "markPrice" and rest in _MARK_SPEEDS:
        return Stream(name, Kind.MARK_PRICE, symbol, _MARK_SPEEDS[rest])
    if kind == "kline" and rest[1:] in INTERVALS_MS:
        return Stream(name, Kind.KLINE, symbol, 250, interval=rest[1:])
    plain = {"bookTicker", "trade", "aggTrade", "ticker", "miniTicker", "forceOrder"}
    return Stream(name, Kind(kind), symbol) if kind in plain and rest in ("", "@arr") else None


def _depth(name: str, symbol: str, levels: int, rest: str) -> Stream | None:
    if rest not in _DEPTH_SPEEDS or not symbol:
        return None
    return Stream(name, Kind.PARTIAL if levels else Kind.DEPTH, symbol, _DEPTH_SPEEDS[rest], levels)
