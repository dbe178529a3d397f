"""The candles that a verb's arguments ask for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skills_lib.market.candles.model import Candles
    from skills_lib.progress import Progress
    from skills_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class CandleChoice:
    """Arguments as typed; nothing is read before `load`."""

    symbol: str
    timeframe: str
    since: str | None = None
    until: str | None = None
    source: str = "auto"
    exchange: str | None = None
    data: Path | None = None

    def load(self, settings: "Settings", progress: "Progress") -> "Candles":
        """Fetch or read the candles.

        Raises:
            InputError: an argument that does not fit, or a file that is refused.
            SourceUnavailableError: the demanded source did not answer.
        """
        from skills_lib.domain.instruments import Instrument
        from skills_lib.domain.timeframes import Timeframe
        from skills_lib.market import candles

        instrument, timeframe = Instrument.parse(self.symbol), Timeframe.parse(self.timeframe)
        since = candles.parse_utc(self.since) if self.since else None
        until = candles.parse_utc(self.until) if self.until else None
        if self.data is not None:
            return candles.cut(candles.load_file(self.data, instrument, timeframe), since, until)
        source = candles.Source.parse(self.source)
        exchange = self.exchange or settings.exchange
        request = candles.CandleRequest(instrument, timeframe, since, until, source, exchange)
        return candles.load(request, settings, progress)
