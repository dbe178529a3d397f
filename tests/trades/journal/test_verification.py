"""Whatever happens to a journal is found, and said in one line without repeating what the file holds."""

import gzip
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.trades.journal.format import MAX_LINE_BYTES, VERSION
from skills_lib.trades.journal.reading import JournalDamagedError, checked_records, read_journal
from skills_lib.trades.journal.verification import verify_journal
from tests.trades.journal.journals import ENTRIES, HEAD, Entry, journal_file, lines_of, ticks


def damage_of(path: Path) -> str:
    """How the journal is damaged; the line must name the file and the place."""
    with pytest.raises(JournalDamagedError) as found:
        verify_journal(path)
    text = str(found.value)
    assert text.startswith("a.journal: line ")
    assert "\n" not in text
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.journal"


@given(ENTRIES)
def test_what_is_written_is_read_back_equal(entries: list[Entry]) -> None:
    records = list(checked_records(BytesIO(b"".join(lines_of(entries))), "a"))
    assert [(record.time_ns, record.kind, record.body) for record in records] == [HEAD, *entries]
    assert [record.sequence for record in records] == list(range(len(entries) + 1))


@given(ENTRIES, st.data())
def test_a_change_of_any_byte_is_found(entries: list[Entry], data: st.DataObject) -> None:
    whole = b"".join(lines_of(entries))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    altered = whole[:at] + bytes([byte]) + whole[at + 1 :]
    with pytest.raises(TwokeyError):
        list(checked_records(BytesIO(altered), "a"))


def test_each_of_the_bytes_of_a_journal_is_covered() -> None:
    whole = b"".join(lines_of(ticks(2)))
    for at in range(len(whole)):
        for flipped in (1, 0x20, 0x80):
            altered = whole[:at] + bytes([whole[at] ^ flipped]) + whole[at + 1 :]
            with pytest.raises(TwokeyError):
                list(checked_records(BytesIO(altered), "a"))


@given(ENTRIES.filter(lambda entries: len(entries) > 1), st.data())
def test_a_removed_repeated_or_moved_record_is_found(entries: list[Entry], data: st.DataObject) -> None:
    lines = lines_of(entries)
    at = data.draw(st.integers(1, len(lines) - 2))
    removed = [*lines[:at], *lines[at + 1 :]]
    repeated = [*lines[:at], lines[at], *lines[at:]]
    moved = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    for damaged in (removed, repeated, moved):
        with pytest.raises(JournalDamagedError, match=rf"line {at + 1} is record|line {at + 2} is record"):
            list(checked_records(BytesIO(b"".join(damaged)), "a"))


def test_an_altered_record_is_named_even_where_its_hash_was_made_to_fit(path: Path) -> None:
    lines, other = lines_of(ticks(4)), lines_of([(2, "tick", {}), (99, "tick", {}), *ticks(2)])
    journal_file(path, [*lines[:2], other[2], *lines[3:]])
    assert "line 4, record 3, does not have the hash" in damage_of(path)


def test_two_joined_journals_are_found(path: Path) -> None:
    journal_file(path, lines_of(ticks(2)) * 2)
    assert damage_of(path) == "a.journal: line 4 is the first record of a journal: two journals were joined."


def test_a_cut_last_line_is_said_with_its_length(path: Path) -> None:
    lines = lines_of(ticks(2))
    journal_file(path, [*lines[:2], lines[2][:17]])
    assert "line 3, the last one, is cut off after 17 bytes" in damage_of(path)


def test_a_line_of_another_file_is_not_repeated(path: Path) -> None:
    journal_file(path, [*lines_of(ticks(1)), b"password=hunter2\n"])
    assert damage_of(path) == "a.journal: line 3 is not a record: it was altered, or it comes from another file."


def test_an_endless_line_is_given_up_at_the_longest_that_a_record_has(path: Path) -> None:
    journal_file(path, [*lines_of(ticks(1)), b'{"sequence":2,"body":"' + b"9" * MAX_LINE_BYTES])
    assert f"line 3 is longer than {MAX_LINE_BYTES} bytes" in damage_of(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"hello\n",
        gzip.compress(b"x" * 1000),
        b"\x00" * 10_000,
        b'{"sequence":0}\n',
        b"\xff" * 100,
        b"[" * 100_000,
        b'{"e":"depthUpdate","E":1}\n',
    ],
)
def test_what_is_no_journal_is_bad_input(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"^a\.journal is (empty|not a journal).*Name a journal file\.$"):
        verify_journal(path)


def test_a_missing_file_and_a_folder_are_bad_input(path: Path) -> None:
    for given_path in (path, path.parent):
        with pytest.raises(InputError, match="cannot be read"):
            verify_journal(given_path)


def test_a_later_version_is_refused_by_its_number(path: Path) -> None:
    head = (1, "journal", {**HEAD[2], "version": VERSION + 1})
    journal_file(path, lines_of([], head))
    with pytest.raises(InputError, match=rf"has version {VERSION + 1}; version {VERSION} can be read"):
        verify_journal(path)


def test_a_header_without_a_run_is_not_a_journal(path: Path) -> None:
    journal_file(path, lines_of([], (1, "journal", {"format": "twokey-journal", "version": 1})))
    with pytest.raises(InputError, match="not a journal"):
        verify_journal(path)


def test_a_cut_tail_is_found_by_an_anchored_head_only(path: Path) -> None:
    lines = lines_of(ticks(5))
    head = verify_journal(journal_file(path, lines)).head
    journal_file(path, lines[:-2])
    assert verify_journal(path).records == 4
    with pytest.raises(JournalDamagedError, match="its end was cut off"):
        verify_journal(path, head)


def test_an_earlier_head_says_how_many_records_follow(path: Path) -> None:
    lines = lines_of(ticks(5))
    heads = [record.hash for record in read_journal(journal_file(path, lines))]
    assert [verify_journal(path, head).after_head for head in heads] == [5, 4, 3, 2, 1, 0]
    assert verify_journal(path, heads[2]).anchored


@pytest.mark.parametrize("head", ["", "abc", "G" * 64, "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_head_that_is_no_hash_is_bad_input(path: Path, head: str) -> None:
    journal_file(path, lines_of([]))
    with pytest.raises(InputError, match="The head"):
        verify_journal(path, head)


def test_a_head_of_another_journal_is_damage(path: Path) -> None:
    journal_file(path, lines_of(ticks(1)))
    with pytest.raises(JournalDamagedError, match="holds 2 whole records, and none has the hash"):
        verify_journal(path, "0" * 64)
