"""Round trips and days, made from fills and income of the store."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from skills_lib.trades.derived.days import days_of
from skills_lib.trades.derived.funding import Payments, payments_of
from skills_lib.trades.profit.exact import ZERO
from skills_lib.trades.profit.round_trips import Trip, round_trips, trade_row
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredRow, StoredTrade

VOID: Final = "void"
"""Status of a round trip that is none, because an earlier fill became known: its amounts are 0."""


def derive(store: TradeStore, venue: str, account: str, touched: Mapping[str, int]) -> list[StoredRow]:
    """The rows of round trips and days that may have changed. touched: by symbol, the time from which rows are new.

    Times in milliseconds. A symbol "" is funding without a symbol: it changes days only.
    """
    where = Filter(venue=venue, account=account)
    payments = payments_of(store, where)
    trades: list[StoredTrade] = []
    for symbol, from_ms in touched.items():
        if symbol:
            trades += _trades(store, replace(where, symbol=symbol), from_ms, payments)
    return [*trades, *days_of(store, where, min(touched.values()), trades, payments)] if touched else []


def _trades(store: TradeStore, where: Filter, from_ms: int, payments: Payments) -> list[StoredTrade]:
    """Round trips of a symbol from the last time at which all its positions were flat before `from_ms`."""
    start_ms, known = _flat_before(store, where, from_ms)
    fills = sorted(store.rows(StoredFill, replace(where, since_ms=start_ms)), key=_in_order)
    found = [trade_row(trip, payments.during(trip)) for trip in _all_trips(fills)]
    made = {(one.position_side, one.trade_id) for one in found}
    return [*found, *(_void(one) for one in known if (one.position_side, one.trade_id) not in made)]


def _flat_before(store: TradeStore, where: Filter, from_ms: int) -> tuple[int, list[StoredTrade]]:
    """When the first round trip opened that a fill at `from_ms` can belong to, and all known ones since then."""
    start_ms, open_now = from_ms, list(store.rows(StoredTrade, replace(where, equal={"closed_ms": None})))
    while True:
        closed = store.rows(StoredTrade, replace(where, since_ms=start_ms, time="closed_ms"))
        known = [one for one in [*open_now, *closed] if one.status != VOID]
        first_ms = min((one.opened_ms for one in known), default=start_ms)
        if first_ms >= start_ms:
            return start_ms, known
        start_ms = first_ms


def _all_trips(fills: Iterable[StoredFill]) -> list[Trip]:
    """The round trips of each position side of a symbol."""
    sides: dict[str, list[StoredFill]] = {}
    for fill in fills:
        sides.setdefault(fill.position_side, []).append(fill)
    return [trip for same in sides.values() for trip in round_trips(same)]


def _in_order(fill: StoredFill) -> tuple[int, int]:
    return fill.time_ms, fill.trade_id


def _void(trade: StoredTrade) -> StoredTrade:
    nothing: dict[str, Any] = {
        "quantity": ZERO,
        "entry_quote": ZERO,
        "exit_quote": ZERO,
        "gross_pnl": ZERO,
        "fees": ZERO,
    }
    return replace(
        trade,
        **nothing,
        status=VOID,
        closed_ms=trade.closed_ms if trade.closed_ms is not None else trade.opened_ms,
        funding=ZERO,
        pnl=ZERO,
        fills=0,
        fees_other_json="{}",
    )
