"""REST: authentication, rejections with their codes, and responses."""

import json
from typing import Any

import pytest

from live.simulator.http.endpoints.served import ENDPOINTS
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, run_scenario

REQUIRED_ENDPOINTS = """
GET /fapi/v1/ping, GET /fapi/v1/time, GET /fapi/v1/exchangeInfo, GET /fapi/v1/depth, GET /fapi/v1/premiumIndex,
GET /fapi/v1/klines, GET /fapi/v1/aggTrades, GET /fapi/v1/ticker/bookTicker, POST /fapi/v1/order, GET /fapi/v1/order,
DELETE /fapi/v1/order, PUT /fapi/v1/order, POST /fapi/v1/batchOrders, GET /fapi/v1/openOrders, GET /fapi/v1/openOrder,
GET /fapi/v1/allOrders, DELETE /fapi/v1/allOpenOrders, POST /fapi/v1/algoOrder, GET /fapi/v1/algoOrder,
DELETE /fapi/v1/algoOrder, GET /fapi/v1/openAlgoOrders, GET /fapi/v1/allAlgoOrders, DELETE /fapi/v1/algoOpenOrders,
POST /fapi/v1/countdownCancelAll, GET /fapi/v2/account, GET /fapi/v3/account, GET /fapi/v3/balance,
GET /fapi/v2/positionRisk, GET /fapi/v3/positionRisk, GET /fapi/v1/leverageBracket, GET /fapi/v1/symbolConfig,
GET /fapi/v1/accountConfig, POST /fapi/v1/leverage, POST /fapi/v1/marginType, GET /fapi/v1/positionSide/dual,
POST /fapi/v1/positionSide/dual, GET /fapi/v1/commissionRate, GET /fapi/v1/userTrades, GET /fapi/v1/income,
GET /fapi/v1/rateLimit/order, POST /fapi/v1/listenKey, PUT /fapi/v1/listenKey, DELETE /fapi/v1/listenKey,
GET /api/v3/ping, GET /api/v3/time
"""


def test_every_endpoint_that_clients_need_exists() -> None:
    wanted = {tuple(entry.split()) for entry in REQUIRED_ENDPOINTS.replace("\n", " ").split(",")}
    assert wanted - set(ENDPOINTS) == set()


def test_error_bodies_equal_the_recorded_ones(serve: Serve, shared_data: Any) -> None:
    notes = json.loads((shared_data / "fixtures/binance_fapi_thirdparty_notes_2026-09-15.json").read_text())

    async def scenario(client: HttpClient, running: Running) -> None:
        for entry in notes["errors"]:
            client.key = ""
            path, _, query = entry["request"].removesuffix(" (no key)").partition("?")
            fields = dict(field.split("=") for field in query.split("&"))
            reply = await client.request("GET", path, **fields)
            assert (reply.status, reply.body) == (entry["http"], json.loads(entry["body"])), entry["request"]

    run_scenario(serve, scenario)


@pytest.mark.parametrize("way", ["signed", "signed_form"])
def test_parameters_come_in_the_query_or_in_the_body(serve: Serve, way: str) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
        reply = await getattr(client, way)("POST", "/fapi/v1/order", price="59990.0", **fields)
        assert (reply.status, reply.body["status"]) == (200, "NEW")

    run_scenario(serve, scenario)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": ""}, 401, -2014),
        ({"key": "somebody-else"}, 401, -2015),
        ({"secret": "wrong"}, 400, -1022),
        ({"offset_ms": -6_000}, 400, -1021),
        ({"offset_ms": 1_500}, 400, -1021),
    ],
)
def test_a_request_that_is_not_the_owners_is_refused(serve: Serve, change: Any, status: int, code: int) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        for name, value in change.items():
            setattr(client, name, value)
        reply = await client.signed("GET", "/fapi/v3/account")
        assert (reply.status, reply.body["code"]) == (status, code)

    run_scenario(serve, scenario)


