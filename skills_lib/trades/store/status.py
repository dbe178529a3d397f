"""What a store holds, and how far it is behind the journals."""

from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import TwokeyError
from skills_lib.trades.journal.finding import journals_in
from skills_lib.trades.journal.reading import read_journal
from skills_lib.trades.journal.tail import whole_records
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import ROWS, JournalOffset


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """url: without password. rows: by table. backlog: records of journals that are not in the store yet.

    unreadable: journals that could not be counted.
    """

    url: str
    schema_version: int
    rows: dict[str, int]
    backlog: int
    unreadable: list[str]


def status_of(store: TradeStore, journals: Path) -> StoreStatus:
    """Count the rows of a store, and the records of the journals in a folder that it does not have."""
    offsets = {row.run: row for row in store.rows(JournalOffset)}
    backlog, unreadable = 0, []
    for path in journals_in([journals]):
        try:
            backlog += _behind(path, offsets)
        except TwokeyError:
            unreadable.append(path.name)
    counts = {kind.TABLE: store.count(kind) for kind in ROWS}
    return StoreStatus(store.address.shown, store.version(), counts, backlog, unreadable)


def _behind(path: Path, offsets: dict[str, JournalOffset]) -> int:
    """A journal that was read to its end is not read again."""
    size = path.stat().st_size
    known = next((one for one in offsets.values() if one.file_name == path.name and one.byte == size), None)
    if known and _run_of(path) == known.run:
        return 0
    whole = whole_records(path)
    offset = offsets.get(whole.run)
    return whole.last.sequence + 1 - (offset.sequence if offset else 0)


def _run_of(path: Path) -> str:
    return str(next(iter(read_journal(path, unfinished=True))).body["run"])
