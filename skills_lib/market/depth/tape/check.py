"""Checks a tape by replaying it into a book and counting defects. Nothing is repaired."""

from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.options import option
from skills_lib.market.depth.model import DepthUpdate, Venue, WireError
from skills_lib.market.depth.tape.attribution import COIN_M, WINDOW_LINES, attributed, is_of_coin_m, venue_of
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
    symbol, found = identify_tape(path, symbol, venue)
    replay = Replay(symbol, found)
    for entry in attributed(lines_of(path, symbol, snapshots), found):
        replay.take(entry)
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


def identify_tape(path: Path, symbol: str | None, venue: Venue | None = None) -> tuple[str, Venue]:
    """The symbol to check, and the venue detected from its updates, which must be `venue` if that is given.

    Raises:
        InputError: no depth of the symbol, several symbols or venues and none given, another venue, or COIN-M.
    """
    found = venues_on(path)
    if symbol is None and len(found) == 1:
        symbol = next(iter(found))
    symbols = ", ".join(sorted(found))
    if symbol is None:
        raise InputError(f"{path.name} has several symbols: {symbols}. Choose one with {option('symbol')}.")
    if symbol not in found:
        hint = did_you_mean(symbol, found)
        raise InputError(
            f"{path.name} has no depth of {symbol}.{hint} Choose one of {symbols} with {option('symbol')}."
        )
    return symbol, _venue_among(path, symbol, found[symbol], venue)


def _venue_among(path: Path, symbol: str, found: list[Venue], wanted: Venue | None) -> Venue:
    if wanted in found:
        return wanted
    if wanted is not None:
        raise InputError(f"{path.name} is a tape of {found[0]}, not of {wanted}. Use {option('venue', found[0])}.")
    if len(found) > 1:
        both = " and ".join(sorted(found))
        raise InputError(f"{path.name} has {symbol} of two venues, {both}. Choose one with {option('venue', 'usdm')}.")
    return found[0]


def venues_on(path: Path) -> dict[str, list[Venue]]:
    """Every symbol with depth on a tape, and the venues that its updates prove, the first one first.

    Raises:
        InputError: the tape has no depth updates, or only those of COIN-M.
    """
    venues: dict[str, list[Venue]] = {}
    coin_margined = set[str]()
    for update in _first_updates(path):
        if is_of_coin_m(update, update.symbol):
            coin_margined.add(update.symbol)
        elif (venue := venue_of(update)) and venue not in venues.setdefault(update.symbol, []):
            venues[update.symbol].append(venue)
    if venues:
        return venues
    if coin_margined:
        raise InputError(f"{path.name} has lines of {', '.join(sorted(coin_margined))} only: {COIN_M}.")
    raise InputError(f"{path.name} has no depth updates. Use a file with lines such as `<ns> {{…}}`.")


def _first_updates(path: Path) -> list[DepthUpdate]:
    """Depth updates among the first lines, where nearly every symbol of a tape occurs."""
    updates: list[DepthUpdate] = []
    for number, line in enumerate(read_lines(path)):
        if number >= WINDOW_LINES and updates:
            break
        if isinstance(line, TapeLine) and b"depthUpdate" in line.raw[:200]:
            try:
                message = decode(line.raw)
            except WireError:
                continue
            updates += [message] if isinstance(message, DepthUpdate) else []
    return updates
