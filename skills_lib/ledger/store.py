"""Reads and writes the two files of the trial ledger, in one transaction, each file a chain of hashes.

Both are SQLite. A transaction over two attached databases in rollback-journal mode is atomic over both, even on power
failure (https://sqlite.org/lang_attach.html), so an entry is in both or in neither. With `synchronous=FULL` a commit
returns once the data is on disk. Entries are never deleted or changed.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from skills_lib.domain.errors import TwokeyError

FORMAT = 1
BUSY_SECONDS = 60.0
"""How long a process waits for the lock of another writer; a write takes milliseconds."""
_USER, _HERE = "main", "here"
_COLUMNS = "digest, at, kind, workspace, ledger, restored_at, chain, body, payload"
_WITHOUT_CONTENT = "digest, at, kind, workspace, ledger, restored_at, chain, '', NULL"
_SCHEMA = (
    "CREATE TABLE {name}.identity (id TEXT NOT NULL, began_at TEXT NOT NULL)",
    "INSERT INTO {name}.identity VALUES (lower(hex(randomblob(16))), '{now}')",
    """CREATE TABLE {name}.entries (
        sequence INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, at TEXT NOT NULL, kind TEXT NOT NULL,
        workspace TEXT NOT NULL, ledger TEXT NOT NULL, restored_at TEXT NOT NULL, chain BLOB NOT NULL,
        body TEXT NOT NULL, payload BLOB NOT NULL)""",
    """CREATE TRIGGER {name}.nothing_is_deleted BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only'); END""",
    """CREATE TRIGGER {name}.nothing_is_changed BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only'); END""",
    f"PRAGMA {{name}}.user_version = {FORMAT}",
)


class Draft(NamedTuple):
    """An entry to be written. `body`: canonical JSON; `payload`: arrays as bytes."""

    kind: str
    body: str
    payload: bytes = b""


class Entry(NamedTuple):
    """An entry as stored in a file.

    `digest` and `chain` are the stored values; `is_intact` checks the digest. `ledger`: id of the user's ledger that
    first counted it. `restored_at`: when it was copied from the other file, "" if it was written here. `payload` is
    None if the content was not read, and then it cannot be checked.
    """

    digest: bytes
    at: str
    kind: str
    workspace: str
    ledger: str
    restored_at: str
    chain: bytes
    body: str
    payload: bytes | None

    @property
    def is_intact(self) -> bool:
        """Whether the content matches its digest."""
        if self.payload is None:
            return True
        return self.digest == _digest(self.at, self.kind, self.workspace, self.ledger, self.body, self.payload)


@dataclass(frozen=True)
class Half:
    """One of the two files, read. `id` is "" if there is no file; `problem` says why it cannot be read."""

    path: Path
    id: str = ""
    began_at: str = ""
    entries: tuple[Entry, ...] = ()
    problem: str = ""

    def damage(self) -> list[Entry]:
        """Entries that were edited, or that follow a removal, insertion or reordering."""
        chain, found = _first_link(self.id, self.began_at), []
        for entry in self.entries:
            if not entry.is_intact or entry.chain != _link(chain, entry.digest, entry.restored_at):
                found.append(entry)
            chain = entry.chain
        return found


