"""The broker of the reference: backtesting.py's, by the rules of docs/execution-rules.md.

backtesting.py's `Backtest`, `Strategy`, `Position`, `Order` and `Trade` do their work; this broker decides what they
leave to it: fractional sizes at real prices, isolated margin with liquidation, funding, which price of a bar comes
first, and that after the last close nothing happens but the closing of what is held.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from backtesting import Backtest, Strategy
from backtesting.backtesting import _Broker, _OutOfMoneyError

from skills_lib.backtest.execution import ExitReason
from skills_lib.backtest.funding import FundingSchedule
from skills_lib.backtest.margin import (
    LIQUIDATION_FEE,
    NOTHING_LEFT,
    liquidation_fee,
    liquidation_price,
    price_at_liquidation,
)
from skills_lib.backtest.reference.fills import (
    BarPrices,
    entry_price_within,
    is_market,
    is_reached_at,
    is_stop_reached,
    is_target_reached,
    note_entry_within_bar,
    worst_price,
)
from skills_lib.backtest.reference.trade import FractionalTrade
from skills_lib.domain.bars import FloatArray

CANCELLED = "An entry was cancelled: equity could not pay for one unit and its costs."
ASSUMED = "The order of two prices within a bar is not known: the worse was assumed."


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """What a venue adds to an account.

    `unit`: smallest amount, base units. `tiers`: maintenance margin, float64[2, tiers]. `cost_per_unit`: commission
    of one unit at a price, quote currency, as orders for a share of equity are sized.
    """

    unit: float
    leverage: float
    tiers: FloatArray
    funding: FundingSchedule
    cost_per_unit: Callable[[float], float]


class VenueBacktest(Backtest):  # type: ignore[misc]
    """backtesting.py's `Backtest` with a `VenueBroker`."""

    _broker: Any

    def __init__(self, data: Any, strategy: type[Strategy], venue: VenueTerms, **options: Any) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Some prices are larger than initial cash")  # sizes are fractional here
            super().__init__(data, strategy, margin=1 / venue.leverage, finalize_trades=True, **options)
        self._broker = partial(VenueBroker, venue, **self._broker.keywords)


