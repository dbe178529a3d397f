"""The compiled and the general path: the same decision and book for every message, valid, unusual or invalid."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.model import Snapshot, Venue, WireError
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.wire import decode
from tests.market.depth.frame_server import frames_of
from tests.market.depth.generated_stream import GeneratedMarket

each_venue = pytest.mark.parametrize("venue", Venue)
Corruption = Callable[[bytes, random.Random], bytes]
CASES = int(os.environ.get("TWOKEY_DEPTH_CASES", "500"))


class Pair:
    """Passes the same messages to both books."""

    def __init__(self, venue: Venue, symbol: str = "BTCUSDT") -> None:
        self.plain, self.compiled = LocalBook(symbol, venue), CompiledLocalBook(symbol, venue)
        self.slow = 0
        general = self.compiled._receive_general

        def counted(raw: bytes, found: float) -> UpdateDecision:
            self.slow += 1
            return general(raw, found)

        self.compiled._receive_general = counted  # type: ignore[method-assign]

    def take(self, raw: bytes) -> str:
        """The decision of both books, which must agree."""
        decisions = [self._decision(book, raw) for book in (self.plain, self.compiled)]
        assert decisions[0] == decisions[1], (decisions, raw[:300])
        self.agree()
        return decisions[0]

    def agree(self, levels: int = 30) -> None:
        """Assert that both are in the same state."""
        plain, compiled = self.plain, self.compiled
        assert (plain.sync, plain.cause, plain.reason) == (compiled.sync, compiled.cause, compiled.reason)
        counts = [(book.gaps, book.sequencer.breaks, book.sequencer.repeats) for book in (plain, compiled)]
        assert counts[0] == counts[1]
        assert plain.book.update_id == compiled.book.update_id
        assert plain.book.levels == compiled.book.levels
        assert plain.book.top_text(levels) == compiled.book.top_text(levels)
        assert plain.book.best_prices() == compiled.book.best_prices()
        best = plain.book.best_prices()
        assert (best.bid, best.ask) == tuple(compiled._book.best_price(side) for side in ("bid", "ask"))
        assert all(plain.book.scaled_top(n, 100, 7) == compiled.book.scaled_top(n, 100, 7) for n in (1, 5, levels))
        assert plain.has_both_sides == compiled.has_both_sides
        assert plain.imbalance == compiled.imbalance
        assert plain.exch_ts_ns == compiled.exch_ts_ns

    def agree_entirely(self) -> None:
        """Every level is the same, and both books keep their invariants."""
        self.agree(100_000)
        self.plain.book._check()
        self.compiled.book._check()

    @staticmethod
    def _decision(book: LocalBook, raw: bytes) -> str:
        try:
            if b'"lastUpdateId"' in raw:
                message = decode(raw)
                return book.load(message) if isinstance(message, Snapshot) else "none"
            return book.receive_raw(raw)
        except WireError as error:
            return f"refused: {error}"


def replaced(old: bytes, new: bytes) -> Corruption:
    """A corruption that replaces the last `old` by `new`."""
    return lambda raw, _rng: new.join(raw.rsplit(old, 1))


def in_sync(venue: Venue) -> tuple[Pair, GeneratedMarket]:
    """Books that follow a generated market."""
    market, pair = GeneratedMarket(11, venue), Pair(venue)
    for raw in market.frames(12):
        if b"bookTicker" not in raw:
            pair.take(raw)
    assert pair.compiled.in_sync
    return pair, market


def next_diff(market: GeneratedMarket) -> bytes:
    """The next diff of a market."""
    return next(raw for raw in market.frames(1) if b"depthUpdate" in raw)


@each_venue
def test_the_expected_format_takes_the_compiled_path(venue: Venue) -> None:
    pair, market = in_sync(venue)
    before = pair.slow
    for raw in market.frames(400):
        if b"depthUpdate" in raw:
            assert pair.take(raw) == UpdateDecision.APPLY
    assert pair.slow - before < 80
    pair.agree_entirely()


def test_every_message_of_a_recording_is_taken_alike(shared_data: Path) -> None:
    pair = Pair(Venue.USDM, "ETHUSDT")
    for raw in frames_of(shared_data / "l2" / "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz", 40 * CASES):
        if b"depthUpdate" in raw[:80] or raw.startswith(b'{"last'):
            pair.take(raw)
    assert pair.slow < 20
    pair.agree_entirely()


UNUSUAL: dict[str, Corruption] = {
    "another order of keys": lambda raw, _: raw.replace(b'"e":"depthUpdate",', b"").replace(
        b'"data":{', b'"data":{"e":"depthUpdate",'
    ),
    "levels before ids": lambda raw, _: _moved_levels(raw),
    "the plain keys of 2026": replaced(b'"U":', b'"ps":"BTCUSDT","st":1,"U":'),
    "a key without a name": replaced(b'"U":', b'"":1,"U":'),
    "a key that is a quote": replaced(b'"U":', b'"\\"":1,"U":'),
    "a key in another script": replaced(b'"U":', '"ü":1,"U":'.encode()),
    "a plain key twice": replaced(b'"U":', b'"x":1,"x":"y","U":'),
    "an unknown key": replaced(b'"s":', b'"x":[{"y":null}],"s":'),
    "an escape": replaced(b'"s":"BTC', b'"s":"\\u0042TC'),
    "an escaped stream": replaced(b'"stream":"btc', b'"stream":"\\u0062tc'),
    "spaces": replaced(b'"b":', b'"b" : '),
    "a line break at the end": lambda raw, _: raw + b"\n",
    "a repeated key": replaced(b'"s":', b'"s":"ETHUSDT","s":'),
    "no envelope": lambda raw, _: raw[raw.index(b'"data":') + 7 : -1],
    "an exponent": replaced(b'"a":[', b'"a":[["6.1e4","1.5e0"],'),
    "a price without decimals": replaced(b'"a":[', b'"a":[["61000","1"],'),
    "a finer price": replaced(b'"a":[', b'"a":[["61000.12345","1.5"],'),
    "a finer quantity": replaced(b'"a":[', b'"a":[["61000.10","1.12345678"],'),
    "a far ask": replaced(b'"a":[', b'"a":[["9999999.00","1.500"],'),
    "a far bid": replaced(b'"b":[', b'"b":[["0.10","1.500"],'),
    "a level that is not there": replaced(b'"b":[', b'"b":[["12.30","0.000"],'),
    "an ask far below that is not there": replaced(b'"a":[', b'"a":[["1.00","0.000"],'),
    "many levels": replaced(b'"a":[', b'"a":[' + b"".join(b'["%d.00","1.500"],' % n for n in range(70_000, 75_000))),
}
REFUSED: dict[str, Corruption] = {
    "another symbol": replaced(b'"s":"BTC', b'"s":"ETH'),
    "a partial stream": replaced(b"@depth@100ms", b"@depth5@100ms"),
    "another event": replaced(b"depthUpdate", b"depthupdate"),
    "cut short": lambda raw, rng: raw[: rng.randrange(1, len(raw))],
    "cut short and closed": lambda raw, _: raw[: raw.index(b'"a":')] + b"}}",
    "more behind": lambda raw, _: raw + b"}",
    "a comma too many": replaced(b"]]}}", b"],]}}"),
    "a level of three": replaced(b'"]]}}', b'","1"]]}}'),
    "a number with a leading zero": replaced(b'"u":', b'"u":0'),
    "an id that is no number": replaced(b'"u":', b'"u":x'),
    "a number as text": replaced(b'"E":', b'"E":"1","E":'),
    "a plain key that is no JSON": replaced(b'"U":', b'"x":01,"U":'),
    "a plain key with a control character": replaced(b'"U":', b'"\x01x":1,"U":'),
    "a plain text that is no JSON": replaced(b'"U":', b'"x":"\x01","U":'),
    "a number too large": replaced(b'"E":', b'"E":9999999999999'),
    "no ids": replaced(b'"U":', b'"V":'),
    "bytes that are no text": replaced(b'"stream":"b', b'"stream":"\xff'),
    "nothing": lambda _raw, _rng: b"",
    "a zero byte": lambda raw, _: raw + b"\0",
}
INVALIDATING: dict[str, Corruption] = {
    "a negative price": replaced(b'"a":[', b'"a":[["-61000.00","1.500"],'),
    "a price of zero": replaced(b'"a":[', b'"a":[["0.00","1.500"],'),
    "a quantity that is no number": replaced(b'"a":[', b'"a":[["61000.00","x"],'),
    "not a number": replaced(b'"a":[', b'"a":[["NaN","1"],'),
    "an endless price": replaced(b'"a":[', b'"a":[["' + b"9" * 60 + b'.00","1.500"],'),
    "another script's digits": replaced(b'"a":[', '"a":[["٦١٠٠٠.00","1.500"],'.encode()),
    "a skipped id": lambda raw, _: (
        raw.replace(b'"U":1', b'"U":9').replace(b'"pu":1', b'"pu":8').replace(b'"u":1', b'"u":9')
    ),
}


CROSSING: dict[str, Corruption] = {
    "an ask far below": replaced(b'"a":[', b'"a":[["1.00","1.500"],'),
    "a bid far above": replaced(b'"b":[', b'"b":[["900000.00","1.500"],'),
    "a bid at the best ask": replaced(b'"b":[', b'"b":[["60100.00","1.500"],'),
}


def _moved_levels(raw: bytes) -> bytes:
    head, levels = raw[: raw.index(b'"e":')], raw[raw.index(b'"b":') : -2]
    return head + levels + b"," + raw[raw.index(b'"e":') : raw.index(b',"b":')] + b"}}"


@each_venue
@pytest.mark.parametrize("what", UNUSUAL)
def test_an_unusual_but_good_message_reaches_both_books(what: str, venue: Venue) -> None:
    pair, market = in_sync(venue)
    raw = UNUSUAL[what](next_diff(market), random.Random(1))
    assert pair.take(raw) == UpdateDecision.APPLY
    for _ in range(5):
        assert pair.take(next_diff(market)) == UpdateDecision.APPLY
    pair.agree_entirely()


@each_venue
@pytest.mark.parametrize("what", REFUSED)
def test_an_invalid_message_is_rejected_by_both_paths(what: str, venue: Venue) -> None:
    pair, market = in_sync(venue)
    before = pair.plain.book.top_text(1000)
    assert pair.take(REFUSED[what](next_diff(market), random.Random(1))).startswith("refused")
    assert pair.plain.book.top_text(1000) == before
    pair.agree_entirely()


@each_venue
@pytest.mark.parametrize("what", INVALIDATING)
def test_a_message_that_cannot_be_applied_changes_nothing_and_loses_the_book(what: str, venue: Venue) -> None:
    pair, market = in_sync(venue)
    before = pair.plain.book.top_text(1000)
    assert pair.take(INVALIDATING[what](next_diff(market), random.Random(1))) == UpdateDecision.GAP
    assert not pair.compiled.in_sync
    assert pair.compiled.reason
    assert pair.compiled.book.top_text(1000) == before


@each_venue
@pytest.mark.parametrize("what", CROSSING)
def test_a_message_that_crosses_the_book_loses_it_on_both_paths(what: str, venue: Venue) -> None:
    pair, market = in_sync(venue)
    assert pair.take(CROSSING[what](next_diff(market), random.Random(1))) == UpdateDecision.GAP
    assert pair.compiled.cause is Cause.CROSSED
    pair.agree_entirely()
    assert pair.take(next_diff(market)) == UpdateDecision.BUFFER
    pair.take(market.snapshot())
    assert pair.take(next_diff(market)) == UpdateDecision.APPLY
    pair.agree_entirely()


@each_venue
def test_a_message_without_levels_reaches_both_books(venue: Venue) -> None:
    pair, market = in_sync(venue)
    quiet = market.quiet_diff()
    assert pair.take(quiet) == UpdateDecision.APPLY
    assert pair.take(next_diff(market)) == UpdateDecision.APPLY
    pair.agree_entirely()


@each_venue
def test_unknown_plain_keys_stay_on_the_compiled_path(venue: Venue) -> None:
    pair, market = in_sync(venue)
    pair.take(next_diff(market))
    before = pair.slow
    raw = next_diff(market).replace(b'"U":', b'"ps":"BTCUSDT","st":1,"U":')
    assert pair.take(raw) == UpdateDecision.APPLY
    assert pair.slow == before


@each_venue
def test_a_snapshot_resyncs_the_book_on_both_paths(venue: Venue) -> None:
    pair, market = in_sync(venue)
    next_diff(market)
    assert pair.take(next_diff(market)) == UpdateDecision.GAP
    assert pair.take(next_diff(market)) == UpdateDecision.BUFFER
    pair.take(market.snapshot())
    for _ in range(5):
        assert pair.take(next_diff(market)) == UpdateDecision.APPLY
    pair.agree_entirely()


@each_venue
def test_a_price_that_wanders_far_moves_the_window(venue: Venue) -> None:
    pair, market = in_sync(venue)
    for step in (200_000, -350_000, 30_000, -100_000):
        market.mid += step
        for _ in range(3):
            assert pair.take(next_diff(market)) == UpdateDecision.APPLY
        pair.agree_entirely()


@each_venue
def test_an_emptied_book_is_empty_on_both_paths(venue: Venue) -> None:
    pair, market = in_sync(venue)
    for side in (market.bids, market.asks):
        side.clear()
    raw = next_diff(market)
    top = pair.plain.book.top_text(100_000)
    gone = [b",".join(b'["%s","0.000"]' % price.encode() for price, _ in side) for side in top]
    raw = raw[: raw.index(b'"b":[')] + b'"b":[' + gone[0] + b'],"a":[' + gone[1] + b"]}}"
    assert pair.take(raw) == UpdateDecision.GAP
    assert pair.compiled.book.levels == (0, 0)
    assert pair.compiled.imbalance is None
    assert pair.compiled.cause is Cause.EMPTY_SIDE
    pair.agree_entirely()
    pair.take(next_diff(market))
    pair.agree_entirely()


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """A message with a few bytes changed, moved, repeated or lost."""
    made = bytearray(raw)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(made))
        span = rng.randrange(1, 12)
        kind = rng.randrange(5)
        if kind == 0:
            made[place] = rng.choice(b'0123456789.,:"[]{}eE+-\\ \x00\xffuUbasp')
        elif kind == 1:
            del made[place : place + span]
        elif kind == 2:
            made[place:place] = made[place : place + span]
        elif kind == 3:
            other = rng.randrange(len(made))
            made[place : place + span], made[other : other + span] = (
                made[other : other + span],
                made[place : place + span],
            )
        else:
            made[place:place] = bytes(rng.choice(b'0123456789."') for _ in range(span))
        if not made:
            return b""
    return bytes(made)


@each_venue
def test_mutated_messages_are_taken_alike(venue: Venue) -> None:
    rng = random.Random(20_240_808)
    for seed in range(max(1, CASES // 50)):
        market, pair = GeneratedMarket(seed, venue), Pair(venue)
        for number, raw in enumerate(market.frames(60)):
            if b"bookTicker" in raw:
                continue
            is_corrupted = number > 12 and rng.random() < 0.5
            decision = pair.take(mutated(raw, rng) if is_corrupted else raw)
            if decision in (UpdateDecision.GAP, UpdateDecision.BUFFER) and number > 12:
                pair.take(market.snapshot())
        pair.agree_entirely()


def complaint(parser: Callable[[bytes], object], raw: bytes) -> str:
    """The error of a parser for some bytes; it may raise no other exception."""
    try:
        parser(raw)
    except WireError as error:
        return str(error)
    return ""


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_answered_or_refused(raw: bytes) -> None:
    for parser in (decode, CompiledLocalBook("BTCUSDT", Venue.USDM).receive_raw):
        assert "\n" not in complaint(parser, raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("eEsuUbaTkpq"), inner, max_size=6),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["depthUpdate", "bookTicker", "trade", "aggTrade", "kline", "markPriceUpdate", "x"]))
@settings(max_examples=300, deadline=None)
def test_any_json_is_answered_or_refused(data: object, kind: str) -> None:
    fields = {"e": kind, **data} if isinstance(data, dict) else data
    for message in (fields, {"stream": "btcusdt@depth", "data": fields}, {"lastUpdateId": 1, "bids": data, "asks": []}):
        assert "\n" not in complaint(decode, json.dumps(message).encode())


@pytest.mark.parametrize("symbol", ["币安人生USDT", "一二三四五六七八九十USDT", "BTCUSDT_241227"])
def test_symbols_of_any_script_and_length_are_read_alike(symbol: str) -> None:
    pair = Pair(Venue.USDM, symbol)
    for raw in GeneratedMarket(7, Venue.USDM, symbol).frames(60):
        if b"bookTicker" not in raw:
            pair.take(raw)
    assert pair.compiled.in_sync
