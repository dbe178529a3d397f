"""Rows for tests."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from skills_lib.trades.store.address import StoreAddress
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.rows import ROWS, StoredFill, StoredRow
from skills_lib.trades.store.schema import column_types
from skills_lib.trades.store.sql_store import SqlStore

HUGE = 8_089_999_999_999_999_999
"""An id as Binance gives them: above 2**53, where a float has no exact integers."""
_VALUES: dict[type, Any] = {int: HUGE, str: "text", bool: True, Decimal: Decimal("-12345678901.000000000123456789")}


def fill(trade_id: int, **changes: Any) -> StoredFill:
    """A fill of 0.5 at 100 with a fee of 0.02."""
    given: dict[str, Any] = {
        **{
            "venue": "binance",
            "account": "main",
            "symbol": "BTCUSDT",
            "trade_id": trade_id,
            "strategy_id": "imbalance",
        },
        **{"order_id": trade_id // 2, "side": "BUY", "price": Decimal(100), "quantity": Decimal("0.5")},
        **{"quote_quantity": Decimal(50), "fee": Decimal("0.02"), "fee_asset": "USDT", "maker": False},
        **{"time_ms": 1_700_000_000_000 + trade_id},
    }
    return StoredFill(**(given | changes))


def example(kind: type[StoredRow], **changes: Any) -> Any:
    """A row of any kind whose every column has a value that is easily damaged."""
    return kind(**({name: _VALUES[base] for name, (base, _) in column_types(kind).items()} | changes))


def smallest(kind: type[StoredRow]) -> Any:
    """A row of any kind whose optional columns are empty."""
    return example(kind, **{name: None for name, (_, optional) in column_types(kind).items() if optional})


def with_another_key(row: Any) -> Any:
    """The same row under another key."""
    name = type(row).KEY[-1]
    value = getattr(row, name)
    given = {field.name: getattr(row, field.name) for field in fields(row)}
    return type(row)(**(given | {name: value - 1 if isinstance(value, int) else f"{value}2"}))


def write_store(address: StoreAddress, rows: int) -> None:
    """A store with some fills."""
    with SqlStore(address) as store:
        initialise(store.engine, address)
        store.write([fill(i) for i in range(rows)])


EVERY_KIND = ROWS
