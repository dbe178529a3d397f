"""Frames under faults, in process: which are affected, how, and that it ends."""

import json
from itertools import pairwise
from typing import Any

import pytest

from live.simulator.outputs import ABNORMAL, Closed, Frame
from live.wire import Opcode
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.wire import decode
from tests.live.simulator.faults.tried import ORDER, Tried, tried

DEPTH = "/public/ws/btcusdt@depth@0ms"
NEW, FILLED = ("NEW", "NEW"), ("TRADE", "FILLED")


def trade(client: Tried, times: int = 3) -> list[str]:
    """Buy at the market some times; return the names of the user events."""
    user = client.user_stream()
    for number in range(times):
        client.market(newClientOrderId=f"order-{number}")
    client.run(100)
    return [event["e"] for event in client.events(user)]


def test_only_the_filled_order_event_of_one_order_is_dropped() -> None:
    client = tried(
        {"kind": "drop", "event": "ORDER_TRADE_UPDATE", "status": "FILLED", "when": {"nth": 2}, "end": {"count": 1}}
    )
    user = client.user_stream()
    for _ in range(3):
        client.market()
    assert client.orders(user) == [NEW, FILLED, NEW, NEW, FILLED]
    assert len(client.events(user, "ACCOUNT_UPDATE")) == 3
    client.check_books()


@pytest.mark.parametrize("event", ["ACCOUNT_UPDATE", "TRADE_LITE"])
def test_one_kind_of_event_can_be_dropped_for_ever(event: str) -> None:
    found = trade(tried({"kind": "drop", "event": event, "end": {"never": True}}))
    assert event not in found
    assert len(found) == 3 * 3


def test_combined_streams_are_selected_by_event_as_well() -> None:
    client = tried({"kind": "drop", "event": "ACCOUNT_UPDATE", "end": {"never": True}})
    key = client.ask("POST", "/fapi/v1/listenKey")["listenKey"]
    user = client.open(f"/private/stream?streams={key}")
    client.market()
    kinds = [message["data"]["e"] for message in client.events(user)]
    assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE"]


def test_an_event_is_duplicated_only_while_a_position_is_open() -> None:
    condition = {"condition": "position_open"}
    fault = {"kind": "duplicate", "event": "ORDER_TRADE_UPDATE", "execution": "NEW", "when": condition}
    client = tried(fault | {"end": {"condition_ends": True}})
    user = client.user_stream()
    client.market()
    client.limit()
    client.market("SELL")
    client.limit()
    news = [found for found in client.orders(user) if found == NEW]
    assert len(news) == 4 + 2  # the limit order and the closing order were accepted while the position was open


def test_a_delayed_fill_arrives_after_its_time_and_later_ones_at_once() -> None:
    client = tried({"kind": "delay", "event": "ORDER_TRADE_UPDATE", "status": "FILLED", "delay_ms": 5_000})
    user = client.user_stream()
    client.market()
    client.market()
    assert client.orders(user) == [NEW, NEW, FILLED]
    client.run(4_900)
    assert len(client.orders(user)) == 3
    client.run(110)
    assert client.orders(user) == [NEW, NEW, FILLED, FILLED]


def test_an_event_is_sent_after_the_next_one() -> None:
    client = tried({"kind": "reorder", "event": "ACCOUNT_UPDATE"})
    found = trade(client, 2)
    assert found[:4] == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
    assert found[4:] == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]


def updates(client: Tried, connection: int) -> list[DepthUpdate]:
    found = [decode(text) for text in client.texts(connection)]
    assert all(isinstance(update, DepthUpdate) for update in found)
    return [update for update in found if isinstance(update, DepthUpdate)]


def whole(found: list[DepthUpdate]) -> bool:
    return all(later.previous_update_id == earlier.final_update_id for earlier, later in pairwise(found))


def test_a_gap_breaks_the_chain_at_the_nth_diff_alone() -> None:
    client = tried({"kind": "gap_pu", "stream": "*@depth*", "when": {"nth": 5}})
    connection = client.open(DEPTH)
    found = updates(client.run(2_000), connection)
    gaps = [n for n, (a, b) in enumerate(pairwise(found), start=2) if b.previous_update_id != a.final_update_id]
    assert gaps == [5]


def test_corrupt_levels_leave_the_chain_whole_and_end_after_their_count() -> None:
    fault = {"kind": "corrupt_level", "when": {"nth": 3}, "end": {"count": 2}, "factor": 7}
    changed, true = (updates(client.run(2_000), 1) for client in (tried(fault), tried()) if client.open(DEPTH) == 1)
    assert whole(changed)
    differing = [number for number, (a, b) in enumerate(zip(changed, true, strict=True), start=1) if a != b]
    assert differing == [3, 4]


