"""Fetches bars from Yahoo Finance through yfinance (an extra): US dollar prices, recent weeks only for intraday."""

import logging
from collections.abc import Iterator
from dataclasses import replace

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.network import UnansweredError
from skills_lib.market.candles.pages import Page
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan, to_datetime
from skills_lib.progress import Progress

_OFFERED = {"1m": "1m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "60m", "1d": "1d"}
_DOLLARS = {"USDT", "USDC", "USD", "BUSD", "FDUSD", "TUSD"}


def ticker(instrument: Instrument) -> str:
    """Yahoo's ticker, such as `BTC-USD`; dollar stablecoins map to USD."""
    return f"{instrument.base}-{'USD' if instrument.quote in _DOLLARS else instrument.quote}"


def pages(instrument: Instrument, timeframe: Timeframe, spans: list[TimeSpan], progress: Progress) -> Iterator[Page]:
    """Yield every bar of `spans` that Yahoo has.

    Raises:
        InputError: yfinance is not installed, or Yahoo has no such timeframe.
        UnansweredError: Yahoo returned no bars.
    """
    try:
        import yfinance
    except ImportError:
        raise InputError("The source yahoo needs an extra. Run: pip install 'twokey[yahoo]'") from None
    if timeframe.value not in _OFFERED:
        raise InputError(f"Yahoo has no {timeframe} bars. It offers {', '.join(_OFFERED)}. Choose one of them.")
    for number, span in enumerate(spans, 1):
        progress(number, len(spans), f"yahoo {ticker(instrument)} {timeframe}")
        yield span, _bars(yfinance, instrument, timeframe, span)


def _bars(yfinance: object, instrument: Instrument, timeframe: Timeframe, span: TimeSpan) -> Bars:
    name = ticker(instrument)
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # it logs every error that it also raises
    try:
        history = yfinance.Ticker(name).history(  # type: ignore[attr-defined]
            interval=_OFFERED[timeframe.value],
            start=to_datetime(span.start_ns),
            end=to_datetime(span.end_ns),
            auto_adjust=False,
            raise_errors=True,
        )
    except Exception as error:  # yfinance leaks errors of three HTTP libraries
        raise UnansweredError(
            "Yahoo", type(error).__name__, f"Try again later or use {option('source', 'exchange')}."
        ) from error
    if history.empty:
        remedy = f"Its intraday history covers only recent weeks; use {option('source', 'exchange')}."
        raise UnansweredError("Yahoo", f"no {name} bars in {span}", remedy)
    bars = Bars.from_frame(history.tz_convert("UTC"))
    return cut(replace(bars, interval_ns=timeframe.nanoseconds), span)
