"""A third executor: docs/execution-rules.md bar by bar in decimal arithmetic, slow and plain.

Written from that page alone; numbers in brackets are its rules. Inputs are exact decimals: `Decimal(x)` of a float is
that float's exact value, so that prices compare as they do in the executors. Where floats may rightly decide otherwise,
because two computed figures are nearly equal, a knife edge is noted.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import accumulate

from tests.oracle.model import ONE, ZERO, Account, Decisions, Market, Outcome, Reason, Trade

EIGHT_HOURS_NS = 8 * 3_600 * 1_000_000_000
DIGITS = 120  # more than the exact value of a float has in the range of prices
NEAR, NEAR_ZERO = Decimal("1e-12"), Decimal("1e-9")
NO_EQUITY = "equity and 0"


@dataclass(frozen=True, slots=True)
class Order:
    """A market order: to close what is held and, unless `side` is 0, to hold a new position."""

    side: int = 0
    share: Decimal = ZERO
    stop: Decimal | None = None
    target: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Position:
    side: int
    size: Decimal
    price: Decimal  # as booked
    bar: int
    opened_ns: int
    commission: Decimal
    order: Order


def run(market: Market, decisions: Decisions, account: Account) -> Outcome:
    """Everything that the account does in the market."""
    with localcontext(prec=DIGITS):
        return _Run(market, decisions, account).play()


class _Run:
    def __init__(self, market: Market, decisions: Decisions, account: Account) -> None:
        self.market, self.decisions, self.account = market, decisions, account
        self.cash, self.scale, self.floor = account.cash, account.cash, account.cash / 10**9  # (11)
        self.held: Position | None = None
        self.waiting: Order | None = None
        self.bar, self.last, self.ruined = 0, len(market.close) - 1, False
        self.outcome = Outcome()
        due = list(self._funding_due())
        self.due_ns = [time for time, _ in due]
        self.due_sums = [ZERO, *accumulate(price for _, price in due)]
        rows = zip(*decisions.indicators, strict=True) if decisions.indicators else [()]
        self.first_decision = next((bar for bar, row in enumerate(rows) if None not in row), self.last) + 1  # (1)

    def play(self) -> Outcome:
        for bar in range(self.last + 1):
            self.bar = bar
            if not self.ruined:
                self._at_open()
                self._within_the_bar()
                self._at_close()
            self.outcome.equity.append(ZERO if self.ruined else self._equity())
        return self.outcome

    # The three parts of a bar

    def _at_open(self) -> None:  # (8)
        price, now = self.market.open[self.bar], self.market.open_time_ns[self.bar]
        if self.account.trade_on_close and self.bar:
            self._fill(self.market.close[self.bar - 1], now, self.bar - 1)
        if self.held and self._reached_liquidation(self.held, price):
            self._liquidate(self.held)
        self._fill(price, now, self.bar)
        if self._has_reached_stop(price):
            self._close(price, "stop", now)
        elif self._has_reached_target(price):
            self._close(price, "target", now)

    def _within_the_bar(self) -> None:  # (9)
        if (held := self.held) is None:
            return
        market, now = self.market, self.market.open_time_ns[self.bar]
        worst, best = (market.low, market.high) if held.side > 0 else (market.high, market.low)
        stop, liquidated = held.order.stop, self._reached_liquidation(held, worst[self.bar])
        stopped, targeted = self._has_reached_stop(worst[self.bar]), self._has_reached_target(best[self.bar])
        if targeted and (liquidated or stopped):
            self.outcome.both_reached += 1
        if liquidated and not self._stop_is_nearer(held):
            self._liquidate(held)
        elif stopped and stop is not None:
            self._close(stop, "stop", now)
        elif targeted and held.order.target is not None:
            self._close(held.order.target, "target", now)

    def _at_close(self) -> None:
        if self.bar == self.last:  # (2)
            self._close(self.market.close[self.bar], "last bar", self._end_ns())
            self.ruined = self.cash <= self.floor
        else:
            self._end_if_no_equity()
            self.waiting = None if self.ruined else self._decision()

    def _end_if_no_equity(self) -> None:  # (11)
        equity = self._equity()
        self._note_if_near(equity, self.floor, NEAR_ZERO * self.scale, NO_EQUITY)
        if equity <= self.floor:
            self._close(self.market.close[self.bar], "no equity", self.market.open_time_ns[self.bar + 1] - 1)
            self.ruined = True

    # Decisions and fills

    def _decision(self) -> Order | None:  # (3)
        signals, bar = self.decisions, self.bar
        if bar < self.first_decision:
            return None
        side = 1 if signals.long_entry[bar] else -1 if signals.short_entry[bar] else 0
        held = self.held.side if self.held else 0
        if side == 0:
            leaves = (held > 0 and signals.long_exit[bar]) or (held < 0 and signals.short_exit[bar])
            return Order() if leaves else None
        order = Order(side, signals.size[bar], signals.stop[bar], signals.target[bar])
        return None if side == held or self._is_on_the_wrong_side(order) else order

    def _is_on_the_wrong_side(self, order: Order) -> bool:
        close, spread = self.market.close[self.bar], self.account.spread
        moved = close * (1 + order.side * spread)
        levels = [level for level in (order.stop, order.target) if level is not None]
        for level in levels if spread else []:
            self._note_if_near(moved, level, NEAR * close, "a stop or target and the close moved by the spread")
        stopped = order.stop is not None and order.side * (moved - order.stop) <= 0
        return stopped or (order.target is not None and order.side * (order.target - moved) <= 0)

    def _fill(self, price: Decimal, now: int, bar: int) -> None:
        order, self.waiting = self.waiting, None
        if order is not None:
            self._close(price, "order", now, bar=bar)
        if order is not None and order.side:
            self._enter(order, price, now, bar)

    def _enter(self, order: Order, price: Decimal, now: int, bar: int) -> None:  # (4), (5)
        account = self.account
        booked = price * (1 + order.side * account.spread)
        per_unit = account.unit * (booked / account.leverage + max(booked * account.commission, ZERO))
        affordable = order.share * max(self.cash, ZERO) / per_unit
        if affordable * NEAR < 1:  # else one unit more or less is within what floats resolve
            tolerance = max(affordable, ONE) * NEAR * max(self.scale / self.cash, ONE) if self.cash > 0 else NEAR
            self._note_if_near(affordable, affordable.to_integral_value(), tolerance, "one more unit affordable", bar)
        size = affordable // 1 * account.unit
        margin, required = size * booked / account.leverage, self._maintenance(size, booked)
        self._note_if_near(margin, required, NEAR * margin, "margin and maintenance of an entry", bar)
        if margin <= required:
            self.outcome.cancelled += 1
            return
        commission = size * booked * account.commission
        self.cash -= commission
        self.scale = max(self.scale, size * booked)
        self.held = Position(order.side, size, booked, bar, now, commission, order)

    def _close(self, price: Decimal, reason: Reason, now: int, fee: Decimal | None = None, bar: int = -1) -> None:
        if (held := self.held) is None:  # (6)
            return
        charge = held.size * price * self.account.commission if fee is None else fee
        gain, funding = held.side * held.size * (price - held.price), self._funding(held, now)
        self.held, self.cash = None, self.cash + gain - charge - funding
        self.scale = max(self.scale, held.size * price)
        booked, paid = (held.side * held.size, held.price, price), held.commission + charge
        pnl, levels = gain - paid - funding, (held.order.stop, held.order.target)
        self.outcome.trades.append(
            Trade(held.bar, self.bar if bar < 0 else bar, *booked, *levels, paid, funding, pnl, reason)
        )

    # Stops, targets and liquidation

    def _has_reached_stop(self, price: Decimal) -> bool:
        order = self.held.order if self.held else Order()
        return order.stop is not None and order.side * (price - order.stop) <= 0

    def _has_reached_target(self, price: Decimal) -> bool:
        order = self.held.order if self.held else Order()
        return order.target is not None and order.side * (price - order.target) >= 0

    def _reached_liquidation(self, held: Position, price: Decimal) -> bool:
        level = self._liquidation_price(held)
        self._note_if_near(price, level, NEAR * price, "a price and the liquidation price")
        return held.side * (price - level) <= 0

    def _stop_is_nearer(self, held: Position) -> bool:
        if (stop := held.order.stop) is None:
            return False
        level = self._liquidation_price(held)
        self._note_if_near(stop, level, NEAR * stop, "the stop and the liquidation price")
        return held.side * (stop - level) >= 0

    def _margin(self, held: Position) -> Decimal:  # (10)
        paid = self._funding(held, self.market.open_time_ns[self.bar])
        return held.size * held.price / self.account.leverage - max(paid, ZERO)

    def _maintenance(self, size: Decimal, price: Decimal) -> Decimal:
        return max(size * price * rate - amount for rate, amount in self.account.tiers)

    def _liquidation_price(self, held: Position) -> Decimal:  # (10), not above 0 where there is none
        margin, cost = self._margin(held), held.size * held.price
        if held.side < 0:
            return min((margin + cost + amount) / (held.size * (1 + rate)) for rate, amount in self.account.tiers)
        return max((cost - margin - amount) / (held.size * (1 - rate)) for rate, amount in self.account.tiers)

    def _liquidate(self, held: Position) -> None:
        side, level, margin = held.side, self._liquidation_price(held), self._margin(held)
        worse = min(side * level, side * self.market.open[self.bar])
        price = side * max(worse, side * held.price - margin / held.size)
        remaining = margin + side * held.size * (price - held.price)
        fee = min(held.size * price * self.account.liquidation_fee, max(remaining, ZERO))
        self._close(price, "liquidation", self.market.open_time_ns[self.bar], fee)

    # Equity and funding

    def _equity(self) -> Decimal:  # (6)
        if (held := self.held) is None:
            return self.cash
        until = self.market.open_time_ns[self.bar + 1] - 1
        gain = held.side * held.size * (self.market.close[self.bar] - held.price)
        return self.cash + gain - self._funding(held, until)

    def _end_ns(self) -> int:
        return self.market.open_time_ns[self.bar] + self.market.interval_ns

    def _funding(self, held: Position, until: int) -> Decimal:  # (7): after the opening, up to and including `until`
        first, stop = bisect_right(self.due_ns, held.opened_ns), bisect_right(self.due_ns, until)
        prices = self.due_sums[max(stop, first)] - self.due_sums[first]
        return held.side * held.size * prices * self.account.funding_rate

    def _funding_due(self) -> Iterator[tuple[int, Decimal]]:  # (7): times, and the price that counts
        opens, end = self.market.open_time_ns, self.market.open_time_ns[-1] + self.market.interval_ns
        for bar, (start, stop) in enumerate(zip(opens, [*opens[1:], end], strict=True)):
            for time in range(-(-start // EIGHT_HOURS_NS) * EIGHT_HOURS_NS, stop, EIGHT_HOURS_NS):
                yield time, self.market.open[bar]
        if end % EIGHT_HOURS_NS == 0:
            yield end, self.market.close[-1]

    def _note_if_near(self, a: Decimal, b: Decimal, tolerance: Decimal, what: str, bar: int | None = None) -> None:
        if abs(a - b) <= tolerance and tolerance:
            self.outcome.knife_edges.append((self.bar if bar is None else bar, what))