def test_a_burst_multiplies_diffs_for_its_duration_with_a_whole_chain() -> None:
    fault = {"kind": "burst", "stream": "*", "when": {"at_ms": 1_000}, "end": {"duration_ms": 1_000}}
    client = tried(fault)
    depth, ticker = client.open(DEPTH), client.open("/public/ws/btcusdt@bookTicker")
    counts = []
    for until_ms in (1_000, 2_000, 3_000):
        began_ms = client.venue.faults.began_ms or 0
        before = len(client.texts(depth)), len(client.texts(ticker))
        client.run(began_ms + until_ms - 10 - client.venue.now_ms)
        counts.append((len(client.texts(depth)) - before[0], len(client.texts(ticker)) - before[1]))
    assert counts[1][0] >= 6 * counts[2][0]
    assert counts[1][1] == 20 * counts[2][1]
    assert counts[0][0] <= counts[2][0]
    assert whole(updates(client, depth))


def test_a_frozen_socket_answers_no_ping_and_thaws_at_the_end() -> None:
    client = tried({"kind": "freeze", "stream": "*", "when": {"at_ms": 1_000}, "end": {"duration_ms": 2_000}})
    connection = client.open("/public/ws/btcusdt@bookTicker")
    began_ms = client.venue.faults.began_ms or 0
    client.run(began_ms + 1_200 - client.venue.now_ms)
    seen = len(client.texts(connection))
    client.venue.send(connection, b"ping", Opcode.PING)
    client.run(1_500)
    assert len(client.texts(connection)) == seen
    assert not [out for out in client.outputs if isinstance(out, Frame) and out.opcode is Opcode.PONG]
    client.run(1_000)
    assert len(client.texts(connection)) > seen
    client.venue.send(connection, b"ping", Opcode.PING)
    client.run(1)
    assert [out for out in client.outputs if isinstance(out, Frame) and out.opcode is Opcode.PONG]


def test_a_socket_frozen_by_count_never_thaws_and_others_are_not_frozen() -> None:
    client = tried({"kind": "freeze", "stream": "*@bookTicker"})
    first, second = client.open("/public/ws/btcusdt@bookTicker"), client.open("/public/ws/btcusdt@bookTicker")
    client.run(10_000)
    assert client.texts(first) == []
    assert len(client.texts(second)) > 100


def test_a_cut_happens_in_the_middle_of_a_frame() -> None:
    client = tried({"kind": "cut", "event": "ORDER_TRADE_UPDATE", "status": "FILLED"})
    user = client.user_stream()
    client.market()
    closed = client.closed(user)
    assert closed is not None
    assert closed.code == ABNORMAL
    assert closed.partial.startswith(b'{"e":"ORDER_TRADE_UPDATE"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(closed.partial)
    assert client.is_open(client.user_stream())
    client.market()
    client.check_books()


@pytest.mark.parametrize(("stream", "ended"), [("user", {1}), ("*@bookTicker", {2}), ("answer", {3}), ("*", {1, 2, 3})])
def test_the_server_closes_the_sockets_that_carry_a_stream(stream: str, ended: set[int]) -> None:
    fault = {"kind": "server_close", "stream": stream, "code": 1001, "reason": "Going away"}
    client = tried(fault | {"when": {"condition": "fill"}})
    client.user_stream(), client.open("/public/ws/btcusdt@bookTicker"), client.open("/ws-fapi/v1")
    client.run(100).market()
    closed = [output for output in client.outputs if isinstance(output, Closed)]
    assert {output.connection for output in closed} == ended
    assert {(output.code, output.reason) for output in closed} == {(1001, "Going away")}
    again = client.user_stream()
    client.market()
    assert client.is_open(again)


def test_a_stream_that_opens_can_trigger_a_fault() -> None:
    client = tried({"kind": "server_close", "when": {"condition": "stream_opens", "nth": 2}})
    first = client.open("/public/ws/btcusdt@bookTicker")
    assert client.is_open(first)
    client.open("/public/ws/btcusdt@trade")
    assert not client.is_open(first)


def test_chance_affects_some_frames_and_the_same_ones_with_the_same_seed() -> None:
    fault: dict[str, Any] = {"kind": "drop", "stream": "*@depth*", "when": {"probability": 0.3}, "end": {"never": True}}

    def received(seed: int) -> list[bytes]:
        client = tried(fault, seed=seed)
        connection = client.open(DEPTH)
        return client.run(8_000).texts(connection)

    first = received(1)
    assert first == received(1)
    assert first != received(2)
    assert 80 < len(first) < 140


def test_a_fill_without_commission_lacks_its_two_fields_until_the_end() -> None:
    commission = {"kind": "commission", "form": "absent", "when": {"at_ms": 0}, "end": {"duration_ms": 3_000}}
    client = tried(commission)
    user = client.user_stream()
    client.market()
    client.run(3_000).market()
    fills = [event["o"] for event in client.events(user, "ORDER_TRADE_UPDATE") if event["o"]["x"] == "TRADE"]
    assert [("N" in fill, "n" in fill) for fill in fills] == [(False, False), (True, True)]
    assert client.get("/fapi/v1/userTrades")[0]["commission"] != "0.00000000"
    assert client.get(ORDER, orderId=fills[0]["i"])["status"] == "FILLED"
    client.check_books()