def test_timestamps_in_tape_time_are_accepted_once_a_client_has_read_the_time(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        server_time = (await client.request("GET", "/fapi/v1/time")).body["serverTime"]
        assert server_time == running.venue.now_ms
        assert (await client.signed("GET", "/fapi/v3/balance", timestamp=server_time)).status == 200
        assert (await client.signed("GET", "/fapi/v3/balance", timestamp=server_time - 6_000)).body["code"] == -1021

    run_scenario(serve, scenario)


def test_conditional_orders_have_left_the_order_endpoint(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        reply = await client.order(type="STOP_MARKET", stopPrice="59000")
        assert (reply.status, reply.body["code"]) == (400, -4120)
        batch = json.dumps([{"symbol": "BTCUSDT", "side": "BUY", "type": "STOP", "quantity": "1", "price": "1"}])
        reply = await client.signed("POST", "/fapi/v1/batchOrders", batchOrders=batch)
        assert reply.body[0]["code"] == -4120

    run_scenario(serve, scenario)


def test_a_batch_answers_each_order_and_takes_up_to_five(serve: Serve) -> None:
    def entry(price: str) -> dict[str, str]:
        fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
        return fields | {"price": price}

    async def scenario(client: HttpClient, running: Running) -> None:
        batch = json.dumps([entry("59990.0"), entry("59990.05")])
        reply = await client.signed("POST", "/fapi/v1/batchOrders", batchOrders=batch)
        assert [answer.get("status") or answer["code"] for answer in reply.body] == ["NEW", -4014]
        reply = await client.signed("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([entry("59990.0")] * 6))
        assert reply.body["code"] == -4082

    run_scenario(serve, scenario)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "NONSENSE"}, -1116),
        ({"side": "HOLD"}, -1117),
        ({"timeInForce": "FOREVER"}, -1115),
        ({"price": ""}, -1102),
        ({"quantity": ""}, -1102),
        ({"price": "59990.001"}, -1111),
        ({"price": "59990.05"}, -4014),
        ({"quantity": "0.0001"}, -1111),
        ({"price": "70000.0"}, -4016),
        ({"quantity": "0.000"}, -4003),
        ({"symbol": "NOSUCH"}, -1121),
        ({"newClientOrderId": "with spaces"}, -4015),
        ({"reduceOnly": "true"}, -2022),
        ({"positionSide": "LONG"}, -4061),
        ({"quantity": "100.000"}, -2019),
        ({"timeInForce": "GTX", "price": "60100.0"}, -5022),
        ({"timeInForce": "GTD"}, -1102),
        ({"recvWindow": "70000"}, -1131),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_with_its_code(serve: Serve, fields: Any, code: int) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
        reply = await client.signed("POST", "/fapi/v1/order", **order | {"price": "59990.0"} | fields)
        assert (reply.status, reply.body["code"]) == (400, code)
        assert running.venue.state.orders == {}

    run_scenario(serve, scenario)


def test_an_acknowledgement_omits_the_fill_and_a_result_includes_it(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        acknowledged = await client.market(newClientOrderId="one")
        assert acknowledged.body["status"] == "FILLED"
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.010"}
        reply = await client.signed("POST", "/fapi/v1/order", **fields)
        assert (reply.body["status"], reply.body["executedQty"]) == ("NEW", "0.000")
        shown = await client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=reply.body["orderId"])
        assert shown.body["status"] == "FILLED"

    run_scenario(serve, scenario)


def test_lists_of_orders_and_trades_answer_by_id_and_client_id(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        placed = (await client.order(newClientOrderId="mine")).body
        await client.market()
        symbol = {"symbol": "BTCUSDT"}
        assert [o["clientOrderId"] for o in (await client.signed("GET", "/fapi/v1/openOrders", **symbol)).body] == [
            "mine"
        ]
        assert len((await client.signed("GET", "/fapi/v1/allOrders", **symbol)).body) == 2
        by_client = await client.signed("GET", "/fapi/v1/order", origClientOrderId="mine", **symbol)
        assert by_client.body["orderId"] == placed["orderId"]
        [trade] = (await client.signed("GET", "/fapi/v1/userTrades", **symbol)).body
        assert (trade["maker"], trade["buyer"], trade["commission"]) == (False, True, "0.30000000")
        [paid] = (await client.signed("GET", "/fapi/v1/income", incomeType="COMMISSION")).body
        assert paid["income"] == "-0.30000000"
        cancelled = await client.signed("DELETE", "/fapi/v1/allOpenOrders", **symbol)
        assert cancelled.body["code"] == 200
        gone = await client.signed("DELETE", "/fapi/v1/order", orderId=placed["orderId"], **symbol)
        assert gone.body == {"code": -2011, "msg": "Unknown order sent."}

    run_scenario(serve, scenario)


def test_conditional_orders_live_in_their_own_lists(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        await client.market()
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "59000.0"}
        placed = await client.signed("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", quantity="0.010", **fields)
        assert placed.body["algoStatus"] == "NEW"
        assert (await client.signed("GET", "/fapi/v1/openOrders")).body == []
        assert len((await client.signed("GET", "/fapi/v1/openAlgoOrders")).body) == 1
        await client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
        assert len((await client.signed("GET", "/fapi/v1/openAlgoOrders")).body) == 1
        ended = await client.signed("DELETE", "/fapi/v1/algoOrder", algoId=placed.body["algoId"])
        assert (ended.body["code"], ended.body["msg"]) == ("200", "success")
        [stored] = (await client.signed("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT")).body
        assert stored["algoStatus"] == "CANCELED"
        fields |= {"triggerPrice": "61000.0", "quantity": "0.010"}
        passed = await client.signed("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", **fields)
        assert passed.body == {"code": -2021, "msg": "Order would immediately trigger."}

    run_scenario(serve, scenario)


def test_weight_is_reported_and_its_limit_ends_in_429_and_then_a_ban(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        first = await client.request("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit="1000")
        assert first.headers["X-MBX-USED-WEIGHT-1M"] == "20"
        replies = [await client.request("GET", "/fapi/v1/ping") for _ in range(20)]
        assert [reply.status for reply in replies[:10]] == [200] * 5 + [429] * 5
        assert replies[-1].status == 418
        assert (replies[-1].body["code"], int(replies[-1].headers["Retry-After"])) == (-1003, 120)

    run_scenario(serve, scenario, weight_limit=25)


def test_orders_are_counted_in_headers(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        reply = await client.order()
        assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")

    run_scenario(serve, scenario)


def test_an_unknown_path_is_named_in_the_answer(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        reply = await client.request("GET", "/fapi/v1/nothing")
        assert (reply.status, reply.body["code"]) == (404, -5000)

    run_scenario(serve, scenario)


def test_a_listen_key_is_reused_until_it_is_closed(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        assert (await client.request("PUT", "/fapi/v1/listenKey")).body["code"] == -1125
        key = await client.listen_key()
        assert await client.listen_key() == key
        assert (await client.request("PUT", "/fapi/v1/listenKey")).body == {"listenKey": key}
        assert (await client.request("DELETE", "/fapi/v1/listenKey")).body == {}
        assert await client.listen_key() != key

    run_scenario(serve, scenario)


def test_settings_of_the_account_are_changed_and_read_back(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        leverage = await client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=50)
        assert leverage.body == {"leverage": 50, "maxNotionalValue": "12000000", "symbol": "BTCUSDT"}
        margin = await client.signed("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
        assert margin.body["code"] == 200
        [config] = (await client.signed("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")).body
        assert (config["marginType"], config["leverage"]) == ("ISOLATED", 50)
        dual = await client.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
        assert dual.body["code"] == 200
        assert (await client.signed("GET", "/fapi/v1/positionSide/dual")).body == {"dualSidePosition": True}

    run_scenario(serve, scenario)
