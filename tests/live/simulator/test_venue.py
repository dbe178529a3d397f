"""The exchange in process: requests in, responses and frames out, in virtual time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.simulator.latency import Distribution
from live.simulator.outputs import Closed, Frame, Opened, Response
from tests.live.simulator.venue_client import MS, ORDER, S, VenueClient, open_client

SLOW = Distribution(((0, 20 * MS), (1_000_000, 20 * MS)))


Open = Callable[..., VenueClient]


@pytest.fixture
def open_venue(generated_tape: Path) -> Open:
    """`open_venue(seed=3)`: a client of a venue without latency, unless changed."""

    def make(**changes: Any) -> VenueClient:
        return open_client(generated_tape, **changes)

    return make


def test_a_query_and_an_order_take_the_delay_of_both_ways(open_venue: Open) -> None:
    client = open_venue(inbound=SLOW, outbound=SLOW)
    sent_ns = client.venue.now_ns
    query, order = client.get("/fapi/v1/time"), client.signed("POST", "/fapi/v1/order", **ORDER, price="59990.0")
    arrived = {found.request: found for found in client.run(S) if isinstance(found, Response)}
    assert {number: found.time_ns - sent_ns for number, found in arrived.items()} == {query: 40 * MS, order: 40 * MS}
    bodies = {number: json.loads(found.response.body) for number, found in arrived.items() if found.response}
    assert bodies[query]["serverTime"] == bodies[order]["updateTime"] == sent_ns // MS + 20


def test_market_frames_of_a_stream_arrive_in_order_after_their_delay(open_venue: Open) -> None:
    client = open_venue(inbound=SLOW, outbound=SLOW)
    connection = client.venue.connect("/public/ws/btcusdt@bookTicker")
    found = [output for output in client.run(2 * S) if not isinstance(output, Response)]
    assert isinstance(found[0], Opened)
    frames = [output for output in found if isinstance(output, Frame)]
    assert len(frames) > 10
    assert all(output.time_ns - json.loads(output.data)["E"] * MS == 20 * MS for output in frames)
    updates = [json.loads(data)["u"] for data in client.frames(connection)]
    assert updates == sorted(updates)


def test_advancing_in_small_steps_or_at_once_gives_the_same_outputs(open_venue: Open) -> None:
    outcomes = []
    for step_ns in (5 * S, 7 * MS):
        client = open_venue(inbound=SLOW, outbound=SLOW, seed=9)
        key = client.body(client.get("/fapi/v1/listenKey", "POST"))["listenKey"]
        client.venue.connect(f"/private/ws/{key}")
        client.venue.connect("/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade/btcusdt@markPrice")
        client.signed("POST", "/fapi/v1/order", **ORDER | {"type": "MARKET"})
        end_ns = client.venue.now_ns + 5 * S
        while client.venue.now_ns < end_ns:
            client.run(min(step_ns, end_ns - client.venue.now_ns))
        outcomes.append(client.outputs)
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0]) > 50


@pytest.mark.parametrize("path", ["/ws/btcusdt@trade", "/ws-fapi/v1"])
def test_a_socket_that_answers_no_ping_is_closed_after_ten_minutes(open_venue: Open, path: str) -> None:
    client = open_venue()
    silent, lively = client.venue.connect(path), client.venue.connect(path)
    client.keep_alive(lively, 1_800)
    closed = [output for output in client.outputs if isinstance(output, Closed)]
    assert [(output.connection, output.code) for output in closed] == [(silent, 1008)]


def test_a_socket_lives_for_24_hours(open_venue: Open) -> None:
    client = open_venue()
    connection = client.venue.connect("/ws/btcusdt@trade")
    begun_ns = client.venue.now_ns
    client.keep_alive(connection, 25 * 3600)
    [closed] = [output for output in client.outputs if isinstance(output, Closed)]
    assert closed.time_ns == begun_ns + 24 * 3600 * S


def test_a_listen_key_expires_after_an_hour_of_virtual_time(open_venue: Open) -> None:
    client = open_venue()
    key = client.body(client.get("/fapi/v1/listenKey", "POST"))["listenKey"]
    begun_ms = client.venue.now_ms
    connection = client.venue.connect(f"/private/ws/{key}")
    client.keep_alive(connection, 3_599)
    assert client.frames(connection) == []
    client.run(2 * S)
    [expired] = [json.loads(data) for data in client.frames(connection)]
    assert expired["e"] == "listenKeyExpired"
    assert abs(expired["E"] - begun_ms - 3_600_000) <= 1


def test_a_path_that_is_no_websocket_is_refused(open_venue: Open) -> None:
    client = open_venue()
    client.venue.connect("/fapi/v1/order")
    [closed] = client.run(MS)
    assert isinstance(closed, Closed)
    assert closed.code == 1006


def test_a_closed_connection_receives_nothing_more(open_venue: Open) -> None:
    client = open_venue(inbound=SLOW, outbound=SLOW)
    connection = client.venue.connect("/ws/btcusdt@bookTicker")
    client.run(S)
    seen = len(client.frames(connection))
    client.venue.close(connection)
    client.run(S)
    client.venue.send(connection, b'{"method":"LIST_SUBSCRIPTIONS","id":1}')
    client.run(S)
    assert len(client.frames(connection)) == seen > 0
    assert client.venue.hub.streams == {}
