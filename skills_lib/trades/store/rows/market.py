"""Rows of research and market data: backtests and candles."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from skills_lib.trades.store.rows.base import StoredRow, TradingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBacktest(StoredRow):
    """A stored backtest. venue: the exchange of its candles; account: "backtest".

    origin: where the candles came from. Figures are those of the run's answer, as its shortest decimal text.
    """

    TABLE: ClassVar[str] = "backtest_runs"
    KEY: ClassVar[tuple[str, ...]] = ("run",)
    TIME: ClassVar[str] = "created_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (("strategy_id", "created_ms"), ("symbol", "timeframe"))

    run: str
    venue: str
    account: str = "backtest"
    strategy_id: str
    mode: str = TradingMode.BACKTEST
    symbol: str
    timeframe: str
    since_ms: int
    until_ms: int
    created_ms: int
    origin: str
    synthetic: bool
    verdict: str = ""
    trades: int
    cash: Decimal
    equity_final: Decimal
    return_percent: Decimal | None = None
    max_drawdown_percent: Decimal | None = None
    sharpe: Decimal | None = None
    win_rate_percent: Decimal | None = None
    parameters_json: str = "{}"
    costs_json: str = "{}"
    metrics_json: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCandle(StoredRow):
    """A closed bar, of no account and no strategy. venue: the exchange's ccxt id. origin: where it came from.

    Prices and volume are the shortest decimal text of the bar's numbers, which gives the same numbers back.
    """

    TABLE: ClassVar[str] = "candles"
    KEY: ClassVar[tuple[str, ...]] = ("venue", "symbol", "timeframe", "open_ms")
    TIME: ClassVar[str] = "open_ms"

    venue: str
    symbol: str
    timeframe: str
    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    origin: str
