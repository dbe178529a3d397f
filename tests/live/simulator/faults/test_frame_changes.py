"""Altered frames, applied to a real local book: what it notices and what it does not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.simulator.faults.frame_changes import burst, with_corrupt_level, with_gap, without_commission
from live.simulator.faults.garbage import HTML_502, UNKNOWN_VALUE, alters, garbled
from live.simulator.faults.replies import Garbage
from live.simulator.tape_book import TapeBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot
from skills_lib.market.depth.wire import decode

SNAPSHOT = Snapshot(100, [("99.0", "1.000")], [("101.0", "1.000")], 1, 1)


def diff(levels: int = 3, ids: int = 40, wrapped: bool = False) -> bytes:
    bids = [[f"{98 - place}.0", f"{place + 2}.000"] for place in range(levels)]
    asks = [[f"{102 + place}.0", "0.000" if place else "4.000"] for place in range(levels)]
    event: dict[str, Any] = {"e": "depthUpdate", "E": 5, "T": 4, "s": "BTCUSDT", "U": 101, "u": 100 + ids, "pu": 100}
    event |= {"b": bids, "a": asks}
    return msgspec.json.encode({"stream": "btcusdt@depth", "data": event} if wrapped else event)


def book_after(frames: list[bytes]) -> TapeBook:
    """A local book after a snapshot and these diffs."""
    book = TapeBook("BTCUSDT")
    book.local.load(SNAPSHOT)
    for frame in frames:
        update = decode(frame)
        assert isinstance(update, DepthUpdate)
        book.local.receive(update)
    return book


@pytest.mark.parametrize("wrapped", [False, True])
@settings(max_examples=30)
@given(levels=st.integers(0, 30), ids=st.integers(1, 200), factor=st.integers(2, 50))
def test_a_burst_is_a_whole_chain_that_gives_the_same_book(wrapped: bool, levels: int, ids: int, factor: int) -> None:
    whole = diff(levels, ids, wrapped)
    parts = burst(whole, "btcusdt@depth", factor)
    assert len(parts) == min(factor, ids)
    book, expected = book_after(parts), book_after([whole])
    assert book.local.in_sync
    assert book.local.book.top(1000) == expected.local.book.top(1000)
    assert book.local.book.update_id == expected.local.book.update_id


def test_a_burst_repeats_tickers_and_partial_books_and_leaves_trades_alone() -> None:
    ticker, trade = b'{"e":"bookTicker","u":1}', b'{"e":"trade","t":1}'
    assert burst(ticker, "btcusdt@bookTicker", 20) == [ticker] * 20
    assert burst(diff(), "btcusdt@depth5@100ms", 3) == [diff()] * 3
    assert burst(trade, "btcusdt@trade", 20) == [trade]
    assert burst(b"[]", "!markPrice@arr", 20) == [b"[]"]


@settings(max_examples=30)
@given(st.integers(0, 9), st.sampled_from(["bids", "asks"]), st.integers(2, 100))
def test_a_corrupt_level_leaves_the_chain_whole_and_the_book_wrong(place: int, side: str, factor: int) -> None:
    whole = diff(levels=4)
    book = book_after([with_corrupt_level(whole, side, place, factor)])
    assert book.local.in_sync
    assert book.local.book.top(1000) != book_after([whole]).local.book.top(1000)


def test_a_diff_without_levels_and_other_frames_are_left_as_they_are() -> None:
    empty, ticker = diff(levels=0), b'{"e":"bookTicker","b":"1"}'
    assert (with_corrupt_level(empty, "bids", 0, 2), with_corrupt_level(ticker, "bids", 0, 2)) == (empty, ticker)


def test_a_gap_breaks_the_chain() -> None:
    following = msgspec.json.encode(msgspec.json.decode(diff(ids=1)) | {"U": 102, "u": 105, "pu": 101})
    assert book_after([diff(ids=1), following]).local.in_sync
    assert not book_after([diff(ids=1), with_gap(following)]).local.in_sync


def test_only_the_commission_fields_of_an_order_event_are_left_out() -> None:
    event = {"e": "ORDER_TRADE_UPDATE", "o": {"s": "BTCUSDT", "N": "USDT", "n": "0.1", "rp": "1"}}
    assert msgspec.json.decode(without_commission(msgspec.json.encode(event)))["o"] == {"s": "BTCUSDT", "rp": "1"}
    other = b'{"e":"ACCOUNT_UPDATE","N":1}'
    assert without_commission(other) == other


ORDER = msgspec.json.encode({"orderId": 1, "status": "NEW", "price": "1.5", "fills": [{"price": "2"}], "updateTime": 3})


def test_garbage_is_not_what_the_documentation_promises() -> None:
    assert garbled(Garbage.HTML_502, 200, ORDER) == (502, HTML_502, "text/html")
    assert garbled(Garbage.EMPTY_200, 200, ORDER)[:2] == (200, b"")
    status, cut, _ = garbled(Garbage.CUT_JSON, 200, ORDER)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(cut)
    assert status == 200
    unknown = msgspec.json.decode(garbled(Garbage.UNKNOWN_ENUM, 200, ORDER)[1])
    assert unknown == msgspec.json.decode(ORDER) | {"status": UNKNOWN_VALUE}
    nan = msgspec.json.decode(garbled(Garbage.NAN, 200, ORDER)[1])
    assert (nan["price"], nan["fills"], nan["orderId"]) == ("NaN", [{"price": "NaN"}], 1)


@pytest.mark.parametrize("form", Garbage)
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", ORDER, b'[{"status":"NEW"},{"code":-2011}]'])
def test_every_form_changes_every_response(form: Garbage, body: bytes) -> None:
    status, found, kind = garbled(form, 200, body)
    assert (status, kind) == ((502, "text/html") if form is Garbage.HTML_502 else (200, "application/json"))
    assert found != body or (form is Garbage.EMPTY_200 and body == b"")


JSON_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.decimals(-99, 99, places=2).map(str) | st.text("aZ_"),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(st.sampled_from(["status", "price", "code", "x", "result"]), parts)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(body=JSON_BODIES, form=st.sampled_from([form for form in Garbage if alters(form)]))
def test_an_altered_response_is_never_the_one_it_was_made_from(body: Any, form: Garbage) -> None:
    assert msgspec.json.decode(garbled(form, 200, msgspec.json.encode(body))[1]) != body


@pytest.mark.parametrize(
    ("true", "unknown", "nan"),
    [
        ([], [{"status": UNKNOWN_VALUE}], [{"avgPrice": "NaN"}]),
        ([[1, "2.5", "0"]], [[UNKNOWN_VALUE] * 3], [[1, "NaN", "NaN"]]),
        (
            {"bids": [], "asks": [["1.5", "2"]]},
            {"bids": [], "asks": [[UNKNOWN_VALUE] * 2]},
            {"bids": [], "asks": [["NaN"] * 2]},
        ),
        ({"serverTime": 7}, {"serverTime": UNKNOWN_VALUE}, {"serverTime": "NaN"}),
        ({"code": -1021, "msg": "x"}, {"code": UNKNOWN_VALUE, "msg": "x"}, {"code": "NaN", "msg": "x"}),
        ({"listenKey": "ab1"}, {"listenKey": UNKNOWN_VALUE}, {"listenKey": "NaN"}),
        (
            [{"status": "NEW"}, {"code": -2011}],
            [{"status": UNKNOWN_VALUE}, {"code": UNKNOWN_VALUE}],
            [{"status": "NEW"}, {"code": "NaN"}],
        ),
        (
            {"id": "7", "status": 200, "result": [], "rateLimits": [{"limit": 9}]},
            {"id": "7", "status": 200, "result": [{"status": UNKNOWN_VALUE}], "rateLimits": [{"limit": 9}]},
            {"id": "7", "status": 200, "result": [{"avgPrice": "NaN"}], "rateLimits": [{"limit": 9}]},
        ),
    ],
)
def test_lists_and_responses_without_a_known_field_are_altered_where_clients_read(
    true: Any, unknown: Any, nan: Any
) -> None:
    body = msgspec.json.encode(true)
    found = [msgspec.json.decode(garbled(form, 200, body)[1]) for form in (Garbage.UNKNOWN_ENUM, Garbage.NAN)]
    assert found == [unknown, nan]
