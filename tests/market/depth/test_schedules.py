"""Drops, repeats, reorderings, truncations, garbage: the book equals the venue's or reports that it is out of sync.

Uses recordings if available, and always generated streams. TWOKEY_DEPTH_CASES is the number of schedules, a quarter
for each stream: `make study` uses 100,000.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.book.view import TopText
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.wire import decode
from tests.market.depth.frame_server import frames_of
from tests.market.depth.generated_stream import GeneratedMarket

CASES = int(os.environ.get("TWOKEY_DEPTH_CASES", "500"))
LENGTH = 30
LEVELS = 20
SNAPSHOT_EVERY = 25
SNAPSHOT_LEVELS = 200
RESYNCED = 4


@dataclass(frozen=True)
class Oracle:
    """The venue's messages, its book after each update, and occasional snapshots."""

    symbol: str
    venue: Venue
    raws: list[bytes]
    finals: list[int]
    tops: dict[int, TopText]
    snapshots: dict[int, Snapshot]

    @classmethod
    def of(cls, symbol: str, venue: Venue, frames: Iterator[bytes]) -> "Oracle":
        """Replay frames in order."""
        book, made = LocalBook(symbol, venue), cls(symbol, venue, [], [], {}, {})
        for raw in frames:
            message = decode(raw)
            if isinstance(message, Snapshot):
                book.load(message)
            if not isinstance(message, DepthUpdate):
                continue
            book.receive(message)
            if book.in_sync:
                made._note(raw, book)
        return made

    def _note(self, raw: bytes, book: LocalBook) -> None:
        update_id = book.book.update_id
        assert update_id is not None
        if len(self.raws) % SNAPSHOT_EVERY == 0:
            top = book.book.top_text(SNAPSHOT_LEVELS)
            self.snapshots[len(self.raws)] = Snapshot(update_id, top.bids, top.asks)
        self.raws.append(raw)
        self.finals.append(update_id)
        self.tops[update_id] = book.book.top_text(LEVELS)


def corrupted(raws: list[bytes], rng: random.Random) -> list[bytes]:
    """A schedule: the messages as a faulty connection might deliver them."""
    made: list[bytes] = []
    late: list[tuple[int, bytes]] = []
    for place, raw in enumerate(raws):
        made += [held for due, held in late if due == place]
        fault = rng.random()
        if fault < 0.03:
            continue
        if fault < 0.06:
            made.append(raw)
        elif fault < 0.09:
            late.append((place + rng.randrange(1, 4), raw))
            continue
        elif fault < 0.12:
            late.append((place + rng.randrange(1, 9), raw))
        elif fault < 0.15:
            raw = raw[: rng.randrange(len(raw))]
        elif fault < 0.18:
            made.append(rng.randbytes(rng.randrange(60)))
        made.append(raw)
    return made


def play(oracle: Oracle, rng: random.Random, opener: Callable[[str, Venue], LocalBook]) -> tuple[bool, bool]:
    """Play one schedule; returns whether the book ever lost sync, and whether it was in sync at the end."""
    last = len(oracle.raws) - LENGTH - SNAPSHOT_EVERY - RESYNCED
    start = rng.choice([place for place in oracle.snapshots if place < last])
    book = opener(oracle.symbol, oracle.venue)
    book.load(oracle.snapshots[start])
    dropped = False
    for raw in corrupted(oracle.raws[start + 1 : start + LENGTH], rng):
        if rng.random() < 0.05:
            book.load(oracle.snapshots[rng.choice([start, start + SNAPSHOT_EVERY])])
            check(book, oracle)
        try:
            book.receive_raw(raw)
        except WireError:
            assert raw not in oracle.raws
        check(book, oracle)
        dropped |= not book.in_sync
    book.book._check()
    resync(book, oracle, start)
    return dropped, book.in_sync


def check(book: LocalBook, oracle: Oracle) -> None:
    """In sync means equal, level by level."""
    if book.in_sync:
        assert book.book.update_id is not None
        assert book.book.top_text(LEVELS) == oracle.tops[book.book.update_id]
        assert not book.book.crossed
    else:
        assert book.reason


def resync(book: LocalBook, oracle: Oracle, start: int) -> None:
    """A snapshot and the messages after it always resync the book."""
    later = min(place for place in oracle.snapshots if place >= start + LENGTH)
    book.invalidate("the schedule is over")
    book.load(oracle.snapshots[later])
    for raw in oracle.raws[later + 1 : later + RESYNCED]:
        book.receive_raw(raw)
        check(book, oracle)
    assert book.in_sync


def study(oracle: Oracle, cases: int) -> None:
    """Play `cases` schedules, the compiled book and the plain one in turn."""
    dropped = ended_well = 0
    for seed in range(cases):
        was_dropped, in_sync = play(oracle, random.Random(seed), (CompiledLocalBook, LocalBook)[seed % 2])
        dropped += was_dropped
        ended_well += in_sync
    assert dropped > cases // 10
    assert ended_well == cases


@pytest.mark.parametrize("venue", Venue)
def test_a_book_on_a_faulty_connection_is_correct_or_out_of_sync(venue: Venue) -> None:
    oracle = Oracle.of("BTCUSDT", venue, GeneratedMarket(3, venue).frames(400))
    study(oracle, CASES // 4)


@pytest.mark.parametrize(
    "name",
    [
        "binance_spot_BTCUSDT_20240808T2354_20240809T0005.ts_jsonl.gz",
        "binance_usdm_BTCUSDT_20240718T2357_20240719T0005.ts_jsonl.gz",
    ],
)
def test_a_recording_over_a_faulty_connection_is_correct_or_reports_its_defects(shared_data: Path, name: str) -> None:
    venue = Venue.SPOT if "spot" in name else Venue.USDM
    oracle = Oracle.of("BTCUSDT", venue, frames_of(shared_data / "l2" / name, 6_000))
    study(oracle, CASES // 4)
