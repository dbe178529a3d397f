"""Settings of the workspace: where things are kept and which venue is the default.

Read from the environment and from `.env` in the working folder; every name starts with TWOKEY_.
"""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Typed settings. `home` is the workspace: the folder that holds strategies, data and backtests."""

    model_config = SettingsConfigDict(env_prefix="TWOKEY_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(Path(__file__).resolve().parents[1], description="the workspace folder")
    exchange: str = Field("binance", description="any ccxt exchange id")
    cache_fresh_hours: float = Field(24.0, gt=0, description="a younger candle cache is used as it is")

    @cached_property
    def candles_dir(self) -> Path:
        return self.home / "data" / "candles"

    @cached_property
    def results_dir(self) -> Path:
        return self.home / "backtests" / "results"

    @cached_property
    def strategies_dir(self) -> Path:
        return self.home / "strategies"
