"""The request of a background job that downloads candles."""

from typing import Literal

from pydantic import ConfigDict, ValidationError

from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel, explain_problem
from skills_lib.market.candles.arguments import CandleArguments
from skills_lib.market.candles.loader import fetch, require_fetchable
from skills_lib.progress import Progress
from skills_lib.settings import Settings


class FetchedCandles(FrozenModel):
    """What the cache holds after a fetch; `bars`: of the whole span, `quality`: its defects."""

    symbol: str
    timeframe: str
    source: str
    bars: int
    start: str
    end: str
    quality: dict[str, int]


def parse_fetch(text: str) -> "FetchJob":
    """The request parsed from its JSON `text`.

    Raises:
        InputError: an unknown or missing field, or a value of the wrong type.
    """
    try:
        return FetchJob.model_validate_json(text)
    except ValidationError as error:
        problem = explain_problem(error.errors(include_url=False)[0], FetchJob.model_fields)
        raise InputError(f"Job request refused: {problem} Start the job again to rewrite it.") from None


class FetchJob(FrozenModel):
    """Arguments of `twokey data fetch`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    verb: Literal["fetch"] = "fetch"
    candles: CandleArguments

    def check(self, settings: Settings) -> None:
        """Check every argument without asking anybody.

        Raises:
            InputError: the first argument that the library refuses.
        """
        require_fetchable(self.candles.request(settings))

    def run(self, settings: Settings, progress: Progress) -> FetchedCandles:
        """Download the bars that the cache lacks; pages are kept, so that the same request resumes.

        Raises:
            TwokeyError: as `fetch`.
        """
        found = fetch(self.candles.request(settings), settings, progress)
        start, end = (str(time) for time in found.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("M8[s]"))
        return FetchedCandles(
            symbol=found.instrument.symbol,
            timeframe=found.timeframe.value,
            source=str(found.origin),
            bars=len(found.bars),
            start=f"{start}Z",
            end=f"{end}Z",
            quality=found.quality.counts(),
        )
