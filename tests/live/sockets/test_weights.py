"""Request weight over sockets: a reserve for closing, and silence while the exchange asks for it."""

import json
from urllib.parse import urlencode

import pytest

from live.binance.answers import events_of
from live.binance.exchange_info import weight_per_minute_of
from live.binance.requests import Asked
from live.binance.weights import UNLISTED, weight_of
from live.engine.events import Answered, Request, RequestOutcome
from live.simulator.http.endpoints.params import Params
from live.simulator.http.endpoints.served import ENDPOINTS
from live.sockets.weights import RESERVE
from live.wire import HttpRequest, HttpResponse
from skills_lib.domain.errors import CorruptDataError
from skills_lib.market.weights.shared import WEIGHT_PER_MINUTE, SharedBudget
from tests.live.conftest import Running, Serve
from tests.live.sockets.test_loop_wire import ORDER
from tests.live.sockets.wires import Client, run_client

QUERIES: list[dict[str, str]] = [{}, {"symbol": "BTCUSDT"}, {"symbol": "BTCUSDT", "limit": "5"}, {"limit": "1000"}]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_call_weighs_what_the_exchange_counts_or_is_not_listed(query: dict[str, str]) -> None:
    listed = 0
    for (method, path), endpoint in ENDPOINTS.items():
        ours = weight_of(HttpRequest(method, f"{path}?{urlencode(query)}"))
        listed += ours != UNLISTED
        assert ours in (endpoint.weight_of(Params(query)), UNLISTED), (method, path)
    assert listed > 40


def spend_by_another_process(running: Running, weight: int) -> None:
    """Use weight of the exchange, as a recorder beside the daemon does."""
    SharedBudget(running.host).spend(weight)


def not_sent(answer: HttpResponse | None) -> bool:
    """Whether an answer was given in the exchange's place."""
    return answer is not None and answer.status == 429 and b"Not sent" in answer.body


def requests_of(running: Running) -> int:
    """The weight that the exchange has counted of its clients."""
    return running.venue.gateway.limits.used("127.0.0.1", running.venue.gateway.clock.now_ms())


def test_reads_leave_a_reserve_that_closing_uses(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        await client.ready()
        counted = requests_of(running)
        spend_by_another_process(running, WEIGHT_PER_MINUTE - RESERVE)
        assert not_sent(await client.get("/fapi/v1/time"))
        assert requests_of(running) == counted
        client.wire.weights.closing = True
        answer = await client.get("/fapi/v1/time")
        assert answer is not None
        assert answer.status == 200
        spend_by_another_process(running, RESERVE)
        assert not_sent(await client.get("/fapi/v1/time"))

    run_client(serve, scenario)


def test_a_read_that_was_not_sent_is_not_accepted_and_asks_nobody_to_wait(serve: Serve) -> None:
    """What waits is the read: an engine that is to wait would hold back its stops too."""

    async def scenario(client: Client, running: Running) -> None:
        spend_by_another_process(running, WEIGHT_PER_MINUTE)
        answer = await client.get("/fapi/v1/time")
        assert answer is not None
        (event,) = events_of(Asked(Request.POSITION, "BTCUSDT", "", 0), 429, answer.body, answer.headers, 1)
        assert event == Answered(1, Request.POSITION, "BTCUSDT", "", RequestOutcome.NOT_ACCEPTED, -1003, 0)

    run_client(serve, scenario)


def test_orders_leave_whatever_others_have_used(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        spend_by_another_process(running, WEIGHT_PER_MINUTE)
        answer = await client.send(client.signed("POST", "/fapi/v1/order", **ORDER, newClientOrderId="a"))
        assert answer is not None
        assert answer.status == 200
        answer = await client.send(client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="a"))
        assert answer is not None
        assert json.loads(answer.body)["status"] == "CANCELED"

    run_client(serve, scenario)


def test_what_others_of_the_address_use_is_learned_from_an_answer(serve: Serve) -> None:
    """Others that do not share the file: another machine behind the same address."""

    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        answers = [await client.get("/fapi/v1/time") for _ in range(2)]
        assert not not_sent(answers[0])
        assert not_sent(answers[1])

    foreign = {"kind": "foreign_weight", "weight": 2_300, "when": {"at_ms": 0}}
    run_client(serve, scenario, faults=[foreign])


@pytest.mark.parametrize("reply", ["too_many_429", "banned_418"])
def test_nothing_leaves_while_the_exchange_asks_to_wait(serve: Serve, reply: str) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        refused = await client.get("/fapi/v1/time")
        assert refused is not None
        assert refused.status in (429, 418)
        wait_s = int({name.lower(): value for name, value in refused.headers.items()}["retry-after"])
        counted = requests_of(running)
        client.wire.weights.closing = True
        for request in (client.signed("POST", "/fapi/v1/order", **ORDER), HttpRequest("GET", "/fapi/v1/time")):
            answer = await client.send(request)
            assert answer is not None
            assert not_sent(answer)
            assert wait_s - 5 <= int(answer.headers["Retry-After"]) <= wait_s
        assert requests_of(running) == counted
        assert SharedBudget(running.host).reserve(1, WEIGHT_PER_MINUTE) > 0

    run_client(serve, scenario, faults=[{"kind": "answer", "reply": reply, "path": "/fapi/v1/time"}])


def test_the_limit_is_the_one_the_exchange_lists(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        listing = await client.get("/fapi/v1/exchangeInfo")
        assert listing is not None
        assert weight_per_minute_of(listing.body) == WEIGHT_PER_MINUTE

    run_client(serve, scenario)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"rateLimits":[]}', b"\xff"])
def test_a_listing_without_the_limit_is_refused(body: bytes) -> None:
    with pytest.raises(CorruptDataError, match="names no request weight a minute"):
        weight_per_minute_of(body)
