"""Some columns of many rows: a sum over 100,000 trades needs three of their twenty-five."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.reading import conditions
from skills_lib.trades.store.rows import StoredRow
from skills_lib.trades.store.schema import TABLES
from skills_lib.trades.store.sql_store import SqlStore


def columns_of(
    store: TradeStore, kind: type[StoredRow], names: Sequence[str], where: Filter
) -> Iterator[tuple[Any, ...]]:
    """The columns of each row that the filter lets through, in no order."""
    if not isinstance(store, SqlStore):
        yield from (tuple(getattr(row, name) for name in names) for row in store.rows(kind, where))
        return
    table = TABLES[kind].c
    query = select(*(table[name] for name in names)).where(*conditions(kind, where, store.address.owner))
    for part in store.explained(lambda: _parts(store, query)):
        yield from part


def _parts(store: SqlStore, query: Any) -> list[Sequence[Any]]:
    with store.engine.execution_options(twokey_reads=True).begin() as connection:
        return [[tuple(row) for row in connection.execute(query)]]
