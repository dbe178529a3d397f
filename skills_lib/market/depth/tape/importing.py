"""Imports recordings as tapes: the exact bytes of one symbol, with a manifest."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import is_symbol
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.attribution import attributed
from skills_lib.market.depth.tape.check import check_tape, identify_tape, lines_of
from skills_lib.market.depth.tape.lines import Lines, TapeLine
from skills_lib.market.depth.tape.report import TapeReport
from skills_lib.market.depth.tape.sample import is_synthetic
from skills_lib.market.depth.tape.store import SYNTHETIC, Manifest, TapeWriter, atomic_folder


@dataclass(frozen=True, slots=True)
class ImportedTape:
    """Folder of the tape, its check, and the number of lines skipped as invalid, refused or of other symbols."""

    folder: Path
    report: TapeReport
    skipped: int


def import_tape(path: Path, symbol: str, venue: Venue, tapes_dir: Path, snapshots: Path | None = None) -> ImportedTape:
    """Copy the messages of one symbol into a folder of `tapes_dir`, atomically.

    Raises:
        InputError: no such tape, another symbol or venue, no such symbol, or the tape already exists.
        OSError: the tape could not be written; nothing is left behind.
    """
    identify_tape(path, symbol, venue)
    folder = tape_folder(tapes_dir, venue, symbol, _first_time(path))
    with atomic_folder(folder) as temporary:
        origin = f"{SYNTHETIC}: import of {path.name}" if is_synthetic(path) else f"import of {path.name}"
        manifest = Manifest(symbol=symbol, venue=venue, origin=origin)
        with TapeWriter(temporary, manifest) as writer:
            copied = _copy(lines_of(path, symbol, snapshots), symbol, venue, writer)
        report = check_tape(temporary, symbol, venue)
    refused = [f"{count:,} lines were not imported: {reason}." for reason, count in copied.refused.items()]
    return ImportedTape(folder, report.model_copy(update={"problems": refused + report.problems}), copied.skipped)


def tape_folder(tapes_dir: Path, venue: Venue, symbol: str, started_ns: int | None) -> Path:
    """`<tapes_dir>/usdm/BTCUSDT/20240808T235415Z`; `untimed` if the tape has no receive times.

    Raises:
        InputError: not a symbol, so not a folder's name.
    """
    if not is_symbol(symbol):
        raise InputError(f"{symbol!r} is not a symbol of Binance.")
    if started_ns is None:
        return tapes_dir / venue / symbol / "untimed"
    return tapes_dir / venue / symbol / f"{datetime.fromtimestamp(started_ns / 1e9, UTC):%Y%m%dT%H%M%SZ}"


def _first_time(path: Path) -> int | None:
    return next((line.local_ts_ns for line in lines_of(path, "", None) if isinstance(line, TapeLine)), None)


@dataclass
class _Copied:
    skipped: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def _copy(lines: Lines, symbol: str, venue: Venue, writer: TapeWriter) -> _Copied:
    copied = _Copied()
    for entry in attributed(lines, venue):
        of_symbol = entry.message is not None and entry.symbol in ("", symbol)
        if of_symbol and not entry.refusal and isinstance(entry.line, TapeLine):
            writer.write(entry.line.local_ts_ns, entry.line.raw)
            continue
        copied.skipped += 1
        if of_symbol:
            copied.refused[entry.refusal] += 1
    return copied
