"""Requests under faults, in process: what triggers each fault, what the client sees, and that it ends."""

import json
from typing import Any

import msgspec
import pytest

from live.simulator.faults.garbage import HTML_502, UNKNOWN_VALUE, alters
from live.simulator.faults.replies import Garbage
from live.wire import HttpResponse
from tests.live.simulator.faults.tried import ALGO, ORDER, Tried, limit, tried

SECOND_ORDER = {"method": "POST", "path": ORDER, "when": {"nth": 2}}


def ids(rows: Any, name: str = "clientOrderId") -> list[str]:
    return [row[name] for row in rows]


def test_a_lost_request_never_lands_and_is_never_answered() -> None:
    client = tried({"kind": "lose_request"} | SECOND_ORDER)
    assert client.limit(newClientOrderId="a")["status"] == "NEW"
    lost = client.send("POST", ORDER, **limit(), newClientOrderId="b")
    client.run(600_000)
    assert not client.answered(lost)
    assert client.get(ORDER, origClientOrderId="b")["code"] == -2013
    assert client.limit(newClientOrderId="b")["status"] == "NEW"
    client.check_books()


def test_a_lost_response_breaks_the_connection_after_the_order_landed() -> None:
    client = tried({"kind": "lose_response"} | SECOND_ORDER)
    client.limit(newClientOrderId="a")
    assert client.raw("POST", ORDER, **limit(), newClientOrderId="b") is None
    assert client.get(ORDER, origClientOrderId="b")["status"] == "NEW"
    assert client.limit(newClientOrderId="c")["status"] == "NEW"
    client.check_books()


def test_a_slow_request_lands_after_the_client_has_asked_for_it() -> None:
    client = tried({"kind": "slow_request", "delay_ms": 20_000} | SECOND_ORDER)
    client.limit(newClientOrderId="a")
    late = client.send("POST", ORDER, **limit(), newClientOrderId="b", recvWindow=60_000)
    client.run(19_990)
    assert client.get(ORDER, origClientOrderId="b")["code"] == -2013
    client.run(10)
    assert client.answer_of(late)["status"] == "NEW"
    assert client.get(ORDER, origClientOrderId="b")["status"] == "NEW"
    assert client.limit(newClientOrderId="c")["status"] == "NEW"
    client.check_books()


def test_a_slow_request_past_its_window_is_refused_on_arrival() -> None:
    client = tried({"kind": "slow_request", "delay_ms": 20_000, "method": "POST", "path": ORDER})
    late = client.send("POST", ORDER, **limit())
    client.run(20_010)
    assert client.answer_of(late)["code"] == -1021
    assert client.get("/fapi/v1/openOrders") == []


def test_a_slow_response_comes_long_after_the_order_has_landed() -> None:
    client = tried({"kind": "slow_response", "delay_ms": 20_000} | SECOND_ORDER)
    client.limit(newClientOrderId="a")
    slow = client.send("POST", ORDER, **limit(), newClientOrderId="b")
    client.run(10)
    assert client.get(ORDER, origClientOrderId="b")["status"] == "NEW"
    client.run(19_980)
    assert not client.answered(slow)
    client.run(20)
    assert client.answer_of(slow)["clientOrderId"] == "b"
    assert client.limit(newClientOrderId="c")["status"] == "NEW"


@pytest.mark.parametrize("form", Garbage)
def test_garbage_hides_an_order_that_landed_and_ends_after_its_count(form: Garbage) -> None:
    client = tried({"kind": "garbage_response", "form": form, "end": {"count": 2}} | SECOND_ORDER)
    client.limit(newClientOrderId="a")
    for name in ("b", "c"):
        found = client.raw("POST", ORDER, **limit(), newClientOrderId=name)
        assert found is not None
        assert is_garbage(found, form)
        assert client.get(ORDER, origClientOrderId=name)["status"] == "NEW"
    assert client.limit(newClientOrderId="d")["status"] == "NEW"
    client.check_books()


def is_garbage(found: HttpResponse, form: Garbage) -> bool:
    match form:
        case Garbage.HTML_502:
            return (found.status, found.body, found.headers["Content-Type"]) == (502, HTML_502, "text/html")
        case Garbage.EMPTY_200:
            return (found.status, found.body) == (200, b"")
        case Garbage.UNKNOWN_ENUM:
            return bool(json.loads(found.body)["status"] == UNKNOWN_VALUE)
        case Garbage.NAN:
            return bool(json.loads(found.body)["price"] == "NaN")
    with pytest.raises(json.JSONDecodeError):
        json.loads(found.body)
    return found.status == 200


