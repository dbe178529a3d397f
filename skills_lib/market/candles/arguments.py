"""Parses candle arguments from the command line or MCP and loads the candles."""

from dataclasses import dataclass, replace
from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.quality import measure
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.importing import load_file
from skills_lib.market.candles.loader import load
from skills_lib.market.candles.model import CandleRequest, Candles, Source
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan, parse_utc, show, to_ns
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class CandleArguments:
    """Arguments as typed; nothing is read or fetched before `answer` is called."""

    symbol: str
    timeframe: str
    since: str | None = None
    until: str | None = None
    source: str = Source.AUTO.value
    exchange: str | None = None
    data: Path | None = None

    def answer(self, settings: Settings, progress: Progress = no_progress) -> Candles:
        """Load the candles; a `data` file replaces every other source.

        Raises:
            InputError: an invalid argument or file.
            SourceUnavailableError: the requested source did not answer.
        """
        request = self.request(settings)
        if self.data is None:
            return load(request, settings, progress)
        return _within(load_file(self.data, request.instrument, request.timeframe), request)

    def request(self, settings: Settings) -> CandleRequest:
        """The arguments as a `CandleRequest`.

        Raises:
            InputError: an invalid argument.
        """
        return CandleRequest(
            Instrument.parse(self.symbol),
            Timeframe.parse(self.timeframe),
            parse_utc(self.since) if self.since else None,
            parse_utc(self.until) if self.until else None,
            parse_source(self.source),
            self.exchange or settings.exchange,
        )


def parse_source(text: str) -> Source:
    """The source named `text`.

    Raises:
        InputError: unknown name; the message lists the allowed ones.
    """
    names = [source.value for source in Source]
    if text not in names:
        raise InputError(f"Unknown source '{text}'.{did_you_mean(text, names)} Allowed: {', '.join(names)}.")
    return Source(text)


def _within(candles: Candles, request: CandleRequest) -> Candles:
    if request.since is None and request.until is None:
        return candles
    times = candles.bars.open_time_ns
    start = to_ns(request.since) if request.since else int(times[0])
    end = to_ns(request.until) if request.until else int(times[-1]) + 1
    bars = cut(candles.bars, TimeSpan(start, end)) if start < end else candles.bars[:0]
    if not len(bars):
        covered = f"{show(int(times[0]))} to {show(int(times[-1]))} UTC"
        raise InputError(
            f"No bars between {show(start)} and {show(end)}; the file covers {covered}. "
            f"Change {option('since')} or {option('until')}."
        )
    return replace(candles, bars=bars, quality=measure(bars))
