"""Loads the hourly bars that null markets are made from: from a folder of files, the cache, or the sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from skills_lib.calibrate.markets import AssetHistory
from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import CandleRequest, Source, load, load_file
from skills_lib.settings import Settings
from skills_lib.validate.other_markets import file_for

SYMBOLS = ("BTC", "ETH", "BNB", "SOL")
MIN_BARS = 2 * 365 * 24
"""Minimum length of a history; markets made from a shorter one would repeat the same few weeks."""
_BEFORE_ANY_BAR = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Bars of several assets. `source`: their origin; `synthetic`: they come from the sample."""

    found: tuple[AssetHistory, ...]
    source: str
    synthetic: bool


def find_histories(settings: Settings, folder: Path | None = None) -> Histories:
    """Hourly bars of BTC, ETH, BNB and SOL: from files in `folder` where given, else the cache, else the sample.

    Raises:
        InputError: a file that is missing, invalid, or shorter than two years.
    """
    if folder is not None:
        found = [_from_file(symbol, folder) for symbol in SYMBOLS]
        return Histories(tuple(found), f"files ({_describe_source(found)})", synthetic=False)
    cached = [history for symbol in SYMBOLS if (history := _from_cache(symbol, settings))]
    if cached:
        return Histories(tuple(cached), f"cache ({_describe_source(cached)})", synthetic=False)
    sample = [_loaded(symbol, Source.SAMPLE, settings) for symbol in SYMBOLS]
    return Histories(tuple(sample), f"sample ({_describe_source(sample)})", synthetic=True)


def _from_file(symbol: str, folder: Path) -> AssetHistory:
    path = file_for(folder, symbol, Timeframe.H1.value)
    history = AssetHistory(path.name, load_file(path, Instrument.parse(symbol), Timeframe.H1).bars)
    if len(history.bars) < MIN_BARS:
        raise InputError(
            f"{path.name} has {len(history.bars):,} bars; null markets need at least {MIN_BARS:,} hours. "
            f"Give a longer file, or omit {option('data_dir')} to use the cache or the sample."
        )
    return history


def _from_cache(symbol: str, settings: Settings) -> AssetHistory | None:
    try:
        history = _loaded(symbol, Source.CACHE, settings)
    except SourceUnavailableError:
        return None
    return history if len(history.bars) >= MIN_BARS else None


def _loaded(symbol: str, source: Source, settings: Settings) -> AssetHistory:
    request = CandleRequest(
        Instrument.parse(symbol), Timeframe.H1, since=_BEFORE_ANY_BAR, source=source, exchange=settings.exchange
    )
    return AssetHistory(symbol, load(request, settings).bars)


def _describe_source(found: Sequence[AssetHistory]) -> str:
    return ", ".join(f"{history.name} {len(history.bars):,} hours" for history in found)
