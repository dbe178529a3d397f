"""Reads symbol, timeframe and exchange from the name of a candle file, as archives and other programs write it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import OptionName, option
from skills_lib.domain.timeframes import Timeframe

FORMS = "BTCUSDT-1h-2024-01.zip, Binance_BTCUSDT_1h.csv or BTC_USDT-1h.csv"
_ENDINGS = re.compile(r"(\.(csv|txt|tsv|parquet|feather|json|zip|gz|zst))+$", re.IGNORECASE)
_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_DOLLARS = _QUOTES[:6]
"""Quotes that end no ordinary word; a pair in another one must be listed."""
_UNITS = {"m": "m", "min": "m", "minute": "m", "minutes": "m", "h": "h", "hr": "h", "hour": "h", "hours": "h"} | {
    "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w",
}  # fmt: skip
_WORDS = {
    "minute": "1m",
    "hourly": "1h",
    "hour": "1h",
    "h": "1h",
    "daily": "1d",
    "day": "1d",
    "d": "1d",
    "weekly": "1w",
}
_LENGTH = re.compile(rf"(\d{{1,4}})({'|'.join(sorted(_UNITS, key=len, reverse=True))})", re.IGNORECASE)
_MINUTES = {"60m": "1h", "120m": "2h", "240m": "4h", "360m": "6h", "480m": "8h", "720m": "12h", "1440m": "1d"} | {
    "24h": "1d", "72h": "3d", "7d": "1w",
}  # fmt: skip
_NO_CANDLES = {
    "mark",
    "index",
    "premium",
    "premiumindex",
    "markpriceklines",
    "funding",
    "fundingrate",
    "trades",
    "aggtrades",
    "depth",
}
_FUTURES = {"usdm", "um", "futures", "future", "perp", "perpetual", "swap"}
_BINANCE_USDM = "binanceusdm"


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """What a file holds. `exchange`: None if the name tells none."""

    symbol: str
    timeframe: str
    exchange: str | None


def identify(
    name: str, symbol: str | None = None, timeframe: str | None = None, exchange: str | None = None
) -> NamedSeries:
    """The series of a file called `name`; what is given is not read from the name.

    Raises:
        InputError: the name lacks one, or fits several; the message says which option to write.
    """
    words = _words(name)
    if symbol is None or timeframe is None:
        _require_candles(name, words)
    return NamedSeries(
        symbol or _one(name, "symbol", "BTC", _symbols(words)),
        timeframe or _one(name, "timeframe", "1h", _timeframes(words)),
        exchange or _exchange(name, words),
    )


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^A-Za-z0-9]+", _ENDINGS.sub("", name)) if word]


def _require_candles(name: str, words: Sequence[str]) -> None:
    if other := next((word for word in words if word.lower() in _NO_CANDLES), None):
        raise InputError(
            f"{name}: '{other}' in the name is not a kind of traded candles. Import the candles of the trades, or give "
            f"both {option('symbol')} and {option('timeframe')} if it holds them."
        )


def _one(name: str, what: OptionName, example: str, found: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(found))
    if len(distinct) == 1:
        return distinct[0]
    seen = f"fits several: {', '.join(distinct)}" if distinct else f"is none such as {FORMS}"
    raise InputError(f"The {what} is not clear from {name}, which {seen}. Give it, such as {option(what, example)}.")


def _timeframes(words: Sequence[str]) -> list[str]:
    """Timeframes among the words; one that is not supported raises, as for 1M, which means months."""
    lengths = [found for word in words if (found := _length(word))]
    if lengths:
        return lengths
    return [_WORDS[word.lower()] for word in words[1:] if word.lower() in _WORDS]


def _length(word: str) -> str | None:
    match = _LENGTH.fullmatch(word)
    if match is None or not int(match[1]):
        return None
    if match[2] == "M":
        return Timeframe.parse(f"{int(match[1])}M").value
    text = f"{int(match[1])}{_UNITS[match[2].lower()]}"
    return Timeframe.parse(_MINUTES.get(text, text)).value


def _symbols(words: Sequence[str]) -> list[str]:
    joined = [pair for word in words if (pair := _split(word))]
    if joined:
        return joined
    apart = [(base, quote) for base, quote in pairwise(words) if quote.upper() in _QUOTES]
    return [pair for base, quote in apart if (pair := _pair(base, quote))]


def _split(word: str) -> str | None:
    """A pair written as one word, such as BTCUSDT."""
    for quote in _QUOTES:
        if word.upper().endswith(quote) and len(word) > len(quote) + 1:
            return _pair(word[: -len(quote)], word[-len(quote) :])
    return None


def _pair(base: str, quote: str) -> str | None:
    """A pair, if its spelling leaves no doubt: capitals with a dollar quote, else a pair of the bundled lists."""
    spelled, instrument = f"{base}{quote}", Instrument(base.upper(), quote.upper())
    if base.isdigit() or instrument.base in _DOLLARS or _LENGTH.fullmatch(base) or _is_exchange(base):
        return None
    is_plain = spelled.isupper() and instrument.quote in _DOLLARS
    is_known = (spelled.isupper() or spelled.islower()) and _is_listed(instrument)
    return instrument.pair if is_plain or is_known else None


def _exchange(name: str, words: Sequence[str]) -> str | None:
    folded = [word.lower() for word in words]
    named = list(dict.fromkeys(word for word in folded if _is_exchange(word)))
    futures = [word for word in folded if word in _FUTURES]
    if named == ["binance"] and futures:
        return _BINANCE_USDM if "like" not in folded else _unclear_exchange(name, futures[0])
    if len(named) > 1:
        raise InputError(
            f"{name} names several exchanges: {', '.join(named)}. Give one, such as {option('exchange', named[0])}."
        )
    if futures and named != [_BINANCE_USDM]:
        return _unclear_exchange(name, futures[0])
    return named[0] if named else None


def _unclear_exchange(name: str, word: str) -> str:
    raise InputError(
        f"{name} holds futures ('{word}'), which are not stored with spot prices, and their exchange is not clear. "
        f"Give it, such as {option('exchange', _BINANCE_USDM)}."
    )


def _is_exchange(word: str) -> bool:
    from skills_lib.market.candles.exchange_client import exchange_ids

    return word.lower() in exchange_ids()


def _is_listed(instrument: Instrument) -> bool:
    from skills_lib.market.candles.symbols import bundled_pairs

    return instrument.pair in bundled_pairs()
