"""Checks a tape by replaying it into a book and counting defects. Nothing is repaired."""

from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.options import option
from skills_lib.market.depth.model import DepthUpdate, Venue, WireError
from skills_lib.market.depth.tape.lines import Lines, TapeLine, read_lines, with_snapshots
from skills_lib.market.depth.tape.replay import Replay
from skills_lib.market.depth.tape.report import TapeReport
from skills_lib.market.depth.tape.store import find_damage
from skills_lib.market.depth.wire import decode


def check_tape(
    path: Path, symbol: str | None = None, venue: Venue | None = None, snapshots: Path | None = None
) -> TapeReport:
    """Replay the depth of one symbol and compare the book with each bookTicker of the same update id.

    `symbol` is optional if the tape has one symbol; `venue` is detected from the updates and must match if given.

    Raises:
        InputError: no such tape, no depth on it, ambiguous or missing symbol, or another venue.
    """
    symbol, found = identify_tape(path, symbol)
    if venue is not None and venue is not found:
        raise InputError(f"{path.name} is a tape of {found}, not of {venue}. Use {option('venue', found)}.")
    replay = Replay(symbol, found)
    for line in lines_of(path, symbol, snapshots):
        replay.take(line)
    report = replay.report()
    return report.model_copy(update={"problems": report.problems + (find_damage(path) if path.is_dir() else [])})


def lines_of(path: Path, symbol: str, snapshots: Path | None) -> Lines:
    """Lines of a tape, merged with snapshots from a separate file: `snapshots`, or the one next to a capture.

    Raises:
        InputError: no such tape.
    """
    lines, capture_snapshots = read_lines(path), path.with_name(path.name.replace(".ws.", ".http."))
    if snapshots is None and capture_snapshots != path and capture_snapshots.is_file():
        snapshots = capture_snapshots
    return lines if snapshots is None else with_snapshots(lines, read_lines(snapshots), symbol)


def identify_tape(path: Path, symbol: str | None) -> tuple[str, Venue]:
    """The symbol to check, and the venue detected from its updates.

    Raises:
        InputError: no depth of the symbol, or several symbols and none given.
    """
    venues = venues_on(path)
    if symbol is None and len(venues) == 1:
        return next(iter(venues.items()))
    if symbol in venues:
        return symbol, venues[symbol]
    symbols = ", ".join(sorted(venues))
    if symbol is None:
        raise InputError(f"{path.name} has several symbols: {symbols}. Choose one with {option('symbol')}.")
    hint = did_you_mean(symbol, venues)
    raise InputError(f"{path.name} has no depth of {symbol}.{hint} Choose one of {symbols} with {option('symbol')}.")


def venues_on(path: Path) -> dict[str, Venue]:
    """Every symbol with depth on a tape, and the venue detected from its updates.

    Raises:
        InputError: the tape has no depth updates.
    """
    venues: dict[str, Venue] = {}
    for update in _first_updates(path):
        venues.setdefault(update.symbol, Venue.SPOT if update.previous_update_id is None else Venue.USDM)
    if venues:
        return venues
    raise InputError(f"{path.name} has no depth updates. Use a file with lines such as `<ns> {{…}}`.")


def _first_updates(path: Path, max_lines: int = 2_000) -> list[DepthUpdate]:
    """Depth updates among the first lines, where every symbol of a tape occurs."""
    updates: list[DepthUpdate] = []
    for number, line in enumerate(read_lines(path)):
        if number >= max_lines and updates:
            break
        if isinstance(line, TapeLine) and b"depthUpdate" in line.raw[:200]:
            try:
                message = decode(line.raw)
            except WireError:
                continue
            updates += [message] if isinstance(message, DepthUpdate) else []
    return updates
