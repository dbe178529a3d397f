"""Rows of Binance's REST answers, and the engine's events made of them.

Fields that no event needs are left out, so that an answer may have more or fewer of them: pages "Query Order", "Query
Algo Order", "Account Trade List", "Position Information V3", "Futures Account Balance V3".
"""

import msgspec

from live.binance.amounts import MS, order_number, rounded
from live.engine.events import (
    AccountTrade,
    BalanceReport,
    Fill,
    OrderReport,
    PositionReport,
    PriceReport,
    StopReport,
    Witness,
)
from live.enums import AlgoStatus, OrderStatus, PositionSide, Side
from live.money import parse


class OrderRow(msgspec.Struct, rename="camel", gc=False):
    """An order."""

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    status: OrderStatus
    orig_qty: str
    executed_qty: str
    reduce_only: bool
    update_time: int

    def report(self, time_ns: int, witness: Witness) -> OrderReport:
        """The event.

        Raises:
            ValueError: a number cannot be read.
        """
        return OrderReport(
            time_ns=time_ns,
            symbol=self.symbol,
            client_id=self.client_order_id,
            order_id=self.order_id,
            side=self.side,
            status=self.status,
            quantity=parse(self.orig_qty),
            filled=parse(self.executed_qty),
            reduce_only=self.reduce_only,
            event_ns=self.update_time * MS,
            witness=witness,
        )


class AlgoRow(msgspec.Struct, rename="camel", gc=False):
    """A conditional order. actual_order_id: of the order it became, absent in the answer to placing it."""

    symbol: str
    client_algo_id: str
    algo_id: int
    algo_status: AlgoStatus
    update_time: int
    actual_order_id: str = ""

    def report(self, time_ns: int, witness: Witness) -> StopReport:
        """The event.

        Raises:
            ValueError: a number cannot be read.
        """
        return StopReport(
            time_ns=time_ns,
            symbol=self.symbol,
            client_id=self.client_algo_id,
            algo_id=self.algo_id,
            status=self.algo_status,
            event_ns=self.update_time * MS,
            witness=witness,
            order_id=order_number(self.actual_order_id),
        )


class TradeRow(msgspec.Struct, rename="camel", gc=False):
    """A trade of the account."""

    symbol: str
    id: int
    order_id: int
    side: Side
    price: str
    qty: str
    realized_pnl: str
    commission: str
    commission_asset: str
    time: int
    maker: bool

    def trade(self) -> AccountTrade:
        """The trade.

        Raises:
            ValueError: a number cannot be read.
        """
        fill = Fill(
            trade_id=self.id,
            price=parse(self.price),
            quantity=parse(self.qty),
            fee=parse(self.commission),
            fee_asset=self.commission_asset,
            maker=self.maker,
            realised=parse(self.realized_pnl),
        )
        return AccountTrade(self.order_id, self.side, fill, self.time * MS)


class PositionRow(msgspec.Struct, rename="camel", gc=False):
    """A position; the venue lists none of a symbol that is flat and has no orders."""

    symbol: str
    position_amt: str
    entry_price: str
    update_time: int
    position_side: PositionSide = PositionSide.BOTH

    def report(self, time_ns: int, asked_ns: int) -> PositionReport:
        """The event.

        Raises:
            ValueError: a number cannot be read.
        """
        return PositionReport(
            time_ns=time_ns,
            symbol=self.symbol,
            quantity=parse(self.position_amt),
            entry_price=rounded(self.entry_price),
            event_ns=self.update_time * MS,
            asked_ns=asked_ns,
            witness=Witness.QUERY,
        )


class BalanceRow(msgspec.Struct, rename="camel", gc=False):
    """A balance."""

    asset: str
    balance: str
    available_balance: str
    update_time: int

    def report(self, time_ns: int) -> BalanceReport:
        """The event.

        Raises:
            ValueError: a number cannot be read.
        """
        wallet, available = parse(self.balance), parse(self.available_balance)
        return BalanceReport(time_ns, self.asset, wallet, available, self.update_time * MS, Witness.QUERY)


class IncomeRow(msgspec.Struct, rename="camel", gc=False):
    """A row of the income list."""

    income_type: str
    income: str
    asset: str


class PriceRow(msgspec.Struct, rename="camel", gc=False):
    """`premiumIndex` of a symbol: page "Mark Price"."""

    symbol: str
    mark_price: str
    time: int

    def report(self, time_ns: int) -> PriceReport:
        """The event.

        Raises:
            ValueError: the price cannot be read.
        """
        return PriceReport(time_ns, self.symbol, parse(self.mark_price), self.time * MS)
