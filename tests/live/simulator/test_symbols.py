"""Symbols of any script, quote asset and delivery, on every path of the local exchange."""

import asyncio
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from live.money import parse
from live.simulator.sockets.live_feed import feed_settings
from live.simulator.sockets.server import Server
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument, is_coin_margined, is_symbol, lower_symbol, upper_symbol
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.streams import Dispatcher, IgnoreAll
from skills_lib.market.depth.model import MarketEvent
from tests.live.conftest import Serve
from tests.live.simulator.endless import endless, playing
from tests.live.simulator.http_requests import TIMEOUT_S, HttpClient, event
from tests.live.simulator.tapes import TapeWriter, write_tape
from tests.live.simulator.venue_client import BY_HAND, S, open_client

CHINESE = "币安人生USDT"
ORDER, MARKET = "/fapi/v1/order", {"side": "BUY", "type": "MARKET", "quantity": "0.1", "newOrderRespType": "RESULT"}


def test_case_changes_only_letters_of_ascii() -> None:
    assert (upper_symbol("btcusdt"), lower_symbol("BTCUSDT")) == ("BTCUSDT", "btcusdt")
    for text in ("bıtusdt", "straßeusdt", "ﬁusdt", "KELVINKUSDT", "币安人生usdt"):
        assert len(upper_symbol(text)) == len(text)
        assert upper_symbol(text).removesuffix("USDT") not in ("BIT", "STRASSE", "FI")


@pytest.mark.parametrize(
    ("symbol", "base", "quoted"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("TUSDT", "T", "USDT"),
        ("ETHBTC", "ETH", "BTC"),
        ("BTCUSDC", "BTC", "USDC"),
        ("USDCUSDT", "USDC", "USDT"),
        ("BNBFDUSD", "BNB", "FDUSD"),
        ("BTCUSDT_241227", "BTC", "USDT"),
        (CHINESE, "币安人生", "USDT"),
    ],
)
def test_the_name_of_a_listed_symbol_tells_its_assets(symbol: str, base: str, quoted: str) -> None:
    assert Instrument.of_symbol(symbol) == Instrument(base, quoted)
    assert is_symbol(symbol)
    assert not is_coin_margined(symbol)


def test_coin_m_and_impossible_symbols_are_told_apart() -> None:
    assert is_coin_margined("BTCUSD_PERP")
    assert is_coin_margined("BTCUSD_241227")
    for text in ("", "../x", "btcusdt", "BTC/USDT", "A" * 41, "STRAßE", "BTC__", "x²"):
        assert not is_symbol(text)
    with pytest.raises(InputError, match="quote asset of 'WHATEVER' is not known"):
        Instrument.of_symbol("WHATEVER")


def test_a_symbol_outside_ascii_trades_and_streams(serve: Serve, tmp_path: Path) -> None:
    async def run() -> None:
        tape = write_tape(tmp_path / "tape.ts_jsonl", symbol=CHINESE)
        async with serve(tape=tape) as running, HttpClient(running.host) as client:
            [listed] = (await client.request("GET", "/fapi/v1/exchangeInfo")).body["symbols"]
            assert (listed["symbol"], listed["baseAsset"], listed["marginAsset"]) == (CHINESE, "币安人生", "USDT")
            placed = await client.signed("POST", ORDER, **MARKET, symbol="币安人生usdt")
            assert placed.status == 200, placed.body
            assert (placed.body["symbol"], placed.body["status"]) == (CHINESE, "FILLED")
            named = await client.socket(f"/public/ws/{quote('币安人生usdt@depth@100ms')}")
            asked = await client.socket("/public/ws")
            await asked.send_json({"method": "SUBSCRIBE", "params": ["币安人生usdt@bookTicker"], "id": 1})
            await event(asked)
            running.play(30)
            assert (await event(named, "depthUpdate"))["s"] == CHINESE
            assert (await event(asked, "bookTicker"))["s"] == CHINESE
            for wrong in ("币安人USDT", "btcuſdt", "ßUSDT"):
                assert (await client.request("GET", "/fapi/v1/depth", symbol=wrong)).body["code"] == -1121

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))


