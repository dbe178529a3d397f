"""The exchange's state, with the operations that several services share."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from live.enums import ExecutionType, ExpiryReason, OrderStatus
from live.simulator.core.accounts import ASSET, Account
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.events import AccountChanged, AlgoChanged, Event, OrderChanged
from live.simulator.core.fill_models import FillModel
from live.simulator.core.insurance import InsuranceFund
from live.simulator.core.interventions import Interventions
from live.simulator.core.margin import Exposure, Margin, exposures, total
from live.simulator.core.market import Market
from live.simulator.core.orders import Amendment, Fill, FundingRecord, Income, MarginMove, Order, TradeRecord
from live.simulator.core.positions import Position
from live.simulator.core.rejections import bad_symbol

FIRST_ORDER_ID = 1_000_000_001
FIRST_TRADE_ID = 500_000_001
FIRST_ALGO_ID = 2_000_001


@dataclass(slots=True)
class Numbers:
    """The next id of each kind."""

    order: int = FIRST_ORDER_ID
    trade: int = FIRST_TRADE_ID
    algo: int = FIRST_ALGO_ID
    transaction: int = 1
    amendment: int = 1
    turn: int = 1


@dataclass(slots=True)
class State:
    """Accounts, orders and markets. `outbox` collects the events of the running step.

    liquidations: (account, symbol) of positions that are liquidated as soon as the book of the symbol is fresh.
    """

    markets: dict[str, Market]
    accounts: dict[str, Account]
    model: FillModel = FillModel.PESSIMISTIC
    now_ms: int = 0
    orders: dict[int, Order] = field(default_factory=dict)
    open: dict[str, dict[int, Order]] = field(default_factory=dict)
    algos: dict[int, AlgoOrder] = field(default_factory=dict)
    waiting: dict[str, dict[int, AlgoOrder]] = field(default_factory=dict)
    trades: list[TradeRecord] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    margin_moves: list[MarginMove] = field(default_factory=list)
    funding_rates: list[FundingRecord] = field(default_factory=list)
    countdowns: dict[tuple[str, str], int] = field(default_factory=dict)
    liquidations: dict[tuple[str, str], None] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    fund: InsuranceFund = field(default_factory=InsuranceFund)
    interventions: Interventions = field(default_factory=Interventions)
    outbox: list[Event] = field(default_factory=list)

    def market(self, symbol: str) -> Market:
        """The market of a symbol.

        Raises:
            Rejection: -1121.
        """
        if symbol not in self.markets:
            raise bad_symbol()
        return self.markets[symbol]

    def resting(self, symbol: str) -> list[Order]:
        """Open orders of a symbol, oldest first."""
        return list(self.open.get(symbol, {}).values())

    def open_orders(self, account: str, symbol: str = "") -> list[Order]:
        """Open orders of an account, oldest first."""
        by_symbol = [self.open.get(symbol, {})] if symbol else self.open.values()
        found = [order for orders in by_symbol for order in orders.values() if order.account == account]
        return sorted(found, key=lambda order: order.order_id)

    def waiting_algos(self, account: str, symbol: str = "") -> list[AlgoOrder]:
        """Waiting conditional orders of an account, oldest first."""
        by_symbol = [self.waiting.get(symbol, {})] if symbol else self.waiting.values()
        found = [order for orders in by_symbol for order in orders.values() if order.account == account]
        return sorted(found, key=lambda order: order.algo_id)

    def exposures(self, account: Account, orders: Sequence[Order] | None = None) -> list[Exposure]:
        """Positions and open orders of an account at the current mark prices.

        orders: used in place of the account's open orders, to compute what a hypothetical order would need.
        """
        return exposures(account, self.open_orders(account.name) if orders is None else orders, self.markets)

    def margin(self, account: Account, orders: Sequence[Order] | None = None) -> Margin:
        """Totals of an account at the current mark prices; `orders` as in `exposures`."""
        return total(account, self.exposures(account, orders))

    def rest(self, order: Order) -> None:
        """Add an order to the open orders."""
        self.open.setdefault(order.symbol, {})[order.order_id] = order

    def report(
        self,
        order: Order,
        execution: ExecutionType,
        fill: Fill | None = None,
        expiry_reason: ExpiryReason = ExpiryReason.NONE,
    ) -> None:
        """Emit an event for an order."""
        order.updated_ms = self.now_ms
        self.outbox.append(OrderChanged(order.account, order.snapshot(), execution, self.now_ms, fill, expiry_reason))

    def finish(self, order: Order, status: OrderStatus, expiry_reason: ExpiryReason = ExpiryReason.NONE) -> None:
        """Close an open order without a fill."""
        order.status = status
        self.open.get(order.symbol, {}).pop(order.order_id, None)
        canceled = status is OrderStatus.CANCELED
        self.report(order, ExecutionType.CANCELED if canceled else ExecutionType.EXPIRED, expiry_reason=expiry_reason)

    def report_algo(self, algo: AlgoOrder, silent: bool = False) -> None:
        """Emit an event for a conditional order; a silent one is stored but not sent to its account."""
        algo.updated_ms = self.now_ms
        if not algo.open:
            self.waiting.get(algo.symbol, {}).pop(algo.algo_id, None)
        self.outbox.append(AlgoChanged(algo.account, algo.snapshot(), self.now_ms, silent))

    def report_account(
        self, account: Account, reason: str, positions: list[Position], change: int = 0, bnb: tuple[int, ...] = ()
    ) -> None:
        """Emit an event with the wallet and these positions; bnb: the BNB balance and its transfer, if changed."""
        account.updated_ms = self.now_ms
        shown = tuple(
            (_copy(position), self.markets[position.symbol].mark_price, account.isolated(position.symbol))
            for position in positions
        )
        cross = account.cross_wallet()
        event = AccountChanged(account.name, reason, account.wallet, cross, change, shown, self.now_ms, bnb)
        self.outbox.append(event)

    def record_income(
        self, account: Account, symbol: str, kind: str, amount: int, trade_id: str = "", asset: str = ASSET
    ) -> None:
        """Append an income record; the caller has already changed the wallet."""
        if not amount:
            return
        number = self.numbers.transaction
        self.numbers.transaction += 1
        self.incomes.append(Income(account.name, symbol, kind, amount, asset, self.now_ms, number, trade_id))


def _copy(position: Position) -> Position:
    return Position(
        position.symbol,
        position.side,
        position.amount,
        position.cost,
        position.isolated_wallet,
        position.fees,
        position.realized,
        position.updated_ms,
    )
