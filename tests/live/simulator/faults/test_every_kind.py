"""Every built-in fault on a scripted client: it begins, it shows, it keeps the books, and it repeats with its seed."""

import pytest

from live.simulator.faults import CATALOGUE, VARIANTS
from live.simulator.outputs import Output
from tests.live.simulator.faults.tried import ALGO, ORDER, Tried, limit, tried

MARKET = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.010"}
STOP = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "symbol": "BTCUSDT", "quantity": "0.010", "side": "SELL"}


def session(client: Tried) -> list[Output]:
    """What a small bot would do: protect, enter, query, cancel, leave. Answers are awaited but not needed."""
    key = client.venue.gateway.listen_keys.start("paper", client.venue.now_ms)
    client.open(f"/private/ws/{key}")
    client.open("/public/ws/btcusdt@depth@0ms/btcusdt@bookTicker")
    api = client.open("/ws-fapi/v1")
    client.run(500)
    for trigger in ("59998.5", "59000.0"):  # the tape reaches the first after 2 s
        client.send("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=5)
        client.send("POST", ORDER, **limit(price="59000.1"), newClientOrderId="resting")
        client.run(100).send("POST", ALGO, triggerPrice=trigger, clientAlgoId=f"near {trigger}"[:4], **STOP)
        client.run(100).send("POST", ALGO, triggerPrice="59000.0", clientAlgoId="far", **STOP)
        client.run(100).send("POST", ORDER, side="BUY", **MARKET, newOrderRespType="RESULT")
        client.run(300).send("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")
        client.run(2_000).open("/market/ws/btcusdt@aggTrade")
        client.call(api, "v2/account.balance")
        for path in (
            ORDER,
            "/fapi/v1/openOrders",
            "/fapi/v1/openAlgoOrders",
            "/fapi/v3/account",
            "/fapi/v1/userTrades",
        ):
            client.send("GET", path, symbol="BTCUSDT", origClientOrderId="resting")
        for path in ("/fapi/v1/exchangeInfo", "/fapi/v1/leverageBracket", "/fapi/v1/positionSide/dual"):
            client.send("GET", path)
        client.run(100).send("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="resting")
        client.run(200).send("DELETE", ALGO, clientAlgoId="far")
        client.run(300).send("POST", ORDER, side="SELL", **MARKET, reduceOnly="true")
        client.run(500)
    client.run(360_000).send("GET", "/fapi/v1/premiumIndex", symbol="BTCUSDT")
    return client.run(1_000).outputs


@pytest.fixture(scope="module")
def undisturbed() -> list[Output]:
    return session(tried(updates=90))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_built_in_fault_shows_and_keeps_the_books(name: str, undisturbed: list[Output]) -> None:
    client = tried(VARIANTS[name], updates=90)
    found = session(client)
    assert client.venue.faults.begun
    assert found != undisturbed
    client.check_books()


@pytest.mark.parametrize("kind", CATALOGUE)
def test_a_run_under_a_fault_repeats_byte_for_byte(kind: str) -> None:
    changed = CATALOGUE[kind].model_dump(mode="json") | {"when": {"probability": 0.3}}
    if "count" in changed["end"] or "condition_ends" in changed["end"]:
        changed["end"] = {"duration_ms": 2_000}
    first, second = (session(tried(changed, seed=5, updates=90)) for _ in range(2))
    assert first == second
