"""Orders over the WebSocket API, against the exchange under faults: what is sent is sent once, by one way."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from live.binance.signing import Ed25519Signer
from live.client.wire import TIMEOUT_NS
from live.engine.actions import Action
from live.engine.events import Answered, BookChanged, Event, OrderReport, RequestOutcome
from live.enums import OrderStatus, Side
from live.simulator.http.credentials import Credential
from tests.live.binance.account import LOT, intent, place
from tests.live.session.clients import Decide, open_session
from tests.live.session.test_session import buys, once
from tests.live.simulator.venue_client import S

KEY = Ed25519PrivateKey.generate()
NO_REST = {"kind": "answer", "reply": "unknown_503", "method": "POST", "path": "/fapi/v1/order", "landed": False}
"""With this an order by REST would fail."""
FOREVER = {"end": {"never": True}}


def buys_again(after_ns: int) -> Decide:
    """Two entries, the second so long after the first."""
    times: list[int] = []
    first = once(buys)

    def decide(event: Event) -> list[Action]:
        if not times:
            decided = first(event)
            times.extend(event.time_ns for _ in decided)
            return decided
        if len(times) == 1 and isinstance(event, BookChanged) and event.time_ns >= times[0] + after_ns:
            times.append(event.time_ns)
            return [place(intent("a2", Side.BUY, LOT), event.time_ns)]
        return []

    return decide


def test_an_order_by_websocket_is_answered_as_one_by_rest() -> None:
    found = []
    for by_websocket, faults in ((True, [NO_REST | FOREVER]), (False, [])):
        opened = open_session(once(buys), faults=faults, orders_by_websocket=by_websocket)
        opened.session.play()
        found.append([event for event in opened.recorder.events if isinstance(event, (Answered, OrderReport))])
    assert found[0] == found[1]
    assert [event.outcome for event in found[0] if isinstance(event, Answered)] == [RequestOutcome.ACCEPTED]


@pytest.mark.parametrize("kind", ["lose_response", "lose_request", "garbage_response"])
def test_an_order_without_an_answer_proves_nothing_and_is_sent_once(kind: str) -> None:
    fault: dict[str, Any] = {"kind": kind, "method": "WS", "path": "order.place"}
    opened = open_session(once(buys), faults=[fault], orders_by_websocket=True)
    opened.session.play()
    opened.session.advance(opened.venue.now_ns + 2 * TIMEOUT_NS)
    outcomes = [event.outcome for event in opened.recorder.of(Answered)]
    assert outcomes == [RequestOutcome.UNKNOWN]
    assert len(opened.venue.state.orders) == (kind != "lose_request")


def test_while_the_connection_is_lost_orders_go_by_rest() -> None:
    refused = {"kind": "refuse_connect", "what": "sockets", "when": {"condition": "position_open"}} | FOREVER
    closed = {"kind": "server_close", "stream": "answer", "when": {"condition": "position_open"}}
    opened = open_session(buys_again(2 * S), faults=[refused, closed], orders_by_websocket=True)
    opened.session.play()
    assert [event.outcome for event in opened.recorder.of(Answered)][-1] is RequestOutcome.ACCEPTED
    assert len(opened.venue.state.orders) == 2
    assert opened.orders is not None
    assert not opened.orders.up


def test_a_connection_that_was_lost_is_opened_again() -> None:
    closed = {"kind": "server_close", "stream": "answer", "when": {"condition": "position_open"}}
    rest_fails = NO_REST | {"when": {"nth": 1}} | FOREVER
    opened = open_session(buys_again(3 * S), faults=[rest_fails, closed], orders_by_websocket=True)
    assert opened.orders is not None
    first = opened.orders.connection
    opened.session.play()
    assert opened.orders.connection != first
    assert [report.status for report in opened.recorder.of(OrderReport) if report.client_id == "a2"][-1] is (
        OrderStatus.FILLED
    )


@pytest.mark.parametrize("refused", [False, True])
def test_an_ed25519_key_logs_on_or_signs_each_request(refused: bool) -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    refusal = {"kind": "answer", "reply": "-1021", "method": "WS", "path": "session.logon"}
    opened = open_session(
        once(buys),
        faults=[NO_REST | FOREVER, *([refusal] if refused else [])],
        orders_by_websocket=True,
        signer=Ed25519Signer("mine", pem),
        credentials=(Credential("paper", "mine", ed25519_public_key=public),),
    )
    opened.session.play()
    (answered,) = opened.recorder.of(Answered)
    assert answered.outcome is RequestOutcome.ACCEPTED
