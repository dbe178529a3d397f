"""Fills the trade log with candles: the spans that it does not have, and no others."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.options import option
from skills_lib.domain.time import MS_NS
from skills_lib.market.candles.loader import load
from skills_lib.market.candles.model import CandleRequest, Candles, Source
from skills_lib.market.candles.series import fields_of
from skills_lib.market.candles.spans import TimeSpan, missing, requested_span, to_datetime, to_ns
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings
from skills_lib.trades.store.model import Filter, TradeStore, Written
from skills_lib.trades.store.rows import StoredCandle, StoredCoverage

MARKET = "market"
"""Account of the coverage of candles, which belong to none."""
_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingestion did. complete: from when to when the store has all bars there are. origins: of new bars."""

    written: Written
    complete: TimeSpan
    origins: list[str]


def ingest(request: CandleRequest, store: TradeStore, settings: Settings, progress: Progress = no_progress) -> Ingested:
    """Load the spans of `request` that the store does not have, by its source, and write their bars.

    Without `since`, a series that is in the store is brought up to date.

    Raises:
        InputError: as `load`.
        SourceUnavailableError: no real candles are to be had; synthetic ones are never stored.
    """
    if request.source in (Source.STORE, Source.SAMPLE):
        raise InputError(
            f"Cannot fill the trade log from {request.source}. Use {option('source', 'exchange')} or cache."
        )
    known = _covered(request, store)
    asked = _asked(request, known)
    written, origins = Written(), []
    for span in missing(asked, [known] if known else []):
        found = _loaded(request, span, settings, progress)
        written += _write(found, request.exchange, store)
        known = _extended(known, span, found)
        store.write([_coverage(request, known)])
        origins.append(str(found.origin))
    return Ingested(written, known or asked, origins)


def _asked(request: CandleRequest, known: TimeSpan | None) -> TimeSpan:
    """The span that must be there afterwards: it joins what is there, so that what is complete stays one span."""
    asked = requested_span(request, to_ns(datetime.now(UTC)))
    if known is None:
        return asked
    start = min(asked.start_ns, known.start_ns) if request.since else known.start_ns
    return TimeSpan(start, max(asked.end_ns, known.end_ns))


def _loaded(request: CandleRequest, span: TimeSpan, settings: Settings, progress: Progress) -> Candles:
    part = replace(request, since=to_datetime(span.start_ns), until=to_datetime(span.end_ns))
    found = load(part, settings, progress)
    if found.origin.synthetic:
        raise SourceUnavailableError("Only synthetic candles were found, and none are stored. Connect to the network.")
    return found


def _extended(known: TimeSpan | None, span: TimeSpan, found: Candles) -> TimeSpan:
    """What is complete with the bars of `span`: to its last bar, because a source may not have the newest yet."""
    end = int(found.bars.open_time_ns[-1]) + found.timeframe.nanoseconds
    if known is None:
        return TimeSpan(span.start_ns, min(span.end_ns, end))
    return TimeSpan(span.start_ns, known.end_ns) if span < known else TimeSpan(known.start_ns, min(span.end_ns, end))


def _covered(request: CandleRequest, store: TradeStore) -> TimeSpan | None:
    where = Filter(venue=request.exchange, account=MARKET, symbol=request.instrument.symbol)
    found = [row for row in store.rows(StoredCoverage, where) if row.subject == _subject(request)]
    return TimeSpan(found[0].complete_from_ms * MS_NS, found[0].complete_until_ms * MS_NS) if found else None


def _subject(request: CandleRequest) -> str:
    return f"candles {request.timeframe}"


def _coverage(request: CandleRequest, complete: TimeSpan) -> StoredCoverage:
    return StoredCoverage(
        venue=request.exchange,
        account=MARKET,
        subject=_subject(request),
        symbol=request.instrument.symbol,
        complete_from_ms=complete.start_ns // MS_NS,
        complete_until_ms=complete.end_ns // MS_NS,
        updated_ms=to_ns(datetime.now(UTC)) // MS_NS,
    )


def _write(found: Candles, exchange: str, store: TradeStore) -> Written:
    """repr gives the shortest text that is read as the same number."""
    written, bars = Written(), found.bars
    for i in range(0, len(bars), _AT_ONCE):
        part = bars[i : i + _AT_ONCE]
        columns = (map(Decimal, map(repr, field.tolist())) for field in fields_of(part))
        rows = [
            StoredCandle(
                venue=exchange,
                symbol=found.instrument.symbol,
                timeframe=found.timeframe.value,
                open_ms=time // MS_NS,
                **dict(zip(("open", "high", "low", "close", "volume"), values, strict=True)),
                origin=found.origin.source,
            )
            for time, *values in zip(part.open_time_ns.tolist(), *columns, strict=True)
        ]
        written += store.write(rows)[StoredCandle.TABLE]
    return written
