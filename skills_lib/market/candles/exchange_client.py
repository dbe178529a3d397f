"""Fetches markets and pages of bars from an exchange through ccxt."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.network import UnansweredError, name_resolves
from skills_lib.market.candles.pages import Page
from skills_lib.market.candles.series import bars_of, cut, no_bars, union
from skills_lib.market.candles.spans import TimeSpan, floor_to_bar, to_ns
from skills_lib.market.retries import Retries, TransientError, retry_after_s
from skills_lib.progress import Progress
from skills_lib.settings import Settings

T = TypeVar("T")

_PAGE_BARS = 1_000
_NS_PER_MS = 1_000_000
_MAX_DELAY_NS = DAY_NS
_REFUSED_COUNTRY = re.compile(r"\b451\b|restricted location|from your country", re.IGNORECASE)
_NOT_CONNECTED = re.compile(r"resolve|NewConnectionError|ConnectTimeout|unreachable|refused", re.IGNORECASE)
_BASE_URLS = {
    "binance": "https://api.binance.com",
    "binanceusdm": "https://fapi.binance.com",
}  # name resolution is tested before ccxt is imported
_OFFLINE_REMEDY = f"Check the connection, or use {option('source', 'cache')} or sample."
ALTERNATIVES = (
    f"Try {option('source', 'archive')}, another exchange such as {option('exchange', 'kraken')} or okx, "
    "or run `twokey data import FILE`."
)


@cache
def exchange_ids() -> frozenset[str]:
    """The ids of ccxt's exchanges, without importing it."""
    spec = find_spec("ccxt")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    return frozenset(path.stem for path in folder.glob("*.py")) - {"__init__"}


def require_exchange(name: str) -> None:
    """Validate an exchange name without importing ccxt.

    Raises:
        InputError: ccxt has no such exchange.
    """
    known = exchange_ids()
    if name not in known:
        raise InputError(
            f"Unknown exchange '{name}'.{did_you_mean(name, known)} Use one of ccxt's {len(known)} ids, in lower case."
        )


def suggest_pair(instrument: Instrument, pairs: Iterable[str]) -> str:
    """Return " Did you mean 'BTC/USDT'?" for the closest listed pair, preferring a common prefix; else ""."""

    def closeness(pair: str) -> tuple[float, int, str]:
        same = takewhile(lambda letters: letters[0] == letters[1], zip(pair, instrument.pair, strict=False))
        return SequenceMatcher(None, instrument.pair, pair).ratio(), len(list(same)), pair

    best = max(get_close_matches(instrument.pair, set(pairs), n=20, cutoff=0.5), key=closeness, default=None)
    return f" Did you mean '{best}'?" if best else ""


