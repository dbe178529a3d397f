"""All rows of a list in a span of time, whatever its pages are like.

A page says nothing of what comes after it: it may be short though more follow, cut among rows of one millisecond, or
repeat rows. So a span is read from the time of the last row on, that millisecond included, until nothing new comes; and
a millisecond that fills a page is read to its end by id, or by page where the list has no ids that grow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from skills_lib.domain.errors import CorruptDataError
from skills_lib.trades.sync.wire_rows import ListedAlgo, ListedIncome, ListedOrder, ListedRow, ListedTrade

W = TypeVar("W", bound=ListedRow)
DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
"""The longest window of a list; the venue refuses a longer one (-4165)."""
LIMIT: Final = 1_000
"""The largest page."""
KEPT_MS: Final = 90 * DAY_MS
"""How far back the venue's lists go: three months."""
UNFILLED_KEPT_MS: Final = 3 * DAY_MS
"""An order that ended without a fill is in no list longer than this."""
_MAX_PAGES: Final = 10_000


class Reads(Protocol):
    """What reads a list: `AccountReader`."""

    def read(self, path: str, parameters: dict[str, object], weight: int, kind: Any) -> Any:
        """The answer of a signed GET."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[W]):
    """A list of the venue. subject: its name in the coverage. time_of, key_of: of a row.

    from_id: the parameter that reads on from an id, "" where the list has pages instead; id_of: of a row.
    """

    subject: str
    path: str
    weight: int
    rows: type[list[W]]
    time_of: Callable[[W], int]
    key_of: Callable[[W], tuple[object, ...]]
    from_id: str = ""
    id_of: Callable[[W], int] = lambda _: 0


TRADES: Final[Listing[ListedTrade]] = Listing(
    subject="fills",
    path="/fapi/v1/userTrades",
    weight=5,
    rows=list[ListedTrade],
    time_of=lambda row: row.time,
    key_of=lambda row: (row.symbol, row.id),
    from_id="fromId",
    id_of=lambda row: row.id,
)
ORDERS: Final[Listing[ListedOrder]] = Listing(
    subject="orders",
    path="/fapi/v1/allOrders",
    weight=5,
    rows=list[ListedOrder],
    time_of=lambda row: row.time,
    key_of=lambda row: (row.symbol, row.order_id),
    from_id="orderId",
    id_of=lambda row: row.order_id,
)
ALGO_ORDERS: Final[Listing[ListedAlgo]] = Listing(
    subject="algo orders",
    path="/fapi/v1/allAlgoOrders",
    weight=5,
    rows=list[ListedAlgo],
    time_of=lambda row: row.create_time,
    key_of=lambda row: (row.symbol, row.algo_id),
    from_id="algoId",
    id_of=lambda row: row.algo_id,
)
INCOME: Final[Listing[ListedIncome]] = Listing(
    subject="income",
    path="/fapi/v1/income",
    weight=30,
    rows=list[ListedIncome],
    time_of=lambda row: row.time,
    key_of=lambda row: (row.income_type, row.tran_id),
)


def windows(start_ms: int, end_ms: int, longest_ms: int = WEEK_MS) -> Iterator[tuple[int, int]]:
    """A span, both ends included, as windows that the venue takes, the oldest first."""
    while start_ms <= end_ms:
        last = min(end_ms, start_ms + longest_ms - 1)
        yield start_ms, last
        start_ms = last + 1


def rows_between(
    reader: Reads, listing: Listing[W], symbol: str, start_ms: int, end_ms: int, limit: int = LIMIT
) -> list[W]:
    """All rows of a window, both ends included, in order of time.

    Raises:
        CorruptDataError: the list does not end.
    """
    found: dict[tuple[object, ...], W] = {}
    at_ms = start_ms
    for _ in range(_MAX_PAGES):
        page = _page(reader, listing, symbol, limit, startTime=at_ms, endTime=end_ms)
        new = [row for row in page if listing.key_of(row) not in found]
        found |= {listing.key_of(row): row for row in page}
        last_ms = max((listing.time_of(row) for row in page), default=at_ms)
        if not page or (not new and len(page) < limit):
            return sorted(found.values(), key=lambda row: (listing.time_of(row), listing.id_of(row)))
        if last_ms <= at_ms and len(page) >= limit:
            found |= _of_one_moment(reader, listing, symbol, at_ms, limit, page)
            last_ms = at_ms + 1
        at_ms = last_ms
        if at_ms > end_ms:
            return sorted(found.values(), key=lambda row: (listing.time_of(row), listing.id_of(row)))
    raise CorruptDataError(f"Binance's list {listing.path} does not end. Repeat the command.")


def _of_one_moment(
    reader: Reads, listing: Listing[W], symbol: str, at_ms: int, limit: int, page: list[W]
) -> dict[tuple[object, ...], W]:
    """The rows of a millisecond that fills a page."""
    found: dict[tuple[object, ...], W] = {}
    for number in range(2, _MAX_PAGES):
        if listing.from_id:
            page = _page(reader, listing, symbol, limit, **{listing.from_id: max(map(listing.id_of, page)) + 1})
        else:
            page = _page(reader, listing, symbol, limit, startTime=at_ms, endTime=at_ms, page=number)
        same = [row for row in page if listing.time_of(row) == at_ms]
        if not same:
            return found
        found |= {listing.key_of(row): row for row in same}
    raise CorruptDataError(f"Binance's list {listing.path} does not end. Repeat the command.")


def _page(reader: Reads, listing: Listing[W], symbol: str, limit: int, **given: object) -> list[W]:
    parameters: dict[str, object] = {"symbol": symbol} if symbol else {}
    page: list[W] = reader.read(listing.path, parameters | given | {"limit": limit}, listing.weight, listing.rows)
    return page
