"""Windows, paging and order of the lists that a client pages through."""

import json
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.live.simulator.requests.byte_client import LIMIT_ORDER, MARKET_ORDER, ByteClient, open_bytes
from tests.live.simulator.tapes import TapeWriter

DAY_MS, DAY_NS = 86_400_000, 86_400_000_000_000
SYMBOL = {"symbol": "BTCUSDT"}
WINDOWED = {
    "/fapi/v1/userTrades": SYMBOL,
    "/fapi/v1/allOrders": SYMBOL,
    "/fapi/v1/allAlgoOrders": SYMBOL,
    "/fapi/v1/income": {},
    "/fapi/v1/forceOrders": {},
    "/fapi/v1/positionMargin/history": SYMBOL,
    "/fapi/v1/orderAmendment": SYMBOL | {"orderId": 1},
    "/fapi/v1/klines": SYMBOL | {"interval": "1m"},
    "/fapi/v1/aggTrades": SYMBOL,
    "/fapi/v1/fundingRate": {},
}


@pytest.mark.parametrize("path", WINDOWED)
def test_a_start_after_the_end_is_refused(refused: ByteClient, path: str) -> None:
    reply = refused.ask("GET", path, **WINDOWED[path], startTime=2, endTime=1)
    assert (reply.status, reply.body) == (400, {"code": -1023, "msg": "Start time is greater than end time."})


@pytest.mark.parametrize("path", WINDOWED)
@pytest.mark.parametrize("name", ["startTime", "endTime"])
def test_a_malformed_time_is_refused(refused: ByteClient, path: str, name: str) -> None:
    for text in ("--1", "-5", "²", "1e3"):
        assert refused.ask("GET", path, **WINDOWED[path] | {name: text}).code == -1130


@pytest.mark.parametrize(
    ("path", "days"),
    [
        ("/fapi/v1/userTrades", 7),
        ("/fapi/v1/allOrders", 7),
        ("/fapi/v1/allAlgoOrders", 7),
        ("/fapi/v1/positionMargin/history", 30),
    ],
)
def test_a_window_has_a_longest_length(refused: ByteClient, path: str, days: int) -> None:
    whole = refused.ask("GET", path, **SYMBOL, startTime=1, endTime=1 + days * DAY_MS)
    longer = refused.ask("GET", path, **SYMBOL, startTime=1, endTime=2 + days * DAY_MS)
    assert (whole.status, longer.code) == (200, -4165)
    assert longer.body["msg"] == f"Maximum time interval is {days} days."


@pytest.mark.parametrize(
    ("path", "largest"),
    [
        ("/fapi/v1/userTrades", 1000),
        ("/fapi/v1/allOrders", 1000),
        ("/fapi/v1/allAlgoOrders", 1000),
        ("/fapi/v1/income", 1000),
        ("/fapi/v1/forceOrders", 100),
        ("/fapi/v1/orderAmendment", 100),
        ("/fapi/v1/klines", 1500),
        ("/fapi/v1/aggTrades", 1000),
        ("/fapi/v1/trades", 1000),
        ("/fapi/v1/historicalTrades", 500),
        ("/fapi/v1/fundingRate", 1000),
    ],
)
def test_each_list_has_its_largest_limit(refused: ByteClient, path: str, largest: int) -> None:
    fields = WINDOWED.get(path, SYMBOL)
    assert refused.ask("GET", path, **fields, limit=largest).status == 200
    assert refused.ask("GET", path, **fields, limit=largest + 1).code == -1130
    assert refused.ask("GET", path, **fields, limit=0).code == -1130


def traded(client: ByteClient, count: int) -> list[dict[str, Any]]:
    """Market orders of one and the same millisecond; returns their trades."""
    batches = [min(5, count - done) for done in range(0, count, 5)]
    for size in batches:
        client.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([MARKET_ORDER] * size))
    found: list[dict[str, Any]] = client.ask("GET", "/fapi/v1/userTrades", **SYMBOL).body
    return found


