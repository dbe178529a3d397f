"""Errors of databases as one line: what was found, what to do next. Never an address with its password, never a row."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from skills_lib.domain.errors import InputError, SourceUnavailableError, TwokeyError
from skills_lib.domain.options import option
from skills_lib.trades.store.address import StoreAddress

INIT = "Run twokey store init"


class StoreUnavailableError(SourceUnavailableError):
    """The database cannot be reached or answers no more: nothing was written, and the same call may be repeated."""


class StoreBusyError(StoreUnavailableError):
    """Somebody else holds what is needed: the call gave up in time and may be repeated."""


class NotAStoreError(InputError):
    """The database has no store of Twokey, or one of another version."""


BY_STATE: dict[str, tuple[type[TwokeyError], str]] = {
    "28P01": (InputError, "the password was refused. Correct the address, or PGPASSWORD in the environment"),
    "28000": (InputError, "the user was refused. Correct the address"),
    "3D000": (InputError, "there is no such database. Correct the address, or create it"),
    "3F000": (InputError, f"there is no such schema. Correct {option('schema')}"),
    "42501": (InputError, "the user may not do this. Use one with the right to, or have it granted"),
    "42P01": (NotAStoreError, f"a table of the store is missing. {INIT}"),
    "42703": (NotAStoreError, "a column of the store is missing. Run twokey store migrate"),
    "42P07": (
        InputError,
        f"it has a table of the same name that is not Twokey's. Name a schema of its own with {option('schema')}",
    ),
    "53100": (StoreUnavailableError, "its disk is full; nothing was written. Make room and repeat the command"),
    "53300": (StoreUnavailableError, "it has too many connections. Repeat the command later"),
    "55P03": (
        StoreBusyError,
        "somebody else holds a table; nothing was changed. Repeat the command when they are done",
    ),
    "40001": (StoreBusyError, "another writer changed the same rows; nothing was changed. Repeat the command"),
    "40P01": (StoreBusyError, "another writer held the same rows; nothing was changed. Repeat the command"),
    "57014": (StoreBusyError, "it took too long; nothing was changed. Repeat the command"),
    "25006": (InputError, "it is read-only. Use the primary server"),
    **dict.fromkeys(
        ("57P01", "57P02", "57P03"),
        (
            StoreUnavailableError,
            "its server is being stopped or started; nothing was written. Repeat the command later",
        ),
    ),
}
_BY_TEXT: tuple[tuple[str, type[TwokeyError], str], ...] = (
    ("password authentication failed", *BY_STATE["28P01"]),
    ("no password supplied", InputError, "it wants a password. Set PGPASSWORD in the environment"),
    ("does not support SSL", InputError, "it has no TLS. Turn it on there, or set store_plaintext = true"),
    ("certificate", InputError, "its certificate was refused. Correct sslmode or sslrootcert"),
    ('role "', *BY_STATE["28000"]),
    ('database "', *BY_STATE["3D000"]),
    ("disk is full", *BY_STATE["53100"]),
    ("database is locked", *BY_STATE["55P03"]),
    ("not a database", InputError, "the file is not a SQLite database. Name another"),
    ("no such table", *BY_STATE["42P01"]),
    ("no such column", *BY_STATE["42703"]),
    ("unable to open", InputError, "the file cannot be opened. Check its folder and your permission"),
    ("readonly database", InputError, "the file is read-only. Give yourself permission to write it"),
    ("malformed", StoreUnavailableError, "the file is damaged. Keep it, and fill a new store from the journals"),
)


@contextmanager
def clear_errors(address: StoreAddress) -> Iterator[None]:
    """Turn what a driver raises inside into one line about the store at `address`.

    Raises:
        TwokeyError: of the kind that says what to do about it.
    """
    try:
        yield
    except _errors_of_databases() as error:
        raise explained(error, address) from None


def _errors_of_databases() -> tuple[type[Exception], ...]:
    found: tuple[type[Exception], ...] = (SQLAlchemyError, OverflowError, sqlite3.Error)
    try:
        import psycopg
    except ImportError:
        return found
    return (*found, psycopg.Error)


def explained(error: Exception, address: StoreAddress) -> TwokeyError:
    """The error of one line for an error of a driver."""
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig else error
    kind, reason = _reason(cause)
    return kind(f"The store at {address.shown}: {reason}.")


def _reason(cause: Any) -> tuple[type[TwokeyError], str]:
    if found := BY_STATE.get(str(getattr(cause, "sqlstate", None))):
        return found
    text = str(cause)
    for part, kind, reason in _BY_TEXT:
        if part in text:
            return kind, reason
    if isinstance(cause, OverflowError) or getattr(cause, "sqlstate", None) == "22003":
        return InputError, "a number does not fit 64 bits. No row was written"
    if {"OperationalError", "InterfaceError"} & {one.__name__ for one in type(cause).__mro__}:
        return StoreUnavailableError, f"it cannot be reached ({_last_part(text)}). Repeat the command when it is back"
    return TwokeyError, f"the database refused ({_last_part(text)}). Nothing was written"


def _last_part(text: str) -> str:
    """The driver's own reason in one line, without values of rows, which come in later lines."""
    line = text.strip().splitlines()[0] if text.strip() else "no reason given"
    return line.rpartition("failed: ")[2].rstrip(".")[:200]
