"""Reads typed rows by typed filters, in pages that go on after a key, never at an offset."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.engine import Connection

from skills_lib.trades.store.model import Filter, Position, R, RowPage, Totals, position_columns, position_of
from skills_lib.trades.store.money import exact_sum
from skills_lib.trades.store.schema import OWNER, TABLES, column_names


def read_page(
    connection: Connection, kind: type[R], where: Filter, owner: str, after: Position | None, limit: int
) -> RowPage[R]:
    """At most `limit` rows in order of time and key, after the position `after`."""
    columns = [TABLES[kind].c[name] for name in column_names(kind)]
    order = [TABLES[kind].c[name] for name in position_columns(kind)]
    query = select(*columns).where(*conditions(kind, where, owner)).order_by(*order).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    names = column_names(kind)
    found = [kind(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]
    rows = found[:limit]
    return RowPage(rows, position_of(rows[-1]) if len(found) > limit else None)


def conditions(kind: type[R], where: Filter, owner: str) -> list[ColumnElement[bool]]:
    """The filter as SQL."""
    table = TABLES[kind].c
    found = [table[OWNER] == owner, *(table[name] == value for name, value in where.equalities(kind).items())]
    time = table[where.time or kind.TIME]
    if where.since_ms is not None:
        found.append(time >= where.since_ms)
    if where.until_ms is not None:
        found.append(time < where.until_ms)
    return found


def read_totals(
    connection: Connection, kind: type[R], columns: Sequence[str], where: Filter, owner: str, by: Sequence[str]
) -> list[Totals]:
    """Exact sums, one for each group."""
    table = TABLES[kind].c
    groups = [table[name] for name in by]
    query: Select[Any] = (
        select(*groups, func.count(), *(exact_sum(table[name]) for name in columns))
        .where(*conditions(kind, where, owner))
        .group_by(*groups)
        .order_by(*groups)
    )
    found = [tuple(row) for row in connection.execute(query)]
    return [_totals(row, columns, len(by)) for row in found if row[len(by)]]


def _totals(row: tuple[Any, ...], columns: Sequence[str], groups: int) -> Totals:
    sums = (Decimal(0) if value is None else value for value in row[groups + 1 :])
    return Totals(row[:groups], row[groups], dict(zip(columns, sums, strict=True)))


def count_rows(connection: Connection, kind: type[R], where: Filter, owner: str) -> int:
    """How many rows there are."""
    query = select(func.count()).select_from(TABLES[kind]).where(*conditions(kind, where, owner))
    return int(connection.execute(query).scalar_one())
