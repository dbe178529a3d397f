"""Where each venue is: hosts of REST, streams and WebSocket API.

Sources: Binance's pages "General Info" of USD-M futures (REST, WebSocket Streams, WebSocket API) and of the wallet
(`/sapi`), October 2026. The demo venue takes stream paths without a route, and has no wallet.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from live.binance.websocket_api import API_PATH
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.market.depth.feed.settings import Endpoints
from skills_lib.market.depth.model import Venue

ROUTES = ("/public", "/market", "/private")
WALLET: Final = "/sapi/"
"""Paths of the wallet, which on mainnet have another host than those of futures."""


class TradingVenue(StrEnum):
    """Where orders go."""

    SIMULATOR = "simulator"
    DEMO = "demo"
    MAINNET = "mainnet"


def require_armed(venue: TradingVenue) -> None:
    """Check that orders may be sent to a venue, before anything is sent there.

    Raises:
        TwokeyError: mainnet.
    """
    if venue is TradingVenue.MAINNET:
        raise TwokeyError("mainnet is not armed: a person must sign first. Use the simulator or the demo venue.")


@dataclass(frozen=True, slots=True)
class RestHost:
    """A host of requests or streams. netloc: its name, with the port if that is not the scheme's."""

    netloc: str
    name: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> "RestHost":
        """The host of a base URL."""
        parts = urlsplit(url)
        tls = parts.scheme in ("https", "wss")
        return cls(parts.netloc, parts.hostname or "", parts.port or (443 if tls else 80), tls)


@dataclass(frozen=True, slots=True)
class VenueAddress:
    """Base URLs without a slash at the end. routed: stream paths begin with a route.

    wallet: of `/sapi`; empty where `rest` serves it.
    """

    rest: str
    streams: str
    api: str
    routed: bool = True
    wallet: str = ""

    @classmethod
    def of(cls, venue: TradingVenue, host: str = "") -> "VenueAddress":
        """The address of a venue. host: `host:port` of the simulator, or `https://host:port`; no other venue takes one.

        Raises:
            InputError: the simulator's host is missing, no `host:port`, or of another machine without https; or another
                venue was given one.
        """
        if venue is not TradingVenue.SIMULATOR:
            if host:
                raise InputError(f"The hosts of {venue} are fixed; only the simulator takes one. Leave it out.")
            return _BINANCE[venue]
        plain = host.removeprefix("https://")
        if not _is_host_and_port(plain):
            raise InputError(f"'{host[:60]}' is no address of a simulator. Give host:port, such as 127.0.0.1:9001.")
        secure = "s" if plain != host else ""
        if not secure and not _is_loopback(plain):
            raise InputError(
                f"{plain[:60]} is another machine, and orders go there by TLS only. Give https://{plain[:60]}, and "
                "start its exchange with `twokey simulate --tls-cert FILE --tls-key FILE`."
            )
        return cls(f"http{secure}://{plain}", f"ws{secure}://{plain}", f"ws{secure}://{plain}{API_PATH}")

    def websocket(self, target: str) -> str:
        """The URL of a stream, or of the WebSocket API. target: path, a stream's with its route, and query."""
        if target == API_PATH:
            return self.api
        route = next((route for route in ROUTES if target.startswith(f"{route}/")), "")
        return self.streams + (target if self.routed else target[len(route) :])

    def base_of(self, target: str) -> str:
        """The base URL of a request. target: its path and query."""
        return self.wallet if self.wallet and target.startswith(WALLET) else self.rest

    @property
    def names(self) -> tuple[tuple[str, int], ...]:
        """Name and port of each host that is reached by TLS; none where nothing is."""
        hosts = [RestHost.of(url) for url in (self.rest, self.streams, self.api)]
        return tuple({(one.name, one.port): None for one in hosts if one.tls})


def _is_host_and_port(text: str) -> bool:
    try:
        parts = urlsplit(f"http://{text}")
        return bool(parts.hostname and parts.port) and parts.netloc == text and "@" not in text
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"http://{host}").hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


_MAINNET = Endpoints.of(Venue.USDM)
_BINANCE = {
    TradingVenue.DEMO: VenueAddress(
        "https://demo-fapi.binance.com",
        "wss://demo-fstream.binance.com",
        f"wss://testnet.binancefuture.com{API_PATH}",
        routed=False,
    ),
    TradingVenue.MAINNET: VenueAddress(
        _MAINNET.rest,
        _MAINNET.streams,
        f"wss://ws-fapi.binance.com{API_PATH}",
        wallet="https://api.binance.com",
    ),
}
