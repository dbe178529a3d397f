"""How parameters are read: where they come from, their names, and every malformed number, list and text."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.live.conftest import KEY
from tests.live.simulator.requests.byte_client import LIMIT_ORDER, MS, ORDER, ByteClient, batch, sign

MALFORMED = {
    "two signs": "--5",
    "superscript": "²",
    "arabic digits": "٣",
    "exponent": "1e2",
    "plus": "+5",
    "space before": " 5",
    "space after": "5 ",
    "fraction": "5.0",
    "not a number": "NaN",
    "infinite": "Infinity",
    "hexadecimal": "0x10",
    "underscore": "1_0",
    "nul byte": "5\0",
    "5,000 digits": "9" * 5_000,
    "list": "[5]",
    "true": "true",
    "65 bits": str(2**64),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_whole_number_is_named_as_not_valid(refused: ByteClient, text: str) -> None:
    reply = refused.send("GET", f"/fapi/v1/trades?symbol=BTCUSDT&limit={quote(text)}")
    assert (reply.status, reply.body) == (400, {"code": -1130, "msg": "Data sent for parameter 'limit' is not valid."})


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_timestamp_is_as_good_as_none(refused: ByteClient, text: str) -> None:
    reply = refused.ask_text("GET", "/fapi/v3/account", timestamp=quote(text))
    assert (reply.status, reply.code) == (400, -1102)
    assert "'timestamp'" in reply.body["msg"]


@pytest.mark.parametrize("name", ["price", "quantity"])
@pytest.mark.parametrize("text", [*MALFORMED.values(), "1.", ".5", "1.2.3", "1,5", "-", "1/2"])
def test_a_malformed_decimal_places_no_order(refused: ByteClient, name: str, text: str) -> None:
    if text in ("5.0", str(2**64)):  # a decimal, and one beyond every filter
        return
    reply = refused.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {name: text})
    assert (reply.status, reply.code, refused.venue.state.orders) == (400, -1130, {})


def test_leading_zeros_and_trailing_zeros_change_nothing(client: ByteClient) -> None:
    reply = client.ask(
        "POST", "/fapi/v1/order", **ORDER | {"price": "0059990.000", "quantity": "00.0100000000000000000"}
    )
    assert (reply.body["price"], reply.body["origQty"]) == ("59990.00", "0.010")
    assert len(client.send("GET", "/fapi/v1/trades?symbol=btcusdt&limit=007").body) <= 7


def test_a_price_finer_than_the_symbol_allows_is_refused_however_fine(client: ByteClient) -> None:
    for price in ("59990.001", "59990.00000000000000000001"):
        assert client.ask("POST", "/fapi/v1/order", **ORDER | {"price": price}).code == -1111


@pytest.mark.parametrize(("text", "placed"), [("TRUE", False), ("False", True), ("1", False), ("yes", False)])
def test_booleans_are_true_or_false_in_any_case(client: ByteClient, text: str, placed: bool) -> None:
    reply = client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"reduceOnly": text})
    assert (reply.status == 200) is placed
    assert reply.code == {"TRUE": -2022, "False": None}.get(text, -1130)


def test_the_query_wins_over_the_body(client: ByteClient) -> None:
    body = "&".join(f"{name}={value}" for name, value in LIMIT_ORDER.items())
    reply = client.ask_text("POST", "/fapi/v1/order", "price=59980.0&side=BUY", body.replace("side=BUY", "side=SELL"))
    assert (reply.body["price"], reply.body["side"]) == ("59980.00", "BUY")


def test_an_empty_value_is_an_absent_one(client: ByteClient) -> None:
    assert client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"price": ""}).code == -1102
    assert client.send("GET", "/fapi/v1/trades?symbol=BTCUSDT&limit=").status == 200
    assert client.ask_text("GET", "/fapi/v1/openOrders", "symbol=").status == 200


def test_a_name_sent_twice_is_refused(refused: ByteClient) -> None:
    reply = refused.send("GET", "/fapi/v1/trades?symbol=BTCUSDT&limit=5&limit=6")
    assert reply.body == {"code": -1101, "msg": "Duplicate values for a parameter detected."}
    assert refused.ask_text("GET", "/fapi/v3/account", "timestamp=1").code == -1101


def test_names_are_read_with_their_case(refused: ByteClient) -> None:
    assert refused.send("GET", "/fapi/v1/trades?SYMBOL=BTCUSDT").code == -1102
    assert refused.send("GET", "/fapi/v1/trades?symbol=BTCUSDT&LIMIT=--5").status == 200


@pytest.mark.parametrize("signature", ["%C3%A9", "%00", "%ED%A0%80", "é", "0" * 64, "0" * 100_000, "%", "%zz", "[]"])
def test_a_signature_of_anything_else_is_refused(refused: ByteClient, signature: str) -> None:
    reply = refused.send("GET", f"/fapi/v3/account?timestamp={refused.venue.now_ms}&signature={signature}")
    assert (reply.status, reply.code) == (400, -1022)


def test_a_signature_may_be_in_capitals(client: ByteClient) -> None:
    query = f"timestamp={client.venue.now_ms}"
    assert client.send("GET", f"/fapi/v3/account?{query}&signature={sign(query).upper()}").status == 200


def test_a_body_that_is_no_form_holds_no_parameters(client: ByteClient) -> None:
    headers = {"Content-Type": "application/json"}
    found = client.send("POST", "/fapi/v1/order", json.dumps(LIMIT_ORDER).encode(), headers)
    assert (found.status, found.code) == (400, -1102)


def test_a_body_that_is_not_utf_8_is_refused(client: ByteClient) -> None:
    assert client.send("POST", "/fapi/v1/order", b"symbol=\xff\xfe").code == -1130


def test_a_megabyte_of_parameters_is_answered(refused: ByteClient) -> None:
    assert refused.send("GET", f"/fapi/v1/trades?symbol={'B' * (1 << 20)}").code == -1121
    assert refused.send("POST", "/fapi/v1/order", b"&" * (1 << 20)).code == -1102
    assert refused.send("GET", f"/fapi/v1/trades?{'a=1&' * 200_000}symbol=BTCUSDT").status == 200


DEEP = {
    "lists": "[" * 100_000,
    "objects": '{"a":' * 100_000,
    "5,000 digits": f"[{'9' * 5_000}]",
    "no list": "{}",
    "an empty list": "[]",
    "null": "null",
    "cut": '[{"symbol":',
    "not a number": "[NaN]",
    "lone surrogate": '["\\ud800"]',
    "a number": "5",
    "text": '"x"',
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_batch_that_is_no_list_of_orders_is_refused_as_a_whole(refused: ByteClient, text: str) -> None:
    reply = refused.ask("POST", "/fapi/v1/batchOrders", batchOrders=text)
    assert (reply.status, reply.code) == (400, -1130)
    assert reply.body["msg"] == "Data sent for parameter 'batchOrders' is not valid."


def test_numbers_of_a_batch_keep_their_digits(client: ByteClient) -> None:
    text = json.dumps([ORDER]).replace('"0.010"', "0.01000000000000000000001")
    reply = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=text.replace('"GTC"', '"GTC","price":59990'))
    assert reply.body == [{"code": -1111, "msg": "Precision is over the maximum defined for this asset."}]
    reply = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([ORDER | {"price": 59990.0}]))
    assert reply.body[0]["price"] == "59990.00"


def placed(client: ByteClient, count: int) -> list[int]:
    """Orders with the client ids `id-0` and on."""
    return [
        client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"newClientOrderId": f"id-{number}"}).body["orderId"]
        for number in range(count)
    ]


@pytest.mark.parametrize("name", ["orderIdList", "orderidlist", "origClientOrderIdList", "origclientorderidlist"])
def test_ten_orders_are_cancelled_at_once_by_either_name(client: ByteClient, name: str) -> None:
    ids = placed(client, 10)
    names: list[Any] = [f"id-{number}" for number in range(10)] if "lient" in name else ids
    reply = client.ask_text("DELETE", "/fapi/v1/batchOrders", f"symbol=BTCUSDT&{name}={batch(*names)}")
    assert [entry["orderId"] for entry in reply.body] == ids
    assert {entry["status"] for entry in reply.body} == {"CANCELED"}


def test_eleven_ids_are_too_many(client: ByteClient) -> None:
    ids = placed(client, 11)
    reply = client.ask_text("DELETE", "/fapi/v1/batchOrders", f"symbol=BTCUSDT&orderIdList={batch(*ids)}")
    assert (reply.code, len(client.venue.state.open_orders("paper"))) == (-4032, 11)


def test_ids_as_repeated_parameters_are_no_list(client: ByteClient) -> None:
    [first, second] = placed(client, 2)
    query = f"symbol=BTCUSDT&orderIdList={first}&orderIdList={second}"
    assert client.ask_text("DELETE", "/fapi/v1/batchOrders", query).code == -1130


def test_one_bad_id_spoils_only_its_own_entry(client: ByteClient) -> None:
    [first] = placed(client, 1)
    query = f"symbol=BTCUSDT&orderidlist={batch('x', first, 5, '--1', str(first))}"
    codes = [entry.get("code") for entry in client.ask_text("DELETE", "/fapi/v1/batchOrders", query).body]
    assert codes == [-1130, None, -2011, -1130, -2011]


@pytest.mark.parametrize("entry", [None, {}, [1], True, ""])
def test_an_entry_that_is_no_id_spoils_the_list(refused: ByteClient, entry: Any) -> None:
    query = f"symbol=BTCUSDT&orderIdList={batch(entry)}"
    assert refused.ask_text("DELETE", "/fapi/v1/batchOrders", query).code == -1130


FRAMES: dict[str, tuple[bytes, Any, int]] = {
    "deep": (b'{"id":1,"params":' + b"[" * 100_000, None, -1135),
    "no object": (b"[]", None, -1135),
    "no method": (b'{"id":1}', 1, -1135),
    "a number as method": (b'{"id":1,"method":5}', 1, -1135),
    "a list as params": (b'{"id":"a","method":"order.place","params":[1]}', "a", -1135),
    "5,000 digits": (b'{"id":' + b"9" * 5_000 + b',"method":"order.place"}', None, -2014),
    "an object as id": (b'{"id":{"a":1},"method":"order.place"}', None, -2014),
    "a lone surrogate as id": (b'{"id":"\\ud800","method":"order.place"}', "\ud800", -2014),
    "a lone surrogate as method": (b'{"id":1,"method":"\\ud800"}', 1, -1000),
    "a lone surrogate as key": (b'{"id":1,"method":"order.place","params":{"apiKey":"\\ud800"}}', 1, -2015),
    "a timestamp of 5,000 digits": (
        b'{"id":1,"method":"order.place","params":{"apiKey":"%s","timestamp":%s}}' % (KEY.encode(), b"9" * 5_000),
        1,
        -1102,
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_malformed_call_of_the_websocket_api_is_answered(refused: ByteClient, name: str) -> None:
    data, number, code = FRAMES[name]
    answer = refused.say(refused.venue.connect("/ws-fapi/v1"), data)
    assert (answer["id"], answer["error"]["code"]) == (number, code)


def test_a_signature_over_half_a_surrogate_pair_is_refused(client: ByteClient) -> None:
    params = {"apiKey": KEY, "timestamp": str(client.venue.now_ms), "symbol": "\ud800", "signature": "é\ud800"}
    data = json.dumps({"id": 1, "method": "order.status", "params": params}).encode()
    assert client.say(client.venue.connect("/ws-fapi/v1"), data)["error"]["code"] == -1022


def test_numbers_in_a_call_keep_their_digits_for_the_signature(client: ByteClient) -> None:
    connection, fields = client.venue.connect("/ws-fapi/v1"), ORDER | {"price": "59990.10", "apiKey": KEY}
    fields["timestamp"] = str(client.venue.now_ms)
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    params = ",".join(
        f'"{name}":{value if name in ("price", "quantity", "timestamp") else json.dumps(value)}'
        for name, value in (pair.split("=") for pair in text.split("&"))
    )
    frame = f'{{"id":1,"method":"order.place","params":{{{params},"signature":"{sign(text)}"}}}}'
    assert client.say(connection, frame.encode())["result"]["price"] == "59990.10"


def test_a_failure_of_the_exchange_is_json_and_is_logged(client: ByteClient, caplog: pytest.LogCaptureFixture) -> None:
    client.venue.state.accounts["paper"].positions = None  # type: ignore[assignment]
    reply = client.ask("GET", "/fapi/v3/account")
    assert (reply.status, reply.body["code"]) == (500, -1000)
    assert "NoneType" not in reply.body["msg"]
    assert "NoneType" in caplog.text


def test_a_failure_of_the_matching_engine_is_json_too(client: ByteClient) -> None:
    client.venue.state.accounts["paper"].positions = None  # type: ignore[assignment]
    assert client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER).code == -1000
    reply = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([LIMIT_ORDER, {}]))
    assert [entry["code"] for entry in reply.body] == [-1000, -1102]
    answer = client.api(client.venue.connect("/ws-fapi/v1"), "v2/account.status")
    assert (answer["status"], answer["error"]["code"]) == (500, -1000)
    assert client.run(MS) == []
