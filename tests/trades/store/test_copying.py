"""Copying a store into another: exact, and resumed after an interruption."""

from dataclasses import replace
from decimal import Decimal
from itertools import islice

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.trades.store import copying
from skills_lib.trades.store.copying import copy_store, rows_that_differ
from skills_lib.trades.store.model import TradeStore, Written
from skills_lib.trades.store.rows import ROWS, StoredFill, StoredOrder
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.examples import example, fill, smallest, with_another_key


@pytest.mark.parametrize("target", ["postgres", "rest"])
def test_every_row_of_every_table_is_copied_exactly(
    sqlite_store: SqlStore, request: pytest.FixtureRequest, target: str
) -> None:
    store: TradeStore = request.getfixturevalue(f"{target}_store")
    rows = [row for kind in ROWS for row in (example(kind), with_another_key(smallest(kind)))]
    sqlite_store.write(rows)
    done = copy_store(sqlite_store, store)
    assert done == {kind.TABLE: Written(inserted=2) for kind in ROWS}
    assert list(rows_that_differ(sqlite_store, store)) == []
    assert list(rows_that_differ(store, sqlite_store)) == []
    assert sum((written for written in copy_store(sqlite_store, store).values()), Written()) == Written(0, 0, 24)


def test_a_copy_that_was_interrupted_goes_on(
    sqlite_store: SqlStore, postgres_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_AT_ONCE", 10)
    sqlite_store.write([fill(i) for i in range(35)])

    def interrupt(done: int, total: int, what: str) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(sqlite_store, postgres_store, interrupt)
    assert postgres_store.count(StoredFill) == 20
    assert copy_store(sqlite_store, postgres_store)["fills"] == Written(inserted=15, unchanged=20)
    assert list(islice(rows_that_differ(sqlite_store, postgres_store), 1)) == []


def test_what_differs_is_replaced_and_what_is_newer_stays(sqlite_store: SqlStore, postgres_store: SqlStore) -> None:
    order = example(StoredOrder, updated_ms=5)
    sqlite_store.write([fill(1), order])
    newer = replace(order, status="FILLED", updated_ms=6)
    postgres_store.write([fill(1, fee=Decimal(9)), newer])
    done = copy_store(sqlite_store, postgres_store)
    assert (done["fills"], done["orders"]) == (Written(updated=1), Written(unchanged=1))
    assert list(postgres_store.rows(StoredFill)) == [fill(1)]
    assert list(postgres_store.rows(StoredOrder)) == [newer]


def test_a_store_is_not_copied_into_itself(sqlite_store: SqlStore) -> None:
    with pytest.raises(InputError, match="name the same store"):
        copy_store(sqlite_store, sqlite_store)
