"""Request weight over sockets: a reserve for closing, and silence while the exchange asks for it."""

import asyncio
import json
from urllib.parse import urlencode

import pytest

from live.binance.answers import events_of
from live.binance.calls import Call, CallWriter
from live.binance.requests import Asked
from live.binance.signing import Signer
from live.binance.weights import UNLISTED, Cost, cost_of, cost_of_call, weight_of
from live.client.order_connection import OrderConnection
from live.engine.events import Answered, Request, RequestOutcome
from live.simulator.http.endpoints.params import Params
from live.simulator.http.endpoints.served import ENDPOINTS
from live.sockets.order_counts import PER_10_S, PER_MINUTE, OrderCounts
from live.sockets.order_counts import RESERVE as ORDERS_RESERVE
from live.sockets.weights import RESERVE
from live.wire import HttpRequest, HttpResponse
from skills_lib.domain.errors import CorruptDataError
from skills_lib.market.weights.listed import ListedLimits, listed_limits
from skills_lib.market.weights.shared import WEIGHT_PER_MINUTE, SharedBudget
from tests.live.conftest import KEY, SECRET, Running, Serve
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


def test_every_process_goes_by_the_limit_that_the_exchange_lists(serve: Serve) -> None:
    """The demo venue lists 6,000; here it is 3,000."""

    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        spend_by_another_process(running, WEIGHT_PER_MINUTE)
        assert not_sent(await client.get("/fapi/v1/time"))
        client.wire.weights.closing = True
        SharedBudget(running.host).learn(3_000)
        assert SharedBudget(running.host).reserve(1, 3_000) == 0
        client.wire.weights.left(Cost(1, reads=False))  # any use of the file tells this process what others know
        assert not not_sent(await client.get("/fapi/v1/exchangeInfo"))
        assert not_sent(await client.get("/fapi/v1/time")), "the listing that came says 2,400 again"

    run_client(serve, scenario)


def test_the_limits_are_read_from_the_listing(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        listing = await client.get("/fapi/v1/exchangeInfo")
        assert listing is not None
        assert listed_limits(listing.body) == ListedLimits(WEIGHT_PER_MINUTE, PER_10_S, PER_MINUTE)

    run_client(serve, scenario)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"rateLimits":[]}', b"\xff"])
def test_a_listing_without_the_limit_is_refused(body: bytes) -> None:
    with pytest.raises(CorruptDataError, match="names no request weight a minute"):
        listed_limits(body)


ENTRY = Call("POST", "/fapi/v1/order", {"symbol": "BTCUSDT", "side": "BUY"})
EXIT = Call("POST", "/fapi/v1/order", {"symbol": "BTCUSDT", "side": "SELL", "reduceOnly": "true"})
STOP = Call("POST", "/fapi/v1/algoOrder", {"symbol": "BTCUSDT", "closePosition": "true"})
CANCEL = Call("DELETE", "/fapi/v1/order", {"symbol": "BTCUSDT"})


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (ENTRY, Cost(0, reads=False, order=True)),
        (EXIT, Cost(0, reads=False, order=True, reduces=True)),
        (STOP, Cost(0, reads=False, order=True, reduces=True)),
        (CANCEL, Cost(1, reads=False)),
        (Call("GET", "/fapi/v1/order"), Cost(1, reads=True)),
    ],
)
def test_a_call_costs_the_same_by_either_way(call: Call, cost: Cost) -> None:
    client = CallWriter(Signer(KEY, SECRET))
    assert cost_of_call(call) == cost_of(client.write(call, 0)) == cost


class Seconds:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_entries_leave_a_part_of_the_orders_to_those_that_only_reduce() -> None:
    clock = Seconds()
    counts, entries = OrderCounts(clock), PER_10_S - PER_10_S // ORDERS_RESERVE
    for _ in range(entries):
        assert counts.allow(reduces=False)
        counts.sent()
    assert not counts.allow(reduces=False)
    for _ in range(entries, PER_10_S):
        assert counts.allow(reduces=True)
        counts.sent()
    assert not counts.allow(reduces=True)
    clock.now_s = 11.0
    assert counts.allow(reduces=False)


def test_the_orders_of_a_minute_count_too_and_those_of_other_programs() -> None:
    clock = Seconds()
    counts = OrderCounts(clock)
    counts.observe({"x-mbx-order-count-10s": "1", "x-mbx-order-count-1m": str(PER_MINUTE - 1)})
    assert not counts.allow(reduces=False)
    assert counts.allow(reduces=True)
    counts.sent()
    assert not counts.allow(reduces=True)
    clock.now_s = 61.0
    assert counts.allow(reduces=False)


def test_other_limits_that_the_exchange_lists_hold() -> None:
    counts = OrderCounts(Seconds())
    counts.learn(ListedLimits(6_000, 5, 0))
    for _ in range(4):
        counts.sent()
    assert not counts.allow(reduces=False)
    assert counts.allow(reduces=True)


def test_an_order_that_does_not_fit_is_not_sent_by_either_way(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        orders = OrderConnection(client.wire, client.calls)
        orders.start()
        while not orders.up:
            await client.ready()
        found: list[HttpResponse | None] = []
        client.wire.weights.observe(HttpResponse(200, b"", {"X-MBX-ORDER-COUNT-10S": str(PER_10_S)}))
        assert not orders.send(EXIT, found.append)
        answer = await client.send(client.calls.write(EXIT, client.wire.now_ns))
        assert answer is not None
        assert (answer.status, json.loads(answer.body)["code"]) == (429, -1015)
        (event,) = events_of(Asked(Request.PLACE, "BTCUSDT", "a", 0), 429, answer.body, answer.headers, 1)
        assert event == Answered(1, Request.PLACE, "BTCUSDT", "a", RequestOutcome.NOT_ACCEPTED, -1015, 0)
        assert orders.send(CANCEL, found.append), "a cancel is no order"
        assert not running.venue.state.orders

    run_client(serve, scenario)


async def answer_by_websocket(orders: OrderConnection, call: Call) -> HttpResponse:
    """The answer to a call."""
    answer: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
    assert orders.send(call, answer.set_result)
    found = await answer
    assert found is not None
    return found


def test_answers_by_websocket_count_as_those_by_rest(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        orders = OrderConnection(client.wire, client.calls)
        orders.start()
        while not orders.up:
            await client.ready()
        placed = Call("POST", "/fapi/v1/order", {**ORDER, "newClientOrderId": "a"})
        asked = Call("GET", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "a"})
        found, _ = [await answer_by_websocket(orders, call) for call in (placed, asked)]
        assert (found.headers["X-MBX-ORDER-COUNT-10S"], found.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
        assert not_sent(await client.get("/fapi/v1/time")), "others use nearly all, as that answer said"

    foreign = {"kind": "foreign_weight", "weight": 2_300, "when": {"condition": "order_accepted"}}
    run_client(serve, scenario, faults=[foreign])
