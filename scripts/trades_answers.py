"""What `twokey trades` answers, made of what the library found."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skills_lib.answers.trades import ProjectionAnswer, SyncAnswer, TradesAnswer
from skills_lib.domain.errors import InputError
from skills_lib.trades.projection.projecting import FailedJournal, backlog
from skills_lib.trades.projection.projector import Projected
from skills_lib.trades.reconcile.rows import text
from skills_lib.trades.store.model import Filter, Position, TradeStore, Written
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredTrade

if TYPE_CHECKING:
    from skills_lib.trades.sync.conversion import VenueAccount
    from skills_lib.trades.sync.synchronisation import Synchronised

_SHOWN_DISCREPANCIES = 1_000


def projection_answer(
    store: TradeStore, home: Path, done: Sequence[Projected], failed: Sequence[FailedJournal]
) -> ProjectionAnswer:
    """What a projection did, and what is left."""
    written = sum((one.written for one in done), Written())
    left = backlog(store, home)
    return ProjectionAnswer(
        store=store.address.shown,
        journals=len(done),
        records=sum(one.records for one in done),
        inserted=written.inserted,
        updated=written.updated,
        unchanged=written.unchanged,
        failed=[{"journal": str(one.path), "reason": one.reason} for one in failed],
        backlog={"journals": left.journals, "records": left.records, "bytes": left.bytes},
    )


def sync_answer(
    store: TradeStore, account: "VenueAccount", found: "Synchronised", failed: Sequence[FailedJournal]
) -> SyncAnswer:
    """What a synchronisation did, and what stands."""
    from skills_lib.trades.sync.results import FORGOTTEN, profit_of, unknown_income

    where = Filter(venue=account.venue, account=account.account)
    profit, counts = profit_of(store, where), found.counts
    amounts = {"realised": profit.realised, "fees": profit.fees, "funding": profit.funding, "net": profit.net}
    lists = [row for row in found.coverage if row.subject not in ("positions", "balances")]
    notes = [f"{row.subject} {row.symbol}: {row.note}" for row in lists if row.note]
    return SyncAnswer(
        fetched=counts.fetched,
        inserted=counts.inserted,
        updated=counts.updated,
        unchanged=counts.unchanged,
        discrepancies=discrepancies(store, where),
        pnl={name: text(amount) for name, amount in amounts.items()},
        other_fees={asset: text(amount) for asset, amount in profit.other_fees.items()},
        asset=profit.asset,
        positions=[
            {
                "symbol": one.symbol,
                "side": one.position_side,
                "quantity": one.position_amt,
                "entry_price": one.entry_price,
            }
            for one in found.standing.positions
        ],
        symbols=list(found.symbols),
        complete={f"{row.subject} {row.symbol}".strip(): utc(row.complete_from_ms) for row in lists},
        notes=[*notes, *(f"{one.path.name}: {one.reason}" for one in failed)],
        unknown_income=unknown_income(store, where),
        compared=not found.standing.moving,
        forgotten=FORGOTTEN,
        store=store.address.shown,
    )


def discrepancies(store: TradeStore, where: Filter) -> list[dict[str, str]]:
    """The differences that stand, the oldest first."""
    from dataclasses import replace

    page = store.page(StoredDiscrepancy, replace(where, equal={"resolved_ms": None}), limit=_SHOWN_DISCREPANCIES)
    return [{"kind": one.kind, "id": one.subject, "ours": one.ours, "theirs": one.theirs} for one in page.rows]


def trades_page(store: TradeStore, strategy: str | None, symbol: str | None, limit: int, after: str) -> TradesAnswer:
    """A page of round trips.

    Raises:
        InputError: `after` is not what a page said.
    """
    where = Filter(strategy_id=strategy, symbol=symbol.upper() if symbol else None)
    page = store.page(StoredTrade, where, _position(after), limit)
    return TradesAnswer(
        trades=[_trade(row) for row in page.rows if row.status != "void"],
        after="" if page.after is None else json.dumps(page.after),
        store=store.address.shown,
    )


def _position(after: str) -> Position | None:
    if not after:
        return None
    try:
        found = json.loads(after)
    except ValueError:
        found = None
    kinds = [int, str, str, str, str, int]
    if not isinstance(found, list) or [type(one) for one in found] != kinds:
        raise InputError("--after is not what a page said of the next one. Copy it from the answer, or leave it out.")
    return tuple(found)


def _trade(row: StoredTrade) -> dict[str, Any]:
    return {
        "venue": row.venue,
        "account": row.account,
        "symbol": row.symbol,
        "trade_id": str(row.trade_id),
        "strategy_id": row.strategy_id,
        "direction": row.direction,
        "status": row.status,
        "quantity": text(row.quantity),
        "entry_price": text(row.entry_price),
        "exit_price": text(row.exit_price),
        "fees": text(row.fees),
        "funding": text(row.funding),
        "pnl": text(row.pnl),
        "opened": utc(row.opened_ms),
        "closed": "" if row.closed_ms is None else utc(row.closed_ms),
    }


def utc(time_ms: int) -> str:
    """A time as text, to the millisecond."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
