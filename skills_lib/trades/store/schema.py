"""The tables, made from the classes of rows. The migrations in `migrations/versions` make them in a database."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, Table, Text

from skills_lib.trades.store.money import Money
from skills_lib.trades.store.rows import ROWS, StoredCandle, StoredRow

OWNER = "owner"
"""First column of every table and key: "" in a store of one person; in Supabase the user's id (row-level security)."""
VERSION_TABLE = "twokey_version"
"""Table with the schema's version."""
_TYPES: dict[type, Any] = {int: BigInteger, str: Text, bool: Boolean, Decimal: Money}

_TYPES_OF: dict[type[StoredRow], dict[str, tuple[type, bool]]] = {}
metadata = MetaData()


def column_names(kind: type[StoredRow]) -> tuple[str, ...]:
    """The columns of a table that are fields of its row: all but the owner."""
    return tuple(column_types(kind))


def column_types(kind: type[StoredRow]) -> dict[str, tuple[type, bool]]:
    """The Python type of each column, and whether it may be None."""
    return _TYPES_OF.get(kind) or _read_types(kind)


def _read_types(kind: type[StoredRow]) -> dict[str, tuple[type, bool]]:
    hints = get_type_hints(kind)
    _TYPES_OF[kind] = {field.name: _type_of(hints[field.name]) for field in fields(kind)}
    return _TYPES_OF[kind]


def _type_of(hint: Any) -> tuple[type, bool]:
    parts = get_args(hint)
    return (next(part for part in parts if part is not NoneType), True) if NoneType in parts else (hint, False)


def _table(kind: type[StoredRow]) -> Table:
    key = kind.KEY
    columns = [
        Column(name, _TYPES[base](), nullable=optional, primary_key=name in key, autoincrement=False)
        for name, (base, optional) in column_types(kind).items()
    ]
    owner = Column(OWNER, Text(), nullable=False, primary_key=True, server_default="")
    columns.sort(key=lambda column: key.index(column.name) if column.name in key else len(key))
    return Table(kind.TABLE, metadata, owner, *columns, *_indices(kind), sqlite_with_rowid=False)


def _indices(kind: type[StoredRow]) -> Iterator[Index]:
    for names in kind.INDICES:
        yield Index(f"{kind.TABLE}_{'_'.join(names)}", OWNER, *names)


TABLES: dict[type[StoredRow], Table] = {kind: _table(kind) for kind in ROWS}
BLOCK_RANGES = Index("candles_open_ms_brin", TABLES[StoredCandle].c.open_ms, postgresql_using="brin").ddl_if(
    dialect="postgresql"
)
"""Spans of time over all candles, small where rows come in order of time."""
