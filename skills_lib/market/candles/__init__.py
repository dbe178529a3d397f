"""Loads bars of a symbol, timeframe and span from the cache, an exchange or a file, with origin and data quality."""

from skills_lib.domain.quality import QualityReport
from skills_lib.market.candles.arguments import CandleArguments
from skills_lib.market.candles.importing import load_file
from skills_lib.market.candles.loader import fetch, load
from skills_lib.market.candles.model import CandleRequest, Candles, Origin, Source
from skills_lib.market.candles.spans import parse_utc

__all__ = [
    "CandleArguments",
    "CandleRequest",
    "Candles",
    "Origin",
    "QualityReport",
    "Source",
    "fetch",
    "load",
    "load_file",
    "parse_utc",
]
