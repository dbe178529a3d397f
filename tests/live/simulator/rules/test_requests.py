"""Rules of cancelling, querying, batches and settings, sent as requests."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.simulator.rules.orders import BATCH, LIMIT, MARKET, PATH, place
from tests.live.simulator.venue_client import VenueClient


@pytest.mark.parametrize(
    ("method", "path", "fields", "code"),
    [
        pytest.param("DELETE", PATH, {}, -1102, id="cancel without an id"),
        pytest.param("DELETE", PATH, {"orderId": "1"}, -2011, id="cancel of an unknown order"),
        pytest.param("GET", PATH, {}, -1102, id="query without an id"),
        pytest.param("GET", PATH, {"orderId": "1"}, -2013, id="query of an unknown order"),
        pytest.param("GET", "/fapi/v1/openOrder", {"orderId": "1"}, -2013, id="openOrder of an unknown order"),
        pytest.param("POST", "/fapi/v1/countdownCancelAll", {}, -1102, id="countdown without its time"),
        pytest.param(
            "POST", "/fapi/v1/countdownCancelAll", {"countdownTime": "-1"}, -1130, id="countdown of negative time"
        ),
        pytest.param("POST", BATCH, {"batchOrders": json.dumps([LIMIT] * 6)}, -4082, id="six orders in a batch"),
        pytest.param(
            "PUT",
            "/fapi/v1/batchOrders",
            {"batchOrders": json.dumps([LIMIT] * 6)},
            -4082,
            id="six amendments in a batch",
        ),
        pytest.param(
            "DELETE",
            "/fapi/v1/batchOrders",
            {"orderIdList": json.dumps([1] * 11)},
            -4032,
            id="eleven cancels in a batch",
        ),
    ],
)
def test_a_request_about_orders_is_refused_with_its_code(
    refusing: VenueClient, method: str, path: str, fields: dict[str, Any], code: int
) -> None:
    assert refusing.call(method, path, symbol="BTCUSDT", **fields)["code"] == code


def test_a_finished_order_can_be_neither_cancelled_nor_found_open(client: VenueClient) -> None:
    order = place(client, LIMIT)
    about = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    assert client.call("DELETE", PATH, **about)["status"] == "CANCELED"
    assert client.call("DELETE", PATH, **about)["code"] == -2011
    assert client.call("GET", "/fapi/v1/openOrder", **about)["code"] == -2013


Prepare = Callable[[VenueClient], Any]


def order_open(client: VenueClient) -> None:
    place(client, LIMIT)


def position_open(client: VenueClient) -> None:
    place(client, MARKET)


def isolated(client: VenueClient) -> None:
    client.call("POST", MARGIN, symbol="BTCUSDT", marginType="ISOLATED")


def nothing(_: VenueClient) -> None:
    """A flat account."""


MODE, MARGIN = "/fapi/v1/positionSide/dual", "/fapi/v1/marginType"


@pytest.mark.parametrize(
    ("prepare", "path", "fields", "code"),
    [
        pytest.param(nothing, MODE, {"dualSidePosition": "false"}, -4059, id="position mode unchanged"),
        pytest.param(order_open, MODE, {"dualSidePosition": "true"}, -4067, id="position mode with open orders"),
        pytest.param(position_open, MODE, {"dualSidePosition": "true"}, -4068, id="position mode with a position"),
        pytest.param(nothing, MARGIN, {"marginType": "CROSSED"}, -4046, id="margin type unchanged"),
        pytest.param(order_open, MARGIN, {"marginType": "ISOLATED"}, -4047, id="margin type with open orders"),
        pytest.param(position_open, MARGIN, {"marginType": "ISOLATED"}, -4048, id="margin type with a position"),
        pytest.param(nothing, "/fapi/v1/leverage", {"leverage": "0"}, -4028, id="leverage 0"),
        pytest.param(nothing, "/fapi/v1/leverage", {"leverage": "126"}, -4028, id="leverage above the first bracket"),
        pytest.param(
            nothing, "/fapi/v1/positionMargin", {"amount": "10", "type": "1"}, -4049, id="margin in cross mode"
        ),
        pytest.param(
            isolated, "/fapi/v1/positionMargin", {"amount": "10", "type": "1"}, -4054, id="margin without a position"
        ),
    ],
)
def test_a_setting_is_refused_with_its_code(
    client: VenueClient, prepare: Prepare, path: str, fields: dict[str, Any], code: int
) -> None:
    prepare(client)
    assert client.call("POST", path, symbol="BTCUSDT", **fields)["code"] == code
