"""What is known after a synchronisation: profit by the venue's ledger, and of what it is and is not complete."""

from dataclasses import dataclass, replace
from typing import Final

from skills_lib.trades.income_types import COMMISSION, FUNDING, REALISED
from skills_lib.trades.reconcile.ledger import LedgerProfit, ledger_profit
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredCoverage, StoredFill, StoredIncome
from skills_lib.trades.sync.listings import DAY_MS, KEPT_MS, UNFILLED_KEPT_MS

MARGIN_ASSET: Final = "USDT"


@dataclass(frozen=True, slots=True)
class Known:
    """A list of the venue in the store. venue_from_ms: what is older the venue no longer shows, and is not deleted."""

    subject: str
    symbol: str
    from_ms: int
    until_ms: int
    venue_from_ms: int | None
    note: str

    @classmethod
    def of(cls, row: StoredCoverage) -> "Known":
        """What a row of the coverage says."""
        return cls(row.subject, row.symbol, row.complete_from_ms, row.complete_until_ms, row.venue_from_ms, row.note)


def profit_of(store: TradeStore, account: Filter) -> LedgerProfit:
    """The profit of all income of an account in the store, in USDT where it has any of it."""
    assets = {str(one.group[0]): one.rows for one in store.totals(StoredIncome, (), account, by=("asset",))}
    asset = MARGIN_ASSET if MARGIN_ASSET in assets or not assets else max(assets, key=lambda name: assets[name])
    kinds = (REALISED, COMMISSION, FUNDING)
    rows = [row for kind in kinds for row in store.rows(StoredIncome, replace(account, equal={"income_type": kind}))]
    wanted = {(row.symbol, row.trade_id) for row in rows if row.income_type == COMMISSION and row.asset != asset}
    fills = store.rows(StoredFill, account) if wanted else ()
    return ledger_profit(rows, {(one.symbol, one.trade_id): one for one in fills}, asset)


def unknown_income(store: TradeStore, account: Filter) -> dict[str, int]:
    """How many rows there are of each type of income that this program does not know; they count as no profit."""
    found = store.totals(StoredIncome, (), replace(account, equal={"known": False}), by=("income_type",))
    return {str(one.group[0]): one.rows for one in found}


FORGOTTEN: Final = (
    f"Orders, trades and income older than {KEPT_MS // DAY_MS} days, and orders that ended without a fill and are "
    f"older than {UNFILLED_KEPT_MS // DAY_MS} days, are in no list of the venue; what the store has of them is kept."
)
