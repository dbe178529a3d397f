"""The rows of the store, one class a table: the single definition, from which `schema` makes the tables."""

from skills_lib.trades.store.rows.base import StoredRow, TradingMode
from skills_lib.trades.store.rows.bookkeeping import JournalOffset, StoredCoverage, StoredDiscrepancy
from skills_lib.trades.store.rows.funding import StoredFlow
from skills_lib.trades.store.rows.market import StoredBacktest, StoredCandle
from skills_lib.trades.store.rows.trading import (
    StoredBalance,
    StoredFill,
    StoredIncome,
    StoredOrder,
    StoredPerformance,
    StoredTrade,
)

ROWS: tuple[type[StoredRow], ...] = (
    *(StoredTrade, StoredOrder, StoredFill, StoredPerformance, StoredBacktest, StoredCandle, StoredFlow),
    *(StoredIncome, StoredBalance, JournalOffset, StoredDiscrepancy, StoredCoverage),
)
"""All classes of rows, in the order in which tables are made and copied."""

__all__ = [
    "ROWS",
    "JournalOffset",
    "StoredBacktest",
    "StoredBalance",
    "StoredCandle",
    "StoredCoverage",
    "StoredDiscrepancy",
    "StoredFill",
    "StoredFlow",
    "StoredIncome",
    "StoredOrder",
    "StoredPerformance",
    "StoredRow",
    "StoredTrade",
    "TradingMode",
]
