"""Calls behind the trade log server: they read the log, and record stored backtests in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from mcp_servers.trade_log.answers import LogPage, LogRecorded, LogSummary
from mcp_servers.trade_log.row_pages import PageRequest, row_page, row_text, value_text
from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from skills_lib.trades.flows.banks import BANKS
from skills_lib.trades.store.choosing import open_store, store_address
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredBacktest, StoredCoverage
from skills_lib.trades.summary import AccountSummary, summaries

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestResult

_NO_ACCOUNT = "market"
"""What the coverage of candles has in the place of an account."""


def query(request: PageRequest) -> LogPage:
    """A page of one table.

    Raises:
        InputError: no log, a column that the table does not have, or a cursor of another request.
    """
    with _opened() as store:
        return row_page(store, request, "trade_log_summary adds amounts up; do not add a page.")


def discrepancies(request: PageRequest) -> LogPage:
    """Differences that stand, by the last synchronisation."""
    with _opened() as store:
        return row_page(
            store, request, "trade_log_sync compares anew. None is only as complete as trade_log_summary says."
        )


def flows(request: PageRequest) -> LogPage:
    """A bank's transactions, deposits and withdrawals."""
    with _opened() as store:
        return row_page(store, request, "Ambiguous ones are for the user to decide. New ones: `twokey flows sync`.")


def summary(where: Filter) -> LogSummary:
    """What each account came to."""
    with _opened() as store:
        rows = [_account(one) for one in summaries(store, where)]
        complete = {
            f"{row.venue} {row.account} {row.subject} {row.symbol}".strip(): row_text(row)["complete_from"]
            for row in store.rows(StoredCoverage, Filter(venue=where.venue, account=where.account))
            if row.account != _NO_ACCOUNT and row.venue not in BANKS and row.complete_until_ms
        }
    step = "trade_log_reconcile says where journal and exchange differ. Never add paper to live."
    return LogSummary(accounts=rows, complete=complete, next_step=step)


def record_backtest(run_id: str) -> LogRecorded:
    """Write a stored run into the log.

    Raises:
        InputError: no such run, or no log.
    """
    from skills_lib.backtest.results import RunStore

    run = RunStore(Settings().results_dir).get(run_id)
    with _opened() as store:
        written = store.write([backtest_row(run)])[StoredBacktest.TABLE]
    return LogRecorded(run=run.run_id, inserted=bool(written.inserted), next_step="trade_log_query lists backtests.")


def backtest_row(run: "BacktestResult") -> StoredBacktest:
    """A stored run as a row. Figures are the shortest decimal text of the run's numbers."""
    figures = run.metrics
    detail = run.source.partition("(")[2].partition(",")[0].rstrip(")").strip()
    return StoredBacktest(
        run=run.run_id,
        venue=detail if detail.isalnum() else run.source.partition(" ")[0],
        strategy_id=run.strategy,
        symbol=run.symbol,
        timeframe=run.timeframe,
        since_ms=_ms(run.start),
        until_ms=_ms(run.end),
        created_ms=_ms(run.created_at),
        origin=run.source,
        synthetic=run.synthetic,
        verdict=run.verdict.label,
        trades=int(figures.get("trades") or 0),
        cash=_exact(run.settings.cash) or Decimal(0),
        equity_final=_exact(figures.get("final_equity")) or Decimal(0),
        return_percent=_exact(figures.get("return_pct")),
        max_drawdown_percent=_exact(figures.get("max_drawdown_pct")),
        sharpe=_exact(figures.get("sharpe")),
        win_rate_percent=_exact(figures.get("win_rate_pct")),
        parameters_json=json.dumps(run.parameters, sort_keys=True),
        costs_json=json.dumps(run.costs.model_dump(mode="json"), sort_keys=True),
        metrics_json=json.dumps(figures, sort_keys=True),
    )


def _account(found: AccountSummary) -> dict[str, str]:
    other = " ".join(f"{value_text(amount)} {asset}" for asset, amount in found.other_fees.items())
    counts = {"fills": str(found.fills), "trades": str(found.trades), "wins": str(found.wins)}
    names = ("realised", "fees", "funding", "net")
    amounts = {name: value_text(getattr(found, name)) for name in names}
    named = {"venue": found.venue, "account": found.account, "mode": found.mode}
    return named | amounts | counts | {"other_fees": other, "discrepancies": str(found.discrepancies)}


def _exact(figure: float | None) -> Decimal | None:
    return None if figure is None else Decimal(repr(figure))


def _ms(text: str) -> int:
    try:
        found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        raise InputError("The run has a time that cannot be read. Run the backtest again.") from None
    return round(found.timestamp() * 1_000)


@contextmanager
def _opened() -> Iterator[TradeStore]:
    store = open_store(store_address(Settings()))
    try:
        yield store
    finally:
        store.close()
