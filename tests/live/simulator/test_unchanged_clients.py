"""Unmodified client libraries trade against the simulator over real sockets: every operation of each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.enums import OrderStatus, Side
from live.money import plain
from tests.live.conftest import Running, Serve
from tests.live.simulator.clients.base import SYMBOL, Client
from tests.live.simulator.clients.conformance import CLIENTS, VERBS

pytest.importorskip("binance", reason="python-binance is in the dev extra")
pytest.importorskip("binance_common", reason="Binance's SDK is in the dev extra")

TIMEOUT_S = 20


@pytest.fixture(params=CLIENTS, ids=lambda client: client.name)
def kind(request: pytest.FixtureRequest) -> type[Client]:
    """Each client in turn."""
    found: type[Client] = request.param
    return found


def trade(
    kind: type[Client], serve: Serve, scenario: Callable[[Client, Running], Awaitable[None]], **settings: Any
) -> None:
    """Run a scenario with a client and a new exchange, with a timeout."""

    async def run() -> None:
        async with serve(**settings) as running, opened(kind, running) as client:
            await asyncio.wait_for(scenario(client, running), TIMEOUT_S)

    asyncio.run(run())


@asynccontextmanager
async def opened(kind: type[Client], running: Running) -> AsyncIterator[Client]:
    """A client that is closed again."""
    client = kind()
    await client.open(running.host)
    try:
        yield client
    finally:
        await client.close()


def only_order(running: Running) -> Any:
    [order] = running.venue.state.orders.values()
    return order


async def until(condition: Callable[[], Any]) -> None:
    """Yield to the event loop until `condition` holds; `trade` has a timeout."""
    while not condition():
        await asyncio.sleep(0)


def test_it_loads_the_filters_of_the_market(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        assert await client.load_markets() == {
            "tick": Decimal("0.10"),
            "step": Decimal("0.001"),
            "notional": Decimal(50),
        }

    trade(kind, serve, scenario)


async def compare_books(client: Client, running: Running, bursts: int, depth: int) -> None:
    """Let a client follow the tape, and compare its book with ours, as deep as its snapshot reached."""
    hub, ours = running.venue.hub, running.venue.feed.books[SYMBOL]
    following = asyncio.ensure_future(client.follow_book())
    await until(lambda: hub.streams)
    running.play(100)
    await following
    for _ in range(bursts):
        running.play(50)
        await asyncio.sleep(0)
    running.venue.publisher.flush(running.venue.now_ms)
    bids, asks = await client.book(ours.local.book.update_id or 0)
    top = [[(Decimal(plain(price)), Decimal(plain(quantity))) for price, quantity in side] for side in ours.top(depth)]
    assert [bids[:depth], asks[:depth]] == top


def test_it_keeps_a_book_equal_to_ours(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        await compare_books(client, running, bursts=10, depth=50)

    trade(kind, serve, scenario)


def test_it_keeps_the_book_of_a_real_recording(kind: type[Client], serve: Serve, shared_data: Path) -> None:
    tape = shared_data / "l2/binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"

    async def scenario(client: Client, running: Running) -> None:
        await compare_books(client, running, bursts=100, depth=700)

    trade(kind, serve, scenario, tape=tape)


def test_it_places_an_order(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        order_id = await client.place("BUY", "0.010", "59990.0")
        order = only_order(running)
        assert (order.order_id, order.side, order.status) == (order_id, Side.BUY, OrderStatus.NEW)
        assert (plain(order.price), plain(order.quantity)) == ("59990", "0.01")

    trade(kind, serve, scenario)


def test_it_amends_an_order(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        order_id = await client.place("BUY", "0.010", "59990.0")
        assert await client.amend(order_id, "BUY", "0.020", "59989.0") == ("59989.00", "0.020")
        assert plain(only_order(running).price) == "59989"

    trade(kind, serve, scenario)


def test_it_cancels_an_order(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        order_id = await client.place("BUY", "0.010", "59990.0")
        assert await client.cancel(order_id) == "CANCELED"
        assert only_order(running).status is OrderStatus.CANCELED

    trade(kind, serve, scenario)


def test_it_cancels_ten_orders_at_once(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        order_ids = [await client.place("BUY", "0.010", "59990.0") for _ in range(10)]
        assert await client.cancel_many(order_ids) == ["CANCELED"] * 10
        assert {order.status for order in running.venue.state.orders.values()} == {OrderStatus.CANCELED}

    trade(kind, serve, scenario)


def test_it_cancels_orders_by_their_client_ids(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        for _ in range(10):
            await client.place("BUY", "0.010", "59990.0")
        client_ids = [order.client_id for order in running.venue.state.orders.values()]
        assert await client.cancel_named(client_ids) == ["CANCELED"] * 10
        assert {order.status for order in running.venue.state.orders.values()} == {OrderStatus.CANCELED}

    trade(kind, serve, scenario)


def test_it_reads_the_open_interest(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        await client.place_market("BUY", "0.010")
        assert await client.open_interest() == Decimal("0.01")

    trade(kind, serve, scenario)


def test_it_takes_a_stop_through_algo_order(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        await client.place_market("BUY", "0.010")
        algo_id = await client.stop("SELL", "0.010", "59000.0")
        algo = running.venue.state.algos[algo_id]
        assert (plain(algo.trigger_price), algo.request.order.reduce_only) == ("59000", True)

    trade(kind, serve, scenario)


def test_it_reads_balance_positions_and_trades(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        assert await client.place_market("BUY", "0.010") == "FILLED"
        # 0.01 x 60000.0 x 0.05 % = 0.3
        assert await client.balance() == Decimal("99999.7")
        assert await client.positions() == {SYMBOL: Decimal("0.01")}
        assert await client.trades() == [(Decimal("60000.00"), Decimal("0.010"))]

    trade(kind, serve, scenario)


def test_it_reads_its_user_stream(kind: type[Client], serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        watching = asyncio.ensure_future(client.watch_user())
        await until(lambda: any(entry.account for entry in running.venue.connections.open.values()))
        await watching
        order_id = await client.place("BUY", "0.010", "59990.0")
        assert await client.user_event() == str(order_id)

    trade(kind, serve, scenario)


def test_every_verb_of_the_table_has_a_story() -> None:
    assert all(getattr(client, method).__doc__ for client in CLIENTS for method in VERBS.values())
