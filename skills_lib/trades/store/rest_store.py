"""A store in a Supabase project, by its address and key, through supabase-py.

A request that was not answered is repeated: what is written by its key changes nothing the second time. Only an empty
page is the last, because a server may cut an answer at any number of rows.
"""

import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from types import TracebackType
from typing import Any, Self, TypeVar

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.address import StoreAddress
from skills_lib.trades.store.migrations.running import check_version, newest_version
from skills_lib.trades.store.model import (
    ALL_ROWS,
    Filter,
    Position,
    R,
    RowPage,
    Totals,
    Value,
    Written,
    last_of_each,
    position_columns,
    position_of,
)
from skills_lib.trades.store.money import EXACT
from skills_lib.trades.store.rest_errors import errors_of_requests, explained_answer, is_unanswered
from skills_lib.trades.store.rest_values import conditions, received, selected, sent
from skills_lib.trades.store.row_security import WRITE
from skills_lib.trades.store.rows import ROWS, StoredRow
from skills_lib.trades.store.schema import OWNER, VERSION_TABLE

_AT_ONCE = 1_000
"""Rows of one request, about half a megabyte."""
_PAGE = 1_000
_ATTEMPTS = 4
T = TypeVar("T")


class RestStore:
    """The `TradeStore` behind a REST address. timeout_s: of one request."""

    def __init__(self, address: StoreAddress, *, timeout_s: float = 15.0) -> None:
        self.address = address
        self._client = _client(address, timeout_s)

    def check(self) -> Self:
        """This store, whose schema is known.

        Raises:
            NotAStoreError: there is none, or it is of another version.
        """
        check_version(self.version() or None, newest_version(), self.address)
        return self

    def write(self, rows: Sequence[StoredRow], *, keep: bool = False) -> dict[str, Written]:
        """See `TradeStore`. Up to 1,000 rows are one transaction; of more, parts in the order of the tables."""
        by_kind = ([row for row in rows if type(row) is kind] for kind in ROWS)
        unique = [row for same in by_kind if same for row in last_of_each(same, keep=keep)]
        found: dict[str, Written] = defaultdict(Written)
        for i in range(0, len(unique), _AT_ONCE):
            for table, written in self._write(unique[i : i + _AT_ONCE], keep).items():
                found[table] += written
        return dict(found)

    def _write(self, rows: list[StoredRow], keep: bool) -> dict[str, Written]:
        parts = {table: list(same) for table, same in groupby(rows, key=lambda row: row.TABLE)}
        given = {table: [sent(row, self.address.owner) for row in same] for table, same in parts.items()}
        arguments = {"rows": json.dumps(given), "keep": keep}
        answer = json.loads(self._answered(lambda: self._client.rpc(WRITE, arguments).execute()).data)
        return {
            table: Written(inserted, updated, len(parts[table]) - inserted - updated)
            for table, (inserted, updated) in answer.items()
        }

    def page(
        self, kind: type[R], where: Filter = ALL_ROWS, after: Position | None = None, limit: int = _PAGE
    ) -> RowPage[R]:
        """See `TradeStore`. Here only an empty page is the last."""
        query = self._client.table(kind.TABLE).select(selected(kind))
        query = query.or_(conditions(kind, where, self.address.owner, after))
        for name in position_columns(kind):
            query = query.order(name)
        found = [received(kind, fields) for fields in self._answered(query.limit(limit).execute).data]
        return RowPage(found, position_of(found[-1]) if found else None)

    def rows(self, kind: type[R], where: Filter = ALL_ROWS) -> Iterator[R]:
        """See `TradeStore`."""
        page = self.page(kind, where)
        while page.after is not None:
            yield from page.rows
            page = self.page(kind, where, page.after)

    def totals(
        self, kind: type[R], columns: Sequence[str], where: Filter = ALL_ROWS, by: Sequence[str] = ()
    ) -> list[Totals]:
        """See `TradeStore`. Added up here, from all rows."""
        Filter(equal=dict.fromkeys((*columns, *by))).equalities(kind)
        sums: dict[tuple[Value, ...], dict[str, Decimal]] = {}
        counts: dict[tuple[Value, ...], int] = defaultdict(int)
        for row in self.rows(kind, where):
            group = tuple(getattr(row, name) for name in by)
            counts[group] += 1
            total = sums.setdefault(group, dict.fromkeys(columns, Decimal(0)))
            for name in columns:
                total[name] = EXACT.add(total[name], getattr(row, name) or Decimal(0))
        return [Totals(group, counts[group], sums[group]) for group in sorted(sums, key=repr)]

    def count(self, kind: type[R], where: Filter = ALL_ROWS) -> int:
        """See `TradeStore`."""
        query = self._client.table(kind.TABLE).select(OWNER, count="exact", head=True)
        query = query.or_(conditions(kind, where, self.address.owner, None))
        return int(self._answered(query.execute).count or 0)

    def version(self) -> int:
        """See `TradeStore`."""
        found = self._answered(self._client.table(VERSION_TABLE).select("version_num").execute).data
        return int(found[0]["version_num"]) if found else 0

    def close(self) -> None:
        """See `TradeStore`."""
        self._client.postgrest.session.close()

    def _answered(self, ask: Callable[[], T]) -> T:
        """The answer, asked for again where there was none.

        Raises:
            TwokeyError: one line that says why there is none.
        """
        last: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                return ask()
            except errors_of_requests() as error:
                last = error
                if not is_unanswered(error):
                    break
        raise explained_answer(last or TimeoutError(), self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _client(address: StoreAddress, timeout_s: float) -> Any:
    try:
        from supabase import create_client
        from supabase.lib.client_options import SyncClientOptions
    except ImportError:
        raise InputError("A store by REST needs supabase: pip install 'twokey[supabase]'.") from None
    options = SyncClientOptions(
        postgrest_client_timeout=timeout_s,
        postgrest_client_retry=False,
        schema=address.schema or "public",
        auto_refresh_token=False,
        persist_session=False,
    )
    client = create_client(address.url, address.key, options)
    with warnings.catch_warnings():  # supabase-py uses what it has deprecated itself
        warnings.simplefilter("ignore", DeprecationWarning)
        requests = client.postgrest
    if address.token:
        requests.auth(address.token)
    return client
