"""The report of a day or a period: everything it says, before it is written as JSON, Markdown or a page."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from skills_lib.trades.income_types import COMMISSION, FUNDING, JOURNAL_FUNDING, KNOWN, MOVED, REALISED
from skills_lib.trades.profit.exact import ZERO, add
from skills_lib.trades.reports.completeness import Completeness, completeness_of
from skills_lib.trades.reports.health import Health, health_of
from skills_lib.trades.reports.money import Earned, earned
from skills_lib.trades.reports.paper import PaperRecord, on_paper
from skills_lib.trades.reports.positions import OpenPosition, positions_at
from skills_lib.trades.reports.promised import Promised, promised
from skills_lib.trades.reports.scope import Scope, scope_of
from skills_lib.trades.reports.spans import ReportSpan
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredIncome, TradingMode

_COUNTED = frozenset({REALISED, COMMISSION, FUNDING, JOURNAL_FUNDING}) | MOVED


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a report looks beside the store: the workspace, and its stored validations and replays."""

    home: Path
    validations: Path
    replays: Path


@dataclass(frozen=True, slots=True)
class TradeReport:
    """One report. discrepancies: that stand, by kind. other_income: by type and asset, of types that are neither
    profit, fee, funding nor a transfer. unknown_income: rows by type, of types that this program does not know.
    """

    span: ReportSpan
    scope: Scope
    earned: Earned
    positions: list[OpenPosition]
    health: Health
    promised: Promised
    paper: PaperRecord | None
    completeness: Completeness
    discrepancies: dict[str, int] = field(default_factory=dict)
    other_income: dict[str, Decimal] = field(default_factory=dict)
    unknown_income: dict[str, int] = field(default_factory=dict)

    @property
    def win_rate(self) -> Decimal | None:
        """Share of closed trades above 0 after all costs, to four decimals; None without a trade."""
        money = self.earned.whole
        return (Decimal(money.wins) / money.trades).quantize(Decimal("0.0001")) if money.trades else None

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the figures, the most important first."""
        return [text for text in (*_notes_on_money(self), *_notes_on_health(self)) if text]


def report_of(
    store: TradeStore, span: ReportSpan, folders: Folders, strategy: str | None = None, mode: TradingMode | None = None
) -> TradeReport:
    """The report of a span, of one strategy or of all."""
    scope = scope_of(store, strategy, mode)
    return TradeReport(
        span=span,
        scope=scope,
        earned=earned(store, scope, span),
        positions=positions_at(store, scope, span.until_ms),
        health=health_of(folders.home, scope, span.start_ms, span.until_ms),
        promised=promised(_strategies(store, scope, span), folders.validations, folders.replays),
        paper=on_paper(store, scope),
        completeness=completeness_of(store, scope, span),
        discrepancies=_discrepancies(store, scope),
        other_income=_other_income(store, scope, span),
        unknown_income=_unknown_income(store, scope, span),
    )


def _strategies(store: TradeStore, scope: Scope, span: ReportSpan) -> set[str]:
    if scope.strategy_id is not None:
        return {scope.strategy_id}
    groups = (
        one.group
        for where in scope.filters(span.start_ms, span.until_ms)
        for one in store.totals(StoredFill, (), where, by=("strategy_id",))
    )
    return {str(name) for (name,) in groups}


def _discrepancies(store: TradeStore, scope: Scope) -> dict[str, int]:
    found: dict[str, int] = {}
    for where in scope.filters():
        for one in store.totals(StoredDiscrepancy, (), replace(where, equal={"resolved_ms": None}), by=("kind",)):
            found[str(one.group[0])] = found.get(str(one.group[0]), 0) + one.rows
    return found


def _other_income(store: TradeStore, scope: Scope, span: ReportSpan) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for where in scope.filters(span.start_ms, span.until_ms):
        for one in store.totals(StoredIncome, ("amount",), scope.of_strategy(where), by=("income_type", "asset")):
            kind, asset = (str(name) for name in one.group)
            if kind not in _COUNTED:
                name = f"{kind} {asset}"
                found[name] = add(found.get(name, ZERO), one.sums["amount"])
    return found


def _unknown_income(store: TradeStore, scope: Scope, span: ReportSpan) -> dict[str, int]:
    found: dict[str, int] = {}
    for where in scope.filters(span.start_ms, span.until_ms):
        for one in store.totals(StoredIncome, (), scope.of_strategy(where), by=("income_type",)):
            if (name := str(one.group[0])) not in KNOWN:
                found[name] = found.get(name, 0) + one.rows
    return found


def _notes_on_money(report: TradeReport) -> list[str]:
    money, scope = report.earned.whole, report.scope
    others = ", ".join(f"{amount:f} {asset}" for asset, amount in sorted(money.other_fees.items()))
    income = ", ".join(f"{name} {amount:f}" for name, amount in sorted(report.other_income.items()))
    unknown = ", ".join(f"{count} of {name}" for name, count in sorted(report.unknown_income.items()))
    return [
        f"Accounts of {' and '.join(scope.left_out)} trading are left out; a report of that mode shows them."
        if scope.left_out
        else "",
        f"Fees without a price then, in no sum: {others}." if others else "",
        f"Of {money.unknown_profit} fills it is not known what they realised; they count as 0."
        if money.unknown_profit
        else "",
        f"Further income, in no sum: {income}." if income else "",
        f"Entries of unknown types of income, in no sum: {unknown}." if unknown else "",
    ]


def _notes_on_health(report: TradeReport) -> list[str]:
    standing = ", ".join(f"{count} {kind}" for kind, count in sorted(report.discrepancies.items()))
    unreadable = "; ".join(f"{name}: {reason}" for name, reason in sorted(report.health.unreadable.items()))
    return [
        f"Differences between journals and exchange that stand: {standing}." if standing else "",
        f"Journals that cannot be read: {unreadable}." if unreadable else "",
    ]
