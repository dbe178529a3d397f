"""Settings of the feed: endpoints, channels, routes and timeouts."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.instruments import lower_symbol
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.usability.limits import UsabilityLimits

STREAMS_PER_CONNECTION = 200
"""Binance allows 1,024, but some proxies reject URLs of that length."""


class Channel(StrEnum):
    """Channels to subscribe to, in Binance's spelling: `<symbol>@<channel>`."""

    DEPTH = "depth@100ms"
    PARTIAL_DEPTH = "depth5@100ms"
    BOOK_TICKER = "bookTicker"
    TRADE = "trade"
    AGG_TRADE = "aggTrade"
    KLINE_1M = "kline_1m"
    MARK_PRICE = "markPrice@1s"

    @classmethod
    def parse(cls, text: str) -> "Channel":
        """Parse a channel name.

        Raises:
            InputError: unknown channel.
        """
        try:
            return cls(text)
        except ValueError:
            allowed = [channel.value for channel in cls]
            hint = did_you_mean(text, allowed)
            raise InputError(f"Unknown channel '{text}'.{hint} Allowed: {', '.join(allowed)}.") from None


# Since 2026-04-23 a stream on the wrong route connects and is acknowledged but sends nothing.
_USDM_ROUTES = dict.fromkeys((Channel.DEPTH, Channel.PARTIAL_DEPTH, Channel.BOOK_TICKER), "/public")
_USDM_MARKET_ROUTE = "/market"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs of one venue: `streams` starts with ws, `rest` with http; neither ends with a slash."""

    venue: Venue
    streams: str
    rest: str

    @classmethod
    def of(cls, venue: Venue, host: str | None = None) -> "Endpoints":
        """Binance's endpoints, or those of a local server at `host`, such as 127.0.0.1:9001."""
        if host is not None:
            return cls(venue, f"ws://{host}", f"http://{host}")
        if venue is Venue.SPOT:
            return cls(venue, "wss://stream.binance.com:9443", "https://api.binance.com")
        return cls(venue, "wss://fstream.binance.com", "https://fapi.binance.com")

    def url(self, route: str, streams: list[str]) -> str:
        """URL of a combined stream; letters outside ASCII are percent-encoded."""
        return f"{self.streams}{route}/stream?streams={quote('/'.join(streams), safe='/@_')}"

    @property
    def api(self) -> str:
        """Base URL of REST paths."""
        return f"{self.rest}/fapi/v1" if self.venue is Venue.USDM else f"{self.rest}/api/v3"


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Symbols, channels and timeouts of a feed, in seconds.

    A depth stream is stale after `silence_s`, or after four times its longest recent pause if that is longer. A
    connection that received nothing for `reconnect_after_s` is reopened, and so is one whose depth stream is silent or
    late for so long. Depth events may be `max_age_s` old, and the event loop blocked for `max_pause_s`. Requests are
    sent while no more than `weight_per_minute` of the address is used, by this feed and by others.
    """

    endpoints: Endpoints
    symbols: tuple[str, ...]
    channels: tuple[Channel, ...] = (Channel.DEPTH, Channel.BOOK_TICKER, Channel.AGG_TRADE)
    snapshot_limit: int = 1000
    weight_per_minute: int = 1200
    silence_s: float = 0.7
    reconnect_after_s: float = 3.0
    max_age_s: float = 2.0
    max_pause_s: float = 0.7
    backoff_s: float = 0.2
    max_backoff_s: float = 30.0
    rotate_after_s: float = 23.5 * 3600
    overlap_s: float = 5.0
    clock_every_s: float = 60.0
    trading_every_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.symbols:
            raise InputError("Name at least one symbol, such as BTCUSDT.")
        spot_only = self.endpoints.venue is Venue.SPOT and Channel.MARK_PRICE in self.channels
        if spot_only:
            raise InputError("Spot has no mark price. Remove markPrice@1s from the channels.")

    @property
    def limits(self) -> UsabilityLimits:
        """The bounds within which a book is usable."""
        return UsabilityLimits(self.silence_s, self.max_age_s, self.reconnect_after_s, self.max_pause_s)

    def connections(self) -> list[tuple[str, list[str]]]:
        """Route and stream names of each required connection."""
        routes: dict[str, list[str]] = {}
        for channel in self.channels:
            route = "" if self.endpoints.venue is Venue.SPOT else _USDM_ROUTES.get(channel, _USDM_MARKET_ROUTE)
            routes.setdefault(route, []).extend(f"{lower_symbol(symbol)}@{channel}" for symbol in self.symbols)
        size = STREAMS_PER_CONNECTION
        return [(route, names[n : n + size]) for route, names in routes.items() for n in range(0, len(names), size)]