def test_income_begins_at_the_start_with_the_oldest_and_has_pages(client: ByteClient) -> None:
    first = traded(client, 5)[0]
    client.run(DAY_NS)
    whole = client.ask("GET", "/fapi/v1/income", startTime=first["time"], limit=1000).body
    assert [row["time"] for row in whole] == sorted(row["time"] for row in whole)
    assert len(whole) >= 5
    pages = [
        client.ask("GET", "/fapi/v1/income", startTime=first["time"], limit=2, page=number).body
        for number in range(1, len(whole) // 2 + 3)
    ]
    assert list(chain.from_iterable(pages)) == whole
    assert pages[-1] == []
    assert client.ask("GET", "/fapi/v1/income", limit=2).body == whole[:2]
    assert client.ask("GET", "/fapi/v1/income", page=0).code == -1130


def test_income_of_the_last_seven_days_is_the_default_and_three_months_are_kept(client: ByteClient) -> None:
    begun_ms = client.venue.now_ms
    paid = traded(client, 1)[0]
    client.run(8 * DAY_NS)
    times = [row["time"] for row in client.ask("GET", "/fapi/v1/income").body]
    assert times
    assert min(times) >= client.venue.now_ms - 7 * DAY_MS - 1
    commissions = {"incomeType": "COMMISSION", "startTime": begun_ms}
    [row] = client.ask("GET", "/fapi/v1/income", **commissions).body
    assert (row["time"], row["tradeId"]) == (paid["time"], str(paid["id"]))
    client.run(83 * DAY_NS)
    assert client.ask("GET", "/fapi/v1/income", **commissions).body == []


def test_trades_are_paged_by_id_though_many_share_a_millisecond(client: ByteClient) -> None:
    whole = traded(client, 15)
    assert len({row["time"] for row in whole[:5]}) == 1
    paged: list[dict[str, Any]] = []
    while rows := client.ask(
        "GET", "/fapi/v1/userTrades", **SYMBOL, fromId=paged[-1]["id"] + 1 if paged else 0, limit=4
    ).body:
        paged += rows
    assert paged == whole
    assert client.ask("GET", "/fapi/v1/userTrades", **SYMBOL, limit=4).body == whole[-4:]
    assert client.ask("GET", "/fapi/v1/userTrades", **SYMBOL, limit=4, startTime=whole[0]["time"]).body == whole[:4]
    one = client.ask("GET", "/fapi/v1/userTrades", **SYMBOL, orderId=whole[3]["orderId"]).body
    assert {row["orderId"] for row in one} == {whole[3]["orderId"]}


@pytest.mark.parametrize("name", ["startTime", "endTime"])
def test_trades_take_no_id_together_with_a_time(refused: ByteClient, name: str) -> None:
    reply = refused.ask("GET", "/fapi/v1/userTrades", **SYMBOL | {"fromId": 0, name: 1})
    assert reply.body == {"code": -1128, "msg": "Combination of optional parameters invalid."}


def test_trades_and_orders_of_the_last_seven_days_are_the_default(client: ByteClient) -> None:
    [first] = traded(client, 1)
    client.run(7 * DAY_NS + DAY_NS // 24)
    start = {"startTime": first["time"]}
    for path in ("/fapi/v1/userTrades", "/fapi/v1/allOrders"):
        assert client.ask("GET", path, **SYMBOL).body == []
        assert len(client.ask("GET", path, **SYMBOL, **start).body) == 1
        assert client.ask("GET", path, **SYMBOL, startTime=first["time"] + 1).body == []
        assert len(client.ask("GET", path, **SYMBOL, endTime=first["time"]).body) == 1
    assert len(client.ask("GET", "/fapi/v1/userTrades", **SYMBOL, fromId=first["id"]).body) == 1
    assert len(client.ask("GET", "/fapi/v1/allOrders", **SYMBOL, orderId=first["orderId"]).body) == 1
    client.run(84 * DAY_NS)
    assert client.ask("GET", "/fapi/v1/userTrades", **SYMBOL, fromId=first["id"]).body == []
    assert client.ask("GET", "/fapi/v1/order", **SYMBOL, orderId=first["orderId"]).code == -2013


def test_an_unfilled_order_is_forgotten_three_days_after_it_was_created(client: ByteClient) -> None:
    fields = SYMBOL | {"orderId": client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER).body["orderId"]}
    client.run(3 * DAY_NS)
    assert client.ask("GET", "/fapi/v1/order", **fields).body["status"] == "NEW"
    client.ask("DELETE", "/fapi/v1/order", **fields)
    assert client.ask("GET", "/fapi/v1/order", **fields).code == -2013
    assert client.ask("GET", "/fapi/v1/allOrders", **SYMBOL).body == []


def test_all_orders_need_no_symbol_and_page_by_id(client: ByteClient) -> None:
    ids = [client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER).body["orderId"] for _ in range(5)]
    listed = client.ask("GET", "/fapi/v1/allOrders").body
    assert [row["orderId"] for row in listed] == ids
    paged = client.ask("GET", "/fapi/v1/allOrders", **SYMBOL, orderId=ids[1], limit=2).body
    assert [row["orderId"] for row in paged] == ids[1:3]
    assert [row["orderId"] for row in client.ask("GET", "/fapi/v1/allOrders", limit=2).body] == ids[-2:]


