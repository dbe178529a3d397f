"""Differences between a row of ours and the venue's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredOrder

TradingRow = TypeVar("TradingRow", StoredFill, StoredOrder)


class DiscrepancyKind(StrEnum):
    """How two rows differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    PRICE = "price"
    QUANTITY = "quantity"
    FEE = "fee"
    SIDE = "side"
    PROFIT = "realised_pnl"
    STATUS = "status"
    BALANCE = "balance"
    POSITION = "position"
    INCOME_TYPE = "income_type"


_FINAL: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})
_COMPARED_FILL: Final[Mapping[DiscrepancyKind, Callable[[StoredFill], str]]] = {
    DiscrepancyKind.SIDE: lambda row: row.side,
    DiscrepancyKind.PRICE: lambda row: text(row.price),
    DiscrepancyKind.QUANTITY: lambda row: text(row.quantity),
    DiscrepancyKind.FEE: lambda row: f"{text(row.fee)} {row.fee_asset}",
    DiscrepancyKind.PROFIT: lambda row: text(row.realised_pnl),
}
_COMPARED_ORDER: Final[Mapping[DiscrepancyKind, Callable[[StoredOrder], str]]] = {
    DiscrepancyKind.SIDE: lambda row: row.side,
    DiscrepancyKind.PRICE: lambda row: text(row.price if row.price else row.trigger_price),
    DiscrepancyKind.QUANTITY: lambda row: f"{text(row.executed_quantity)} of {text(row.quantity)}",
    DiscrepancyKind.STATUS: lambda row: row.status,
}


def subject_of(row: StoredFill | StoredOrder) -> str:
    """What a discrepancy is about: kind of row, symbol and number."""
    if isinstance(row, StoredFill):
        return f"fill {row.symbol} {row.trade_id}"
    return f"{row.family} {row.symbol} {row.order_id}"


def text(amount: Decimal | None) -> str:
    """An amount as text, equal for equal amounts; empty for none."""
    return "" if amount is None else plain_text(amount)


def differences(ours: TradingRow, theirs: TradingRow, now_ms: int) -> Iterator[StoredDiscrepancy]:
    """How the venue's row differs from ours; what ours does not know, and an order that has not ended, do not."""
    compared = _COMPARED_FILL if isinstance(ours, StoredFill) else _COMPARED_ORDER
    for kind, of in compared.items():
        if _unknown(kind, ours) or _moving(kind, ours, theirs):
            continue
        mine, other = of(ours), of(theirs)
        if mine != other:
            yield found(kind, ours, mine, other, now_ms)


def _unknown(kind: DiscrepancyKind, ours: StoredFill | StoredOrder) -> bool:
    if isinstance(ours, StoredOrder):
        return kind is DiscrepancyKind.PRICE and not ours.price and not ours.trigger_price
    return (kind is DiscrepancyKind.FEE and not ours.fee_asset) or (
        kind is DiscrepancyKind.PROFIT and ours.realised_pnl is None
    )


def _moving(kind: DiscrepancyKind, ours: StoredFill | StoredOrder, theirs: StoredFill | StoredOrder) -> bool:
    """True for what an order changes until it ends, and for a conditional order's own quantity and status."""
    if (
        not isinstance(ours, StoredOrder)
        or not isinstance(theirs, StoredOrder)
        or kind not in (DiscrepancyKind.QUANTITY, DiscrepancyKind.STATUS)
    ):
        return False
    return ours.family == "algo" or ours.status not in _FINAL or theirs.status not in _FINAL


def found(
    kind: DiscrepancyKind, row: StoredFill | StoredOrder, ours: str, theirs: str, now_ms: int
) -> StoredDiscrepancy:
    """A discrepancy about a row."""
    return StoredDiscrepancy(
        venue=row.venue,
        account=row.account,
        kind=kind,
        subject=subject_of(row),
        strategy_id=row.strategy_id,
        symbol=row.symbol,
        ours=ours,
        theirs=theirs,
        found_ms=now_ms,
    )


def discrepancy(
    kind: DiscrepancyKind,
    account: tuple[str, str],
    *,
    subject: str,
    ours: str,
    theirs: str,
    now_ms: int,
    symbol: str = "",
    strategy_id: str = "",
) -> StoredDiscrepancy:
    """A discrepancy about anything. account: venue and account."""
    return StoredDiscrepancy(
        venue=account[0],
        account=account[1],
        kind=kind,
        subject=subject,
        strategy_id=strategy_id,
        symbol=symbol,
        ours=ours,
        theirs=theirs,
        found_ms=now_ms,
    )


def summary(row: StoredFill | StoredOrder) -> str:
    """A row in a line: side, quantity, price."""
    return f"{row.side} {text(row.quantity)} @ {text(row.price)}"


def missing_here(theirs: Iterable[StoredFill | StoredOrder], now_ms: int) -> Iterator[StoredDiscrepancy]:
    """Rows that the journals do not have."""
    return (found(DiscrepancyKind.MISSING_HERE, row, "", summary(row), now_ms) for row in theirs)


def missing_there(ours: Iterable[StoredFill | StoredOrder], now_ms: int) -> Iterator[StoredDiscrepancy]:
    """Rows that the venue does not have."""
    return (found(DiscrepancyKind.MISSING_THERE, row, summary(row), "", now_ms) for row in ours)
