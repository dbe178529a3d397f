"""Other assets and timeframes for one validation: found by symbol and timeframe, cut where the sealed bars begin."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.domain.instruments import Instrument
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
    """Candles asked for beside the main ones: as they are, or why they are not there."""

    symbol: str
    timeframe: str
    candles: Candles | None
    problem: str = ""

    @property
    def name(self) -> str:
        """What the question knows it by."""
        digest = self.candles.bars.digest() if self.candles else "missing"
        return f"{self.symbol} {self.timeframe} {digest}"


def find_other_markets(
    main: Candles, sealed_from: int, pairs: Sequence[tuple[str, str]], find: FindCandles
) -> tuple[OtherMarket, ...]:
    """Candles of each (symbol, timeframe) but the main ones, without any bar that ends after the sealed ones begin.

    `sealed_from`: place of the first sealed bar in `main`. What is missing is kept with its reason.
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
    """A file such as `binance_spot_ETHUSDT_1h_20200920_20240630.csv.gz`; of several the largest, with the most bars.

    Raises:
        InputError: no such folder, or none in it.
    """
    if not folder.is_dir():
        raise InputError(f"No folder '{folder}'. Name one that holds candle files, such as ETHUSDT_1h.csv.")
    name = f"{Instrument.parse(symbol).symbol}_{Timeframe.parse(timeframe).value}"
    named = re.compile(rf"(^|[_-]){re.escape(name)}([_.-]|$)")
    files = [path for path in folder.iterdir() if path.name.endswith(_SUFFIXES) and named.search(path.name)]
    if not files:
        raise InputError(f"No file named like {name} in {folder.name}. Put one there, or leave --data-dir out.")
    return max(sorted(files), key=lambda path: path.stat().st_size)


def _other_market(symbol: str, timeframe: str, main: Candles, limit_ns: int, find: FindCandles) -> OtherMarket:
    try:
        candles = find(symbol, timeframe)
    except TwokeyError as error:
        return OtherMarket(symbol, timeframe, None, str(error))
    if candles.origin.synthetic and not main.origin.synthetic:
        return OtherMarket(symbol, timeframe, None, f"only synthetic candles were found: {candles.origin}")
    known = int((candles.bars.open_time_ns + candles.bars.interval_ns <= limit_ns).sum())
    if known < MIN_BARS:
        return OtherMarket(symbol, timeframe, None, "all its bars lie behind the time at which the sealed ones begin")
    return OtherMarket(symbol, timeframe, replace(candles, bars=candles.bars[:known]))
