"""Draws a tape into a folder: streamed, in constant memory; after a stop it goes on from its last finished part."""

from dataclasses import dataclass
from pathlib import Path

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.drawing.parameters import fitted
from skills_lib.market.depth.tape.drawing.unfinished import PartialTape, UnfinishedDraw
from skills_lib.market.depth.tape.drawing.wire import SyntheticLines
from skills_lib.market.depth.tape.store import SYNTHETIC, Manifest, TapeWriter
from skills_lib.progress import Progress, no_progress

_SECONDS_PER_HOUR = 3_600


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
    """A tape that was drawn."""

    folder: Path
    lines: int
    size_bytes: int


def draw_tape(
    request: DrawRequest, folder_of_tapes: Path, progress: Progress = no_progress, part_s: int = _SECONDS_PER_HOUR
) -> SyntheticTape:
    """Draw a tape into a folder of `folder_of_tapes`, which appears once it is whole; a part every `part_s` seconds.

    A draw that was stopped goes on from its last finished part, to the same bytes.

    Raises:
        InputError: no market is fitted for the symbol, the folder exists, or zstandard is not installed.
        TwokeyError: another process is drawing it.
        OSError: the tape could not be written.
    """
    start = _start(request)
    with UnfinishedDraw(folder_of_tapes / request.name) as unfinished:
        manifest, source = unfinished.checkpoint() or start
        with TapeWriter(unfinished.folder, manifest, part_minutes=2 * part_s / 60) as writer:  # parts end below
            while (left_s := request.seconds - source.elapsed_s) > 0:
                _write(source, min(left_s, part_s), request.seconds, writer, progress)
                writer.close()
                unfinished.save(writer.manifest, source)
        parts = writer.manifest.parts
    return SyntheticTape(
        folder_of_tapes / request.name, sum(part.lines for part in parts), sum(part.size_bytes for part in parts)
    )


def _start(request: DrawRequest) -> PartialTape:
    origin = f"{SYNTHETIC}: drawn by twokey tape draw, {request.hours:g} h, seed {request.seed}"
    manifest = Manifest(symbol=request.symbol, venue=Venue.USDM, origin=origin)
    return PartialTape(manifest, SyntheticLines(fitted(request.symbol), request.seed))


def _write(source: SyntheticLines, seconds: int, total: int, writer: TapeWriter, progress: Progress) -> None:
    shown_s = -1
    for local_ts_ns, raw in source.lines(seconds):
        writer.write(local_ts_ns, raw)
        if source.elapsed_s != shown_s:
            shown_s = source.elapsed_s
            progress(shown_s, total, "seconds of the market")