def test_the_feed_follows_a_symbol_outside_ascii() -> None:
    pytest.importorskip("picows", reason="the live feed needs the extra live")

    async def run() -> None:
        async with playing(Server(BY_HAND, endless(TapeWriter(symbol=CHINESE)))) as host:
            feed = Feed(feed_settings((CHINESE,), host))
            await feed.require_symbols()
            async with feed:
                assert await feed.wait_for_change(CHINESE, None, TIMEOUT_S)
                top = feed.books[CHINESE].book.top_text(5)
                assert len(top.bids) == len(top.asks) == 5
                assert Decimal(top.bids[0][0]) < Decimal(top.asks[0][0])

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))


def test_a_stream_name_written_with_escapes_reaches_its_handler() -> None:
    seen = list[str]()

    class Listener(IgnoreAll):
        def on_event(self, symbol: str, event: MarketEvent) -> None:
            seen.append(symbol)
            assert event.local_ts_ns == 1

    dispatcher = Dispatcher({}, Listener())
    dispatcher.add("币安人生usdt@trade", CHINESE)
    raw = b'{"stream":"\\u5e01\\u5b89\\u4eba\\u751fusdt@trade","data":{"e":"trade","E":1,"s":"\\u5e01\\u5b89\\u4eba'
    raw += b'\\u751fUSDT","t":1,"p":"1","q":"1","T":1,"m":true}}'
    dispatcher.receive(1, raw)
    assert (seen, dispatcher.strays) == ([CHINESE], 0)


def test_an_account_without_the_margin_asset_is_refused(serve: Serve, tmp_path: Path) -> None:
    async def run() -> None:
        for symbol, asset in (("ETHBTC", "BTC"), ("BTCUSDC", "USDC")):
            tape = write_tape(tmp_path / f"{symbol}.ts_jsonl", symbol=symbol)
            async with serve(tape=tape) as running, HttpClient(running.host) as client:
                [listed] = (await client.request("GET", "/fapi/v1/exchangeInfo")).body["symbols"]
                assert (listed["quoteAsset"], listed["marginAsset"]) == (asset, asset)
                assert (await client.signed("POST", ORDER, **MARKET, symbol=symbol)).body["code"] == -2019

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))


def test_a_tape_that_is_finer_than_the_filters_is_shown_with_every_digit(tmp_path: Path) -> None:
    client = open_client(write_tape(tmp_path / "tape.ts_jsonl", updates=100, symbol="SUIUSDT"))
    client.run(5 * S)
    [listed] = client.body(client.get("/fapi/v1/exchangeInfo"))["symbols"]
    depth = client.body(client.get("/fapi/v1/depth?symbol=SUIUSDT&limit=1000"))
    top = client.venue.feed.books["SUIUSDT"].top(1_000)
    shown = [[(parse(price), parse(quantity)) for price, quantity in depth[side]] for side in ("bids", "asks")]
    assert shown == [*top]
    assert any(len(quantity.partition(".")[2]) > listed["quantityPrecision"] for _, quantity in depth["bids"])
    ticker = client.body(client.get("/fapi/v1/ticker/bookTicker?symbol=SUIUSDT"))
    assert (parse(ticker["bidQty"]), parse(ticker["askQty"])) == (top[0][0][1], top[1][0][1])


def test_a_delivery_contract_is_listed_with_its_day(serve: Serve, tmp_path: Path) -> None:
    async def run() -> None:
        tape = write_tape(tmp_path / "tape.ts_jsonl", symbol="BTCUSDT_241227")
        async with serve(tape=tape) as running, HttpClient(running.host) as client:
            [listed] = (await client.request("GET", "/fapi/v1/exchangeInfo")).body["symbols"]
            found = (listed["pair"], listed["baseAsset"], listed["contractType"], listed["deliveryDate"])
            assert found == ("BTCUSDT", "BTC", "CURRENT_QUARTER", 1_735_286_400_000)

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))
