"""Exact amounts in databases: NUMERIC in PostgreSQL, decimal text in SQLite. No float on any way.

The SQL functions have the names and meaning of SQLite's own `decimal` extension, which its command-line program has, so
that `select decimal_sum(fee) from fills` gives there what it gives here.
"""

import sqlite3
from collections.abc import Callable
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from sqlalchemy import Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from skills_lib.domain.errors import InputError

EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
"""Sums and products here never round: what does not fit 400 digits is an error."""
MAX_EXPONENT = 60
"""Amounts are below 1e61 and have at most 60 decimals."""


def plain_text(amount: Decimal) -> str:
    """The shortest decimal text of an amount, without exponent: equal amounts have equal text.

    Raises:
        InputError: not a finite Decimal of at most 60 digits on either side of the point.
    """
    if type(amount) is not Decimal or not amount.is_finite() or amount.adjusted() > MAX_EXPONENT:
        raise InputError(f"{amount!r} is not an exact amount. Give a finite Decimal below 1e{MAX_EXPONENT + 1}.")
    text = str(amount)
    if text.isdigit():
        return text
    if "E" in text or text[-1] == "0" or text[0] == "-":
        text = format(amount, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = "0" if text == "-0" else text
    if len(text.partition(".")[2]) > MAX_EXPONENT:
        raise InputError(f"{text[:20]}… has more than {MAX_EXPONENT} decimals. Give fewer.")
    return text


class Money(TypeDecorator[Decimal]):
    """A column of exact amounts."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        in_text = Text(collation="decimal")
        return dialect.type_descriptor(in_text if dialect.name == "sqlite" else Numeric(asdecimal=True))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = plain_text(value)
        return text if dialect.name == "sqlite" else Decimal(text)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


class exact_sum(FunctionElement[Decimal]):  # noqa: N801 - a function of SQL
    """The sum of a column of amounts, exact in both databases; NULL where there is no row."""

    type = Money()
    name = "exact_sum"
    inherit_cache = True


@compiles(exact_sum)
def _sum(element: Any, compiler: Any, **options: Any) -> str:
    return f"sum({compiler.process(element.clauses, **options)})"


@compiles(exact_sum, "sqlite")
def _decimal_sum(element: Any, compiler: Any, **options: Any) -> str:
    return f"decimal_sum({compiler.process(element.clauses, **options)})"


class _Sum:
    """The aggregate `decimal_sum`."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, text: str | None) -> None:
        if text is not None:
            self._sum = EXACT.add(self._sum or Decimal(0), Decimal(text))

    def finalize(self) -> str | None:
        return None if self._sum is None else plain_text(self._sum)


def add_decimal_functions(connection: sqlite3.Connection) -> None:
    """Give a connection of SQLite the collation `decimal` and the functions `decimal_sum`, `_add`, `_sub`, `_mul`."""
    connection.create_collation("decimal", _compare)
    connection.create_aggregate("decimal_sum", 1, _sum_of_texts)
    for name, function in (("add", EXACT.add), ("sub", EXACT.subtract), ("mul", EXACT.multiply)):
        connection.create_function(f"decimal_{name}", 2, _of_texts(function), deterministic=True)


def _sum_of_texts() -> Any:
    return _Sum()


def _compare(left: str, right: str) -> int:
    one, other = Decimal(left), Decimal(right)
    return (one > other) - (one < other)


def _of_texts(function: Callable[[Decimal, Decimal], Decimal]) -> Callable[[str | None, str | None], str | None]:
    def applied(left: str | None, right: str | None) -> str | None:
        return None if left is None or right is None else plain_text(function(Decimal(left), Decimal(right)))

    return applied
