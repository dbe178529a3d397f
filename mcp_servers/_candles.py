"""The candles a client asks for, in its own words."""

from dataclasses import dataclass

from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from skills_lib.progress import Progress
from skills_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class CandleQuestion:
    """Arguments as the client wrote them; nothing is read before `load`."""

    symbol: str
    timeframe: Timeframe
    since: str | None
    until: str | None
    source: str
    exchange: str | None

    def load(self, settings: Settings, progress: Progress) -> candles.Candles:
        """Fetch or read the candles.

        Raises:
            TwokeyError: an argument the library refuses, or a source that did not answer.
        """
        request = candles.CandleRequest(
            Instrument.parse(self.symbol),
            self.timeframe,
            candles.parse_utc(self.since) if self.since else None,
            candles.parse_utc(self.until) if self.until else None,
            candles.Source(self.source),
            self.exchange or settings.exchange,
        )
        return candles.load(request, settings, progress)
