"""`load`: from a request to bars, whatever the source; the answer says which one it was and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import CorruptDataError, InputError, SourceUnavailableError
from skills_lib.domain.quality import measure
from skills_lib.market.candles.cache import Cached, CacheKey, CandleCache
from skills_lib.market.candles.exchange_client import WAYS_OUT, require_exchange
from skills_lib.market.candles.model import CandleRequest, Candles, Origin, Source
from skills_lib.market.candles.network import UnansweredError
from skills_lib.market.candles.pages import Page
from skills_lib.market.candles.sample import SAMPLE_SPAN, sample_bars
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan, default_length, join, missing, requested_span, show, to_ns
from skills_lib.market.candles.symbols import require_listed
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings

Pages = Callable[[list[TimeSpan]], Iterator[Page]]

YAHOO = Source.YAHOO.value
_FETCHED = (Source.EXCHANGE, Source.ARCHIVE)


def load(request: CandleRequest, settings: Settings, progress: Progress = no_progress) -> Candles:
    """Bars of `request`. AUTO tries fresh cache, exchange, archive, older cache and sample; other sources stand alone.

    Raises:
        InputError: unknown exchange or symbol, or a span that cannot be.
        SourceUnavailableError: no source that may be used has the bars.
        CorruptDataError: the demanded cache or archive is damaged.
        TwokeyError: the disk refused to store what was fetched.
    """
    request = _understood(request)
    loading = _Loading(request, settings, progress)
    match request.source:
        case Source.AUTO:
            return loading.auto()
        case Source.CACHE:
            return loading.cached_only()
        case Source.SAMPLE:
            return loading.sample()
        case _:
            return loading.fetch(request.source)


def fetch(request: CandleRequest, settings: Settings, progress: Progress = no_progress) -> Candles:
    """Fetch what the cache lacks and return all of it; never the sample. AUTO is the exchange, then the archive.

    Raises:
        InputError: as `load`, or a source that is not fetched from.
        SourceUnavailableError: no network source answered; pages that arrived before are kept.
        TwokeyError: as `load`.
    """
    request = _understood(request)
    if request.source in (Source.CACHE, Source.SAMPLE):
        raise InputError(f"Nothing is fetched from the {request.source}. Name exchange, archive or yahoo.")
    loading = _Loading(request, settings, progress)
    if request.source is not Source.AUTO:
        return loading.fetch(request.source)
    if found := loading.from_network():
        return found
    raise SourceUnavailableError(f"{loading.told()}{WAYS_OUT}")


def _understood(request: CandleRequest) -> CandleRequest:
    """The request with Yahoo, which is no exchange of ccxt, as source and exchange alike."""
    if request.source is Source.YAHOO:
        return replace(request, exchange=YAHOO)
    if request.exchange == YAHOO:
        return replace(request, source=Source.YAHOO) if request.source in (Source.AUTO, Source.EXCHANGE) else request
    require_exchange(request.exchange)
    return request


@dataclass
class _Loading:
    """One request on its way; `notes` say what went wrong before a source answered."""

    request: CandleRequest
    settings: Settings
    progress: Progress
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = datetime.now(UTC)
        self.span = requested_span(self.request, to_ns(self.now))
        self.cache = CandleCache(self.settings.candles_dir)
        self.key = CacheKey(self.request.exchange, self.request.instrument, self.request.timeframe)

    def auto(self) -> Candles:
        cached = self.read_cache()
        if cached and self.fresh(cached):
            return self.from_cache(cached, self.kept(cached))
        if found := self.from_network():
            return found
        cached = self.read_cache()
        if cached and len(bars := cut(cached.bars, self.kept(cached))):
            self.notes.insert(0, f"not fresh: it ends with the bar of {show(int(bars.open_time_ns[-1]))} UTC")
            return self.from_cache(cached, self.kept(cached))
        return self.sample()

    def from_network(self) -> Candles | None:
        """What the exchange or else the archive gives; None with notes if neither does."""
        for source in _FETCHED:
            try:
                return self.fetch(source)
            except (UnansweredError, CorruptDataError) as error:
                reason = error.reason if isinstance(error, UnansweredError) else str(error)
                self.notes.append(f"the {source} did not answer: {reason}")
        return None

    def cached_only(self) -> Candles:
        cached = self.read_cache()
        if cached is None:
            raise SourceUnavailableError(
                f"{self.told()}No cached {self.key}. Run `twokey data fetch {self.key.instrument.pair} "
                f"{self.key.timeframe}` or `twokey data import FILE`."
            )
        return self.from_cache(cached, self.kept(cached))

    def sample(self) -> Candles:
        instrument, timeframe = self.request.instrument, self.request.timeframe
        require_listed(instrument, self.request.exchange, self.settings)
        until = min(self.span.end_ns, SAMPLE_SPAN.end_ns)
        since = self.span.start_ns if self.request.since else until - default_length(timeframe)
        bars = sample_bars(instrument.symbol, timeframe, TimeSpan(since, until))
        if not len(bars):
            raise SourceUnavailableError(
                f"{self.told()}The sample covers {SAMPLE_SPAN} and has no bars in {self.span}. "
                "Ask for other dates, or `twokey data import FILE`."
            )
        return self.answer(bars, Source.SAMPLE, "synthetic", synthetic=True)

    def fetch(self, source: Source) -> Candles:
        """Ask `source` for what the cache lacks, store it, and answer from the whole."""
        pages = self.pages_of(source)
        with self.cache.locked(self.key, self.progress):
            self.cache.fold(self.key, f"{self.key.exchange}, interrupted download")
            before = self.read_cache()
            lacking = missing(self.wanted(before), before.known if before else ())
            self.store(pages, lacking, f"{self.key.exchange} {source}")
            cached = self.read_cache()
        if cached is None or not len(cut(cached.bars, self.wanted(cached))):
            raise InputError(f"{self.key.exchange} has no {self.key} bars in {self.span}. Ask for other dates.")
        if not lacking:
            return self.from_cache(cached, self.wanted(cached))
        return self.from_fetch(source, before, cached)

    def store(self, pages: Pages, lacking: list[TimeSpan], origin: str) -> None:
        log = self.cache.pages(self.key)
        try:
            for page in pages(lacking) if lacking else ():
                log.append(page)
        finally:
            self.cache.fold(self.key, origin)

    def pages_of(self, source: Source) -> Pages:
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

    def wanted(self, cached: Cached | None) -> TimeSpan:
        """What a fetch should end with: without `since` it reaches back over what the cache knows without a break."""
        if cached is None or self.request.since:
            return self.span
        before = [s.start_ns for s in join(cached.known) if s.start_ns < self.span.start_ns <= s.end_ns]
        return TimeSpan(before[0] if before else self.span.start_ns, self.span.end_ns)

    def kept(self, cached: Cached) -> TimeSpan:
        """What the cache alone answers with: without `since` its newest stretch without a break."""
        newest = join(cached.known)[-1:]
        return TimeSpan(newest[0].start_ns, self.span.end_ns) if newest and not self.request.since else self.span

    def fresh(self, cached: Cached) -> bool:
        """True if nothing needs to be fetched: all of it is known, or all but the tail and the file is young."""
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
                f"{self.told()}The cache of {self.key} has no bars in {span}. Ask for other dates, or fetch them."
            )
        age = _age((self.now - cached.fetched_at).total_seconds())
        detail = f"{cached.origin}, stored {cached.fetched_at:%Y-%m-%d %H:%M} UTC, {age} ago"
        return self.answer(bars, Source.CACHE, detail)

    def from_fetch(self, source: Source, before: Cached | None, cached: Cached) -> Candles:
        bars = cut(cached.bars, self.wanted(cached))
        old = len(cut(before.bars, self.wanted(cached))) if before else 0
        name = "data.binance.vision" if source is Source.ARCHIVE else self.key.exchange
        detail = f"{name}, fetched {cached.fetched_at:%Y-%m-%d %H:%M} UTC"
        if old:
            detail += f", {len(bars) - old} new bars, {old} from the cache"
        return self.answer(bars, source, detail)

    def answer(self, bars: Bars, source: Source, detail: str, synthetic: bool = False) -> Candles:
        origin = Origin(source.value, "; ".join([detail, *self.notes]), synthetic)
        return Candles(self.request.instrument, self.request.timeframe, bars, origin, measure(bars))

    def told(self) -> str:
        return "".join(f"{note[0].upper()}{note[1:]}. " for note in self.notes)


def _age(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
