"""The report of a replay as it is stored."""

from live.replay.figures.intervals import Interval
from live.replay.figures.luck import Deflation
from live.replay.figures.trades import TradeFigures
from live.replay.figures.verdict import RandomRank, ReplayVerdict
from skills_lib.domain.models import FrozenModel


class VariantLine(FrozenModel):
    """Trades of one variant on all tapes."""

    trades: int
    gross_bps: Interval
    net_bps: Interval


class AxisPoint(VariantLine):
    """A variant on the axis of a sensitivity. chosen: the one that the report is about."""

    x: float
    text: str
    chosen: bool = False


class SweepPoint(VariantLine):
    """A combination of a sweep. t: net mean in standard errors."""

    parameters: dict[str, str]
    t: float | None
    chosen: bool = False

    def at(self, x: float, text: str) -> AxisPoint:
        """The same as a place of an axis."""
        line = {name: getattr(self, name) for name in VariantLine.model_fields}
        return AxisPoint(x=x, text=text, chosen=self.chosen, **line)


class Controls(FrozenModel):
    """The controls under each fill model, by control and model; rank and net means of the random runs."""

    lines: dict[str, dict[str, VariantLine]]
    rank: RandomRank
    random_net_bps: tuple[float | None, ...]
    delay_s: float


class AxisSensitivity(FrozenModel):
    """Gross and net means along four axes; of `fee`, which is recomputed from the trades, x is bps a side."""

    threshold: tuple[AxisPoint, ...]
    depth: tuple[AxisPoint, ...]
    latency: tuple[AxisPoint, ...]
    fee: tuple[AxisPoint, ...]


class TapeFigures(VariantLine):
    """One tape. first_ns, end_ns: exchange time of its first and last message.

    journal: name of its file in the folder of the report; journal_head: hash of its last record. open_at_end: something
    could not be closed before the end, and is in no figure.
    """

    tape: str
    sha256: str
    first_ns: int
    end_ns: int
    updates: int
    signals: int
    decisions_sha256: str
    journal: str
    journal_head: str
    open_at_end: bool = False


class ReplayedStrategy(FrozenModel):
    """What was replayed. latency_ms: median one-way delay."""

    symbols: tuple[str, ...]
    settings: dict[str, str]
    limits: dict[str, str]
    capital: str
    fills: str
    latency: str
    latency_ms: float
    seed: int


class ReplayReport(FrozenModel):
    """A replay on one or several tapes, judged.

    updates, signals: of all tapes. refused: entries refused, by reason. swept: the combinations of a sweep, the chosen
    one marked. seconds: computing time on the clock.
    """

    id: str
    synthetic: bool
    verdict: ReplayVerdict
    strategy: ReplayedStrategy
    figures: TradeFigures
    deflation: Deflation
    controls: Controls
    sensitivity: AxisSensitivity
    swept: tuple[SweepPoint, ...]
    tapes: tuple[TapeFigures, ...]
    decisions_sha256: str
    updates: int
    signals: int
    entries: int
    refused: dict[str, int]
    seconds: float
    created_at: str

    @property
    def left_open(self) -> str:
        """Which tapes ended with something that could not be closed; empty if none did."""
        names = ", ".join(tape.tape for tape in self.tapes if tape.open_at_end)
        return f"A position or a stop was still open at the end of {names}; it is in no figure." if names else ""
