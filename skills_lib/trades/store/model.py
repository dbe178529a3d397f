"""What every store answers, whatever database it is in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.trades.store.address import StoreAddress
from skills_lib.trades.store.rows import StoredRow

R = TypeVar("R", bound=StoredRow)
Value = str | int | bool | Decimal | None
Position = tuple[Value, ...]
"""Time and key of a row: what a page goes on after."""


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to rows that were written."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows: all conditions hold. since_ms and until_ms: a half-open span of `time`, by default the row's TIME.

    equal: further columns and the values they must have; None is the value of a column that is empty.
    """

    strategy_id: str | None = None
    venue: str | None = None
    account: str | None = None
    symbol: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    time: str | None = None
    equal: Mapping[str, Value] = field(default_factory=dict)

    def equalities(self, kind: type[StoredRow]) -> dict[str, Value]:
        """Columns and the values they must have.

        Raises:
            InputError: the table has no such column.
        """
        named = {name: getattr(self, name) for name in ("strategy_id", "venue", "account", "symbol")}
        found = {name: value for name, value in named.items() if value is not None} | dict(self.equal)
        known = kind.__dataclass_fields__
        for name in [*found, *([self.time] if self.time else [])]:
            if name not in known:
                raise InputError(
                    f"{kind.TABLE} has no column '{name}'.{did_you_mean(name, known)} It has {', '.join(known)}."
                )
        return found


ALL_ROWS = Filter()


@dataclass(frozen=True, slots=True)
class RowPage(Generic[R]):
    """Rows in order of time and key. after: give it to read the next page, None where this is the last."""

    rows: list[R]
    after: Position | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Exact sums of a group of rows. group: the values of the columns that were grouped by."""

    group: tuple[Value, ...]
    rows: int
    sums: dict[str, Decimal]


class TradeStore(Protocol):
    """A store that is open. Every error is one line, and what it was about can be repeated."""

    address: StoreAddress

    def write(self, rows: Sequence[StoredRow], *, keep: bool = False) -> dict[str, Written]:
        """Insert rows or replace those with their keys: all in one transaction, by REST in the order given.

        Rows with a GUARD replace no stored one whose guard is greater. keep: a stored row stays as it is.
        """

    def page(
        self, kind: type[R], where: Filter = ALL_ROWS, after: Position | None = None, limit: int = 1_000
    ) -> RowPage[R]:
        """Some rows in order of time and key."""

    def rows(self, kind: type[R], where: Filter = ALL_ROWS) -> Iterator[R]:
        """All rows in order of time and key, read page by page."""

    def totals(
        self, kind: type[R], columns: Sequence[str], where: Filter = ALL_ROWS, by: Sequence[str] = ()
    ) -> list[Totals]:
        """Exact sums of columns of amounts, one for each group; empty where there is no row."""

    def count(self, kind: type[R], where: Filter = ALL_ROWS) -> int:
        """How many rows there are."""

    def version(self) -> int:
        """The version of the schema."""

    def close(self) -> None:
        """Close all connections."""


def position_columns(kind: type[StoredRow]) -> tuple[str, ...]:
    """The columns that order rows: time, then the rest of the key."""
    return (kind.TIME, *(name for name in kind.KEY if name != kind.TIME))


def position_of(row: StoredRow) -> Position:
    """What a page goes on after when `row` was the last."""
    return tuple(getattr(row, name) for name in position_columns(type(row)))


def last_of_each(rows: Sequence[R], *, keep: bool) -> list[R]:
    """One row a key, in order of the key: the last with the greatest guard; with keep the first."""
    kind = type(rows[0])
    key_of = attrgetter(*kind.KEY)
    found = dict(zip(map(key_of, rows), rows, strict=True))
    if len(found) < len(rows):
        found = dict(zip(map(key_of, reversed(rows)), reversed(rows), strict=True)) if keep else _newest(rows, key_of)
    return [found[key] for key in sorted(found)]


def _newest(rows: Sequence[R], key_of: Callable[[R], Any]) -> dict[Any, R]:
    guard = type(rows[0]).GUARD
    found: dict[Any, R] = {}
    for row in rows:
        other = found.get(key_of(row))
        if other is None or not guard or getattr(row, guard) >= getattr(other, guard):
            found[key_of(row)] = row
    return found
