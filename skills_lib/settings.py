"""Workspace settings: folders, default exchange and network options.

Read from environment variables and `.env` in the working folder; every name starts with TWOKEY_.
"""

import os
from functools import cached_property, lru_cache
from pathlib import Path

from platformdirs import user_state_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Workspace settings. `home` is the workspace folder, with strategies, data and backtests."""

    model_config = SettingsConfigDict(env_prefix="TWOKEY_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(Path(__file__).resolve().parents[1], description="the workspace folder")
    ledger_dir: Path = Field(
        default_factory=lambda: user_state_path("twokey", appauthor=False),
        description="folder of the user's trial ledger, outside every workspace",
    )
    exchange: str = Field("binance", description="any ccxt exchange id")
    cache_fresh_hours: float = Field(24.0, gt=0, description="a candle cache younger than this is not refreshed")
    archive_url: str = Field("https://data.binance.vision", description="Binance's public archive, or a mirror")
    exchange_url: str | None = Field(None, description="replaces scheme and host of the exchange's REST URLs")
    streams_host: str | None = Field(None, description="a local server instead of Binance for live books: host:port")
    http_timeout_s: float = Field(10.0, gt=0, description="timeout of one request")
    http_attempts: int = Field(6, ge=1, description="attempts per request")
    http_backoff_s: float = Field(1.0, ge=0, description="delay before the second attempt; doubles each time")

    @cached_property
    def candles_dir(self) -> Path:
        return self.home / "data" / "candles"

    @cached_property
    def tapes_dir(self) -> Path:
        return self.home / "data" / "tapes"

    @cached_property
    def results_dir(self) -> Path:
        return self.home / "backtests" / "results"

    @cached_property
    def optimizations_dir(self) -> Path:
        return self.home / "backtests" / "optimizations"

    @cached_property
    def walk_forwards_dir(self) -> Path:
        return self.home / "backtests" / "walk-forward"

    @cached_property
    def validation_reports_dir(self) -> Path:
        return self.home / "backtests" / "validation-reports"

    @cached_property
    def calibrations_dir(self) -> Path:
        return self.home / "backtests" / "calibrations"

    @cached_property
    def answers_dir(self) -> Path:
        return self.home / "backtests" / "answers"

    @cached_property
    def jobs_dir(self) -> Path:
        return self.home / "backtests" / "jobs"

    @cached_property
    def strategies_dir(self) -> Path:
        return self.home / "strategies"


def current() -> Settings:
    """`Settings()`, cached until the environment or `.env` changes."""
    file = Path(".env")
    return _settings(tuple(os.environ.items()), file.read_bytes() if file.is_file() else b"")


@lru_cache(maxsize=1)
def _settings(_environment: tuple[tuple[str, str], ...], _file: bytes) -> Settings:
    return Settings()