class ExchangeClient:
    """A ccxt exchange with its rate limiter on; transient failures are retried."""

    def __init__(self, name: str, settings: Settings) -> None:
        require_exchange(name)
        self.name = name
        url = settings.exchange_url or _BASE_URLS.get(name)
        if url and not name_resolves(url):
            raise self._unanswered("no network", _OFFLINE_REMEDY)
        import ccxt

        self._errors = ccxt
        self._retries = Retries.of(settings)
        self._answered = False
        options = {"enableRateLimit": True, "timeout": int(settings.http_timeout_s * 1_000), "requests_trust_env": True}
        self._ccxt: Any = getattr(ccxt, name)(options)
        if name == "binance":
            self._ccxt.options["fetchMarkets"]["types"] = ["spot"]  # otherwise three more hosts are queried
        if settings.exchange_url:
            self._ccxt.urls["api"] = _rebase_urls(self._ccxt.urls["api"], settings.exchange_url)

    def markets(self) -> dict[str, dict[str, Any]]:
        """Every market, keyed by ccxt's market name.

        Raises:
            UnansweredError: the exchange cannot be reached or rejects the request.
        """
        if not self._ccxt.markets:
            self._call(self._ccxt.load_markets)
        markets: dict[str, dict[str, Any]] = self._ccxt.markets
        return markets

    def market(self, instrument: Instrument) -> str:
        """ccxt's name of the instrument's market: spot if listed, else the perpetual.

        Raises:
            InputError: the exchange does not list it.
            UnansweredError: as `markets`.
        """
        markets = self.markets()
        for name in (instrument.pair, f"{instrument.pair}:{instrument.quote}"):
            if name in markets:
                return name
        hint = suggest_pair(instrument, (name.partition(":")[0] for name in markets))
        raise InputError(
            f"{self.name} does not list {instrument.pair}.{hint} Check the symbol, or give another "
            f"{option('exchange')}."
        )

    def pages(
        self, instrument: Instrument, timeframe: Timeframe, spans: list[TimeSpan], progress: Progress
    ) -> Iterator[Page]:
        """Yield every closed bar of `spans`, page by page, oldest first.

        Raises:
            InputError: the exchange lacks the instrument or the timeframe.
            UnansweredError: as `markets`.
        """
        market = self.market(instrument)
        self._require_timeframe(timeframe)
        step = timeframe.nanoseconds
        total, done = sum((s.end_ns - s.start_ns) // step for s in spans), 0
        for span in spans:
            for page in self._span_pages(market, timeframe, span):
                done += (page[0].end_ns - page[0].start_ns) // step
                progress(min(done, total), total, f"{self.name} {instrument.pair} {timeframe}")
                yield page

    def _span_pages(self, market: str, timeframe: Timeframe, span: TimeSpan) -> Iterator[Page]:
        cursor = span.start_ns
        while cursor < min(span.end_ns, self._closed_until(timeframe)):
            bars = self._page(market, timeframe, cursor)
            until = min(span.end_ns, self._closed_until(timeframe))
            found = cut(bars, TimeSpan(cursor, until))
            if len(found):
                end = int(found.open_time_ns[-1]) + timeframe.nanoseconds
            else:
                end = self._end_of_empty_span(cursor, until, timeframe, answered=len(bars) > 0)
            if end <= cursor:
                return
            yield TimeSpan(cursor, end), found
            cursor = end

    def _end_of_empty_span(self, cursor: int, until: int, timeframe: Timeframe, answered: bool) -> int:
        """End of the span from `cursor` that certainly has no bars; `cursor` itself if they may only be late."""
        if self._closed_until(timeframe) - cursor <= _MAX_DELAY_NS + 2 * timeframe.nanoseconds:
            return cursor
        if answered or self.name.startswith("binance"):
            return until  # such exchanges return the next existing bars, however late: none means there are none
        return min(until, cursor + _PAGE_BARS * timeframe.nanoseconds)

    def _page(self, market: str, timeframe: Timeframe, since_ns: int) -> Bars:
        """Bars from `since_ns` on; an empty response is accepted only after a second request."""
        for _ in range(2):
            rows = self._call(lambda: self._rows(market, timeframe, since_ns))
            if rows:
                return union([_parse_rows(rows, timeframe)])
        return no_bars(timeframe)

    def _rows(self, market: str, timeframe: Timeframe, since_ns: int) -> list[list[float]]:
        since_ms = -(-since_ns // _NS_PER_MS)
        rows = self._ccxt.fetch_ohlcv(market, timeframe.value, since=since_ms, limit=_PAGE_BARS)
        if not isinstance(rows, list) or any(len(row) < 6 or row[0] is None for row in rows):
            raise TransientError("the response is not a list of bars")
        return [row for row in rows if None not in row[1:5]]

    def _closed_until(self, timeframe: Timeframe) -> int:
        """Open time of the bar still forming, by the earlier of the local and the exchange clock."""
        from email.utils import parsedate_to_datetime

        now = datetime.now(UTC)
        date = (self._ccxt.last_response_headers or {}).get("Date")
        with suppress(TypeError, ValueError):
            now = min(now, parsedate_to_datetime(date)) if date else now
        return floor_to_bar(to_ns(now), timeframe)

    def _require_timeframe(self, timeframe: Timeframe) -> None:
        offered = self._ccxt.timeframes or {}
        if not self._ccxt.has["fetchOHLCV"] or timeframe.value not in offered:
            raise InputError(
                f"{self.name} has no {timeframe} bars. It offers {', '.join(offered) or 'none'}. Choose one of them."
            )

    def _call(self, call: Callable[[], T]) -> T:
        try:
            result = self._retries.run(lambda: self._call_once(call))
        except TransientError as error:
            raise self._unanswered(error.reason, f"Try again later. {ALTERNATIVES}") from error
        self._answered = True
        return result

    def _call_once(self, call: Callable[[], T]) -> T:
        self._ccxt.last_response_headers = None
        try:
            return call()
        except self._errors.BadSymbol as error:
            raise InputError(f"{self.name} rejects the symbol: {_summarize(error)}. Check the symbol.") from error
        except self._errors.BaseError as error:
            raise self._translate_error(error) from error
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            raise TransientError("the response cannot be parsed") from error

    def _translate_error(self, error: Exception) -> Exception:
        """Map a ccxt error to a transient error or to an unavailable source with a remedy."""
        text, cause = str(error), f"{error} {error.__cause__!r}"
        wait_s = retry_after_s((self._ccxt.last_response_headers or {}).get("Retry-After"))
        if _REFUSED_COUNTRY.search(text):
            return self._unanswered("it blocks this country (HTTP 451)", ALTERNATIVES)
        if re.search(r"\b418\b", text):
            wait = f" for {wait_s:.0f} s" if wait_s else ""
            return self._unanswered(
                f"it has banned this address{wait} (HTTP 418)", f"Wait until the ban ends. {ALTERNATIVES}"
            )
        if not self._answered and _NOT_CONNECTED.search(cause):
            return self._unanswered("no network", _OFFLINE_REMEDY)
        if isinstance(error, self._errors.OperationFailed):
            return TransientError(_summarize(error), wait_s)
        return self._unanswered(_summarize(error), ALTERNATIVES)

    def _unanswered(self, reason: str, remedy: str) -> UnansweredError:
        return UnansweredError(f"The exchange {self.name}", reason, remedy)


def _parse_rows(rows: list[list[float]], timeframe: Timeframe) -> Bars:
    table = np.array([[cell if cell is not None else 0.0 for cell in row[:6]] for row in rows], dtype=np.float64)
    times = table[:, 0].astype(np.int64) * _NS_PER_MS
    return bars_of(times, (np.ascontiguousarray(table[:, i]) for i in range(1, 6)), timeframe.nanoseconds)


def _rebase_urls(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {name: _rebase_urls(url, base) for name, url in urls.items()}
    return base.rstrip("/") + urlsplit(urls).path


def _summarize(error: Exception) -> str:
    """The first 160 characters of an error, without HTML tags."""
    return re.sub(r"<[^>]*>", " ", " ".join(str(error).split()))[:160].strip().rstrip(".")
