"""Checks that a journal is what was written, and where it is anchored, that nothing was cut off its end."""

import re
from pathlib import Path
from typing import NamedTuple

from skills_lib.domain.errors import InputError
from skills_lib.trades.journal.format import MARKET, Record
from skills_lib.trades.journal.market.unpacking import count_of
from skills_lib.trades.journal.reading import JournalDamagedError, header_of, read_journal

_HASH = re.compile(r"[0-9a-f]{64}")


class Verified(NamedTuple):
    """A journal that holds. updates: market updates inside blocks.

    anchored: whether a head was given. after_head: records behind that head, 0 where it is the last one.
    """

    run: str
    records: int
    updates: int
    first_ns: int
    last_ns: int
    head: str
    anchored: bool
    after_head: int


def verify_journal(path: Path, head: str | None = None) -> Verified:
    """Read the whole file and check every record, and that `head` is the hash of one of them.

    Raises:
        InputError: no file, not a journal, or `head` is not a hash.
        JournalDamagedError: where and how the file is not what was written.
    """
    if head is not None and not _HASH.fullmatch(head):
        raise InputError("The head is not a hash. Give the 64 hexadecimal digits that were printed as the head.")
    first: Record | None = None
    records = updates = head_at = 0
    for record in read_journal(path):
        first = first or record
        records += 1
        updates += _updates(record, path.name)
        if record.hash == head:
            head_at = records
    assert first is not None
    if head is not None and not head_at:
        raise JournalDamagedError(_not_anchored(path.name, records))
    header = header_of(first)
    assert header is not None
    after = records - head_at if head is not None else 0
    times = first.time_ns, record.time_ns
    return Verified(header.run, records, updates, *times, record.hash, head is not None, after)


def _updates(record: Record, name: str) -> int:
    if record.kind != MARKET:
        return 0
    try:
        return count_of(record.body_json)
    except ValueError as error:
        raise JournalDamagedError(
            f"{name}: line {record.sequence + 1} is a block that cannot be unpacked: {error}."
        ) from None


def _not_anchored(name: str, records: int) -> str:
    return (
        f"{name} holds {records} whole records, and none has the hash of --head: "
        "its end was cut off, or it is another run's journal."
    )
