"""Writes rows so that writing them again changes nothing: inserts first, then the update of those that differ.

PostgreSQL gets many rows by COPY into a temporary table, few by one statement; SQLite gets them one after the other.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy.engine import Connection

from skills_lib.trades.store.model import Written, last_of_each
from skills_lib.trades.store.money import MAX_EXPONENT, plain_text
from skills_lib.trades.store.rows import StoredRow
from skills_lib.trades.store.schema import OWNER, column_names, column_types

_BY_COPY = 200
"""From this number of rows on, COPY is quicker than one statement with all values."""
_STAGE = "twokey_stage"


def write_rows(
    connection: Connection, rows: Sequence[StoredRow], owner: str, schema: str | None, *, keep: bool
) -> Written:
    """Insert or replace rows of one table inside the connection's transaction."""
    unique = last_of_each(rows, keep=keep)
    statements = Statements(type(rows[0]), schema)
    if connection.dialect.name == "sqlite":
        inserted, updated = _to_sqlite(connection, statements, unique, owner, keep)
    else:
        inserted, updated = _to_postgresql(connection, statements, unique, owner, keep)
    return Written(inserted, updated, len(unique) - inserted - updated)


class Statements:
    """The SQL of one table."""

    def __init__(self, kind: type[StoredRow], schema: str | None) -> None:
        self.kind = kind
        self.columns = (OWNER, *column_names(kind))
        self.table = f'"{schema}".{kind.TABLE}' if schema else kind.TABLE
        self.insert = f"insert into {self.table} as stored ({', '.join(self.columns)})"
        self.keep = "on conflict do nothing"

    @property
    def replace(self) -> str:
        """What follows where a row with the key is there: it changes only where a column differs."""
        key = (OWNER, *self.kind.KEY)
        others = [name for name in self.columns if name not in key]
        settings = ", ".join(f"{name} = excluded.{name}" for name in others)
        differs = " or ".join(f"stored.{name} is distinct from excluded.{name}" for name in others)
        guard = f" and excluded.{self.kind.GUARD} >= stored.{self.kind.GUARD}" if self.kind.GUARD else ""
        return f"on conflict ({', '.join(key)}) do update set {settings} where ({differs}){guard}"

    def values(self, rows: Sequence[StoredRow], owner: str, amount: Callable[[Decimal], Any]) -> Iterator[list[Any]]:
        """The columns of each row; amount: how a driver takes a Decimal."""
        types = column_types(self.kind)
        money = [i for i, name in enumerate(self.columns) if name != OWNER and types[name][0] is Decimal]
        read = attrgetter(*self.columns[1:])
        for row in rows:
            values = [owner, *read(row)]
            for i in money:
                if values[i] is not None:
                    values[i] = amount(values[i])
            yield values


def _to_sqlite(
    connection: Connection, statements: Statements, rows: Sequence[StoredRow], owner: str, keep: bool
) -> tuple[int, int]:
    values = [tuple(one) for one in statements.values(rows, owner, plain_text)]
    marks = f"{statements.insert} values ({', '.join('?' * len(statements.columns))})"
    inserted = connection.exec_driver_sql(f"{marks} {statements.keep}", values).rowcount
    if keep or inserted == len(values):
        return inserted, 0
    replace = statements.replace.replace("is distinct from", "is not")
    return inserted, connection.exec_driver_sql(f"{marks} {replace}", values).rowcount


def _to_postgresql(
    connection: Connection, statements: Statements, rows: Sequence[StoredRow], owner: str, keep: bool
) -> tuple[int, int]:
    values = list(statements.values(rows, owner, _exact))
    if len(values) >= _BY_COPY and _copied_as_new(connection, statements, values):
        return len(values), 0
    if len(values) < _BY_COPY:
        row = f"({', '.join(['%s'] * len(statements.columns))})"
        source = f"values {', '.join([row] * len(values))}"
        parameters: tuple[Any, ...] | None = tuple(value for one in values for value in one)
    else:
        _stage(connection, statements, values)
        source, parameters = f"select {', '.join(statements.columns)} from {_STAGE}", None
    inserted = connection.exec_driver_sql(f"{statements.insert} {source} {statements.keep}", parameters).rowcount
    if keep or inserted == len(values):
        return inserted, 0
    replaced = connection.exec_driver_sql(f"{statements.insert} {source} {statements.replace}", parameters)
    return inserted, replaced.rowcount


def _copied_as_new(connection: Connection, statements: Statements, values: list[list[Any]]) -> bool:
    """COPY straight into the table where it has no row between the first and the last key.

    Somebody else may write one meanwhile, or the database may sort text otherwise: then nothing of it stays, and the
    rows go by the temporary table.
    """
    import psycopg

    if _holds_between(connection, statements, values[0], values[-1]):
        return False
    try:
        with connection.begin_nested():
            _copy(connection, statements.table, statements, values)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _holds_between(connection: Connection, statements: Statements, first: list[Any], last: list[Any]) -> bool:
    key = (OWNER, *statements.kind.KEY)
    places = [statements.columns.index(name) for name in key]
    marks, names = ", ".join(["%s"] * len(key)), ", ".join(key)
    found = connection.exec_driver_sql(
        f"select 1 from {statements.table} where ({names}) >= ({marks}) and ({names}) <= ({marks}) limit 1",
        tuple(row[i] for row in (first, last) for i in places),
    )
    return found.first() is not None


def _stage(connection: Connection, statements: Statements, values: list[list[Any]]) -> None:
    """Copy the rows into a temporary table of this transaction."""
    columns = ", ".join(statements.columns)
    connection.exec_driver_sql(f"drop table if exists pg_temp.{_STAGE}")
    connection.exec_driver_sql(
        f"create temporary table {_STAGE} on commit drop as select {columns} from {statements.table} with no data"
    )
    _copy(connection, _STAGE, statements, values)


def _copy(connection: Connection, table: str, statements: Statements, values: list[list[Any]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"copy {table} ({', '.join(statements.columns)}) from stdin") as copy:
        for one in values:
            copy.write_row(one)


def _exact(amount: Decimal) -> Decimal:
    if type(amount) is not Decimal or not amount.is_finite() or amount.adjusted() > MAX_EXPONENT:
        plain_text(amount)  # says what is wrong
    return amount
