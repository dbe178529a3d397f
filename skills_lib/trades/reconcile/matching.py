"""The venue's rows of a window against those of the store: what to write, and what differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic

from skills_lib.trades.reconcile.merging import EXCHANGE, merged
from skills_lib.trades.reconcile.rows import TradingRow, differences, missing_here, missing_there, subject_of
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredOrder

GRACE_MS: Final = 10_000
"""A row may be in the venue's lists this much later than in the journal."""


@dataclass(frozen=True, slots=True)
class JournalSpans:
    """When journals were written for an account: pairs of first and last time, milliseconds, both included.

    runs: when each began; the client ids of its orders begin with it. What a start tries out before is in no journal.
    """

    spans: tuple[tuple[int, int], ...] = ()
    runs: Mapping[str, int] = field(default_factory=dict)

    def __contains__(self, row: StoredFill | StoredOrder) -> bool:
        """Whether a journal should have a row: any fill while one was written, and every order of its run."""
        if isinstance(row, StoredOrder):
            began_ms = self.runs.get(row.client_order_id.partition("-")[0])
            return began_ms is not None and row.created_ms >= began_ms
        return any(first <= row.time_ms <= last for first, last in self.spans)


@dataclass(slots=True)
class Matched(Generic[TradingRow]):
    """rows: to write. unchanged: of the venue's rows. found: differences; checked: what they could be about.

    unseen: rows of ours that the venue did not list, and should.
    """

    rows: list[TradingRow] = field(default_factory=list)
    unchanged: int = 0
    found: list[StoredDiscrepancy] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    unseen: list[TradingRow] = field(default_factory=list)


def match(
    ours: Iterable[TradingRow], theirs: Iterable[TradingRow], journalled: JournalSpans, now_ms: int
) -> Matched[TradingRow]:
    """Compare rows of one kind in one window. ours: of the store, of journals and of earlier synchronisations."""
    known = {subject_of(row): row for row in ours}
    result: Matched[TradingRow] = Matched()
    for row in theirs:
        subject = subject_of(row)
        result.checked.add(subject)
        mine = known.pop(subject, None)
        if mine is not None and mine.source != EXCHANGE:
            result.found += differences(mine, row, now_ms)
            written = merged(mine, row)
        else:
            result.found += missing_here([row] if row in journalled else [], now_ms)
            written = replace(row, strategy_id=row.strategy_id or mine.strategy_id) if mine else row
        if written == mine:
            result.unchanged += 1
        else:
            result.rows.append(written)
    result.unseen = [row for row in known.values() if row.source != EXCHANGE]
    result.checked |= {subject_of(row) for row in result.unseen}
    return result


def unlisted(
    rows: Iterable[TradingRow], complete_until_ms: int, kept_from_ms: int, unfilled_from_ms: int, now_ms: int
) -> list[StoredDiscrepancy]:
    """Of rows that the venue did not list, those that it should: neither too new nor forgotten by it."""
    return list(
        missing_there((row for row in rows if _due(row, complete_until_ms, kept_from_ms, unfilled_from_ms)), now_ms)
    )


def _due(row: TradingRow, until_ms: int, kept_from_ms: int, unfilled_from_ms: int) -> bool:
    if isinstance(row, StoredOrder):
        unfilled = not row.executed_quantity
        return (unfilled_from_ms if unfilled else kept_from_ms) <= row.created_ms < until_ms
    return kept_from_ms <= row.time_ms < until_ms


def settled(
    open_now: Mapping[tuple[str, str], StoredDiscrepancy],
    found: Iterable[StoredDiscrepancy],
    checked: set[str],
    now_ms: int,
) -> list[StoredDiscrepancy]:
    """What to write of differences: new ones, and those that were checked and are gone. Known ones stay as they are."""
    seen = {(one.kind, one.subject): one for one in found}
    new = [
        one
        for name, one in seen.items()
        if name not in open_now or (open_now[name].ours, open_now[name].theirs) != (one.ours, one.theirs)
    ]
    gone = [
        replace(one, resolved_ms=now_ms)
        for name, one in open_now.items()
        if one.subject in checked and name not in seen
    ]
    return new + gone
