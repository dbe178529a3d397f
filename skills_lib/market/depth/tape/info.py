"""Summarises a tape without building a book."""

from collections import Counter
from pathlib import Path

from pydantic import BaseModel

from skills_lib.market.depth.latency import LatencyHistogram, LatencyReport
from skills_lib.market.depth.model import AggTrade, DepthUpdate, Trade, WireError
from skills_lib.market.depth.tape.lines import TapeDamage, TapeLine, read_lines, tape_files
from skills_lib.market.depth.tape.replay import KIND_NAMES, kind_of
from skills_lib.market.depth.tape.store import find_damage, read_manifest
from skills_lib.market.depth.wire import decode

_NS_PER_SECOND = 1_000_000_000


class TapeInfo(BaseModel):
    """Counts and times of a tape. `origin` is None for foreign tapes; responses without a symbol count under ""."""

    files: list[str]
    size_bytes: int
    origin: str | None
    lines: int
    malformed: int
    symbols: dict[str, dict[str, int]]
    first_local_ts_ns: int | None
    last_local_ts_ns: int | None
    seconds: float | None
    latency: LatencyReport | None
    problems: list[str]


def describe_tape(path: Path) -> TapeInfo:
    """Read a tape once and count its messages.

    Raises:
        InputError: no such tape.
    """
    files = tape_files(path)
    manifest = read_manifest(path) if path.is_dir() else None
    counts = _Counts()
    for line in read_lines(path):
        counts.take(line)
    first, last = counts.first, counts.last
    return TapeInfo(
        files=[file.name for file in files],
        size_bytes=sum(file.stat().st_size for file in files),
        origin=manifest.origin if manifest else None,
        lines=counts.lines,
        malformed=counts.malformed,
        symbols={
            symbol: {kind: kinds[kind] for kind in KIND_NAMES if kinds[kind]} for symbol, kinds in counts.kinds.items()
        },
        first_local_ts_ns=first,
        last_local_ts_ns=last,
        seconds=None if first is None or last is None else (last - first) / _NS_PER_SECOND,
        latency=counts.latency.report(),
        problems=counts.problems + (find_damage(path) if path.is_dir() else []),
    )


class _Counts:
    """Running counts of `describe_tape`."""

    def __init__(self) -> None:
        self.lines = self.malformed = 0
        self.kinds: dict[str, Counter[str]] = {}
        self.first: int | None = None
        self.last: int | None = None
        self.latency = LatencyHistogram()
        self.problems: list[str] = []

    def take(self, line: object) -> None:
        if isinstance(line, TapeDamage):
            self.problems.append(line.problem)
            return
        self.lines += 1
        try:
            self._count(line)
        except WireError:
            self.malformed += 1

    def _count(self, line: object) -> None:
        if not isinstance(line, TapeLine):
            raise WireError("not a tape line")
        message = decode(line.raw)
        symbol = getattr(message, "symbol", "") or line.symbol
        self.kinds.setdefault(symbol, Counter())[kind_of(message)] += 1
        if line.local_ts_ns is None:
            return
        self.first, self.last = self.first or line.local_ts_ns, line.local_ts_ns
        if isinstance(message, DepthUpdate | Trade | AggTrade):
            self.latency.add(line.local_ts_ns - message.event_ts_ms * 1_000_000)
