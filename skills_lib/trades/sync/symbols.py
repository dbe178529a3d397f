"""Which symbols an account has traded: the venue lists orders and trades of one symbol at a time only."""

from collections.abc import Iterable

from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredIncome, StoredOrder
from skills_lib.trades.sync.reading import AccountReader
from skills_lib.trades.sync.wire_rows import ListedPosition


def symbols_of(store: TradeStore, reader: AccountReader, account: Filter, given: Iterable[str]) -> tuple[str, ...]:
    """Symbols of the store's orders, fills and income, of positions and open orders, and those given; in order.

    A symbol that only ever had trades without fee and profit before the store knew it is found by no list: name it.
    """
    found = set(given)
    for kind in (StoredFill, StoredOrder, StoredIncome):
        found |= {str(one.group[0]) for one in store.totals(kind, (), account, by=("symbol",))}
    found |= {row.symbol for row in reader.read("/fapi/v3/positionRisk", {}, 5, list[ListedPosition])}
    found |= {str(row["symbol"]) for row in reader.read("/fapi/v1/openOrders", {}, 40, list[dict[str, object]])}
    return tuple(sorted(name for name in found if name))
