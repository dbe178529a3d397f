"""A script of requests and what it gives, for comparisons; imports little, as other processes run it too."""

import hashlib
from pathlib import Path

from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.simulator.venue_client import ORDER, S, VenueClient

STREAMS = "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@aggTrade/btcusdt@kline_1m/!markPrice@arr"
SCRIPT: list[tuple[str, str, dict[str, object]]] = [
    ("POST", "/fapi/v1/leverage", {"symbol": "BTCUSDT", "leverage": 7}),
    ("POST", "/fapi/v1/order", ORDER | {"price": "59990.0", "newClientOrderId": "resting"}),
    ("POST", "/fapi/v1/order", ORDER | {"price": "bad"}),
    ("POST", "/fapi/v1/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.500"}),
    ("GET", "/fapi/v1/openOrders", {}),
    ("GET", "/fapi/v3/positionRisk", {}),
    ("DELETE", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "resting"}),
    ("DELETE", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "resting"}),
    ("GET", "/fapi/v3/balance", {}),
    ("GET", "/fapi/v1/userTrades", {"symbol": "BTCUSDT"}),
    ("GET", "/fapi/v1/nothing", {}),
]


def outputs_digest(tape: Path, seed: int) -> str:
    """Everything that reaches a client which sends the script, with latency, as one digest."""
    client = VenueClient(LocalVenue(SimulatorSettings(seed=seed), TapeSource().read(read_lines(tape))))
    key = client.body(client.get("/fapi/v1/listenKey", "POST"))["listenKey"]
    client.venue.connect(f"/private/ws/{key}")
    client.venue.connect(STREAMS)
    for method, path, fields in SCRIPT:
        client.signed(method, path, **fields)
        client.run(S // 2)
    client.run(5 * S)
    return hashlib.sha256(repr(client.outputs).encode()).hexdigest()
