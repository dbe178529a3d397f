"""The profit and loss of a UTC day by the exchange's own ledger: page "Get Income History".

Rows come oldest first in pages. A page that is not full is not always the last one, so pages are read until one is
empty. One `tranId` serves rows of several types, and rows can come twice while others are being booked, so a row is
known by all that it says. Money that was moved in or out is no profit and no loss.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from live.binance.calls import Call
from live.client.conversations import Conversation, ask, body_of
from live.money import parse
from skills_lib.domain.errors import CorruptDataError

PAGE_ROWS: Final = 1_000
"""The largest page."""
LAST_PAGE: Final = 40
"""A page weighs 30 of the 2,400 a minute: more pages are not read at once."""
DAY_MS: Final = 24 * 3_600 * 1_000
_NS_PER_MS: Final = 1_000_000
EARNED: Final = frozenset({"REALIZED_PNL", "FUNDING_FEE", "COMMISSION"})
"""Types whose amounts count whether they are gains or losses."""
MOVED: Final = frozenset(
    {
        "TRANSFER",
        "INTERNAL_TRANSFER",
        "CROSS_COLLATERAL_TRANSFER",
        "STRATEGY_UMFUTURES_TRANSFER",
        "COIN_SWAP_DEPOSIT",
        "COIN_SWAP_WITHDRAW",
        "OPTIONS_SETTLE_PROFIT",
        "AUTO_EXCHANGE",
        "WELCOME_BONUS",
    }
)
"""Types of money that came from, or went to, another place. Of every other type a loss counts and a gain does not."""


class LedgerRow(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A row of the income list. income: in `asset`, as text."""

    income_type: str
    income: str
    asset: str
    time: int
    tran_id: int
    symbol: str = ""
    trade_id: str = ""


@dataclass(frozen=True, slots=True)
class DayLedger:
    """A UTC day by the exchange's ledger, in units of 1e-8. start_ms: its first millisecond.

    profit: in the margin asset, after fees and funding. others: by asset, such as fees that were paid in BNB.
    """

    start_ms: int
    profit: int
    others: dict[str, int] = field(default_factory=dict)


_ROWS: Final = msgspec.json.Decoder(list[LedgerRow])


def day_ledger(now_ns: int, margin_asset: str = "USDT", page_rows: int = PAGE_ROWS) -> Conversation[DayLedger]:
    """The day of `now_ns` up to now.

    Raises:
        CorruptDataError: a page cannot be read, or there are too many.
        TwokeyError: the exchange does not answer.
    """
    start_ms = now_ns // _NS_PER_MS // DAY_MS * DAY_MS
    rows: dict[LedgerRow, None] = {}
    for page in range(1, LAST_PAGE + 1):
        found = yield from _page(start_ms, page, page_rows)
        if not found:
            return summed(start_ms, tuple(rows), margin_asset)
        if len(found) >= page_rows and all(row in rows for row in found):
            raise CorruptDataError(f"The ledger's page {page} is one that was read before. Start again later.")
        rows |= dict.fromkeys(found)
    raise CorruptDataError(f"The ledger of today has more than {LAST_PAGE} pages of {page_rows} rows. Start tomorrow.")


def _page(start_ms: int, page: int, page_rows: int) -> Conversation[list[LedgerRow]]:
    fields = {"startTime": str(start_ms), "page": str(page), "limit": str(page_rows)}
    call = Call("GET", "/fapi/v1/income", fields)
    answer = yield from ask(call)
    try:
        return _ROWS.decode(body_of(call, answer))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CorruptDataError("The exchange's ledger of today cannot be read. Start again.") from None


def summed(start_ms: int, rows: tuple[LedgerRow, ...], margin_asset: str) -> DayLedger:
    """The profit of rows.

    Raises:
        CorruptDataError: an amount is no plain decimal number.
    """
    totals: dict[str, int] = {margin_asset: 0}
    for row in rows:
        amount = _amount(row)
        if row.income_type in EARNED or (amount < 0 and row.income_type not in MOVED):
            totals[row.asset] = totals.get(row.asset, 0) + amount
    profit = totals.pop(margin_asset)
    return DayLedger(start_ms, profit, totals)


def _amount(row: LedgerRow) -> int:
    try:
        return parse(row.income)
    except ValueError:
        raise CorruptDataError("An amount in the exchange's ledger cannot be read. Start again.") from None
