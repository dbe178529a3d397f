"""What journals say of a span beside its orders: alerts, refused entries, starts; and the head of the newest journal.

Lines are counted by their beginning, and their chain of hashes is not checked: `twokey journal verify` and the
projection do that. A day of paper trading has millions of lines, nearly all of them order books.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from skills_lib.trades.journal.format import MAX_LINE_BYTES, split_line
from skills_lib.trades.projection.source import JournalSource, journals_of
from skills_lib.trades.reports.scope import Scope

_BEGINNING: Final = re.compile(rb'\{"sequence":(\d+),"time_ns":(\d+),"kind":"(alert|refusal|started|journal)"')
_TIME: Final = re.compile(rb'\{"sequence":(\d+),"time_ns":(\d+),')
_MS: Final = 1_000_000
_TAIL_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The last whole record of a journal. time_ms: when it was written."""

    file: str
    sequence: int
    time_ms: int
    hash: str


@dataclass(slots=True)
class Health:
    """Counts of a span. alerts: by code; refusals: by reason. runs: that began. unreadable: journals, with the reason.

    heads: of the journals that were written in the span or later, the newest first.
    """

    alerts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    journals: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    heads: list[JournalHead] = field(default_factory=list)

    @property
    def head(self) -> str:
        """Hash of the newest journal's last record; "" where there is no journal."""
        return self.heads[0].hash if self.heads else ""


def health_of(home: Path, scope: Scope, start_ms: int, until_ms: int) -> Health:
    """Count what the journals of a scope's accounts say of a span; all accounts where the store knows none."""
    found = Health()
    for source in journals_of(home):
        if scope.accounts and (source.venue, source.account) not in scope.accounts:
            continue
        try:
            _read(source, found, start_ms, until_ms)
        except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            found.unreadable[source.path.name] = (str(error).splitlines() or ["no reason given"])[0][:200]
    found.heads.sort(key=lambda head: (-head.time_ms, head.file))
    return found


def _read(source: JournalSource, found: Health, start_ms: int, until_ms: int) -> None:
    """Of a journal whose last record is older than the span only the head counts."""
    with source.path.open("rb") as file:
        head = _head(file, source.path.name)
        if head is None:
            return
        found.heads.append(head)
        if head.time_ms < start_ms:
            return
        file.seek(0)
        counted = False
        for time_ms, kind, line in _marked(file, until_ms):
            if time_ms >= start_ms:
                _count(found, kind, line)
            counted = True
        found.journals += counted


def _marked(file: BinaryIO, until_ms: int) -> Iterator[tuple[int, bytes, bytes]]:
    """The lines that count, with time and kind, up to the end of the span."""
    while line := file.readline(MAX_LINE_BYTES):
        place = _TIME.match(line)
        if place is None or not line.endswith(b"\n"):
            return
        if int(place[2]) // _MS >= until_ms:
            return
        if marked := _BEGINNING.match(line):
            yield int(marked[2]) // _MS, marked[3], line


def _count(found: Health, kind: bytes, line: bytes) -> None:
    if kind == b"started":
        found.runs += 1
        return
    if kind == b"journal":
        return
    body: Any = msgspec.json.decode(line)["body"]
    if kind == b"alert":
        found.alerts[str(body["code"])] += 1
    else:
        found.refusals[str(body["refused"]["reason"])] += 1


def _head(file: BinaryIO, name: str) -> JournalHead | None:
    """The last whole line, read from the end."""
    size, wanted = file.seek(0, 2), _TAIL_BYTES
    while True:
        file.seek(max(size - wanted, 0))
        lines = file.read(wanted).split(b"\n")
        whole = lines[1:-1] if wanted < size else lines[:-1]
        if whole or wanted >= size:
            break
        wanted *= 2
    parts = split_line(whole[-1] + b"\n") if whole else None
    place = _TIME.match(parts[0]) if parts else None
    return JournalHead(name, int(place[1]), int(place[2]) // _MS, parts[1]) if parts and place else None
