"""Replaying a tape into a book and counting what is wrong with it. Nothing is repaired."""

from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.market.depth.model import DepthUpdate, Venue, WireError
from skills_lib.market.depth.tape.lines import Lines, TapeLine, read_lines, with_snapshots
from skills_lib.market.depth.tape.replay import Replay
from skills_lib.market.depth.tape.report import TapeReport
from skills_lib.market.depth.tape.store import find_damage
from skills_lib.market.depth.wire import decode


def check_tape(
    path: Path, symbol: str | None = None, venue: Venue | None = None, snapshots: Path | None = None
) -> TapeReport:
    """Replay the depth of one symbol and compare the book with every bookTicker of the same update id.

    `symbol` may be left out where the tape holds one; `venue` is told by the updates, and compared if given.

    Raises:
        InputError: no such tape, no depth on it, several symbols and none named, another symbol or venue than named.
    """
    symbol, found = identify_tape(path, symbol)
    if venue is not None and venue is not found:
        raise InputError(f"{path.name} is a tape of {found}, not of {venue}: its updates say so. Use --venue {found}.")
    replay = Replay(symbol, found)
    for line in lines_of(path, symbol, snapshots):
        replay.take(line)
    report = replay.report()
    return report.model_copy(update={"problems": report.problems + (find_damage(path) if path.is_dir() else [])})


def lines_of(path: Path, symbol: str, snapshots: Path | None) -> Lines:
    """Lines of a tape, with snapshots from a file of their own where there is one: named, or beside a capture.

    Raises:
        InputError: no such tape.
    """
    lines, capture_snapshots = read_lines(path), path.with_name(path.name.replace(".ws.", ".http."))
    if snapshots is None and capture_snapshots != path and capture_snapshots.is_file():
        snapshots = capture_snapshots
    return lines if snapshots is None else with_snapshots(lines, read_lines(snapshots), symbol)


def identify_tape(path: Path, symbol: str | None) -> tuple[str, Venue]:
    """The symbol whose depth is checked, and the venue that its first update tells.

    Raises:
        InputError: there is no depth of it, or there are several symbols and none is named.
    """
    venues = venues_on(path)
    if symbol is None and len(venues) == 1:
        return next(iter(venues.items()))
    if symbol in venues:
        return symbol, venues[symbol]
    symbols = ", ".join(sorted(venues))
    if symbol is None:
        raise InputError(f"{path.name} holds several symbols: {symbols}. Choose one with --symbol.")
    hint = did_you_mean(symbol, venues)
    raise InputError(f"{path.name} holds no depth of {symbol}, but of {symbols}.{hint} Name one of them with --symbol.")


def venues_on(path: Path) -> dict[str, Venue]:
    """Every symbol whose depth a tape holds, and the venue that its updates tell.

    Raises:
        InputError: there is none.
    """
    venues: dict[str, Venue] = {}
    for update in _first_updates(path):
        venues.setdefault(update.symbol, Venue.SPOT if update.previous_update_id is None else Venue.USDM)
    if venues:
        return venues
    raise InputError(f"{path.name} holds no depth updates. Name a file of lines such as `<ns> {{…}}`.")


def _first_updates(path: Path, max_lines: int = 2_000) -> list[DepthUpdate]:
    """Updates among the first lines: a tape of several symbols has all of them there."""
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
