"""Journals of the real engine at the local exchange, and stores of what they say."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.venue import LocalVenue
from skills_lib.trades.journal.format import MARKET
from skills_lib.trades.journal.reading import read_journal
from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import ROWS, StoredRow
from skills_lib.trades.store.sql_store import SqlStore
from tests.live.replay.planted_tape import planted_tape
from tests.live.replay.test_engine_replays import BASE, CONDITIONS
from tests.trades.journal.journals import lines_of


@dataclass(frozen=True)
class Traded:
    """A session that has ended: its journal, and the exchange that it traded at."""

    journal: Path
    venue: LocalVenue

    @property
    def source(self) -> JournalSource:
        return source_of(self.journal)


def source_of(journal: Path) -> JournalSource:
    """A journal of the account `paper`."""
    return JournalSource(journal, "binance-simulator", "paper")


def traded_session(folder: Path, episodes: int = 3) -> Traded:
    """The imbalance engine on a tape with an edge: some round trips, stops among them."""
    tape = planted_tape(folder / "edge.ts_jsonl", reliability=0.9, episodes=episodes)
    run = EngineRun(ReplayTape(tape), CONDITIONS, BASE, folder / "session.journal")
    run.play()
    return Traded(without_books(folder / "session.journal"), run.wire.venue)


def without_books(journal: Path) -> Path:
    """The same journal without market updates, which are its mass and no projection's concern."""
    header, *records = read_journal(journal)
    kept = [(one.time_ns, one.kind, one.body) for one in records if one.kind != MARKET]
    path = journal.with_suffix(".jsonl")
    path.write_bytes(b"".join(lines_of(kept, (header.time_ns, header.kind, header.body))))
    return path


@cache
def _empty_store() -> bytes:
    """The file of an empty store: copied, since making one takes longer than a test."""
    with TemporaryDirectory() as folder:
        address = parse_address(f"sqlite:///{folder}/trades.sqlite")
        with SqlStore(address) as store:
            initialise(store.engine, address)
        return Path(folder, "trades.sqlite").read_bytes()


def new_store(folder: Path) -> SqlStore:
    """An empty store in a file."""
    path = folder / "trades.sqlite"
    path.write_bytes(_empty_store())
    return SqlStore(parse_address(f"sqlite:///{path}"))


def contents(store: TradeStore) -> dict[str, list[StoredRow]]:
    """All rows by table."""
    return {kind.TABLE: list(store.rows(kind)) for kind in ROWS}


class InterruptedHereError(Exception):
    """What ends a projector in a test."""


class FailingStore:
    """A store whose call number `at` fails: before it is carried out, or after, as when the answer is lost."""

    def __init__(self, store: TradeStore, at: int, *, after: bool) -> None:
        self._store, self._at, self._after = store, at, after
        self.address = store.address
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._store, name)

        def call(*given: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self._at and not self._after:
                raise InterruptedHereError
            found = function(*given, **named)
            if self.calls == self._at:
                raise InterruptedHereError
            return found

        return call
