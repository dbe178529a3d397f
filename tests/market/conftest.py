"""Fixtures of market data tests: a local venue with a year of hourly bars, and settings that use it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import CandleRequest, Source, parse_utc
from skills_lib.market.candles.sample import sample_bars
from skills_lib.settings import Settings
from tests.market.candles.local_venue import LocalVenue, serve, span

BTC = Instrument("BTC")


@pytest.fixture(scope="session")
def year() -> Bars:
    """Hourly bars of 2024 as the local venue has them."""
    return sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2025-01-01"))


@pytest.fixture
def venue(year: Bars) -> Iterator[LocalVenue]:
    """A running venue that ends with 2024."""
    local = LocalVenue(year)
    server = serve(local)
    yield local
    local.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(venue: LocalVenue, tmp_path: Path) -> Settings:
    """An empty workspace whose exchange and archive are the local venue; retries are quick."""
    return Settings(
        home=tmp_path,
        exchange_url=venue.url,
        archive_url=venue.url,
        http_attempts=3,
        http_backoff_s=0,
        http_timeout_s=5,
    )


@pytest.fixture
def offline(tmp_path: Path) -> Settings:
    """An empty workspace on a machine where no name resolves."""
    nowhere = "http://exchange.invalid"
    return Settings(home=tmp_path, exchange_url=nowhere, archive_url=nowhere, http_attempts=3, http_backoff_s=0)


def ask(since: str | None, until: str | None, source: Source = Source.EXCHANGE, **more: Any) -> CandleRequest:
    """A request for BTC 1h."""
    return CandleRequest(
        more.pop("instrument", BTC),
        more.pop("timeframe", Timeframe.H1),
        parse_utc(since) if since else None,
        parse_utc(until) if until else None,
        source,
        **more,
    )


Ask = Callable[..., CandleRequest]
