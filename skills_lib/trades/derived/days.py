"""Days of each strategy: trades, profit, fees, funding and drawdown, in UTC."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from skills_lib.trades.derived.funding import Payments
from skills_lib.trades.profit.exact import ZERO, add, subtract, total
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredIncome, StoredPerformance, StoredTrade

DAY_MS: Final = 86_400_000
_CLOSED: Final = "closed"


@dataclass(slots=True)
class _Day:
    """What a strategy did on a day. changes: of cumulative profit, as time, order and amount."""

    mode: str = ""
    fills: list[StoredFill] = field(default_factory=list)
    trades: list[StoredTrade] = field(default_factory=list)
    funding: list[StoredIncome] = field(default_factory=list)


def days_of(
    store: TradeStore, account: Filter, from_ms: int, derived: Iterable[StoredTrade], payments: Payments
) -> list[StoredPerformance]:
    """The rows of all days from that of `from_ms` on. derived: round trips that are not in the store yet."""
    start_ms = from_ms // DAY_MS * DAY_MS
    days: dict[tuple[str, int], _Day] = defaultdict(_Day)
    since = replace(account, since_ms=start_ms)
    for fill in store.rows(StoredFill, since):
        day = days[fill.strategy_id, fill.time_ms // DAY_MS]
        day.fills.append(fill)
        day.mode = fill.mode
    trades = list(_closed(store, since, derived))
    for trade in trades:
        day = days[trade.strategy_id, (trade.closed_ms or 0) // DAY_MS]
        day.trades.append(trade)
        day.mode = day.mode or trade.mode
    for payment in payments.between(start_ms, 1 << 62):
        days[payment.strategy_id, payment.time_ms // DAY_MS].funding.append(payment)
    assert account.venue is not None
    assert account.account is not None
    return [_row(account.venue, account.account, *name, day) for name, day in sorted(days.items())]


def _closed(store: TradeStore, since: Filter, derived: Iterable[StoredTrade]) -> Iterator[StoredTrade]:
    """Round trips that closed since then: those derived now replace the stored ones."""
    found = {_key(one): one for one in store.rows(StoredTrade, replace(since, time="closed_ms"))}
    found |= {_key(one): one for one in derived}
    for one in found.values():
        if one.status == _CLOSED and (one.closed_ms or 0) >= (since.since_ms or 0):
            yield one


def _key(trade: StoredTrade) -> tuple[str, str, int]:
    return trade.symbol, trade.position_side, trade.trade_id


def _row(venue: str, account: str, strategy_id: str, number: int, day: _Day) -> StoredPerformance:
    realised = total(fill.realised_pnl or ZERO for fill in day.fills)
    fees = total(fill.fee_quote or ZERO for fill in day.fills)
    funding = total(payment.amount for payment in day.funding)
    return StoredPerformance(
        venue=venue,
        account=account,
        strategy_id=strategy_id,
        day=datetime.fromtimestamp(number * DAY_MS // 1_000, UTC).date().isoformat(),
        day_ms=number * DAY_MS,
        mode=day.mode or "live",
        trades=len(day.trades),
        wins=sum(trade.pnl > 0 for trade in day.trades),
        turnover=total(fill.quote_quantity for fill in day.fills),
        realised_pnl=realised,
        fees=fees,
        funding=funding,
        net_pnl=add(subtract(realised, fees), funding),
        max_drawdown=_drawdown(day),
    )


def _drawdown(day: _Day) -> Decimal:
    """The largest fall of cumulative net profit within the day, positive."""
    changes = [(fill.time_ms, fill.trade_id, _net(fill)) for fill in day.fills]
    changes += [(payment.time_ms, payment.income_id, payment.amount) for payment in day.funding]
    highest = now = worst = ZERO
    for _, _, amount in sorted(changes):
        now = add(now, amount)
        highest = max(highest, now)
        worst = max(worst, subtract(highest, now))
    return worst


def _net(fill: StoredFill) -> Decimal:
    return subtract(fill.realised_pnl or ZERO, fill.fee_quote or ZERO)