class VenueBroker(_Broker):  # type: ignore[misc]
    """See the top of this file; `next` takes the steps of a bar in the order of the rules."""

    _cash: float

    def __init__(self, venue: VenueTerms, **options: Any) -> None:
        super().__init__(**options)
        self._venue, self._leverage = venue, venue.leverage
        self._floor = NOTHING_LEFT * self._cash
        self._last_index = len(self._equity) - 1
        self._bar = BarPrices(math.nan, math.nan, math.nan, math.nan, -1)

    def next(self) -> None:
        """Process one bar; a second call for the same bar ends the run."""
        index = len(self._data) - 1
        if index == self._bar.number:
            self._finish()
            return
        opening, high, low, close = (self._data._current_value(name) for name in ("Open", "High", "Low", "Close"))
        self._bar = BarPrices(opening, high, low, close, index)
        if self._trade_on_close:
            self._fill_market_orders(self._data.Close[-2], index - 1)
        self._liquidate_if_reached(self._bar.open)
        self._fill_market_orders(self._bar.open, index)
        self._fill_at_open()
        while self._lose_within_bar() or self._fill_within_bar():
            pass
        self._mark()

    # What the account is worth.

    @property
    def equity(self) -> float:
        """Cash and the profit of what is held at the last price, less funding due; quote currency."""
        return float(self._cash + self._position_unrealized_pl - self._funding_due(self._payments_by_close()))

    @property
    def margin_available(self) -> float:
        """Cash that no position ties up, quote currency."""
        return max(0.0, float(self._cash - sum(trade.margin for trade in self.trades)))

    @property
    def _position_size(self) -> float:
        return float(sum(trade.size for trade in self.trades))

    @property
    def _position_unrealized_pl(self) -> float:
        basis = sum(trade.size * trade.entry_price for trade in self.trades)
        return float(self.last_price * self._position_size - basis)

    def _trades_cache_clear(self) -> None:
        """Nothing is cached here."""

    def whole_units(self, size: float) -> float:
        """A size rounded to the venue's smallest amount, base units."""
        return float(round(size / self._venue.unit) * self._venue.unit)

    # Funding.

    def _payments_by_open(self) -> int:
        by_open = self._venue.funding.by_open
        return int(by_open[self._bar.number]) if len(by_open) else 0

    def _payments_by_close(self) -> int:
        by_close = self._venue.funding.by_close
        return int(by_close[self._bar.number]) if len(by_close) else 0

    def _funding_due(self, payments: int) -> float:
        paid = self._venue.funding.paid
        return sum(t.size * (paid[payments] - paid[t.funded_from]) for t in self.trades) if len(paid) else 0.0

    def _paid_per_unit(self) -> float:
        """Funding that one unit had paid by this bar's open, quote currency."""
        paid = self._venue.funding.paid
        return float(paid[self._payments_by_open()]) if len(paid) else 0.0

    # Orders.

    def _fill_market_orders(self, price: float, index: int) -> None:
        for order in list(self.orders):
            if order in self.orders and is_market(order):
                self._fill(order, price, index)

    def _fill_at_open(self) -> None:
        """Fill what the open has reached, stops of what is held first; new trades bring new orders."""
        opening = self._bar.open
        while (order := next((o for o in self.orders if is_reached_at(o, opening)), None)) is not None:
            self._fill(order, opening, self._bar.number)

    def _lose_within_bar(self) -> bool:
        """Liquidation or the nearest stop, whichever the price comes to first; whether there was one."""
        stopped = [trade for trade in self.trades if is_stop_reached(trade, self._bar)]
        nearest = max(stopped, key=lambda trade: math.copysign(trade.sl, trade.size), default=None)
        if nearest is not None and not self._is_liquidated_before(nearest.sl):
            self._fill(nearest._sl_order, nearest.sl, self._bar.number)
            return True
        return bool(self.trades) and self._liquidate_if_reached(worst_price(self.trades[0], self._bar))

    def _is_liquidated_before(self, stop: float) -> bool:
        level = self._liquidation_price()
        return level > stop if self._position_size > 0 else level < stop

    def _fill_within_bar(self) -> bool:
        """The first order that the bar reaches after its open; whether there was one."""
        for order in self.orders:
            trade = order.parent_trade
            if trade is None:
                stop, price = order.stop, entry_price_within(order, self._bar)
                if price is not None:
                    self._open_within_bar(order, price, by_limit=price != stop)
                    return True
            elif order is trade._tp_order and is_target_reached(trade, self._bar):
                self._fill(order, trade.tp, self._bar.number)
                return True
        return False

    def _open_within_bar(self, order: Any, price: float, by_limit: bool) -> None:
        known = len(self.trades)
        self._fill(order, price, self._bar.number)
        for trade in self.trades[known:]:
            if note_entry_within_bar(trade, price, self._bar, by_limit):
                warnings.warn(ASSUMED, UserWarning, stacklevel=2)

    def _fill(self, order: Any, price: float, index: int) -> None:
        trade = order.parent_trade
        if trade is None:
            self._fill_entry(order, price, index)
        elif trade in self.trades:
            reason: ExitReason = "order"
            if order.is_contingent:
                reason = "stop" if order is trade._sl_order else "target"
            size = math.copysign(min(abs(trade.size), abs(order.size)), order.size)
            self._reduce(trade, size, price, index, reason)
        if order in self.orders:
            self.orders.remove(order)

    def _fill_entry(self, order: Any, price: float, index: int) -> None:
        adjusted = self._adjusted_price(order.size, price)
        per_unit = adjusted / self._leverage + self._venue.cost_per_unit(adjusted)
        size = order.size
        if abs(size) < 1:
            unit, amount = self._venue.unit, self.margin_available * abs(size)
            size = math.copysign(math.floor(amount / (per_unit * unit)) * unit, size)
        remaining = self._close_opposite(size, price, index)
        if not size or abs(remaining) * per_unit > self.margin_available * (1 + 1e-12):
            warnings.warn(CANCELLED, UserWarning, stacklevel=2)
        elif remaining:
            self._open(remaining, adjusted, order, index)

    def _close_opposite(self, size: float, price: float, index: int) -> float:
        """Close what is held on the other side, oldest first; what of `size` remains to be opened, base units."""
        for trade in list(self.trades):
            if size and trade.size * size < 0:
                part = math.copysign(min(abs(trade.size), abs(size)), size)
                self._reduce(trade, part, price, index, "order")
                size = self.whole_units(size - part)
        return size

    def _open(self, size: float, price: float, order: Any, index: int) -> None:
        margin = abs(size) * price / self._leverage
        level = liquidation_price(size, abs(size) * price, margin, self._venue.tiers)
        if level >= price if size > 0 else level <= price:  # more than the venue allows at this leverage
            warnings.warn(CANCELLED, UserWarning, stacklevel=2)
            return
        trade = FractionalTrade(self, size, price, index, order.tag)
        trade.margin, trade.funded_from = margin, self._payments_by_open()
        self.trades.append(trade)
        self._cash -= self._commission(size, price)
        if order.tp:
            trade.tp = order.tp
        if order.sl:
            trade.sl = order.sl

    def _reduce(self, trade: FractionalTrade, size: float, price: float, index: int, reason: ExitReason) -> None:
        """Close `size` (of the opposite sign) of a trade."""
        left = self.whole_units(trade.size + size) if abs(size) < abs(trade.size) else 0.0
        closing = trade
        if left:
            closing = trade._copy(size=-size, sl_order=None, tp_order=None)
            closing.margin = trade.margin * abs(size) / abs(trade.size)
            trade.margin -= closing.margin
            trade._replace(size=left)
            for order in (trade._sl_order, trade._tp_order):
                if order:
                    order._replace(size=-left)
            self.trades.append(closing)
        paid = self._paid_per_unit()
        self._settle(closing, price, index, reason, paid, self._commission(closing.size, price))

    def _settle(
        self, trade: FractionalTrade, price: float, index: int, reason: ExitReason, paid: float, charge: float
    ) -> None:
        """Take a trade out of the account at `price`. `paid`: funding that one unit had paid by then."""
        self.trades.remove(trade)
        for order in (trade._sl_order, trade._tp_order):
            if order in self.orders:
                self.orders.remove(order)
        self.closed_trades.append(trade._replace(exit_price=price, exit_bar=index))
        schedule = self._venue.funding.paid
        trade.funding = float(trade.size * (paid - schedule[trade.funded_from])) if len(schedule) else 0.0
        trade.exit_reason = reason
        self._cash += trade.size * (price - trade.entry_price) - charge
        self._cash -= trade.funding
        trade._commissions = charge + self._commission(trade.size, trade.entry_price)

    # Liquidation, ruin and the end.

    def _margin_left(self) -> float:
        """Margin of the position less funding paid by this bar's open, quote currency."""
        return float(sum(trade.margin for trade in self.trades) - max(self._funding_due(self._payments_by_open()), 0.0))

    def _basis(self) -> float:
        return float(sum(abs(trade.size) * trade.entry_price for trade in self.trades))

    def _liquidation_price(self) -> float:
        return liquidation_price(self._position_size, self._basis(), self._margin_left(), self._venue.tiers)

    def _liquidate_if_reached(self, price: float) -> bool:
        """Liquidate the position where `price` has reached its liquidation price; whether it did."""
        size = self._position_size
        if not size:
            return False
        level = self._liquidation_price()
        if price > level if size > 0 else price < level:
            return False
        basis, margin = self._basis(), self._margin_left()
        closing = price_at_liquidation(size, basis, margin, self._bar.open, level)
        fee = liquidation_fee(size, basis, margin, closing, LIQUIDATION_FEE)
        for trade in list(self.trades):
            share = fee * (abs(trade.size) / abs(size))
            self._settle(trade, closing, self._bar.number, "liquidation", self._paid_per_unit(), share)
        return True

    def _mark(self) -> None:
        index, price = self._bar.number, self._bar.close
        self._equity[index] = equity = self.equity
        if equity > self._floor or index == self._last_index:
            return
        paid = self._venue.funding.paid
        by_close = float(paid[self._payments_by_close()]) if len(paid) else 0.0
        for trade in list(self.trades):
            self._settle(trade, price, index, "no equity", by_close, self._commission(trade.size, price))
        self._cash = 0.0
        self._equity[index:] = 0
        raise _OutOfMoneyError

    def _finish(self) -> None:
        """Close what is held at the last close, with its costs; no other order is filled."""
        index, price, by_end = self._bar.number, self._bar.close, self._venue.funding.paid_by_end
        paid = float(by_end[index]) if len(by_end) else 0.0
        for trade in list(self.trades):
            self._settle(trade, price, index, "last bar", paid, self._commission(trade.size, price))
        self._equity[index] = self._cash if self._cash > self._floor else 0.0
