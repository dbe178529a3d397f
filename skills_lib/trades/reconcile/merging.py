"""One row of a journal's and the venue's: the journal's, with what only the venue knows."""

from dataclasses import replace

from skills_lib.trades.reconcile.rows import TradingRow
from skills_lib.trades.store.rows import StoredFill, StoredOrder

EXCHANGE = "exchange"
"""`source` of rows that came from the venue and that no journal has."""


def merged(ours: TradingRow, theirs: TradingRow) -> TradingRow:
    """Our row with what it does not know, and an order's state of whichever was seen last."""
    if isinstance(ours, StoredFill) and isinstance(theirs, StoredFill):
        return _fill(ours, theirs)
    assert isinstance(ours, StoredOrder)
    assert isinstance(theirs, StoredOrder)
    return _order(ours, theirs)


def _fill(ours: StoredFill, theirs: StoredFill) -> StoredFill:
    if not ours.fee_asset:
        return replace(ours, fee=theirs.fee, fee_asset=theirs.fee_asset, fee_quote=theirs.fee_quote)
    return replace(ours, fee_quote=theirs.fee_quote) if ours.fee_quote is None else ours


def _order(ours: StoredOrder, theirs: StoredOrder) -> StoredOrder:
    if theirs.updated_ms <= ours.updated_ms:
        return replace(ours, executed_quote=theirs.executed_quote)
    return replace(
        ours,
        status=theirs.status,
        executed_quantity=theirs.executed_quantity,
        executed_quote=theirs.executed_quote,
        updated_ms=theirs.updated_ms,
    )
