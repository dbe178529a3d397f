"""The general decoder: each kind of message as the venue writes it, in and out of an envelope."""

import json
from pathlib import Path

import pytest

from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    Kline,
    MarkPrice,
    Message,
    PartialDepth,
    Snapshot,
    Trade,
    UnhandledMessage,
    WireError,
)
from skills_lib.market.depth.wire import decode

# Payloads of the stream documentation, shortened to the fields that distinguish them.
DOCUMENTED: dict[str, tuple[str, type]] = {
    "diff": (
        '{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,'
        '"b":[["0.0024","10"]],"a":[["0.0026","100"]]}',
        DepthUpdate,
    ),
    "futures ticker": (
        '{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000",'
        '"B":"31.21000000","a":"25.36520000","A":"40.66000000","st":1}',
        BookTicker,
    ),
    "spot ticker": ('{"u":400900217,"s":"BNBUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.7"}', BookTicker),
    "trade": (
        '{"e":"trade","E":123456789,"s":"BTCUSDT","t":12345,"p":"0.001","q":"100","T":123456785,"X":"MARKET","m":true}',
        Trade,
    ),
    "aggregate trade": (
        '{"e":"aggTrade","E":123456789,"a":5933014,"s":"BTCUSDT","p":"0.001","q":"100","f":100,"l":105,"T":123456785,'
        '"m":true}',
        AggTrade,
    ),
    "candle": (
        '{"e":"kline","E":1638747660000,"s":"BTCUSDT","k":{"t":1638747660000,"T":1638747719999,"s":"BTCUSDT","i":"1m",'
        '"f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0",'
        '"V":"500","Q":"0.500","B":"123456"}}',
        Kline,
    ),
    "mark price": (
        '{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15","i":"11784.6","P":"11784.2",'
        '"r":"0.00038167","T":1562306400000}',
        MarkPrice,
    ),
    "liquidation": ('{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL"}}', UnhandledMessage),
    "snapshot": ('{"lastUpdateId":1027024,"bids":[["4.0","431.0"]],"asks":[["4.2","12.0"]]}', Snapshot),
    "answer to SUBSCRIBE": ('{"result":null,"id":1}', UnhandledMessage),
}


@pytest.mark.parametrize("enveloped", [False, True])
@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_message_is_read(name: str, enveloped: bool) -> None:
    text, kind = DOCUMENTED[name]
    message = decode((f'{{"stream":"btcusdt@x","data":{text}}}' if enveloped else text).encode())
    assert type(message) is kind


def test_prices_stay_the_venues_strings_and_times_say_their_clock() -> None:
    update = read("diff")
    assert isinstance(update, DepthUpdate)
    assert (update.bids, update.asks) == ([("0.0024", "10")], [("0.0026", "100")])
    assert (update.first_update_id, update.final_update_id, update.previous_update_id) == (157, 160, 149)
    assert update.exch_ts_ns == 123456788_000_000
    assert read("spot ticker").exch_ts_ns is None
    candle = read("candle")
    assert isinstance(candle, Kline)
    assert (candle.candle.close, candle.candle.is_closed) == ("0.0020", False)


def test_a_partial_book_is_no_diff_although_it_looks_like_one() -> None:
    text = DOCUMENTED["diff"][0]
    for stream in ("btcusdt@depth5", "btcusdt@depth20@100ms"):
        assert type(decode(f'{{"stream":"{stream}","data":{text}}}'.encode())) is PartialDepth
    for stream in ("btcusdt@depth", "btcusdt@depth@500ms"):
        assert type(decode(f'{{"stream":"{stream}","data":{text}}}'.encode())) is DepthUpdate
    spot = '{"stream":"btcusdt@depth10@100ms","data":' + DOCUMENTED["snapshot"][0] + "}"
    partial = decode(spot.encode())
    assert isinstance(partial, PartialDepth)
    assert partial.symbol == "BTCUSDT"


@pytest.mark.parametrize(
    "name", [name for name, (_, kind) in DOCUMENTED.items() if kind not in (UnhandledMessage, Snapshot)]
)
def test_a_message_without_its_first_fields_is_refused_by_name(name: str) -> None:
    fields = json.loads(DOCUMENTED[name][0])
    short = {"e": fields["e"]} if "e" in fields else {"u": 1, "s": "X"}
    with pytest.raises(WireError, match="missing required field"):
        decode(json.dumps(short).encode())


def test_real_payloads_are_read(shared_data: Path) -> None:
    folder = shared_data / "fixtures" / "nautilus_binance" / "futures" / "market_data_json"
    kinds = {path.stem: type(decode(path.read_bytes())).__name__ for path in folder.glob("*_stream*.json")}
    assert kinds == {
        "agg_trade_stream": "AggTrade",
        "book_ticker_stream": "BookTicker",
        "depth_update_stream": "DepthUpdate",
        "kline_stream_closed": "Kline",
        "kline_stream_open": "Kline",
        "liquidation_stream": "UnhandledMessage",
        "mark_price_stream": "MarkPrice",
        "ticker_stream": "UnhandledMessage",
        "trade_stream": "Trade",
    }


def read(name: str) -> Message:
    """A documented message."""
    return decode(DOCUMENTED[name][0].encode())
