"""Ranks instruments by trading costs relative to price movement, from tapes or live books."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

from pydantic import BaseModel

from skills_lib.domain.costs import preset
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.market.depth.book.local_book import IMBALANCE_LEVELS, LocalBook
from skills_lib.market.depth.event_ids import TradesOnce
from skills_lib.market.depth.model import AggTrade, DepthUpdate, Message, Trade, Venue, WireError
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.tape.attribution import Attributed, attributed, venue_of
from skills_lib.market.depth.tape.check import lines_of, venues_on
from skills_lib.market.depth.usability.checked_book import CheckedBook

DEPTHS_BPS = (5.0, 10.0, 25.0)
MIN_SECONDS_FOR_MOVE = 180
"""Minimum seconds of data for a typical move."""

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_MINUTE_S, _HOUR_S = 60, 3_600
_BPS = 10_000
_PRESETS = {Venue.USDM: "usdm-taker", Venue.SPOT: "binance-spot"}
_TAPE_ENDINGS = tuple(
    f".{kind}{packed}" for kind in ("ts_jsonl", "jsonl", "ndjson", "ws", "csv") for packed in ("", ".gz", ".zst")
)


class ScanRow(BaseModel):
    """One instrument. Depths and volume are in `quote`, both sides; figures without enough data are null.

    `fee_burden` is the cost of a taker's round trip (fees and spread) over the typical one-minute move; at 1 the move
    just covers the costs.
    """

    rank: int = 0
    symbol: str
    quote: str | None
    venue: Venue
    source: str
    seconds: int
    taker_fee_bps: float
    spread_bps: float | None
    depth_5bps: float | None
    depth_10bps: float | None
    depth_25bps: float | None
    volume_quote_per_hour: float | None
    volatility_bps_per_minute: float | None
    imbalance_persistence: float | None
    typical_move_bps: float | None
    fee_burden: float | None


class Scan(BaseModel):
    """Ranked instruments, lowest fee burden first, and skipped ones with the reason."""

    rows: list[ScanRow]
    skipped: dict[str, str]


@dataclass
class Sampler:
    """Samples the book once per second of exchange time; a day takes a few megabytes."""

    symbol: str
    venue: Venue
    source: str
    mids: dict[int, float] = field(default_factory=dict)
    spreads: list[float] = field(default_factory=list)
    imbalances: list[float] = field(default_factory=list)
    depths: list[tuple[float, ...]] = field(default_factory=list)
    volumes_quote: dict[type, float] = field(default_factory=dict)
    once: TradesOnce = field(default_factory=TradesOnce)
    first_ns: int | None = None
    last_ns: int = 0

    def on_book(self, book: LocalBook) -> None:
        """Sample a book in sync, once per second."""
        now_ns, view = book.exch_ts_ns, book.book
        if now_ns is not None:
            self._extend(now_ns)
        mid, spread = view.mid(), view.spread_bps()
        if now_ns is None or mid is None or spread is None or now_ns // _NS_PER_S in self.mids or view.crossed:
            return
        self.mids[now_ns // _NS_PER_S] = mid
        self.spreads.append(spread)
        self.imbalances.append(view.imbalance(IMBALANCE_LEVELS) or 0.0)
        self.depths.append(tuple(sum(view.depth_quote(bps)) for bps in DEPTHS_BPS))

    def on_message(self, message: Message) -> None:
        """Count a trade, once; single trades and their aggregates are counted apart, for they are the same trades."""
        if isinstance(message, Trade | AggTrade) and self.once.is_new(message):
            self._extend(message.event_ts_ms * _NS_PER_MS)
            kind = type(message)
            self.volumes_quote[kind] = self.volumes_quote.get(kind, 0.0) + float(message.price) * float(
                message.quantity
            )

    @property
    def seconds(self) -> float:
        """Exchange time from the first update or trade to the last."""
        return 0.0 if self.first_ns is None else (self.last_ns - self.first_ns) / _NS_PER_S

    def _extend(self, now_ns: int) -> None:
        self.first_ns = now_ns if self.first_ns is None else min(self.first_ns, now_ns)
        self.last_ns = max(self.last_ns, now_ns)

    def row(self, taker_fee_bps: float) -> ScanRow:
        """The figures of the samples."""
        seconds = self.seconds
        volume = max(self.volumes_quote.values(), default=None)
        spread, move = (median(self.spreads) if self.spreads else None), self._typical_move_bps(seconds)
        depths = [median(column) for column in zip(*self.depths, strict=True)] or [None, None, None]
        return ScanRow(
            symbol=self.symbol,
            quote=quote_of(self.symbol),
            venue=self.venue,
            source=self.source,
            seconds=round(seconds),
            taker_fee_bps=taker_fee_bps,
            spread_bps=spread,
            depth_5bps=depths[0],
            depth_10bps=depths[1],
            depth_25bps=depths[2],
            volume_quote_per_hour=None if volume is None or not seconds else volume * _HOUR_S / seconds,
            volatility_bps_per_minute=self._volatility_bps(),
            imbalance_persistence=autocorrelation(self.imbalances),
            typical_move_bps=move,
            fee_burden=fee_burden(taker_fee_bps, spread, move),
        )

    def _returns_bps(self, seconds: int) -> list[float]:
        """Log returns over `seconds` in bps, one from each second with both endpoints."""
        pairs = ((mid, self.mids.get(second + seconds)) for second, mid in self.mids.items())
        return [_BPS * math.log(later / mid) for mid, later in pairs if later is not None]

    def _volatility_bps(self) -> float | None:
        """Root mean square one-second return in bps, scaled to a minute by the square root of time."""
        returns = self._returns_bps(1)
        if len(returns) < _MINUTE_S:
            return None
        return math.sqrt(fmean(value * value for value in returns) * _MINUTE_S)

    def _typical_move_bps(self, seconds: float) -> float | None:
        """Mean absolute one-minute return in bps."""
        moves = self._returns_bps(_MINUTE_S) if seconds >= MIN_SECONDS_FOR_MOVE else []
        return fmean(abs(move) for move in moves) if moves else None


def quote_of(symbol: str) -> str | None:
    """The asset a symbol's prices are in; None if it is not known."""
    try:
        return Instrument.of_symbol(symbol).quote
    except InputError:
        return None


