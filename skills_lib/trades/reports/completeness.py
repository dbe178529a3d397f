"""From when the figures of a report are complete, for which symbols, and what the venue no longer shows."""

from dataclasses import dataclass
from typing import Final

from skills_lib.trades.reports.scope import Scope
from skills_lib.trades.reports.spans import ReportSpan, local_text
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import StoredCoverage
from skills_lib.trades.sync.results import FORGOTTEN

_NEEDED: Final = ("fills", "income")
_OTHERS: Final = ("positions", "balances", "derived")


@dataclass(frozen=True, slots=True)
class CompleteList:
    """A list of the venue in the store. first, until: as text in the report's zone. venue_from: the oldest that the
    venue still showed, "" where not known. covers: the whole span of the report is in it."""

    account: str
    subject: str
    symbol: str
    first: str
    until: str
    venue_from: str
    covers: bool
    note: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """lists: as synchronised. complete: fills and income cover the span. sentence: that in words. forgotten: what the
    venue no longer shows."""

    complete: bool
    sentence: str
    lists: tuple[CompleteList, ...]
    symbols: tuple[str, ...]
    forgotten: str


def completeness_of(store: TradeStore, scope: Scope, span: ReportSpan) -> Completeness:
    """What the coverage of a scope's accounts says about a span."""
    rows = [row for where in scope.filters() for row in store.rows(StoredCoverage, where) if _is_list(row)]
    lists = tuple(_complete(row, span) for row in sorted(rows, key=lambda row: (row.account, row.subject, row.symbol)))
    symbols = tuple(sorted({one.symbol for one in lists if one.symbol}))
    needed = [one for one in lists if one.subject in _NEEDED]
    complete = bool(needed) and all(one.covers for one in needed)
    return Completeness(complete, _sentence(needed, complete), lists, symbols, FORGOTTEN if lists else "")


def _is_list(row: StoredCoverage) -> bool:
    return row.subject not in _OTHERS and not row.subject.startswith("candles")


def _complete(row: StoredCoverage, span: ReportSpan) -> CompleteList:
    zone = span.zone
    return CompleteList(
        account=f"{row.venue}/{row.account}",
        subject=row.subject,
        symbol=row.symbol,
        first=local_text(row.complete_from_ms, zone),
        until=local_text(row.complete_until_ms, zone),
        venue_from="" if row.venue_from_ms is None else local_text(row.venue_from_ms, zone),
        covers=row.complete_from_ms <= span.start_ms and span.until_ms <= row.complete_until_ms,
        note=row.note,
    )


def _sentence(needed: list[CompleteList], complete: bool) -> str:
    if not needed:
        return (
            "The figures are those of the journals: nothing was synchronised with the exchange. Orders placed by hand, "
            "and what happened while no journal was written, are in no figure."
        )
    if complete:
        return "The figures are complete: trades and income of the whole span were synchronised with the exchange."
    first, until = max(one.first for one in needed), min(one.until for one in needed)
    return (
        f"The figures are complete from {first} to {until} only, the span that every list of trades and income covers. "
        "twokey trades sync binance reads what is missing, as far as the exchange still shows it."
    )