def test_changes_of_an_order_are_listed_newest_first(client: ByteClient) -> None:
    order_id = client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"newClientOrderId": "mine"}).body["orderId"]
    for price in ("59980.0", "59970.0"):
        change = SYMBOL | {"orderId": order_id, "side": "BUY", "quantity": "0.010", "price": price}
        assert client.ask("PUT", "/fapi/v1/order", **change).status == 200
    rows = client.ask("GET", "/fapi/v1/orderAmendment", **SYMBOL, origClientOrderId="mine").body
    assert [row["amendment"]["price"]["after"] for row in rows] == ["59970.00", "59980.00"]
    later = client.ask("GET", "/fapi/v1/orderAmendment", **SYMBOL, orderId=order_id, startTime=rows[0]["time"]).body
    assert later == rows[:1]
    assert client.ask("GET", "/fapi/v1/orderAmendment", **SYMBOL).code == -1102


def test_market_trades_are_paged_by_id(client: ByteClient) -> None:
    client.run(15 * 10**9)
    whole = client.send("GET", "/fapi/v1/historicalTrades?symbol=BTCUSDT&limit=500").body
    paged: list[dict[str, Any]] = []
    while rows := client.send(
        "GET", f"/fapi/v1/historicalTrades?symbol=BTCUSDT&limit=7&fromId={paged[-1]['id'] + 1 if paged else 0}"
    ).body:
        paged += rows
    assert paged == whole
    assert len(whole) > 50
    aggregates = client.send("GET", "/fapi/v1/aggTrades?symbol=BTCUSDT&limit=1000").body
    start = aggregates[3]["T"]
    assert client.send("GET", f"/fapi/v1/aggTrades?symbol=BTCUSDT&startTime={start}&limit=1").body == [aggregates[3]]
    assert client.send("GET", "/fapi/v1/aggTrades?symbol=BTCUSDT&limit=1").body == aggregates[-1:]
    hour = f"startTime=0&endTime={3_600_001}"
    assert client.send("GET", f"/fapi/v1/aggTrades?symbol=BTCUSDT&{hour}").code == -1127


def test_klines_begin_at_the_start_or_end_at_the_last(tmp_path: Path) -> None:
    writer = TapeWriter()
    tape = tmp_path / "btcusdt.ts_jsonl"
    tape.write_text("\n".join(writer.lines(5_000)) + "\n", encoding="utf-8")
    client = open_bytes(tape, weight_limit=10**9)
    client.run(240 * 10**9)
    path = "/fapi/v1/klines?symbol=BTCUSDT&interval=1m"
    whole = client.send("GET", path).body
    assert len(whole) >= 4
    assert client.send("GET", f"{path}&limit=2").body == whole[-2:]
    assert client.send("GET", f"{path}&limit=2&startTime={whole[1][0]}").body == whole[1:3]
    assert client.send("GET", f"{path}&endTime={whole[1][0]}").body == whole[:2]
    continuous = "/fapi/v1/continuousKlines?pair=BTCUSDT&interval=1m&contractType="
    assert client.send("GET", continuous + "PERPETUAL").body == whole
    assert client.send("GET", continuous + "CURRENT_QUARTER").code == -4104


def test_funding_rates_are_the_boundaries_that_have_passed(client: ByteClient) -> None:
    traded(client, 1)
    client.run(2 * DAY_NS)
    rows = client.send("GET", "/fapi/v1/fundingRate?symbol=BTCUSDT").body
    steps = {later["fundingTime"] - row["fundingTime"] for row, later in pairwise(rows)}
    assert (len(rows), steps) == (6, {8 * 3_600_000})
    paid = client.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").body
    assert [row["time"] for row in paid] == [row["fundingTime"] for row in rows]
    start = rows[2]["fundingTime"]
    assert client.send("GET", f"/fapi/v1/fundingRate?symbol=BTCUSDT&startTime={start}&limit=2").body == rows[2:4]
    assert client.send("GET", "/fapi/v1/fundingRate?limit=1").body == rows[-1:]
