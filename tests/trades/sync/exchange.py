"""The local exchange in process behind HTTP, an account that trades there, and stores for it."""

import random
from dataclasses import replace
from pathlib import Path

import httpx

from live.binance.signing import Signer
from live.enums import OrderType, Side
from live.money import parse
from live.simulator.core.commands import Submit
from live.simulator.core.orders import OrderRequest
from live.simulator.outputs import Response
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.market.retries import Retries
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.sync.conversion import VenueAccount
from skills_lib.trades.sync.reading import AccountReader
from skills_lib.trades.sync.synchronisation import AccountSync, Synchronised
from tests.live.conftest import KEY, SECRET
from tests.live.simulator.requests.byte_client import ByteClient
from tests.live.simulator.venue_client import BY_HAND, MS

ACCOUNT = VenueAccount("binance-simulator", "paper", "paper")


class VenueTransport(httpx.BaseTransport):
    """Carries requests to an exchange in process: its own bytes, no sockets. asked: their paths; methods: of HTTP."""

    def __init__(self, client: ByteClient) -> None:
        self._client = client
        self.asked: list[str] = []
        self.methods: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and move the exchange's time until it answers."""
        target, body = request.url.raw_path.decode(), request.read()
        self.asked.append(target)
        self.methods.add(request.method)
        headers = {"X-MBX-APIKEY": request.headers.get("X-MBX-APIKEY", "")}
        number = self._client.venue.request(HttpRequest(request.method, target, headers, body))
        while True:
            for output in self._client.run(MS):
                if isinstance(output, Response) and output.request == number:
                    assert output.response is not None
                    return httpx.Response(
                        output.response.status, headers=dict(output.response.headers), content=output.response.body
                    )


def open_exchange(tape: Path, **changes: object) -> ByteClient:
    """An exchange without latency, whose weight limit no test reaches."""
    settings = replace(BY_HAND, **{"weight_limit": 10**9, **changes})  # type: ignore[arg-type]
    return ByteClient(LocalVenue(settings, TapeSource().read(read_lines(tape))))


def reader_of(client: ByteClient) -> tuple[AccountReader, VenueTransport]:
    """A reader of the account's lists."""
    transport = VenueTransport(client)
    reader = AccountReader("http://127.0.0.1:1", Signer(KEY, SECRET), Retries(1, 0), transport=transport, ceiling=10**9)
    return reader, transport


def synchronised(
    store: TradeStore, client: ByteClient, since_ms: int | None = None, limit: int = 1_000
) -> Synchronised:
    """A synchronisation of the account."""
    reader, _ = reader_of(client)
    try:
        return AccountSync(store, reader, ACCOUNT, limit).run(since_ms)
    finally:
        reader.close()


def trade(client: ByteClient, count: int, seed: int = 1) -> None:
    """So many market orders of a few thousandths, which leave the account flat, through the exchange's own engine."""
    chosen, held = random.Random(seed), 0
    for _ in range(count - 1):
        quantity = chosen.randint(1, 4)
        side = Side.BUY if (chosen.random() < 0.5 if abs(held) < 12 else held < 0) else Side.SELL
        _order(client, side, quantity)
        held += quantity * side.sign
    if held:
        _order(client, Side.SELL if held > 0 else Side.BUY, abs(held))


def _order(client: ByteClient, side: Side, thousandths: int) -> None:
    quantity = parse(f"{thousandths / 1000:.3f}")
    answer = client.venue.engine.carry_out(Submit(OrderRequest("paper", "BTCUSDT", side, OrderType.MARKET, quantity)))
    assert answer.rejection is None, answer.rejection


def repeated(client: ByteClient, times: int, every_ms: int) -> None:
    """The account's history again, later each time and under new ids, as if it had traded the same again."""
    state = client.venue.state
    orders, trades, incomes = list(state.orders.values()), list(state.trades), list(state.incomes)
    for number in range(1, times):
        later, ids, entries = number * every_ms, number * 10_000_000, number * len(incomes)
        for order in orders:
            copy = replace(
                order,
                order_id=order.order_id + ids,
                created_ms=order.created_ms + later,
                updated_ms=order.updated_ms + later,
            )
            state.orders[copy.order_id] = copy
        for record in trades:
            fill = replace(record.fill, trade_id=record.fill.trade_id + ids, time_ms=record.fill.time_ms + later)
            state.trades.append(replace(record, order_id=record.order_id + ids, fill=fill))
        for row in incomes:
            trade_id = str(int(row.trade_id) + ids) if row.trade_id else ""
            state.incomes.append(
                replace(
                    row, time_ms=row.time_ms + later, transaction_id=row.transaction_id + entries, trade_id=trade_id
                )
            )
    client.run((times * every_ms) * MS)
