"""Where a workspace's journals are, and what each is of: venue, account, kind of trading."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from skills_lib.trades.store.rows import TradingMode

SESSIONS: Final = Path("live") / "sessions"
_SUFFIXES: Final = (".journal", ".jsonl")
VENUES: Final = {"simulator": "binance-simulator", "demo": "binance-demo", "mainnet": "binance"}
"""What rows call the venues of a session."""
MODES: Final = {"binance-simulator": TradingMode.PAPER, "binance-demo": TradingMode.DEMO, "binance": TradingMode.LIVE}


@dataclass(frozen=True, slots=True)
class JournalSource:
    """A journal. account: the session's name, or the folder's where it is of no session."""

    path: Path
    venue: str
    account: str

    @property
    def mode(self) -> TradingMode:
        """What kind of trading it is of."""
        return MODES[self.venue]


class _Status(msgspec.Struct):
    venue: str = ""


def journals_of(home: Path) -> list[JournalSource]:
    """All journals of a workspace by name: of its sessions, those set aside included, and of data/journals."""
    return sorted([*_of_sessions(home / SESSIONS), *_others(home / "data" / "journals")], key=lambda one: str(one.path))


def _of_sessions(parent: Path) -> Iterator[JournalSource]:
    for folder in parent.iterdir() if parent.is_dir() else ():
        for path in _files(folder / "journals"):
            yield JournalSource(path, venue_of(folder), folder.name)


def _others(folder: Path) -> Iterator[JournalSource]:
    for path in _files(folder):
        account = path.parent.name if path.parent != folder else "paper"
        yield JournalSource(path, VENUES["simulator"], account)


def venue_of(session: Path) -> str:
    """The venue of a session, as its last status says; the local exchange where it says none."""
    try:
        status = msgspec.json.decode((session / "status.json").read_bytes(), type=_Status)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return VENUES["simulator"]
    return VENUES.get(status.venue, VENUES["simulator"])


def _files(folder: Path) -> Iterator[Path]:
    """Journals in a folder and its own: a file without its first whole line is none yet."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.suffix in _SUFFIXES and path.is_file() and _has_header(path):
            yield path


def _has_header(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4_096).find(b"\n") >= 0
