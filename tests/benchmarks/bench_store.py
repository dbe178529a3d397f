"""Inserts into the trade log against bare ones: COPY in PostgreSQL, executemany in SQLite, into a table like it.

Both have the same indices and take turns in the same run. A store may take twice the time of the bare insert, which is
given its values as a driver takes them, checks nothing and replaces nothing.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from skills_lib.trades.store.address import StoreAddress, parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import StoredFill
from skills_lib.trades.store.sql_store import SqlStore
from skills_lib.trades.store.writing import Statements
from tests.trades.store.examples import fill
from tests.trades.store.servers import embedded_programs, postgres_server

ROWS = 50_000
ROUNDS = 5
MAX_RATIO = 2.0


def bare_insert(store: SqlStore, values: list[tuple[object, ...]]) -> None:
    """The rows by the quickest statement that the database has."""
    columns = Statements(StoredFill, None).columns
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(f"insert into fills ({', '.join(columns)}) values ({marks})", values)
            return
        cursor = connection.connection.cursor()
        with cursor.copy(f"copy fills ({', '.join(columns)}) from stdin") as copy:
            for row in values:
                copy.write_row(row)


def timed(store: SqlStore, work: Callable[[], object]) -> float:
    """Seconds of one insert into the empty table."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql("delete from fills")
    began = perf_counter()
    work()
    seconds = perf_counter() - began
    assert store.count(StoredFill) == ROWS
    return seconds


def measure(name: str, address: StoreAddress) -> float:
    """The ratio of both times, each the median of its rounds."""
    rows = [fill(i) for i in range(ROWS)]
    with SqlStore(address) as store:
        initialise(store.engine, address)
        amount = plain_text if name == "SQLite" else (lambda value: value)
        values = [tuple(one) for one in Statements(StoredFill, None).values(rows, "", amount)]
        pairs = [
            (timed(store, lambda: bare_insert(store, values)), timed(store, lambda: store.write(rows)))
            for _ in range(ROUNDS)
        ]
    bare, ours = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(ours / bare for bare, ours in pairs)
    print(f"{name}: bare {ROWS / bare:,.0f} rows/s, store {ROWS / ours:,.0f} rows/s, {ratio:.2f} times as long")
    return ratio


@contextmanager
def databases() -> Iterator[dict[str, StoreAddress]]:
    """An empty database of each kind."""
    with tempfile.TemporaryDirectory() as folder, postgres_server(embedded_programs()) as server:
        yield {
            "SQLite": parse_address(f"sqlite:///{Path(folder) / 'trades.sqlite'}"),
            "PostgreSQL": parse_address(server.new_database()),
        }


def main() -> None:
    with databases() as found:
        slow = [name for name, address in found.items() if measure(name, address) > MAX_RATIO]
    if slow:
        sys.exit(f"{' and '.join(slow)}: inserting takes more than {MAX_RATIO:.0f} times as long as a bare insert")


if __name__ == "__main__":
    main()
