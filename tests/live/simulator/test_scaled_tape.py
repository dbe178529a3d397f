"""A tape whose numbers are read beforehand gives the same bytes and the same state as one decoded while it plays."""

from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from live.enums import Side
from live.simulator.core.fill_models import FillModel
from live.simulator.scaled_messages import SCALED, scaled_tape
from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from tests.live.simulator.venue_client import MS, ORDER, S, VenueClient

SYMBOL = "BTCUSDT"
STREAMS = "/stream?streams=" + "/".join(
    f"btcusdt@{name}" for name in ("depth@100ms", "depth@0ms", "depth5", "bookTicker", "trade", "aggTrade", "kline_1m")
)
QUERIES = ("trades?symbol=BTCUSDT", "aggTrades?symbol=BTCUSDT", "klines?symbol=BTCUSDT&interval=1m")
BOOK = "depth?symbol=BTCUSDT&limit=1000"


def decoded(path: Path, lines: int | None) -> Iterator[Played]:
    """The first lines of a tape."""
    return islice(TapeSource().read(read_lines(path)), lines)


def trade_along(tape: Iterable[Played], model: FillModel, frames: bool) -> VenueClient:
    """A client that takes, rests orders and stops at the touch, and cancels, every 700 ms until the tape ends."""
    settings = SimulatorSettings(seed=3, model=model, balance="1000000")
    client = VenueClient(LocalVenue(settings, iter(tape)))
    key = client.body(client.get("/fapi/v1/listenKey", "POST"))["listenKey"]
    client.venue.connect(f"/private/ws/{key}")
    if frames:
        client.venue.connect(STREAMS)
    for number, side in enumerate(cycle((Side.BUY, Side.SELL))):
        if client.venue.next_line_ns is None:
            break
        act(client, number, side)
        client.run(700 * MS)
    for query in (*QUERIES, BOOK):
        client.get(f"/fapi/v1/{query}")
    client.run(S)
    return client


def act(client: VenueClient, number: int, side: Side) -> None:
    """One of four actions at the displayed prices."""
    book, rules = client.venue.feed.books[SYMBOL], client.venue.state.markets[SYMBOL].rules
    touch = rules.price_text(book.best(side))
    order = ORDER | {"side": side.value}
    match number % 4:
        case 0:
            del order["timeInForce"]
            client.signed("POST", "/fapi/v1/order", **order | {"type": "MARKET"})
        case 1:
            client.signed("POST", "/fapi/v1/order", **order | {"price": touch})
        case 2:
            stop = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "quantity": "0.010"}
            price = rules.price_text(book.best(side.opposite) + 20 * rules.tick * side.sign)
            client.signed("POST", "/fapi/v1/algoOrder", symbol=SYMBOL, side=side.value, triggerPrice=price, **stop)
        case 3 if number % 16 == 3:
            client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol=SYMBOL)


def require_same(first: VenueClient, second: VenueClient) -> None:
    """The same outputs, byte for byte, and the same state."""
    assert len(first.outputs) == len(second.outputs)
    for one, other in zip(first.outputs, second.outputs, strict=True):
        assert one == other
    for name in ("orders", "open", "algos", "waiting", "trades", "incomes", "accounts", "now_ms", "numbers"):
        assert repr(getattr(first.venue.state, name)) == repr(getattr(second.venue.state, name)), name
    assert first.venue.engine.lines == second.venue.engine.lines
    ours, theirs = (client.venue.feed.books[SYMBOL].local.book for client in (first, second))
    assert (list(ours.bids()), list(ours.asks())) == (list(theirs.bids()), list(theirs.asks()))


def require_activity(client: VenueClient) -> None:
    """What a comparison needs to mean anything."""
    state = client.venue.state
    assert any(trade.fill.maker for trade in state.trades)
    assert any(order.request.algo_id and order.filled for order in state.orders.values())
    assert any(algo.open for algo in state.algos.values())


@pytest.mark.parametrize(
    ("model", "frames"), [(FillModel.PESSIMISTIC, True), (FillModel.BASE, False), (FillModel.OPTIMISTIC, False)]
)
def test_a_tape_of_gives_the_same_bytes_either_way(model: FillModel, frames: bool) -> None:
    lines = list(decoded(SAMPLE_TAPE, 6_000))
    plain, read_before = trade_along(lines, model, frames), trade_along(scaled_tape(lines), model, frames)
    require_activity(plain)
    require_same(plain, read_before)


def test_a_real_tape_gives_the_same_bytes_either_way(shared_data: Path) -> None:
    lines = list(decoded(shared_data / "l2/binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz", 8_000))
    plain = trade_along(lines, FillModel.PESSIMISTIC, frames=True)
    read_before = trade_along(scaled_tape(lines), FillModel.PESSIMISTIC, frames=True)
    require_activity(plain)
    require_same(plain, read_before)


def test_every_market_message_is_read_beforehand() -> None:
    kinds = {type(line.message) for line in scaled_tape(decoded(SAMPLE_TAPE, 6_000))}
    assert kinds & set(SCALED.values())
    assert not kinds & set(SCALED)
