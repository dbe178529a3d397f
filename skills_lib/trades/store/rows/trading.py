"""Rows of trading: orders, fills, round trips, income, balances, days."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from skills_lib.trades.store.rows.base import StoredRow, TradingMode

ACCOUNT = ("venue", "account")
SYMBOL = (*ACCOUNT, "symbol")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder(StoredRow):
    """An order that the venue knows, as last seen.

    family: "order", or "algo" for Binance's conditional orders, whose ids are a series of their own.
    executed_quote: quantity times price over its fills. source: "journal", "exchange" or "backtest".
    run: the journal's run, or the backtest's id, else "".
    """

    TABLE: ClassVar[str] = "orders"
    KEY: ClassVar[tuple[str, ...]] = (*SYMBOL, "family", "order_id")
    TIME: ClassVar[str] = "created_ms"
    GUARD: ClassVar[str] = "updated_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("strategy_id", "created_ms"),
        (*ACCOUNT, "created_ms"),
        ("client_order_id",),
    )

    venue: str
    account: str
    symbol: str
    family: str = "order"
    order_id: int
    strategy_id: str = ""
    mode: str = TradingMode.LIVE
    client_order_id: str = ""
    side: str
    type: str
    status: str
    time_in_force: str = ""
    position_side: str = "BOTH"
    reduce_only: bool = False
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    quantity: Decimal
    executed_quantity: Decimal = Decimal(0)
    executed_quote: Decimal | None = None
    created_ms: int
    updated_ms: int
    source: str = "journal"
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFill(StoredRow):
    """One execution. fee: positive where paid, in fee_asset.

    fee_quote: the fee in the quote asset at its price then, None where that price is not known.
    realised_pnl: as the venue says, without fee, None where it does not.
    """

    TABLE: ClassVar[str] = "fills"
    KEY: ClassVar[tuple[str, ...]] = (*SYMBOL, "trade_id")
    TIME: ClassVar[str] = "time_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("strategy_id", "time_ms"),
        (*ACCOUNT, "time_ms"),
        (*SYMBOL, "order_id"),
    )

    venue: str
    account: str
    symbol: str
    trade_id: int
    strategy_id: str = ""
    mode: str = TradingMode.LIVE
    order_id: int
    client_order_id: str = ""
    side: str
    position_side: str = "BOTH"
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    fee: Decimal
    fee_asset: str
    fee_quote: Decimal | None = None
    realised_pnl: Decimal | None = None
    maker: bool
    time_ms: int
    source: str = "journal"
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade(StoredRow):
    """A round trip, from a position's opening to its closing. trade_id: of the fill, or backtest trade, that opened it.

    entry_quote and exit_quote are exact sums; entry_price and exit_price are their quotients, rounded to 12 decimals.
    pnl = gross_pnl - fees + funding, in quote currency. fees_other_json: fees by asset that could not be valued.
    closed_ms, exit_price: None while it is open.
    """

    TABLE: ClassVar[str] = "crypto_trades"
    KEY: ClassVar[tuple[str, ...]] = (*SYMBOL, "position_side", "trade_id")
    TIME: ClassVar[str] = "opened_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("strategy_id", "closed_ms"),
        (*ACCOUNT, "closed_ms"),
        (*ACCOUNT, "opened_ms"),
        ("run",),
    )

    venue: str
    account: str
    symbol: str
    position_side: str = "BOTH"
    trade_id: int
    strategy_id: str = ""
    mode: str = TradingMode.LIVE
    direction: str
    status: str
    quantity: Decimal
    entry_quote: Decimal
    exit_quote: Decimal = Decimal(0)
    entry_price: Decimal
    exit_price: Decimal | None = None
    gross_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    fees_other_json: str = "{}"
    funding: Decimal = Decimal(0)
    pnl: Decimal = Decimal(0)
    fills: int = 0
    opened_ms: int
    closed_ms: int | None = None
    source: str = "journal"
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIncome(StoredRow):
    """An entry of the venue's own ledger. amount: positive where received, in asset.

    income_id: Binance's tranId, unique within the type only. known: whether the type is one that this program knows.
    symbol, trade_id, info: empty or None where the venue gives none.
    """

    TABLE: ClassVar[str] = "income"
    KEY: ClassVar[tuple[str, ...]] = (*ACCOUNT, "income_type", "income_id")
    TIME: ClassVar[str] = "time_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = ((*ACCOUNT, "time_ms"), ("strategy_id", "time_ms"))

    venue: str
    account: str
    income_type: str
    income_id: int
    strategy_id: str = ""
    symbol: str = ""
    asset: str
    amount: Decimal
    trade_id: int | None = None
    info: str = ""
    known: bool = True
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBalance(StoredRow):
    """A wallet balance at a time, as the venue said it. source: "exchange", or "journal"."""

    TABLE: ClassVar[str] = "balances"
    KEY: ClassVar[tuple[str, ...]] = (*ACCOUNT, "asset", "time_ms")
    TIME: ClassVar[str] = "time_ms"

    venue: str
    account: str
    asset: str
    time_ms: int
    strategy_id: str = ""
    wallet_balance: Decimal
    source: str = "exchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerformance(StoredRow):
    """A day of a strategy. day: YYYY-MM-DD in time_zone; day_ms: when it begins. Amounts are in quote currency.

    net_pnl = realised_pnl - fees + funding. max_drawdown: of cumulative net P&L within the day, positive.
    """

    TABLE: ClassVar[str] = "strategy_performance"
    KEY: ClassVar[tuple[str, ...]] = (*ACCOUNT, "strategy_id", "time_zone", "day")
    TIME: ClassVar[str] = "day_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (("strategy_id", "day_ms"),)

    venue: str
    account: str
    strategy_id: str
    time_zone: str = "UTC"
    day: str
    day_ms: int
    mode: str = TradingMode.LIVE
    trades: int
    wins: int
    turnover: Decimal
    realised_pnl: Decimal
    fees: Decimal
    funding: Decimal
    net_pnl: Decimal
    max_drawdown: Decimal | None = None
    equity: Decimal | None = None