def test_garbage_may_also_mean_that_nothing_landed() -> None:
    client = tried({"kind": "garbage_response", "form": "html_502", "landed": False, "method": "POST", "path": ORDER})
    assert client.raw("POST", ORDER, **limit()) is not None
    assert client.get("/fapi/v1/openOrders") == []


QUERIES = {
    "/fapi/v1/time": {},
    "/fapi/v1/depth": {"symbol": "BTCUSDT", "limit": 5},
    "/fapi/v1/openOrders": {"symbol": "BTCUSDT"},
    "/fapi/v1/userTrades": {"symbol": "BTCUSDT"},
    "/fapi/v3/positionRisk": {"symbol": "BTCUSDT"},
    "/fapi/v3/balance": {},
    "/fapi/v1/positionSide/dual": {},
    "/fapi/v1/ticker/bookTicker": {"symbol": "BTCUSDT"},
    "/fapi/v1/order": {"symbol": "BTCUSDT", "orderId": 1},
}


@pytest.mark.parametrize("form", [form for form in Garbage if alters(form)])
def test_no_query_is_answered_truly_while_garbage_lasts(form: Garbage) -> None:
    faulty, true = tried({"kind": "garbage_response", "form": form, "end": {"count": len(QUERIES)}}), tried()
    for path, fields in QUERIES.items():
        assert faulty.ask("GET", path, **fields) != true.ask("GET", path, **fields), path


def test_a_stale_read_shows_orders_positions_and_balances_of_before() -> None:
    stale = {"kind": "stale_read", "age_ms": 2_000, "path": "/fapi/v*", "when": {"at_ms": 4_000}}
    client = tried(stale | {"end": {"duration_ms": 2_000}})
    first = client.limit(newClientOrderId="first")
    balance = client.ask("GET", "/fapi/v3/balance")[0]["balance"]
    client.run(3_500 - client.venue.now_ms % 1).market()
    client.limit(newClientOrderId="second")
    client.run(4_500 - elapsed(client))
    assert client.position() == "0"
    assert client.ask("GET", "/fapi/v3/balance")[0]["balance"] == balance
    assert ids(client.get("/fapi/v1/openOrders")) == ["first"]
    assert client.get(ORDER, origClientOrderId="second")["code"] == -2013
    assert client.get("/fapi/v1/userTrades") == []
    assert client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=first["orderId"])["status"] == "CANCELED"
    assert client.get(ORDER, orderId=first["orderId"])["status"] == "NEW"
    client.run(6_100 - elapsed(client))
    assert client.position() == "0.01"
    assert ids(client.get("/fapi/v1/openOrders")) == ["second"]
    assert len(client.get("/fapi/v1/userTrades")) >= 1
    client.check_books()


def elapsed(client: Tried) -> int:
    return client.venue.now_ms - (client.venue.faults.began_ms or 0)


def test_a_stale_snapshot_is_older_than_it_seems() -> None:
    client = tried({"kind": "stale_snapshot", "age_ms": 3_000, "when": {"nth": 2}})
    client.run(5_000)
    fresh = client.get("/fapi/v1/depth", limit=5)
    stale = client.get("/fapi/v1/depth", limit=5)
    assert stale["E"] <= fresh["E"] - 3_000
    assert fresh["lastUpdateId"] - stale["lastUpdateId"] > 300
    assert (len(stale["bids"]), len(stale["asks"])) == (5, 5)
    assert client.get("/fapi/v1/depth", limit=5)["lastUpdateId"] >= fresh["lastUpdateId"]


def test_a_late_visible_order_is_absent_from_every_query_until_its_time() -> None:
    client = tried({"kind": "late_visible", "hidden_ms": 1_800_000, "when": {"nth": 2}})
    client.limit(newClientOrderId="seen")
    placed = client.limit(newClientOrderId="hidden")
    landed_ms = client.venue.now_ms
    assert placed["status"] == "NEW"
    for now_ms in (landed_ms + 1, landed_ms + 1_700_000):
        client.run(now_ms - client.venue.now_ms)
        assert client.get(ORDER, origClientOrderId="hidden")["code"] == -2013
        assert client.get(ORDER, orderId=placed["orderId"])["code"] == -2013
        assert client.get("/fapi/v1/openOrder", orderId=placed["orderId"])["code"] == -2013
        assert ids(client.get("/fapi/v1/openOrders")) == ["seen"]
        assert ids(client.ask("GET", "/fapi/v1/openOrders")) == ["seen"]
        assert ids(client.get("/fapi/v1/allOrders")) == ["seen"]
        assert client.limit(newClientOrderId="hidden")["code"] == -4116
    client.run(landed_ms + 1_800_001 - client.venue.now_ms)
    assert client.get(ORDER, origClientOrderId="hidden")["status"] == "NEW"
    assert sorted(ids(client.get("/fapi/v1/openOrders"))) == ["hidden", "seen"]
    client.check_books()


