"""What a projection looks up in the store: a fill or an order of one account by its number."""

from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import JournalOffset, StoredFill, StoredOrder


class StoredRows:
    """The rows of a journal's account."""

    def __init__(self, store: TradeStore, source: JournalSource) -> None:
        self._store, self._source = store, source

    def fill(self, symbol: str, trade_id: int) -> StoredFill | None:
        """A fill by its number."""
        found = self._store.page(StoredFill, self._where(symbol, trade_id=trade_id), limit=1).rows
        return found[0] if found else None

    def order(self, symbol: str, order_id: int) -> StoredOrder | None:
        """A regular order by its number."""
        found = self._store.page(StoredOrder, self._where(symbol, order_id=order_id, family="order"), limit=1).rows
        return found[0] if found else None

    def _where(self, symbol: str, **equal: int | str) -> Filter:
        return Filter(venue=self._source.venue, account=self._source.account, symbol=symbol, equal=equal)


def offset_name(source: JournalSource, run: str) -> str:
    """What identifies a run's offset: two accounts may have runs of the same second, and so of the same name."""
    return f"{source.venue}/{source.account}/{run}"


def stored_offset(store: TradeStore, source: JournalSource, run: str) -> JournalOffset | None:
    """How far a journal is in the store; None if it is not."""
    found = store.page(JournalOffset, Filter(equal={"run": offset_name(source, run)}), limit=1).rows
    return found[0] if found else None
