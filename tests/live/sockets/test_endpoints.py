"""Where each venue is. The demo venue cannot be reached from the tests: hosts and paths are all that is tried."""

import pytest

from live.binance.websocket_api import API_PATH
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.domain.errors import InputError

STREAM = "/public/stream?streams=btcusdt@depth@100ms"
USER = "/private/ws?listenKey=K&events=ORDER_TRADE_UPDATE"


def test_mainnet_routes_its_streams() -> None:
    address = VenueAddress.of(TradingVenue.MAINNET)
    assert (address.rest, address.rest_socket) == ("https://fapi.binance.com", ("fapi.binance.com", 443))
    assert address.websocket(STREAM) == f"wss://fstream.binance.com{STREAM}"
    assert address.websocket(USER) == f"wss://fstream.binance.com{USER}"
    assert address.websocket(API_PATH) == "wss://ws-fapi.binance.com/ws-fapi/v1"


def test_demo_takes_paths_without_a_route() -> None:
    address = VenueAddress.of(TradingVenue.DEMO)
    assert (address.rest, address.tls) == ("https://demo-fapi.binance.com", True)
    assert address.websocket(STREAM) == "wss://demo-fstream.binance.com/stream?streams=btcusdt@depth@100ms"
    assert address.websocket(USER) == "wss://demo-fstream.binance.com/ws?listenKey=K&events=ORDER_TRADE_UPDATE"
    assert address.websocket(API_PATH) == "wss://testnet.binancefuture.com/ws-fapi/v1"


def test_the_simulator_is_where_it_was_started() -> None:
    address = VenueAddress.of(TradingVenue.SIMULATOR, "127.0.0.1:9001")
    assert (address.rest_socket, address.tls, address.host) == (("127.0.0.1", 9001), False, "127.0.0.1:9001")
    assert address.websocket(STREAM) == f"ws://127.0.0.1:9001{STREAM}"
    assert address.websocket(API_PATH) == "ws://127.0.0.1:9001/ws-fapi/v1"


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1", "host:port", "a@b:1", "127.0.0.1:9001/x", "1:2:3", "127.0.0.1:99999"]
)
def test_a_simulator_needs_a_host_and_a_port(host: str) -> None:
    with pytest.raises(InputError, match=r"no address of a simulator\. Give host:port"):
        VenueAddress.of(TradingVenue.SIMULATOR, host)


@pytest.mark.parametrize("venue", [TradingVenue.DEMO, TradingVenue.MAINNET])
def test_no_other_host_gets_the_orders_of_binance(venue: TradingVenue) -> None:
    with pytest.raises(InputError, match=r"hosts of \w+ are fixed"):
        VenueAddress.of(venue, "127.0.0.1:9001")
