"""The benchmark of a run: what holding one market returned over the same time."""

from dataclasses import replace

from skills_lib.domain.errors import TwokeyError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.models import FrozenModel
from skills_lib.market.candles import CandleArguments, Candles
from skills_lib.market.candles.spans import to_datetime
from skills_lib.progress import Progress
from skills_lib.settings import Settings


class Benchmark(FrozenModel):
    """Holding `symbol` from the first open to the last close, before costs. `return_pct` is None where it is unknown.

    `problem`: why it is unknown, or over which shorter time it was measured.
    """

    symbol: str
    return_pct: float | None = None
    source: str = ""
    problem: str = ""

    def line(self) -> str:
        """As a result shows it."""
        if self.return_pct is None:
            return f"Benchmark {self.symbol}: {self.problem}"
        held = f"Benchmark: holding {self.symbol} {self.return_pct:,.2f} % before costs · {self.source}"
        return f"{held}; {self.problem}" if self.problem else held


def measure_benchmark(
    symbol: str, candles: Candles, arguments: CandleArguments, settings: Settings, progress: Progress
) -> Benchmark:
    """Hold `symbol` over the bars of `candles`, which `arguments` asked for; missing candles are a problem, no error.

    Raises:
        InputError: not a symbol.
    """
    named = Instrument.parse(symbol)
    if named.symbol == candles.instrument.symbol:
        return _held(named.symbol, candles, candles)
    times, step = candles.bars.open_time_ns, candles.bars.interval_ns
    since, until = (to_datetime(int(time)).isoformat() for time in (times[0], times[-1] + step))
    try:
        found = replace(arguments, symbol=symbol, since=since, until=until, data=None).answer(settings, progress)
    except TwokeyError as error:
        return Benchmark(symbol=named.symbol, problem=str(error))
    if found.origin.synthetic and not candles.origin.synthetic:
        return Benchmark(symbol=named.symbol, problem="only synthetic candles were found")
    return _held(named.symbol, found, candles)


def _held(symbol: str, found: Candles, candles: Candles) -> Benchmark:
    """The return; candles that begin later or end earlier are another time, which is said."""
    times, own = found.bars.open_time_ns, candles.bars.open_time_ns
    bounds = [f"{to_datetime(int(time)):%Y-%m-%dT%H:%M}" for time in times[[0, -1]]]
    covers = (int(times[0]), int(times[-1])) == (int(own[0]), int(own[-1]))
    return Benchmark(
        symbol=symbol,
        return_pct=float(found.bars.close[-1] / found.bars.open[0] - 1) * 100,
        source=str(found.origin),
        problem="" if covers else f"its candles are those of {bounds[0]} to {bounds[1]} only",
    )
