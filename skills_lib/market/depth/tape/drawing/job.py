"""Draws a tape into a folder: streamed, in constant memory; stopped or failed, it leaves nothing behind."""

from dataclasses import dataclass
from pathlib import Path

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.drawing.parameters import fitted
from skills_lib.market.depth.tape.drawing.wire import SyntheticLines
from skills_lib.market.depth.tape.store import SYNTHETIC, Manifest, TapeWriter, atomic_folder
from skills_lib.progress import Progress, no_progress

_SECONDS_PER_HOUR = 3_600
_NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """What to draw. The same request draws the same lines, byte by byte."""

    symbol: str
    hours: float
    seed: int

    @property
    def seconds(self) -> int:
        """Length in whole seconds."""
        return round(self.hours * _SECONDS_PER_HOUR)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return f"{self.symbol}-{self.hours:g}h-seed{self.seed}"


@dataclass(frozen=True, slots=True)
class SyntheticTape:
    """A tape that was lines."""

    folder: Path
    lines: int
    size_bytes: int


def draw_tape(request: DrawRequest, folder_of_tapes: Path, progress: Progress = no_progress) -> SyntheticTape:
    """Draw a tape into a folder of `folder_of_tapes`, atomically.

    Raises:
        InputError: no market is fitted for the symbol, the folder exists, or zstandard is not installed.
        OSError: the tape could not be written.
    """
    source, folder = SyntheticLines(fitted(request.symbol), request.seed), folder_of_tapes / request.name
    origin = f"{SYNTHETIC}: drawn by twokey tape draw, {request.hours:g} h, seed {request.seed}"
    with atomic_folder(folder) as temporary:
        with TapeWriter(temporary, Manifest(symbol=request.symbol, venue=Venue.USDM, origin=origin)) as writer:
            _write(source, request.seconds, writer, progress)
        parts = writer.manifest.parts
    return SyntheticTape(folder, sum(part.lines for part in parts), sum(part.size_bytes for part in parts))


def _write(source: SyntheticLines, seconds: int, writer: TapeWriter, progress: Progress) -> None:
    second = -1
    for local_ts_ns, raw in source.lines(seconds):
        writer.write(local_ts_ns, raw)
        if (now := local_ts_ns // _NS_PER_SECOND) != second:
            second = now
            progress(min(source.elapsed_s, seconds), seconds, "seconds of the market")
