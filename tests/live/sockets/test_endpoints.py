"""Where each venue is. The demo venue cannot be reached from the tests: hosts and paths are all that is tried."""

import pytest

from live.binance.websocket_api import API_PATH
from live.sockets.endpoints import RestHost, TradingVenue, VenueAddress
from skills_lib.domain.errors import InputError

STREAM = "/public/stream?streams=btcusdt@depth@100ms"
USER = "/private/ws?listenKey=K&events=ORDER_TRADE_UPDATE"


def test_mainnet_routes_its_streams() -> None:
    address = VenueAddress.of(TradingVenue.MAINNET)
    assert RestHost.of(address.base_of("/fapi/v1/order")) == RestHost(
        "fapi.binance.com", "fapi.binance.com", 443, tls=True
    )
    assert address.websocket(STREAM) == f"wss://fstream.binance.com{STREAM}"
    assert address.websocket(USER) == f"wss://fstream.binance.com{USER}"
    assert address.websocket(API_PATH) == "wss://ws-fapi.binance.com/ws-fapi/v1"


def test_demo_takes_paths_without_a_route() -> None:
    address = VenueAddress.of(TradingVenue.DEMO)
    assert RestHost.of(address.rest) == RestHost("demo-fapi.binance.com", "demo-fapi.binance.com", 443, tls=True)
    assert address.websocket(STREAM) == "wss://demo-fstream.binance.com/stream?streams=btcusdt@depth@100ms"
    assert address.websocket(USER) == "wss://demo-fstream.binance.com/ws?listenKey=K&events=ORDER_TRADE_UPDATE"
    assert address.websocket(API_PATH) == "wss://testnet.binancefuture.com/ws-fapi/v1"


def test_the_simulator_is_where_it_was_started() -> None:
    address = VenueAddress.of(TradingVenue.SIMULATOR, "127.0.0.1:9001")
    assert RestHost.of(address.rest) == RestHost("127.0.0.1:9001", "127.0.0.1", 9001, tls=False)
    assert address.names == ()
    assert address.websocket(STREAM) == f"ws://127.0.0.1:9001{STREAM}"
    assert address.websocket(API_PATH) == "ws://127.0.0.1:9001/ws-fapi/v1"


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1", "host:port", "a@b:1", "127.0.0.1:9001/x", "1:2:3", "127.0.0.1:99999"]
)
def test_a_simulator_needs_a_host_and_a_port(host: str) -> None:
    with pytest.raises(InputError, match=r"no address of a simulator\. Give host:port"):
        VenueAddress.of(TradingVenue.SIMULATOR, host)


def test_the_wallet_of_mainnet_has_a_host_of_its_own_and_the_simulator_serves_both() -> None:
    rights = "/sapi/v1/account/apiRestrictions?timestamp=1"
    assert VenueAddress.of(TradingVenue.MAINNET).base_of(rights) == "https://api.binance.com"
    assert VenueAddress.of(TradingVenue.SIMULATOR, "127.0.0.1:9001").base_of(rights) == "http://127.0.0.1:9001"


@pytest.mark.parametrize("host", ["exchange.example:9001", "192.168.1.7:9001", "0.0.0.0:9001"])
def test_another_machine_is_reached_by_tls_only(host: str) -> None:
    with pytest.raises(InputError, match=f"orders go there by TLS only. Give https://{host}"):
        VenueAddress.of(TradingVenue.SIMULATOR, host)
    address = VenueAddress.of(TradingVenue.SIMULATOR, f"https://{host}")
    assert address.rest == f"https://{host}"
    assert address.websocket(STREAM) == f"wss://{host}{STREAM}"
    assert address.websocket(API_PATH) == f"wss://{host}{API_PATH}"


@pytest.mark.parametrize("host", ["127.0.0.1:9001", "127.8.8.8:9001", "localhost:9001", "[::1]:9001"])
def test_this_machine_is_reached_without(host: str) -> None:
    assert VenueAddress.of(TradingVenue.SIMULATOR, host).names == ()


@pytest.mark.parametrize("venue", [TradingVenue.DEMO, TradingVenue.MAINNET])
def test_no_other_host_gets_the_orders_of_binance(venue: TradingVenue) -> None:
    with pytest.raises(InputError, match=r"hosts of \w+ are fixed"):
        VenueAddress.of(venue, "127.0.0.1:9001")
