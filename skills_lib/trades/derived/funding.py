"""Funding of round trips and days: the venue's own rows where its ledger is complete, else what the journal says."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from skills_lib.trades.income_types import FUNDING, JOURNAL_FUNDING
from skills_lib.trades.profit.exact import total
from skills_lib.trades.profit.round_trips import Trip
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredCoverage, StoredIncome

INCOME = "income"
"""The subject of the coverage of income."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Funding in order of time. times: of `rows`, milliseconds."""

    rows: tuple[StoredIncome, ...]
    times: tuple[int, ...]

    def between(self, from_ms: int, until_ms: int) -> tuple[StoredIncome, ...]:
        """Payments of a half-open span."""
        return self.rows[bisect_left(self.times, from_ms) : bisect_left(self.times, until_ms)]

    def during(self, trip: Trip) -> Decimal:
        """Paid while a round trip was open, its first and last moment included."""
        first = bisect_left(self.times, trip.opening.time_ms)
        last = len(self.times) if trip.closed_ms is None else bisect_right(self.times, trip.closed_ms)
        symbol = trip.opening.symbol
        return total(row.amount for row in self.rows[first:last] if row.symbol == symbol)


def payments_of(store: TradeStore, account: Filter) -> Payments:
    """All funding of an account."""
    rows = tuple(sorted(_counted(store, account), key=lambda row: (row.time_ms, row.income_id)))
    return Payments(rows, tuple(row.time_ms for row in rows))


def _counted(store: TradeStore, account: Filter) -> Iterator[StoredIncome]:
    covered = list(store.rows(StoredCoverage, replace(account, equal={"subject": INCOME})))
    yield from store.rows(StoredIncome, replace(account, equal={"income_type": FUNDING}))
    for row in store.rows(StoredIncome, replace(account, equal={"income_type": JOURNAL_FUNDING})):
        if not any(one.complete_from_ms <= row.time_ms < one.complete_until_ms for one in covered):
            yield row