class LedgerFiles:
    """The two files. `here`: the workspace's folder, stored with its entries in the user's file."""

    def __init__(self, user: Path, workspace: Path, here: str) -> None:
        self.user, self.workspace, self.here = user, workspace, here

    def append(self, drafts: Sequence[Draft], check: Callable[[list[Entry]], None] | None = None) -> None:
        """Write the drafts to both files, and copy to each the entries that only the other has; durable on return.

        `check` receives the entries of the drafts' kinds within the transaction, and may raise to abort it.

        Raises:
            OSError: either file cannot be written; neither has changed.
        """
        try:
            self._append(drafts, check)
        except sqlite3.OperationalError as error:
            raise self._write_error(str(error)) from error
        except sqlite3.DatabaseError:
            self._rename_broken_files()
            try:
                self._append(drafts, check)
            except sqlite3.Error as error:
                raise self._write_error(str(error)) from error

    def read(self, content: bool = True) -> tuple[Half, Half]:
        """A consistent snapshot of the user's and the workspace's file; neither is created or changed."""
        try:
            return self._read_together(_COLUMNS if content else _WITHOUT_CONTENT)
        except (sqlite3.Error, TypeError):
            return _read_single(self.user), _read_single(self.workspace)

    def _read_together(self, columns: str) -> tuple[Half, Half]:
        """Attach in the order in which writers lock, to avoid deadlocks."""
        address = _address(self.user) if self.user.exists() else ":memory:"
        with closing(sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)) as connection:
            if self.workspace.exists():
                connection.execute(f"ATTACH ? AS {_HERE}", (_address(self.workspace),))
            connection.execute("BEGIN")
            user = _half(connection, _USER, self.user, columns)
            here = _half(connection, _HERE, self.workspace, columns)
        return user, here

    def _append(self, drafts: Sequence[Draft], check: Callable[[list[Entry]], None] | None) -> None:
        with self._transaction() as connection:
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            for name in (_USER, _HERE):
                _prepare(connection, name, now)
            self._restore(connection, now)
            if check is not None:
                check(_of_kinds(connection, sorted({draft.kind for draft in drafts})))
            ledger, _ = _identity(connection, _USER)
            made = [_entry(draft, now, self.here, ledger) for draft in drafts]
            for name in (_USER, _HERE):
                _add(connection, name, made, "")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            for path in (self.user, self.workspace):
                path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._write_error(str(error)) from error
        with closing(sqlite3.connect(self.user, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute(f"ATTACH ? AS {_HERE}", (str(self.workspace),))
            connection.execute("PRAGMA cache_spill = OFF")  # else a long entry locks readers out before the commit
            for name in (_USER, _HERE):
                connection.execute(f"PRAGMA {name}.journal_mode = DELETE")
                connection.execute(f"PRAGMA {name}.synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")  # locks the user's file first, in every process
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def _restore(self, connection: sqlite3.Connection, now: str) -> None:
        """Copy missing entries: to the workspace those of this workspace, to the user's file all of the workspace's."""
        for source, target, only in ((_USER, _HERE, "AND workspace = ?"), (_HERE, _USER, "")):
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM {source}.entries AS a WHERE NOT EXISTS "
                f"(SELECT 1 FROM {target}.entries AS b WHERE b.digest = a.digest) {only} ORDER BY sequence",
                (self.here,) if only else (),
            )
            _add(connection, target, [Entry(*row) for row in rows], now)

    def _rename_broken_files(self) -> None:
        for path in (self.user, self.workspace):
            if path.exists() and _read_single(path).problem:
                path.replace(path.with_name(f"{path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))

    def _write_error(self, reason: str) -> OSError:
        return OSError(
            f"the trial ledger ({self.user} and {self.workspace}) cannot be written ({reason}); nothing is evaluated "
            "without being counted. Set TWOKEY_LEDGER_DIR to move the first file to another folder"
        )


def _prepare(connection: sqlite3.Connection, name: str, now: str) -> None:
    (found,) = connection.execute(f"PRAGMA {name}.user_version").fetchone()
    if found > FORMAT:
        raise TwokeyError(
            f"The trial ledger has format {found} and this Twokey writes {FORMAT}. Update Twokey, then run it again."
        )
    if found == 0:
        for statement in _SCHEMA:
            connection.execute(statement.format(name=name, now=now))


def _identity(connection: sqlite3.Connection, name: str) -> tuple[str, str]:
    identity, began_at = connection.execute(f"SELECT id, began_at FROM {name}.identity").fetchone()
    return identity, began_at


def _of_kinds(connection: sqlite3.Connection, kinds: Sequence[str]) -> list[Entry]:
    marks = ",".join("?" * len(kinds))
    rows = connection.execute(f"SELECT {_COLUMNS} FROM {_USER}.entries WHERE kind IN ({marks})", tuple(kinds))
    return [Entry(*row) for row in rows]


def _entry(draft: Draft, now: str, here: str, ledger: str) -> Entry:
    digest = _digest(now, draft.kind, here, ledger, draft.body, draft.payload)
    return Entry(digest, now, draft.kind, here, ledger, "", b"", draft.body, draft.payload)


def _add(connection: sqlite3.Connection, name: str, entries: Sequence[Entry], restored_at: str) -> None:
    if not entries:
        return
    last = connection.execute(f"SELECT chain FROM {name}.entries ORDER BY sequence DESC LIMIT 1").fetchone()
    chain = last[0] if last else _first_link(*_identity(connection, name))
    rows = []
    for entry in entries:
        chain = _link(chain, entry.digest, restored_at)
        rows.append(entry._replace(restored_at=restored_at, chain=chain))
    marks = ",".join("?" * len(Entry._fields))
    connection.executemany(f"INSERT INTO {name}.entries ({_COLUMNS}) VALUES ({marks})", rows)


def _half(connection: sqlite3.Connection, name: str, path: Path, columns: str = _COLUMNS) -> Half:
    files = {row[1]: row[2] for row in connection.execute("PRAGMA database_list")}
    if not files.get(name):
        return Half(path)
    identity, began_at = _identity(connection, name)
    rows = connection.execute(f"SELECT {columns} FROM {name}.entries ORDER BY sequence")
    return Half(path, identity, began_at, tuple(Entry(*row) for row in rows))


def _read_single(path: Path) -> Half:
    if not path.exists():
        return Half(path)
    try:
        with closing(sqlite3.connect(_address(path), timeout=BUSY_SECONDS, uri=True)) as connection:
            return _half(connection, _USER, path)
    except (sqlite3.Error, TypeError) as error:
        return Half(path, problem=str(error))


def _address(path: Path) -> str:
    """A URI that opens the file for writing if permitted, so that an interrupted commit is rolled back first."""
    return f"{path.resolve().as_uri()}?mode=rw"


def _digest(at: str, kind: str, workspace: str, ledger: str, body: str, payload: bytes) -> bytes:
    fields = [text.encode() for text in (at, kind, workspace, ledger, body)] + [payload]
    return hashlib.sha256(b"".join(len(field).to_bytes(8, "big") + field for field in fields)).digest()


def _first_link(identity: str, began_at: str) -> bytes:
    return hashlib.sha256(f"{identity} {began_at}".encode()).digest()


def _link(chain: bytes, digest: bytes, restored_at: str) -> bytes:
    return hashlib.sha256(chain + digest + restored_at.encode()).digest()