def autocorrelation(values: Sequence[float]) -> float | None:
    """Lag-one autocorrelation, -1 to 1; None for fewer than 30 values or no variation."""
    if len(values) < 30:
        return None
    mean = fmean(values)
    spread = sum((value - mean) ** 2 for value in values)
    if spread == 0:
        return None
    return sum((a - mean) * (b - mean) for a, b in pairwise(values)) / spread


def fee_burden(taker_fee_bps: float, spread_bps: float | None, move_bps: float | None) -> float | None:
    """Cost of a taker's round trip over a move: (two fees + one spread) / move."""
    return None if spread_bps is None or not move_bps else (2 * taker_fee_bps + spread_bps) / move_bps


def venue_fee_bps(venue: Venue) -> float:
    """Taker fee of the lowest tier, bps per side."""
    return preset(_PRESETS[venue]).commission_bps


def rank_rows(rows: Iterable[ScanRow], skipped: dict[str, str]) -> Scan:
    """Rows sorted by fee burden; those without one come last, by spread."""
    unknown = math.inf
    order = sorted(
        rows,
        key=lambda row: (
            unknown if row.fee_burden is None else row.fee_burden,
            unknown if row.spread_bps is None else row.spread_bps,
            row.symbol,
        ),
    )
    numbered = [row.model_copy(update={"rank": place}) for place, row in enumerate(order, start=1)]
    return Scan(rows=numbered, skipped=skipped)


def scan_tapes(folder: Path, taker_fee_bps: float | None = None) -> Scan:
    """Replay every tape in a folder and rank its instruments; tapes that cannot be replayed are listed as skipped.

    `taker_fee_bps` defaults to each venue's fee.

    Raises:
        InputError: no such folder, or no tape in it.
    """
    rows, skipped = list[ScanRow](), dict[str, str]()
    for path in tapes_in(folder):
        try:
            found = _sample(path, folder)
        except InputError as error:
            skipped[_tape_name(path, folder)] = str(error)
            continue
        for sampler in found.samplers.values():
            if sampler.mids:
                rows.append(sampler.row(venue_fee_bps(sampler.venue) if taker_fee_bps is None else taker_fee_bps))
            else:
                skipped[f"{_tape_name(path, folder)} {sampler.symbol}"] = "never in sync: no matching snapshot"
        if found.refused:
            reasons = "; ".join(f"{count:,} lines: {reason}" for reason, count in found.refused.items())
            skipped[f"{_tape_name(path, folder)} (part)"] = reasons
    return rank_rows(rows, skipped)


def tapes_in(folder: Path) -> list[Path]:
    """Tape files and recorded folders below `folder`; just the file if it is one.

    Raises:
        InputError: no tapes found.
    """
    if folder.is_file():
        return [folder]
    recorded = sorted(path.parent for path in folder.rglob("manifest.json"))
    files = sorted(path for path in folder.rglob("*") if path.name.endswith(_TAPE_ENDINGS) and path.is_file())
    found = recorded + [path for path in files if path.parent not in recorded]
    if found:
        return found
    raise InputError(f"{folder} holds no tapes. Record some with `twokey record BTCUSDT`, or choose another folder.")


@dataclass
class _TapeSample:
    """The books and samples of one tape's symbols, and how many lines were refused, by reason."""

    source: str
    books: dict[str, CheckedBook] = field(default_factory=dict)
    samplers: dict[str, Sampler] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def take(self, entry: Attributed) -> None:
        """Apply one line to the book and the samples of its symbol."""
        message, symbol = entry.message, entry.symbol
        if message is None:
            return
        if entry.refusal:
            self.refused[entry.refusal] += 1
            return
        if symbol not in self.books and isinstance(message, DepthUpdate) and (venue := venue_of(message)):
            self.follow(symbol, venue)
        if symbol in self.books:
            with suppress(WireError):
                self._apply(message, symbol)

    def follow(self, symbol: str, venue: Venue) -> None:
        """Open the book of a symbol."""
        self.books[symbol] = CheckedBook(LocalBook(symbol, venue))
        self.samplers[symbol] = Sampler(symbol, venue, self.source)

    def _apply(self, message: Message, symbol: str) -> None:
        sampler, book = self.samplers[symbol], self.books[symbol]
        sampler.on_message(message)
        if book.take(message) is UpdateDecision.APPLY and isinstance(message, DepthUpdate):
            sampler.on_book(book.local)


def _sample(path: Path, folder: Path) -> _TapeSample:
    venues = venues_on(path)
    mixed = [symbol for symbol, found in venues.items() if len(found) > 1]
    if mixed:
        raise InputError(f"{', '.join(mixed)} is of two venues, spot and usdm: import one with `twokey tape import`.")
    only, sample = next(iter(venues)) if len(venues) == 1 else "", _TapeSample(_tape_name(path, folder))
    for symbol, (venue, *_) in venues.items():
        sample.follow(symbol, venue)
    for entry in attributed(lines_of(path, only, None)):
        sample.take(entry)
    return sample


def _tape_name(path: Path, folder: Path) -> str:
    return path.name if path == folder else str(path.relative_to(folder))
