"""A store in SQLite or PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Engine

from skills_lib.trades.store.address import StoreAddress
from skills_lib.trades.store.errors import clear_errors
from skills_lib.trades.store.migrations.running import check_version, newest_version, stored_version
from skills_lib.trades.store.model import ALL_ROWS, Filter, Position, R, RowPage, Totals, Written
from skills_lib.trades.store.opening import open_engine, reading
from skills_lib.trades.store.reading import count_rows, read_page, read_totals
from skills_lib.trades.store.rows import ROWS, StoredRow
from skills_lib.trades.store.writing import write_rows

_PAGE = 5_000
T = TypeVar("T")


class SqlStore:
    """The `TradeStore` of one database. `engine`: its connections, for what this class has no method for."""

    def __init__(self, address: StoreAddress, engine: Engine | None = None) -> None:
        self.address = address
        self.engine = engine or open_engine(address)
        self._reading = reading(self.engine)

    def check(self) -> Self:
        """This store, whose schema is known.

        Raises:
            NotAStoreError: there is none, or it is of another version.
        """
        with clear_errors(self.address), self._reading.begin() as connection:
            check_version(stored_version(connection, self.address.schema), newest_version(), self.address)
        return self

    def explained(self, work: Callable[[], T]) -> T:
        """What `work` gives, with errors of the database as one line."""
        with clear_errors(self.address):
            return work()

    def write(self, rows: Sequence[StoredRow], *, keep: bool = False) -> dict[str, Written]:
        """See `TradeStore`. One transaction; tables in the order of ROWS."""
        ordered = sorted(rows, key=lambda row: ROWS.index(type(row)))
        found = {}
        with clear_errors(self.address), self.engine.begin() as connection:
            for table, same in groupby(ordered, key=lambda row: row.TABLE):
                found[table] = write_rows(connection, list(same), self.address.owner, self.address.schema, keep=keep)
        return found

    def page(
        self, kind: type[R], where: Filter = ALL_ROWS, after: Position | None = None, limit: int = 1_000
    ) -> RowPage[R]:
        """See `TradeStore`."""
        with clear_errors(self.address), self._reading.begin() as connection:
            return read_page(connection, kind, where, self.address.owner, after, limit)

    def rows(self, kind: type[R], where: Filter = ALL_ROWS) -> Iterator[R]:
        """See `TradeStore`."""
        after: Position | None = None
        while True:
            page = self.page(kind, where, after, _PAGE)
            yield from page.rows
            after = page.after
            if after is None:
                return

    def totals(
        self, kind: type[R], columns: Sequence[str], where: Filter = ALL_ROWS, by: Sequence[str] = ()
    ) -> list[Totals]:
        """See `TradeStore`."""
        with clear_errors(self.address), self._reading.begin() as connection:
            return read_totals(connection, kind, columns, where, self.address.owner, by)

    def count(self, kind: type[R], where: Filter = ALL_ROWS) -> int:
        """See `TradeStore`."""
        with clear_errors(self.address), self._reading.begin() as connection:
            return count_rows(connection, kind, where, self.address.owner)

    def version(self) -> int:
        """See `TradeStore`."""
        with clear_errors(self.address), self._reading.begin() as connection:
            return stored_version(connection, self.address.schema) or 0

    def close(self) -> None:
        """See `TradeStore`."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
