"""Candles: bars for (symbol, timeframe, span) from whatever source has them, with their origin and their defects."""

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
