"""Projects all journals of a workspace into its store, one projector at a time, and says what is left to project."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from skills_lib.domain.errors import CorruptDataError, InputError, TwokeyError
from skills_lib.trades.journal.resuming import START, JournalPlace, bytes_behind
from skills_lib.trades.projection.projector import Projected, project, run_of
from skills_lib.trades.projection.source import JournalSource, journals_of
from skills_lib.trades.projection.stored import stored_offset
from skills_lib.trades.store.errors import StoreBusyError, StoreUnavailableError
from skills_lib.trades.store.model import TradeStore
from skills_lib.workspace.runtime import runtime_folder

WAIT_S: Final = 30.0
"""How long a projector waits for another one of this machine."""


@dataclass(frozen=True, slots=True)
class FailedJournal:
    """A journal that could not be projected, and why, in one line."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not in the store yet. journals: with records that are not; records: whole lines. unreadable: journals."""

    journals: int = 0
    records: int = 0
    bytes: int = 0
    unreadable: tuple[str, ...] = ()


@contextmanager
def locked(store: TradeStore, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the one projector or synchronisation of a store on this machine.

    Raises:
        StoreBusyError: another one is at work.
    """
    name = hashlib.sha256(f"{store.address.shown} {store.address.owner}".encode()).hexdigest()[:16]
    folder = runtime_folder() / "projectors"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        raise StoreBusyError(
            f"Another process fills the store at {store.address.shown}. Repeat the command when it is done."
        ) from None
    try:
        yield
    finally:
        lock.release()


def project_all(store: TradeStore, home: Path) -> tuple[list[Projected], list[FailedJournal]]:
    """Project every journal of a workspace; one that is damaged does not stop the others. Call it `locked`.

    Raises:
        StoreUnavailableError: the store is away; what was written stays, and the same call goes on later.
    """
    done: list[Projected] = []
    failed: list[FailedJournal] = []
    for source in journals_of(home):
        try:
            done.append(project(store, source))
        except StoreUnavailableError:
            raise
        except TwokeyError as error:
            failed.append(FailedJournal(source.path, str(error)))
    return done, failed


def backlog(store: TradeStore, home: Path) -> Backlog:
    """What the journals of a workspace hold that the store does not."""
    left = Backlog()
    for source in journals_of(home):
        try:
            lines, size = _behind(store, source)
        except (InputError, CorruptDataError):
            left = replace(left, unreadable=(*left.unreadable, source.path.name))
            continue
        left = replace(
            left, journals=left.journals + (lines > 0), records=left.records + lines, bytes=left.bytes + size
        )
    return left


def _behind(store: TradeStore, source: JournalSource) -> tuple[int, int]:
    offset = stored_offset(store, source, run_of(source))
    return bytes_behind(source.path, JournalPlace(offset.sequence, offset.byte, offset.hash) if offset else START)
