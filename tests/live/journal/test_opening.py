"""A journal is continued behind its last whole record, by one writer at a time."""

import os
from pathlib import Path

import pytest

from live.journal.errors import JournalBusyError, JournalError
from live.journal.opening import continued_journal, new_journal
from skills_lib.domain.errors import TwokeyError
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal
from skills_lib.trades.journal.tail import whole_records
from skills_lib.trades.journal.verification import verify_journal
from tests.live.journal.examples import START_NS, book, started, tick


def written(path: Path, ticks: int = 3) -> bytes:
    """A journal of a few records; its bytes."""
    writer = new_journal(path, START_NS, "r1")
    writer.event(started())
    for number in range(ticks):
        writer.event(book(number))
        writer.event(tick(number))
    writer.close()
    return path.read_bytes()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "run.journal"


def test_a_second_writer_of_the_same_journal_is_refused(journal: Path) -> None:
    writer = new_journal(journal, START_NS, "r1")
    with pytest.raises(JournalBusyError, match="another process"):
        continued_journal(journal)
    writer.close()
    continued_journal(journal).writer.close()


def test_an_existing_journal_is_never_written_over(journal: Path) -> None:
    before = written(journal)
    with pytest.raises(JournalError, match="exists already"):
        new_journal(journal, START_NS, "r2")
    assert journal.read_bytes() == before


def test_after_a_crash_at_any_byte_every_whole_record_is_found(journal: Path) -> None:
    data = written(journal)
    for size in range(len(data) - 1, data.index(b"\n"), -1):
        os.truncate(journal, size)
        found = whole_records(journal)
        assert (found.size, found.torn) == (data.rfind(b"\n", 0, size) + 1, size - found.size)


def test_after_a_crash_whole_records_are_kept_and_the_chain_goes_on(journal: Path) -> None:
    data = written(journal, ticks=2)
    ends = [number + 1 for number, byte in enumerate(data) if byte == ord("\n")]
    for size in sorted({end + near for end in ends for near in (-1, 0, 1, 80)} & set(range(ends[0], len(data)))):
        journal.write_bytes(data[:size])
        whole = data.rfind(b"\n", 0, size) + 1
        found = continued_journal(journal)
        found.writer.event(tick(99))
        found.writer.close()
        assert journal.read_bytes().startswith(data[:whole])
        assert verify_journal(journal).records == data[:whole].count(b"\n") + 1
        torn = found.removed.read_bytes() if found.removed else b""
        assert torn == data[whole:size]


def test_a_crash_within_the_first_record_leaves_no_journal(journal: Path) -> None:
    data = written(journal)
    for size in (0, 1, data.index(b"\n")):
        journal.write_bytes(data[:size])
        with pytest.raises(
            TwokeyError, match="Name a journal file" if size < 40 else "line 1, the last one, is cut off"
        ):
            continued_journal(journal)
        assert journal.read_bytes() == data[:size]


def test_a_journal_damaged_before_its_last_record_is_not_continued_and_not_changed(journal: Path) -> None:
    data = written(journal)
    second = data.index(b"\n") + 20
    damaged = data[:second] + b"\x00" + data[second + 1 :]
    journal.write_bytes(damaged)
    with pytest.raises(JournalDamagedError, match="line 2"):
        continued_journal(journal)
    assert journal.read_bytes() == damaged
    assert list(journal.parent.iterdir()) == [journal]


def test_records_written_after_a_continuation_follow_in_sequence(journal: Path) -> None:
    written(journal)
    found = continued_journal(journal)
    assert found.run == "r1"
    assert found.removed is None
    found.writer.event(tick(50))
    found.writer.close()
    assert [record.sequence for record in read_journal(journal)] == list(range(9))
