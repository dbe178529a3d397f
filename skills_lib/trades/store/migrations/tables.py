"""Makes the tables that a migration describes in a line a column list."""

from collections.abc import Sequence
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Text

from skills_lib.trades.store.money import Money
from skills_lib.trades.store.schema import OWNER

_TYPES: dict[str, Any] = {"integer": BigInteger, "text": Text, "boolean": Boolean, "money": Money}


def create_table(name: str, columns: str, indices: Sequence[tuple[str, ...]]) -> None:
    """Make a table with the owner in front, and its indices, which begin with the owner too.

    columns: "NAME TYPE", separated by commas; TYPE! is a part of the key, TYPE? may be null.
    """
    found = [_column(*column.split()) for column in columns.split(",")]
    key = Column(OWNER, Text(), nullable=False, primary_key=True, server_default="")
    op.create_table(name, key, *found, sqlite_with_rowid=False)
    for names in indices:
        op.create_index(f"{name}_{'_'.join(names)}", name, [OWNER, *names])


def _column(name: str, kind: str) -> "Column[Any]":
    made = _TYPES[kind.rstrip("!?")]
    return Column(name, made(), nullable=kind[-1] == "?", primary_key=kind[-1] == "!", autoincrement=False)
