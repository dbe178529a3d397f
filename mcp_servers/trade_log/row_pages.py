"""Pages of rows as text, which go on after a key, never at an offset."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from mcp_servers.trade_log.answers import LogPage
from skills_lib.domain.errors import InputError
from skills_lib.trades.store.model import Filter, Position, TradeStore, Value
from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import (
    StoredBacktest,
    StoredDiscrepancy,
    StoredFill,
    StoredFlow,
    StoredIncome,
    StoredOrder,
    StoredPerformance,
    StoredRow,
    StoredTrade,
)

_YEAR_9999_MS: Final = 253_370_764_800_000
KINDS: Final[Mapping[str, type[StoredRow]]] = {
    "trades": StoredTrade,
    "orders": StoredOrder,
    "fills": StoredFill,
    "income": StoredIncome,
    "days": StoredPerformance,
    "backtests": StoredBacktest,
    "flows": StoredFlow,
    "discrepancies": StoredDiscrepancy,
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked for. table: of KINDS."""

    table: str
    where: Filter
    limit: int
    cursor: str | None

    @property
    def digest(self) -> str:
        """Of all but the place: a cursor belongs to one request."""
        named = [self.table, *(str(getattr(self.where, field.name)) for field in fields(self.where))]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]


def row_page(store: TradeStore, request: PageRequest, next_step: str) -> LogPage:
    """A page of rows.

    Raises:
        InputError: a cursor of another request.
    """
    kind = KINDS[request.table]
    page = store.page(kind, request.where, _position(request), request.limit)
    return LogPage(
        rows=[row_text(row) for row in page.rows],
        next_cursor=None if page.after is None else _cursor(page.after, request.digest),
        next_step=next_step,
    )


def row_text(row: StoredRow) -> dict[str, str]:
    """A row with amounts and ids as text, and times as UTC without `_ms`."""
    found = {}
    for field in fields(row):
        value = getattr(row, field.name)
        is_time = field.name.endswith("_ms")
        found[field.name.removesuffix("_ms")] = _utc(value) if is_time and value is not None else value_text(value)
    return found


def value_text(value: Value) -> str:
    """A value as text, empty for none."""
    if isinstance(value, Decimal):
        return plain_text(value)
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _utc(time_ms: int) -> str:
    """The time as text; the number where no calendar has it."""
    if not 0 <= time_ms < _YEAR_9999_MS:
        return str(time_ms)
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cursor(after: Position, digest: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([list(after), digest]).encode()).decode().rstrip("=")


def _position(request: PageRequest) -> Position | None:
    if request.cursor is None:
        return None
    try:
        after, digest = json.loads(base64.urlsafe_b64decode(request.cursor + "=" * (-len(request.cursor) % 4)))
        found = tuple(after)
    except (ValueError, TypeError):
        raise InputError(
            f"Cursor '{request.cursor[:40]}' is damaged. Pass next_cursor unchanged, or omit it."
        ) from None
    if digest != request.digest or not all(isinstance(one, str | int) for one in found):
        raise InputError(f"Cursor '{request.cursor[:40]}' belongs to another request. Start again without a cursor.")
    return found
