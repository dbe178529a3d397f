"""Copies a store into another, row by row, exactly; a copy that was interrupted goes on where it was."""

from collections.abc import Iterator
from itertools import islice

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.progress import Progress, no_progress
from skills_lib.trades.store.model import TradeStore, Written
from skills_lib.trades.store.rows import ROWS, StoredRow

_AT_ONCE = 10_000


def copy_store(source: TradeStore, target: TradeStore, progress: Progress = no_progress) -> dict[str, Written]:
    """Write every row of `source` into `target` under its key, then compare the counts.

    Rows that are there already stay, so the same call goes on after an interruption. A row that differs is replaced,
    unless the one in `target` is newer.

    Raises:
        InputError: both are the same store.
        TwokeyError: the target has fewer rows afterwards than were copied.
    """
    if source.address.shown == target.address.shown and source.address.schema == target.address.schema:
        raise InputError("Both addresses name the same store. Name two.")
    return {kind.TABLE: _copied(kind, source, target, progress) for kind in ROWS}


def _copied(kind: type[StoredRow], source: TradeStore, target: TradeStore, progress: Progress) -> Written:
    total, done, rows = source.count(kind), Written(), source.rows(kind)
    while part := list(islice(rows, _AT_ONCE)):
        done += target.write(part)[kind.TABLE]
        progress(done.inserted + done.updated + done.unchanged, total, f"copying {kind.TABLE}")
    if target.count(kind) < done.inserted + done.updated + done.unchanged:
        raise TwokeyError(f"{kind.TABLE} has fewer rows in the copy than were written. Repeat the command.")
    return done


def rows_that_differ(source: TradeStore, target: TradeStore) -> Iterator[StoredRow]:
    """Rows of `source` that `target` does not have as they are."""
    for kind in ROWS:
        there = set(target.rows(kind))
        yield from (row for row in source.rows(kind) if row not in there)