def test_a_late_visible_fill_moves_the_position_though_no_query_of_orders_shows_it() -> None:
    client = tried({"kind": "late_visible", "hidden_ms": 5_000})
    client.market(newClientOrderId="hidden")
    assert client.get(ORDER, origClientOrderId="hidden")["code"] == -2013
    assert client.get("/fapi/v1/userTrades") == []
    assert client.position() == "0.01"
    client.run(5_001)
    assert client.get(ORDER, origClientOrderId="hidden")["status"] == "FILLED"
    assert len(client.get("/fapi/v1/userTrades")) == 1


def test_a_hidden_order_is_seen_in_its_time_though_nothing_else_has_happened_since() -> None:
    slow = {"kind": "slow_request", "delay_ms": 6_000, "method": "GET", "path": "/fapi/v1/openOrders"}
    client = tried({"kind": "late_visible", "hidden_ms": 5_000}, slow)
    client.run(60_000)  # past the end of the tape
    client.limit(newClientOrderId="hidden")
    late = client.send("GET", "/fapi/v1/openOrders", symbol="BTCUSDT", recvWindow=60_000)
    client.run(6_001)
    assert ids(client.answer_of(late)) == ["hidden"]


def test_a_late_visible_order_can_hide_position_balance_and_events_as_well() -> None:
    client = tried({"kind": "late_visible", "hidden_ms": 5_000, "positions": True, "user_stream": True})
    user, before = client.user_stream(), client.ask("GET", "/fapi/v3/balance")
    client.market()
    client.run(4_000)
    assert (client.position(), client.ask("GET", "/fapi/v3/balance")) == ("0", before)
    assert client.events(user) == []
    client.run(1_001)
    assert client.position() == "0.01"
    kinds = [event["e"] for event in client.events(user)]
    assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    client.check_books()


@pytest.mark.parametrize(("cancels", "code"), [(False, "200"), (True, -2011)])
def test_a_late_visible_stop_is_absent_and_its_cancel_may_say_so_too(cancels: bool, code: object) -> None:
    client = tried({"kind": "late_visible", "orders": "conditional", "hidden_ms": 5_000, "cancels": cancels})
    client.limit(newClientOrderId="regular")
    client.stop(clientAlgoId="hidden")
    assert client.get(ORDER, origClientOrderId="regular")["status"] == "NEW"
    assert client.ask("GET", ALGO, clientAlgoId="hidden")["code"] == -2013
    assert client.get("/fapi/v1/openAlgoOrders") == []
    assert client.get("/fapi/v1/allAlgoOrders") == []
    assert client.stop(clientAlgoId="hidden")["code"] == -4116
    assert client.ask("DELETE", ALGO, clientAlgoId="hidden")["code"] == code
    client.run(5_001)
    assert client.ask("GET", ALGO, clientAlgoId="hidden")["algoStatus"] == ("NEW" if cancels else "CANCELED")


@pytest.mark.parametrize(("what", "rest", "sockets"), [("all", 0, 0), ("rest", 0, 1), ("sockets", 1, 0)])
def test_refused_connections_are_reset_and_open_sockets_stay(what: str, rest: int, sockets: int) -> None:
    client = tried({"kind": "refuse_connect", "what": what, "when": {"at_ms": 1_000}, "end": {"duration_ms": 2_000}})
    earlier = client.open("/public/ws/btcusdt@bookTicker")
    client.run(1_500 - elapsed(client))
    assert (client.raw("GET", "/fapi/v1/ping") is not None) == bool(rest)
    assert client.is_open(client.open("/public/ws/btcusdt@bookTicker")) == bool(sockets)
    before = len(client.texts(earlier))
    client.run(500)
    assert len(client.texts(earlier)) > before
    client.run(3_100 - elapsed(client))
    assert client.raw("GET", "/fapi/v1/ping") is not None
    assert client.is_open(client.open("/public/ws/btcusdt@bookTicker"))


