"""Connections: SQLite with a write-ahead log and one writer, PostgreSQL by psycopg without prepared statements."""

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.address import Backend, StoreAddress
from skills_lib.trades.store.money import add_decimal_functions

BUSY_S = 5.0
"""How long a writer of SQLite waits for another, seconds."""
_CONNECT_S = 10
_READS = "twokey_reads"


def open_engine(address: StoreAddress) -> Engine:
    """Connections to a SQLite file or a PostgreSQL server; nothing is connected yet.

    Raises:
        InputError: a folder that cannot be made, or psycopg is not installed.
    """
    return _sqlite(address) if address.backend is Backend.SQLITE else _postgresql(address)


def reading(engine: Engine) -> Engine:
    """The same connections for transactions that only read, beside which SQLite lets another write."""
    return engine.execution_options(**{_READS: True})


def _sqlite(address: StoreAddress) -> Engine:
    try:
        address.file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{address.file.parent} cannot be made ({error.strerror}). Name another file.") from None
    engine = create_engine(
        "sqlite://", creator=lambda: _connect_sqlite(address), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connect_sqlite(address: StoreAddress) -> sqlite3.Connection:
    """isolation_level None: the module begins no transaction of its own, so that also DDL is inside of ours."""
    connection = sqlite3.connect(address.file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    add_decimal_functions(connection)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(address: StoreAddress) -> Engine:
    try:
        import psycopg
        from psycopg.conninfo import make_conninfo
    except ImportError:
        raise InputError("A store in PostgreSQL needs psycopg: pip install 'twokey[postgres]'.") from None
    try:
        given: dict[str, Any] = {"connect_timeout": _CONNECT_S, "application_name": "twokey"}
        info = make_conninfo(address.url, **(given | dict(address.parameters)))
    except psycopg.Error:
        raise InputError(f"The address {address.shown} is not one that PostgreSQL understands.") from None
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(info, prepare_threshold=None),
        pool_size=2,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    return engine.execution_options(schema_translate_map={None: address.schema}) if address.schema else engine
