"""A journal's rows beside those that a synchronisation brought: they take over, and what differs is written down."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.reconcile.merging import EXCHANGE, merged
from skills_lib.trades.reconcile.rows import DiscrepancyKind, differences, subject_of
from skills_lib.trades.store.model import Filter, R, TradeStore
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredOrder, StoredRow

_DAY_MS = 86_400_000


def beside_venue(store: TradeStore, source: JournalSource, rows: Sequence[StoredRow]) -> list[StoredRow]:
    """The rows to write in place of `rows`: with differences from the venue's, and with those settled that are none."""
    account = Filter(venue=source.venue, account=source.account)
    theirs = {subject_of(row): row for row in _venue_rows(store, account, rows)}
    if not theirs:
        return list(rows)
    flagged = {
        one.subject: one
        for one in store.rows(
            StoredDiscrepancy, replace(account, equal={"kind": str(DiscrepancyKind.MISSING_HERE), "resolved_ms": None})
        )
    }
    written: list[StoredRow] = []
    for row in rows:
        other = theirs.get(subject_of(row)) if isinstance(row, StoredFill | StoredOrder) else None
        written += [row] if other is None else _taken_over(row, other, flagged)
    return written


def _venue_rows(store: TradeStore, account: Filter, rows: Iterable[StoredRow]) -> Iterator[StoredFill | StoredOrder]:
    """Rows of the venue alone in the span of ours."""
    yield from _of_kind(store, account, [row for row in rows if isinstance(row, StoredFill)])
    yield from _of_kind(store, account, [row for row in rows if isinstance(row, StoredOrder)])


def _of_kind(store: TradeStore, account: Filter, ours: list[R]) -> Iterator[R]:
    if ours:
        kind = type(ours[0])
        times = [getattr(row, kind.TIME) for row in ours]
        span = {"since_ms": min(times) - _DAY_MS, "until_ms": max(times) + _DAY_MS}
        where = replace(account, **span, equal={"source": EXCHANGE})
        yield from store.rows(kind, where)


def _taken_over(
    row: StoredRow, other: StoredFill | StoredOrder, flagged: dict[str, StoredDiscrepancy]
) -> Iterator[StoredRow]:
    if isinstance(row, StoredFill) and isinstance(other, StoredFill):
        time_ms = max(row.time_ms, other.time_ms)
        yield from differences(row, other, time_ms)
        yield merged(row, other)
    elif isinstance(row, StoredOrder) and isinstance(other, StoredOrder):
        time_ms = max(row.updated_ms, other.updated_ms)
        yield from differences(row, other, time_ms)
        yield merged(row, other)
    if missing := flagged.get(subject_of(other)):
        yield replace(missing, resolved_ms=time_ms)
