"""Finds candles of other assets and timeframes for a validation, and cuts them where the sealed bars begin."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.model import Candles
from skills_lib.walk_forward.windows import MIN_BARS

FindCandles = Callable[[str, str], Candles]
"""Candles of a symbol and a timeframe.

Raises:
    TwokeyError: there are none.
"""
_SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class OtherMarket:
    """Requested candles besides the main ones, or the reason why they are missing."""

    symbol: str
    timeframe: str
    candles: Candles | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Its name in a `ValidationKey`."""
        digest = self.candles.bars.digest() if self.candles else "missing"
        return f"{self.symbol} {self.timeframe} {digest}"


def find_other_markets(
    main: Candles, sealed_from: int, pairs: Sequence[tuple[str, str]], find: FindCandles
) -> tuple[OtherMarket, ...]:
    """Candles of each (symbol, timeframe) but the main ones, without any bar that ends after the sealed ones begin.

    `sealed_from`: index of the first sealed bar in `main`. Missing candles are included with the reason.
    """
    own = (main.instrument.symbol, main.timeframe.value)
    wanted = dict.fromkeys((Instrument.parse(symbol).symbol, Timeframe.parse(t).value) for symbol, t in pairs)
    limit_ns = int(main.bars.open_time_ns[sealed_from])
    return tuple(
        _other_market(symbol, timeframe, main, limit_ns, find)
        for symbol, timeframe in wanted
        if (symbol, timeframe) != own
    )


def file_for(folder: Path, symbol: str, timeframe: str) -> Path:
    """A file such as `binance_spot_ETHUSDT_1h_20200920_20240630.csv.gz`; the largest if there are several.

    Raises:
        InputError: no such folder, or no matching file in it.
    """
    if not folder.is_dir():
        raise InputError(f"No folder '{folder}'. Give one with candle files, such as ETHUSDT_1h.csv.")
    name = f"{Instrument.parse(symbol).symbol}_{Timeframe.parse(timeframe).value}"
    named = re.compile(rf"(^|[_-]){re.escape(name)}([_.-]|$)")
    files = [path for path in folder.iterdir() if path.name.endswith(_SUFFIXES) and named.search(path.name)]
    if not files:
        raise InputError(f"No file named like {name} in {folder.name}. Put one there, or omit {option('data_dir')}.")
    return max(sorted(files), key=lambda path: path.stat().st_size)


def _other_market(symbol: str, timeframe: str, main: Candles, limit_ns: int, find: FindCandles) -> OtherMarket:
    try:
        candles = find(symbol, timeframe)
    except TwokeyError as error:
        return OtherMarket(symbol, timeframe, None, str(error))
    if candles.origin.synthetic and not main.origin.synthetic:
        return OtherMarket(symbol, timeframe, None, f"only synthetic candles were found: {candles.origin}")
    if lines := candles.quality.break_lines():
        return OtherMarket(symbol, timeframe, None, lines[0])
    known = int((candles.bars.open_time_ns + candles.bars.interval_ns <= limit_ns).sum())
    if known < MIN_BARS:
        return OtherMarket(symbol, timeframe, None, "all its bars are later than the start of the sealed bars")
    return OtherMarket(symbol, timeframe, replace(candles, bars=candles.bars[:known]))
