"""Rows as PostgREST takes and gives them: amounts, ids and times as text, which no JSON reader rounds."""

from decimal import Decimal
from typing import Any

from skills_lib.domain.errors import CorruptDataError
from skills_lib.trades.store.model import Filter, Position, R, Value, position_columns
from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import StoredRow
from skills_lib.trades.store.schema import OWNER, column_names, column_types

_AS_TEXT = "text_"
"""Before the name of a number in an answer: under its own name a server might sort by the text."""


def sent(row: StoredRow, owner: str) -> dict[str, Any]:
    """A row as JSON."""
    types = column_types(type(row))
    return {OWNER: owner, **{name: _sent(getattr(row, name), types[name][0]) for name in column_names(type(row))}}


def _sent(value: Any, base: type) -> str | bool | None:
    if value is None or base is bool:
        found: bool | None = value
        return found
    return plain_text(value) if base is Decimal else str(value)


def selected(kind: type[StoredRow]) -> str:
    """The columns of a `select`, numbers cast to text."""
    numbers = _numbers(kind)
    return ",".join(f"{_AS_TEXT}{name}:{name}::text" if name in numbers else name for name in column_names(kind))


def _numbers(kind: type[StoredRow]) -> set[str]:
    return {name for name, (base, _) in column_types(kind).items() if base in (int, Decimal)}


def received(kind: type[R], fields: dict[str, Any]) -> R:
    """The row of a JSON object."""
    types, numbers = column_types(kind), _numbers(kind)
    given = {name: fields[_AS_TEXT + name if name in numbers else name] for name in column_names(kind)}
    return kind(**{name: _received(value, types[name][0]) for name, value in given.items()})


def _received(value: Any, base: type) -> Any:
    """The value as its column's type.

    Raises:
        CorruptDataError: a number came as a float, which may be rounded.
    """
    if isinstance(value, float):
        raise CorruptDataError(
            "The server gave an amount as a float, not as text. Use a server that casts with ::text."
        )
    return value if value is None or base in (str, bool) else base(value)


def conditions(kind: type[StoredRow], where: Filter, owner: str, after: Position | None) -> str:
    """A filter, and the rows after a position, as one condition of PostgREST.

    Every value is in quotes: a server that took it for a number might round it.
    """
    found = [f"{OWNER}.eq.{_quoted(owner)}"]
    for name, value in where.equalities(kind).items():
        found.append(f"{name}.is.null" if value is None else f"{name}.eq.{_quoted(value)}")
    time = where.time or kind.TIME
    if where.since_ms is not None:
        found.append(f"{time}.gte.{_quoted(where.since_ms)}")
    if where.until_ms is not None:
        found.append(f"{time}.lt.{_quoted(where.until_ms)}")
    if after is not None:
        found.append(f"or({_further(kind, after)})")
    return _all(found)


def _further(kind: type[StoredRow], after: Position) -> str:
    """`a.gt."1",and(a.eq."1",b.gt."2")`."""
    names = position_columns(kind)
    equal = [f"{name}.eq.{_quoted(value)}" for name, value in zip(names, after, strict=True)]
    greater = [f"{name}.gt.{_quoted(value)}" for name, value in zip(names, after, strict=True)]
    return ",".join(_all([*equal[:i], greater[i]]) for i in range(len(names)))


def _all(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"and({','.join(conditions)})"


def _quoted(value: Value) -> str:
    """A value inside a condition, where commas and brackets have a meaning."""
    text = str(value).lower() if isinstance(value, bool) else str(_sent(value, type(value)))
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
