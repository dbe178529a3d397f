"""A freqtrade strategy that is always in the market: it enters at once and leaves after five seconds, with its stop at
the exchange. It has no edge; it is there to be interrupted."""

from datetime import datetime
from typing import Any

from freqtrade.strategy import IStrategy
from pandas import DataFrame

HOLD_S = 5


class Eager(IStrategy):  # type: ignore[misc]
    """Long on every candle."""

    timeframe = "1m"
    startup_candle_count = 0
    can_short = False
    stoploss = -0.02
    process_only_new_candles = False
    minimal_roi = {"0": 10}  # noqa: RUF012
    order_types = {  # noqa: RUF012
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": True,
        "stoploss_on_exchange_interval": 5,
    }

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        self.unlock_pair("BTC/USDT:USDT")  # freqtrade locks a pair until its candle ends

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def custom_exit(self, pair: str, trade: Any, current_time: datetime, *args: Any, **kwargs: Any) -> str | None:
        held_s = (current_time - trade.open_date_utc).total_seconds()
        return "held long enough" if held_s > HOLD_S else None
