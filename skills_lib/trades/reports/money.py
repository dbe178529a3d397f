"""What was earned and paid in a span: sums, days, and how far cumulative profit fell. Exact."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from skills_lib.trades.derived.funding import payments_of
from skills_lib.trades.income_types import FUNDING, JOURNAL_FUNDING
from skills_lib.trades.profit.exact import EXACT, ZERO, add, subtract
from skills_lib.trades.reports.columns import columns_of
from skills_lib.trades.reports.scope import Scope
from skills_lib.trades.reports.spans import ReportSpan
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredIncome, StoredTrade

_CLOSED: Final = "closed"
_FILL: Final = ("time_ms", "symbol", "trade_id", "realised_pnl", "fee_quote")
Change = tuple[int, str, int, Decimal]
"""A change of cumulative net profit: time, symbol, id, amount."""


@dataclass(slots=True)
class MoneySums:
    """Sums in the quote asset. other_fees: by asset, those without a price then. unknown_profit: fills whose venue did
    not say what they realised; they count as 0. fills, trades: counted; wins: trades that ended above 0 after costs.
    """

    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    other_fees: dict[str, Decimal] = field(default_factory=dict)
    unknown_profit: int = 0
    fills: int = 0
    trades: int = 0
    wins: int = 0

    @property
    def net(self) -> Decimal:
        """realised - fees + funding."""
        return add(subtract(self.realised, self.fees), self.funding)

    def __add__(self, other: "MoneySums") -> "MoneySums":
        assets = self.other_fees.keys() | other.other_fees.keys()
        return MoneySums(
            realised=add(self.realised, other.realised),
            fees=add(self.fees, other.fees),
            funding=add(self.funding, other.funding),
            other_fees={
                one: add(self.other_fees.get(one, ZERO), other.other_fees.get(one, ZERO)) for one in sorted(assets)
            },
            unknown_profit=self.unknown_profit + other.unknown_profit,
            fills=self.fills + other.fills,
            trades=self.trades + other.trades,
            wins=self.wins + other.wins,
        )


@dataclass(slots=True)
class Earned:
    """A span. days: of those on which something happened. changes: in order. max_drawdown: of cumulative net profit,
    from 0 at the start, positive."""

    whole: MoneySums
    days: dict[date, MoneySums]
    changes: list[Change]
    max_drawdown: Decimal


def earned(store: TradeStore, scope: Scope, span: ReportSpan) -> Earned:
    """What a scope earned in a span. A trade counts on the day on which it closed."""
    found = _Sums(span)
    for where in scope.filters(span.start_ms, span.until_ms):
        own = scope.of_strategy(where)
        found.add_fills(columns_of(store, StoredFill, _FILL, own))
        unvalued = replace(own, equal={"fee_quote": None})
        for time_ms, fee, asset in columns_of(store, StoredFill, ("time_ms", "fee", "fee_asset"), unvalued):
            found.add_fee(time_ms, fee, asset)
        for payment in _funding(store, where):
            if scope.strategy_id in (None, payment.strategy_id):
                found.add_funding(payment)
        closed = replace(own, time="closed_ms", equal={"status": _CLOSED})
        for closed_ms, pnl in columns_of(store, StoredTrade, ("closed_ms", "pnl"), closed):
            found.add_trade(closed_ms, pnl)
    changes = sorted(found.changes)
    return Earned(found.whole, dict(sorted(found.days.items())), changes, drawdown(changes))


def drawdown(changes: Iterable[Change]) -> Decimal:
    """The largest fall of the sum of changes below its highest value so far, or below 0, positive."""
    highest = now = worst = ZERO
    for _, _, _, amount in changes:
        now = EXACT.add(now, amount)
        if now > highest:
            highest = now
        elif (fall := EXACT.subtract(highest, now)) > worst:
            worst = fall
    return worst


def _funding(store: TradeStore, where: Filter) -> Iterator[StoredIncome]:
    """Funding of a span. Journals' rows are compared with coverage only where there are any."""
    first_ms, last_ms = where.since_ms or 0, where.until_ms or 0
    if not any(
        store.count(StoredIncome, replace(where, equal={"income_type": one})) for one in (FUNDING, JOURNAL_FUNDING)
    ):
        return iter(())
    return iter(payments_of(store, replace(where, since_ms=None, until_ms=None)).between(first_ms, last_ms))


class _Sums:
    """Adds rows to their days."""

    def __init__(self, span: ReportSpan) -> None:
        self.days: dict[date, MoneySums] = {}
        self.changes: list[Change] = []
        self._spans = list(span.days())
        self._ends = [day.until_ms for day in self._spans]

    @property
    def whole(self) -> MoneySums:
        """The sums of all days."""
        return sum(self.days.values(), MoneySums())

    def add_fills(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows of `_FILL`; without calls in between, since there are very many."""
        exact_sum, exact_difference, add_change = EXACT.add, EXACT.subtract, self.changes.append
        money, until_ms, start_ms = MoneySums(), 0, 0
        for time_ms, symbol, trade_id, realised, fee in rows:
            if not start_ms <= time_ms < until_ms:
                money, start_ms, until_ms = self._day_of(time_ms)
            money.fills += 1
            if realised is None:
                money.unknown_profit, realised = money.unknown_profit + 1, ZERO
            if fee is None:
                fee = ZERO
            money.realised, money.fees = exact_sum(money.realised, realised), exact_sum(money.fees, fee)
            add_change((time_ms, symbol, trade_id, exact_difference(realised, fee)))

    def add_fee(self, time_ms: int, fee: Decimal, asset: str) -> None:
        """A fee whose value is not known."""
        if fee or not asset:
            fees, name = self._day(time_ms).other_fees, asset or "unknown"
            fees[name] = add(fees.get(name, ZERO), fee)

    def add_funding(self, row: StoredIncome) -> None:
        money = self._day(row.time_ms)
        money.funding = add(money.funding, row.amount)
        self.changes.append((row.time_ms, row.symbol, row.income_id, row.amount))

    def add_trade(self, closed_ms: int, pnl: Decimal) -> None:
        money = self._day(closed_ms)
        money.trades += 1
        money.wins += pnl > ZERO

    def _day(self, time_ms: int) -> MoneySums:
        return self._day_of(time_ms)[0]

    def _day_of(self, time_ms: int) -> tuple[MoneySums, int, int]:
        """The sums of a day, and when it begins and ends."""
        day = self._spans[bisect_right(self._ends, time_ms)]
        return self.days.setdefault(day.day, MoneySums()), day.start_ms, day.until_ms
