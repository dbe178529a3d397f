"""What each account of the trade log came to in a span: exact sums, of one kind of money each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from skills_lib.trades.derived.funding import payments_of
from skills_lib.trades.profit.exact import ZERO, add, subtract, total
from skills_lib.trades.projection.source import MODES
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredIncome, StoredTrade, TradingMode

_END_MS = 2**62


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """Amounts in the quote asset. other_fees: by asset, those without a price then, in no sum.

    realised: of fills, as the venue says. trades: that closed in the span; wins: of them above 0 after all costs.
    discrepancies: that stand.
    """

    venue: str
    account: str
    mode: str
    fills: int
    realised: Decimal
    fees: Decimal
    funding: Decimal
    trades: int
    wins: int
    discrepancies: int
    other_fees: dict[str, Decimal] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """realised - fees + funding."""
        return add(subtract(self.realised, self.fees), self.funding)


def summaries(store: TradeStore, where: Filter) -> Iterator[AccountSummary]:
    """One summary for each account that has fills, closed trades or income in the log, in order of venue and name.

    where: strategy, venue, account and span; nothing else.
    """
    unbounded = replace(where, since_ms=None, until_ms=None)
    accounts = {
        (str(one.group[0]), str(one.group[1]))
        for kind in (StoredFill, StoredIncome, StoredTrade)
        for one in store.totals(kind, (), unbounded, by=("venue", "account"))
    }
    for venue, account in sorted(accounts):
        yield _summary(store, replace(where, venue=venue, account=account))


def _summary(store: TradeStore, where: Filter) -> AccountSummary:
    fills = store.totals(StoredFill, ("realised_pnl", "fee_quote"), where)
    unpriced = store.totals(StoredFill, ("fee",), replace(where, equal={"fee_quote": None}), by=("fee_asset",))
    closed = [row.pnl for row in store.rows(StoredTrade, replace(where, time="closed_ms", equal={"status": "closed"}))]
    return AccountSummary(
        venue=where.venue or "",
        account=where.account or "",
        mode=str(MODES.get(where.venue or "", TradingMode.LIVE)),
        fills=sum(one.rows for one in fills),
        realised=total(one.sums["realised_pnl"] for one in fills),
        fees=total(one.sums["fee_quote"] for one in fills),
        funding=_funding(store, where),
        trades=len(closed),
        wins=sum(amount > ZERO for amount in closed),
        discrepancies=store.count(
            StoredDiscrepancy, replace(where, since_ms=None, until_ms=None, equal={"resolved_ms": None})
        ),
        other_fees={str(one.group[0]): one.sums["fee"] for one in unpriced if one.sums["fee"]},
    )


def _funding(store: TradeStore, where: Filter) -> Decimal:
    """Of the venue's own rows where its ledger is complete, else of the journal's."""
    payments = payments_of(store, Filter(venue=where.venue, account=where.account))
    found = payments.between(where.since_ms or 0, _END_MS if where.until_ms is None else where.until_ms)
    return total(row.amount for row in found if where.strategy_id in (None, row.strategy_id))
