"""What all rows of the store are: frozen, typed, with a natural key."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class TradingMode(StrEnum):
    """What kind of trading a row is of."""

    BACKTEST = "backtest"
    PAPER = "paper"
    DEMO = "demo"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row of one table. The fields of a subclass are the table's columns, and their types are the columns' types.

    int: 64 bits. Decimal: exact, finite. `*_ms`: UTC milliseconds since 1970. `*_json`: text of a JSON object.
    TABLE: the table's name. KEY: what identifies a row, beside its owner. TIME: the column that orders rows in time.
    INDICES: columns of further indices. GUARD: a row replaces a stored one only where this column is not smaller.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    TIME: ClassVar[str]
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    GUARD: ClassVar[str] = ""