@pytest.mark.parametrize("rest", ["unavailable_503", "refused"])
def test_in_an_outage_nothing_answers_and_matching_goes_on(rest: str) -> None:
    client = tried({"kind": "outage", "rest": rest, "when": {"at_ms": 1_000}, "end": {"duration_ms": 3_000}})
    user, market = client.user_stream(), client.open("/public/ws/btcusdt@bookTicker")
    api = client.open("/ws-fapi/v1")
    client.market()
    client.stop(trigger="59998.5", clientAlgoId="stop")  # the tape trades there after 2 s
    client.run(1_010 - elapsed(client))
    seen = len(client.texts(user)), len(client.texts(market))
    found = client.raw("GET", "/fapi/v1/time")
    assert (found is None) if rest == "refused" else (found is not None and found.status == 503)
    client.call(api, "v2/account.balance")
    assert (client.closed(api) is not None) == (rest == "refused")
    assert rest == "refused" or client.events(api)[0]["status"] == 503
    client.run(3_900 - elapsed(client))
    assert (len(client.texts(user)), len(client.texts(market))) == seen
    client.run(4_100 - elapsed(client))
    assert client.position() == "0"
    assert len(client.texts(market)) > seen[1]
    client.check_books()


def test_foreign_weight_uses_up_the_minute_and_the_next_minute_is_free() -> None:
    client = tried({"kind": "foreign_weight", "weight": 2_390, "when": {"at_ms": 500}, "end": {"duration_ms": 20_000}})
    first = client.raw("GET", "/fapi/v1/ping")
    assert first is not None
    used = int(first.headers["X-MBX-USED-WEIGHT-1M"])
    client.run(600)
    loaded = client.raw("GET", "/fapi/v1/ping")
    assert loaded is not None
    assert int(loaded.headers["X-MBX-USED-WEIGHT-1M"]) == used + 1 + 2_390
    refused = client.raw("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
    assert refused is not None
    assert (refused.status, json.loads(refused.body)["code"]) == (429, -1003)
    assert int(refused.headers["Retry-After"]) <= 60
    client.run(60_000)
    free = client.raw("GET", "/fapi/v1/ping")
    assert free is not None
    assert free.headers["X-MBX-USED-WEIGHT-1M"] == "1"


def test_a_jumped_clock_refuses_timestamps_and_jumps_back_at_the_end() -> None:
    client = tried({"kind": "jump_clock", "by_ms": 30_000, "when": {"at_ms": 500}, "end": {"duration_ms": 2_000}})
    assert "code" not in client.ask("GET", "/fapi/v3/account")
    client.run(600)
    assert client.ask("GET", "/fapi/v3/account")["code"] == -1021
    client.run(2_000)
    assert "code" not in client.ask("GET", "/fapi/v3/account")


ORDER_CALL = {"method": "WS", "path": "order.place", "when": {"nth": 2}}


@pytest.mark.parametrize(
    ("fault", "landed", "answered", "stays_open"),
    [
        ({"kind": "lose_request"}, False, False, True),
        ({"kind": "lose_response"}, True, False, False),
        ({"kind": "slow_response", "delay_ms": 60_000}, True, False, True),
        ({"kind": "slow_request", "delay_ms": 60_000}, False, False, True),
        ({"kind": "answer", "reply": "-1007", "landed": True}, True, True, True),
        ({"kind": "answer", "reply": "-1007"}, False, True, True),
        ({"kind": "garbage_response", "form": "cut_json"}, True, True, True),
    ],
    ids=lambda value: str(value.get("kind", "")) if isinstance(value, dict) else "",
)
def test_the_websocket_api_has_the_same_faults(
    fault: dict[str, Any], landed: bool, answered: bool, stays_open: bool
) -> None:
    client = tried(fault | ORDER_CALL)
    api = client.open("/ws-fapi/v1")
    client.call(api, "order.place", **limit(), newClientOrderId="a")
    client.call(api, "order.place", **limit(), newClientOrderId="b")
    assert len(client.texts(api)) == 1 + answered
    assert client.is_open(api) == stays_open
    assert (client.get(ORDER, origClientOrderId="b").get("status") == "NEW") == landed
    if stays_open:
        number = client.call(api, "order.place", **limit(), newClientOrderId="c")
        assert msgspec.json.decode(client.texts(api)[-1])["id"] == number
    client.check_books()
