"""What a store holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import ROWS


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """url: without password. rows: by table. backlog: records of journals that are not in the store yet.

    unreadable: journals that could not be counted.
    """

    url: str
    schema_version: int
    rows: dict[str, int]
    backlog: int
    unreadable: list[str]


def status_of(store: TradeStore, backlog: int, unreadable: Sequence[str]) -> StoreStatus:
    """Count the rows of a store. backlog, unreadable: what `skills_lib.trades.projection` says of its journals."""
    counts = {kind.TABLE: store.count(kind) for kind in ROWS}
    return StoreStatus(store.address.shown, store.version(), counts, backlog, list(unreadable))
