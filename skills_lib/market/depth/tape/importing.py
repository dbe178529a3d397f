"""Imports recordings as tapes: the exact bytes of one symbol, with a manifest."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.market.depth.model import Venue, WireError
from skills_lib.market.depth.tape.check import check_tape, identify_tape, lines_of
from skills_lib.market.depth.tape.lines import TapeLine
from skills_lib.market.depth.tape.report import TapeReport
from skills_lib.market.depth.tape.store import Manifest, TapeWriter, atomic_folder
from skills_lib.market.depth.wire import decode


@dataclass(frozen=True, slots=True)
class ImportedTape:
    """Folder of the tape, its check, and the number of lines skipped as invalid or of other symbols."""

    folder: Path
    report: TapeReport
    skipped: int


def import_tape(path: Path, symbol: str, venue: Venue, tapes_dir: Path, snapshots: Path | None = None) -> ImportedTape:
    """Copy the messages of one symbol into a folder of `tapes_dir`, atomically.

    Raises:
        InputError: no such tape, another symbol or venue, or the tape already exists.
        OSError: the tape could not be written; nothing is left behind.
    """
    _, found = identify_tape(path, symbol)
    if found is not venue:
        raise InputError(f"{path.name} is a tape of {found}, not of {venue}. Use {option('venue', found)}.")
    folder = tape_folder(tapes_dir, venue, symbol, _first_time(path))
    with atomic_folder(folder) as temporary:
        manifest = Manifest(symbol=symbol, venue=venue, origin=f"import of {path.name}")
        with TapeWriter(temporary, manifest) as writer:
            skipped = _copy(path, symbol, snapshots, writer)
        report = check_tape(temporary, symbol, venue)
    return ImportedTape(folder, report, skipped)


def tape_folder(tapes_dir: Path, venue: Venue, symbol: str, started_ns: int | None) -> Path:
    """`<tapes_dir>/usdm/BTCUSDT/20240808T235415Z`; `untimed` if the tape has no receive times."""
    if started_ns is None:
        return tapes_dir / venue / symbol / "untimed"
    return tapes_dir / venue / symbol / f"{datetime.fromtimestamp(started_ns / 1e9, UTC):%Y%m%dT%H%M%SZ}"


def _first_time(path: Path) -> int | None:
    return next((line.local_ts_ns for line in lines_of(path, "", None) if isinstance(line, TapeLine)), None)


def _copy(path: Path, symbol: str, snapshots: Path | None, writer: TapeWriter) -> int:
    skipped = 0
    for line in lines_of(path, symbol, snapshots):
        if isinstance(line, TapeLine) and _is_of(line, symbol):
            writer.write(line.local_ts_ns, line.raw)
        else:
            skipped += 1
    return skipped


def _is_of(line: TapeLine, symbol: str) -> bool:
    try:
        message = decode(line.raw)
    except WireError:
        return False
    return getattr(message, "symbol", symbol) in ("", symbol)
