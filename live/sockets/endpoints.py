"""Where each venue is: hosts of REST, streams and WebSocket API.

Sources: Binance's pages "General Info" of USD-M futures (REST, WebSocket Streams, WebSocket API), October 2026.
The demo venue takes stream paths without a route.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from live.binance.websocket_api import API_PATH
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.market.depth.feed.settings import Endpoints
from skills_lib.market.depth.model import Venue

ROUTES = ("/public", "/market", "/private")


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
class VenueAddress:
    """Base URLs without a slash at the end. routed: stream paths begin with a route."""

    rest: str
    streams: str
    api: str
    routed: bool = True

    @classmethod
    def of(cls, venue: TradingVenue, host: str = "") -> "VenueAddress":
        """The address of a venue. host: `host:port` of the simulator; no other venue takes one.

        Raises:
            InputError: the simulator's host is missing, or no `host:port`; or another venue was given one.
        """
        if venue is not TradingVenue.SIMULATOR:
            if host:
                raise InputError(f"The hosts of {venue} are fixed; only the simulator takes one. Leave it out.")
            return _BINANCE[venue]
        if not _is_host_and_port(host):
            raise InputError(f"'{host[:60]}' is no address of a simulator. Give host:port, such as 127.0.0.1:9001.")
        return cls(f"http://{host}", f"ws://{host}", f"ws://{host}{API_PATH}")

    def websocket(self, target: str) -> str:
        """The URL of a stream, or of the WebSocket API. target: path, a stream's with its route, and query."""
        if target == API_PATH:
            return self.api
        route = next((route for route in ROUTES if target.startswith(f"{route}/")), "")
        return self.streams + (target if self.routed else target[len(route) :])

    @property
    def host(self) -> str:
        """Host of REST, with its port if that is not the scheme's."""
        return urlsplit(self.rest).netloc

    @property
    def rest_socket(self) -> tuple[str, int]:
        """Host and port to connect to for REST."""
        parts = urlsplit(self.rest)
        return parts.hostname or "", parts.port or (443 if self.tls else 80)

    @property
    def tls(self) -> bool:
        """True if REST is encrypted."""
        return self.rest.startswith("https:")


def _is_host_and_port(text: str) -> bool:
    try:
        parts = urlsplit(f"http://{text}")
        return bool(parts.hostname and parts.port) and parts.netloc == text and "@" not in text
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
    ),
}
