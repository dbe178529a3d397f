"""What is written is read back, in its order."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.events import BookChanged, Event, MarkChanged, Started
from live.engine.settings import BarSettings, ImbalanceSettings
from live.journal.encoding import event_of
from live.journal.opening import memory_journal, new_journal
from live.journal.reading import event_of_record
from live.journal.settings import Fsync
from skills_lib.trades.journal.format import MARKET, Record
from skills_lib.trades.journal.market.unpacking import updates_of
from skills_lib.trades.journal.reading import checked_records, read_journal
from tests.live.journal.examples import START_NS, book, mark, started, tick

STARTED = st.one_of(
    st.builds(Started, settings=st.from_type(ImbalanceSettings), bars=st.none()),
    st.builds(
        Started, settings=st.none(), bars=st.builds(BarSettings, parameters=st.dictionaries(st.text(), st.text()))
    ),
)
OTHERS = [st.from_type(kind) for kind in get_args(Event) if kind is not Started]
EVENTS = st.lists(st.one_of([STARTED, *OTHERS]), max_size=8)


def events_of(records: Iterator[Record]) -> list[Event]:
    """All events of a journal, blocks expanded."""
    found: list[Event] = []
    for record in list(records)[1:]:
        if record.kind == MARKET:
            found += [event_of(*update) for update in updates_of(record.body_json)]
        else:
            found.append(event_of_record(record, "a"))
    return found


def test_events_are_read_back_equal_and_in_their_order(tmp_path: Path) -> None:
    events: list[Event] = [
        started(),
        book(1),
        book(1, "ETHUSDT", 3),
        mark(2),
        tick(3),
        book(4),
        mark(4),
        book(5),
        tick(6),
    ]
    writer = new_journal(tmp_path / "run.journal", START_NS, "r1")
    for event in events:
        writer.event(event)
    writer.close()
    assert events_of(read_journal(tmp_path / "run.journal")) == events


def test_a_number_above_64_bits_is_written_as_a_record_of_its_own_in_its_place(tmp_path: Path) -> None:
    huge = MarkChanged(START_NS, "BTCUSDT", 0, 2**80)
    wide = BookChanged(START_NS, "BTCUSDT", 0, 1, True, (2**64, 1), ())
    events: list[Event] = [started(), book(1), huge, book(2), wide, mark(3)]
    writer = new_journal(tmp_path / "run.journal", START_NS, "r1")
    for event in events:
        writer.event(event)
    writer.close()
    assert events_of(read_journal(tmp_path / "run.journal")) == events


@given(EVENTS)
def test_any_events_are_read_back_equal_and_in_their_order(events: list[Event]) -> None:
    writer, sink = memory_journal(START_NS, "r1")
    for event in events:
        writer.event(event)
    writer.close()
    assert events_of(checked_records(BytesIO(bytes(sink.data)), "a")) == events


def test_the_head_is_the_hash_of_the_last_record(tmp_path: Path) -> None:
    writer = new_journal(tmp_path / "run.journal", START_NS, "r1")
    for number in range(5):
        writer.event(book(number))
    writer.close()
    *_, last = read_journal(tmp_path / "run.journal")
    assert writer.head == last.hash
    assert writer.sequence == last.sequence + 1 == 2


@pytest.mark.parametrize("count", [20_000, 60_000])
def test_a_writer_and_a_reader_need_the_memory_of_a_block_however_long_the_journal_is(
    tmp_path: Path, count: int
) -> None:
    books = [book(number) for number in range(1_000)]
    path = tmp_path / "run.journal"
    tracemalloc.start()
    try:
        writer = new_journal(path, START_NS, "r1", Fsync.NEVER)
        for number in range(count):
            writer.event(books[number % 1_000])
        writer.close()
        updates = sum(1 for record in read_journal(path) if record.kind == MARKET for _ in updates_of(record.body_json))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert updates == count
    assert peak < 12_000_000
