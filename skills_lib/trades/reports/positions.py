"""Positions that were open at a moment, from the round trips and fills of the store."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from skills_lib.trades.profit.exact import ZERO, rounded, signed
from skills_lib.trades.profit.realised import AveragePosition, sign_of
from skills_lib.trades.reports.scope import Scope
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredTrade

_VOID: Final = "void"


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """quantity: signed, positive for long. entry_price: average, of 12 decimals. opened_ms: of its first fill."""

    venue: str
    account: str
    symbol: str
    side: str
    strategy_id: str
    quantity: Decimal
    entry_price: Decimal
    opened_ms: int


def positions_at(store: TradeStore, scope: Scope, time_ms: int) -> list[OpenPosition]:
    """What was open just before a time."""
    return [
        position
        for where in scope.filters()
        for trade in _open_at(store, scope.of_strategy(where), time_ms)
        if (position := _position(store, where, trade, time_ms)) is not None
    ]


def _open_at(store: TradeStore, where: Filter, time_ms: int) -> Iterator[StoredTrade]:
    still = store.rows(StoredTrade, replace(where, until_ms=time_ms, equal={"closed_ms": None}))
    since = store.rows(StoredTrade, replace(where, since_ms=time_ms, time="closed_ms"))
    for trade in [*still, *since]:
        if trade.opened_ms < time_ms and trade.status != _VOID:
            yield trade


def _position(store: TradeStore, where: Filter, trade: StoredTrade, time_ms: int) -> OpenPosition | None:
    """A fill may close one round trip and open the next, so fills are read from where the position was flat."""
    side = replace(where, symbol=trade.symbol, equal={"position_side": trade.position_side})
    book = AveragePosition()
    for fill in store.rows(StoredFill, replace(side, since_ms=_flat_before(store, side, trade), until_ms=time_ms)):
        book.change(fill.price, signed(fill.quantity, sign_of(fill)))
    if book.quantity == ZERO:
        return None
    entry = rounded(book.cost / Fraction(book.quantity.copy_abs()))
    named = (trade.venue, trade.account, trade.symbol, trade.position_side, trade.strategy_id)
    return OpenPosition(*named, book.quantity, entry, trade.opened_ms)


def _flat_before(store: TradeStore, where: Filter, trade: StoredTrade) -> int:
    """When the first of the round trips opened that follow one another without a pause up to `trade`."""
    start_ms = trade.opened_ms
    while True:
        ended = store.rows(StoredTrade, replace(where, since_ms=start_ms, until_ms=start_ms + 1, time="closed_ms"))
        first_ms = min((one.opened_ms for one in ended if one.status != _VOID), default=start_ms)
        if first_ms >= start_ms:
            return start_ms
        start_ms = first_ms
