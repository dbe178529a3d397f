"""Loads bars for a request, trying the sources in order and recording which one was used and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module

from skills_lib import log
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import CorruptDataError, InputError, SourceUnavailableError
from skills_lib.domain.options import option
from skills_lib.domain.quality import measure
from skills_lib.market.candles.cache import Cached, CacheKey, CandleCache
from skills_lib.market.candles.model import CandleRequest, Candles, Origin, Source
from skills_lib.market.candles.network import UnansweredError
from skills_lib.market.candles.pages import Page
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan, default_length, join, missing, requested_span, show, to_ns
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings

Pages = Callable[[list[TimeSpan]], Iterator[Page]]

YAHOO = Source.YAHOO.value
_STORED = "skills_lib.trades.candles.stored"
"""Reads the trade log, a layer above this one: bound when it is asked for, so that nothing here depends on it."""
_NETWORK_SOURCES = (Source.EXCHANGE, Source.ARCHIVE)


def load(request: CandleRequest, settings: Settings, progress: Progress = no_progress) -> Candles:
    """Bars of `request`. AUTO tries fresh cache, exchange, archive, stale cache and sample; others have no fallback.

    Raises:
        InputError: an unknown exchange or symbol, or an invalid span.
        SourceUnavailableError: no allowed source has the bars.
        CorruptDataError: the requested cache or archive is damaged.
        TwokeyError: the fetched bars could not be written.
    """
    request = _resolve_source(request)
    loader = _CandleLoader(request, settings, progress)
    match request.source:
        case Source.AUTO:
            return loader.load_auto()
        case Source.CACHE:
            return loader.load_cached()
        case Source.SAMPLE:
            return loader.load_sample()
        case Source.STORE:
            return loader.load_stored()
        case _:
            return loader.fetch(request.source)


def fetch(request: CandleRequest, settings: Settings, progress: Progress = no_progress) -> Candles:
    """Fetch the bars missing from the cache and return the whole span. AUTO is the exchange, then the archive.

    Raises:
        InputError: as `load`, or a source that cannot be fetched from.
        SourceUnavailableError: no network source answered; downloaded pages stay cached.
        TwokeyError: as `load`.
    """
    from skills_lib.market.candles.exchange_client import ALTERNATIVES

    request = require_fetchable(request)
    loader = _CandleLoader(request, settings, progress)
    if request.source is not Source.AUTO:
        return loader.fetch_from(request.source)
    if found := loader.from_network():
        return found
    raise SourceUnavailableError(f"{loader.notes_text()}{ALTERNATIVES}")


def require_fetchable(request: CandleRequest) -> CandleRequest:
    """The request as a source that can be asked over the network.

    Raises:
        InputError: an unknown exchange, or a source that cannot be fetched from.
    """
    if request.source in (Source.CACHE, Source.SAMPLE, Source.STORE):
        raise InputError(f"Cannot fetch from {request.source}. Use {option('source', 'exchange')}, archive or yahoo.")
    return _resolve_source(request)


def _resolve_source(request: CandleRequest) -> CandleRequest:
    """The request with `source` and `exchange` both set to Yahoo if either is; Yahoo is not a ccxt exchange."""
    if request.source is Source.YAHOO:
        return replace(request, exchange=YAHOO)
    if request.exchange == YAHOO:
        return replace(request, source=Source.YAHOO) if request.source in (Source.AUTO, Source.EXCHANGE) else request
    from skills_lib.market.candles.exchange_client import require_exchange

    require_exchange(request.exchange)
    return request


@dataclass
class _CandleLoader:
    """Loads one request; `notes` collects the failures of earlier sources."""

    request: CandleRequest
    settings: Settings
    progress: Progress
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = datetime.now(UTC)
        self.span = requested_span(self.request, to_ns(self.now))
        self.cache = CandleCache(self.settings.candles_dir)
        self.key = CacheKey(self.request.exchange, self.request.instrument, self.request.timeframe)

    def load_auto(self) -> Candles:
        cached = self.read_cache()
        if cached and self.is_fresh(cached):
            return self.from_cache(cached, self.cached_span(cached))
        if found := self.from_network():
            return found
        cached = self.read_cache()
        if cached and len(bars := cut(cached.bars, self.cached_span(cached))):
            self.notes.insert(0, f"stale: last bar {show(int(bars.open_time_ns[-1]))} UTC")
            return self.from_cache(cached, self.cached_span(cached))
        return self.load_sample()

    def from_network(self) -> Candles | None:
        """Candles from the exchange, else the archive; None with notes if both fail."""
        for source in _NETWORK_SOURCES:
            try:
                return self.fetch(source)
            except (UnansweredError, CorruptDataError) as error:
                reason = error.reason if isinstance(error, UnansweredError) else str(error)
                log.info("source failed", source=source.value, reason=reason)
                self.notes.append(f"the {source} did not answer: {reason}")
        return None

    def load_cached(self) -> Candles:
        cached = self.read_cache()
        if cached is None:
            raise SourceUnavailableError(
                f"{self.notes_text()}No cached {self.key}. Run `twokey data fetch {self.key.instrument.pair} "
                f"{self.key.timeframe}` or `twokey data import FILE`."
            )
        return self.from_cache(cached, self.cached_span(cached))

    def load_sample(self) -> Candles:
        from skills_lib.market.candles.sample import SAMPLE_SPAN, sample_bars
        from skills_lib.market.candles.symbols import require_listed

        instrument, timeframe = self.request.instrument, self.request.timeframe
        require_listed(instrument, self.request.exchange, self.settings)
        until = min(self.span.end_ns, SAMPLE_SPAN.end_ns)
        since = self.span.start_ns if self.request.since else until - default_length(timeframe)
        bars = sample_bars(instrument.symbol, timeframe, TimeSpan(since, until))
        if not len(bars):
            raise SourceUnavailableError(
                f"{self.notes_text()}The sample covers {SAMPLE_SPAN} and has no bars in {self.span}. "
                f"Change {option('since')} or {option('until')}, or run `twokey data import FILE`."
            )
        return self.build_candles(bars, Source.SAMPLE, "synthetic", synthetic=True)

    def load_stored(self) -> Candles:
        reader = import_module(_STORED)
        bars, address = reader.stored_bars(self.key, self.span, self.settings)
        if not len(bars):
            raise SourceUnavailableError(
                f"The trade log has no {self.key} bars in {self.span}. Run `twokey store ingest "
                f"{self.key.instrument.pair} {self.key.timeframe}`."
            )
        return self.build_candles(bars, Source.STORE, f"{address}, {self.key.exchange}")

    def fetch(self, source: Source) -> Candles:
        """Fetch the bars missing from the cache from `source`, store them, and return the whole span."""
        pages = self.page_source(source)
        with self.cache.lock(self.key, self.progress):
            self.cache.merge_pages(self.key, f"{self.key.exchange}, interrupted download")
            before = self.read_cache()
            missing_spans = missing(self.target_span(before), before.known if before else ())
            self.store_pages(pages, missing_spans, f"{self.key.exchange} {source}")
            cached = self.read_cache()
        if cached is None or not len(cut(cached.bars, self.target_span(cached))):
            raise InputError(
                f"{self.key.exchange} has no {self.key} bars in {self.span}. "
                f"Change {option('since')} or {option('until')}."
            )
        if not missing_spans:
            return self.from_cache(cached, self.target_span(cached))
        return self.from_fetch(source, before, cached)

    def fetch_from(self, source: Source) -> Candles:
        """As `fetch`; the error names other sources to fetch from, not the cache or the sample."""
        from skills_lib.market.candles.exchange_client import ALTERNATIVES

        try:
            return self.fetch(source)
        except UnansweredError as error:
            raise SourceUnavailableError(f"The {source} did not answer: {error.reason}. {ALTERNATIVES}") from error

    def store_pages(self, pages: Pages, missing_spans: list[TimeSpan], origin: str) -> None:
        stored = self.cache.pages(self.key)
        log.info("fetching", series=str(self.key), origin=origin, spans=[str(span) for span in missing_spans])
        try:
            for page in pages(missing_spans) if missing_spans else ():
                stored.append(page)
        finally:
            self.cache.merge_pages(self.key, origin)

    def page_source(self, source: Source) -> Pages:
        request, settings, progress = self.request, self.settings, self.progress
        if source is Source.YAHOO:
            from skills_lib.market.candles import yahoo

            return lambda spans: yahoo.pages(request.instrument, request.timeframe, spans, progress)
        if source is Source.ARCHIVE:
            from skills_lib.market.candles.archive import Archive

            archive = Archive(request.exchange, settings)
            return lambda spans: archive.pages(request.instrument, request.timeframe, spans, progress)
        from skills_lib.market.candles.exchange_client import ExchangeClient

        return lambda spans: ExchangeClient(request.exchange, settings).pages(
            request.instrument, request.timeframe, spans, progress
        )

    def read_cache(self) -> Cached | None:
        try:
            return self.cache.read(self.key)
        except CorruptDataError as error:
            self.notes.append(str(error).removesuffix(" Fetch again.").rstrip("."))
            return None

    def target_span(self, cached: Cached | None) -> TimeSpan:
        """Span to return after a fetch; without `since` it extends back over the contiguous cached span."""
        if cached is None or self.request.since:
            return self.span
        before = [s.start_ns for s in join(cached.known) if s.start_ns < self.span.start_ns <= s.end_ns]
        return TimeSpan(before[0] if before else self.span.start_ns, self.span.end_ns)

    def cached_span(self, cached: Cached) -> TimeSpan:
        """Span to return from the cache alone; without `since` its newest contiguous span."""
        newest = join(cached.known)[-1:]
        return TimeSpan(newest[0].start_ns, self.span.end_ns) if newest and not self.request.since else self.span

    def is_fresh(self, cached: Cached) -> bool:
        """True if nothing needs fetching: the span is cached, or all but its tail is and the file is recent."""
        if not missing(self.span, cached.known) and len(cut(cached.bars, self.span)):
            return True
        until, since = self.request.until, self.request.since
        open_end = until is None or until >= self.now
        is_recent = (self.now - cached.fetched_at).total_seconds() < self.settings.cache_fresh_hours * 3_600
        begins = since is None or any(s.start_ns <= self.span.start_ns < s.end_ns for s in cached.known)
        return open_end and is_recent and begins and len(cached.bars) > 0

    def from_cache(self, cached: Cached, span: TimeSpan) -> Candles:
        bars = cut(cached.bars, span)
        if not len(bars):
            raise SourceUnavailableError(
                f"{self.notes_text()}The cache of {self.key} has no bars in {span}. "
                "Change the dates, or run `twokey data fetch`."
            )
        age = _age((self.now - cached.fetched_at).total_seconds())
        detail = f"{cached.origin}, stored {cached.fetched_at:%Y-%m-%d %H:%M} UTC, {age} ago"
        return self.build_candles(bars, Source.CACHE, detail)

    def from_fetch(self, source: Source, before: Cached | None, cached: Cached) -> Candles:
        bars = cut(cached.bars, self.target_span(cached))
        old = len(cut(before.bars, self.target_span(cached))) if before else 0
        name = "data.binance.vision" if source is Source.ARCHIVE else self.key.exchange
        detail = f"{name}, fetched {cached.fetched_at:%Y-%m-%d %H:%M} UTC"
        if old:
            detail += f", {len(bars) - old} new bars, {old} from the cache"
        return self.build_candles(bars, source, detail)

    def build_candles(self, bars: Bars, source: Source, detail: str, synthetic: bool = False) -> Candles:
        origin = Origin(source.value, "; ".join([detail, *self.notes]), synthetic)
        log.info("candles", series=str(self.key), source=str(origin), bars=len(bars))
        return Candles(self.request.instrument, self.request.timeframe, bars, origin, measure(bars))

    def notes_text(self) -> str:
        return "".join(f"{note[0].upper()}{note[1:]}. " for note in self.notes)


def _age(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
