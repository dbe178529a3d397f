"""Rows of the account's lists: pages "Account Trade List", "All Orders", "Query All Algo Orders", "Get Income History".

Amounts are text on the wire and Decimals here; ids are whole numbers. Fields that no row needs are left out.
"""

import re
from decimal import Decimal
from typing import Final

import msgspec

from skills_lib.domain.errors import CorruptDataError

_DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?")


def decimal(text: str) -> Decimal:
    """A plain decimal of ASCII digits, exact.

    Raises:
        CorruptDataError: it is none.
    """
    if not _DECIMAL.fullmatch(text):
        raise CorruptDataError("An amount in Binance's answer is no plain decimal number. Repeat the command.")
    return Decimal(text)


class ListedTrade(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `userTrades`."""

    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    qty: str
    quote_qty: str
    realized_pnl: str
    commission: str
    commission_asset: str
    time: int
    maker: bool
    position_side: str = "BOTH"
    margin_asset: str = ""


class ListedOrder(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `allOrders`. cum_quote: absent from some answers."""

    symbol: str
    order_id: int
    client_order_id: str
    status: str
    side: str
    type: str
    price: str
    orig_qty: str
    executed_qty: str
    time: int
    update_time: int
    time_in_force: str = ""
    position_side: str = "BOTH"
    reduce_only: bool = False
    stop_price: str = "0"
    cum_quote: str = ""


class ListedAlgo(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `allAlgoOrders`."""

    symbol: str
    algo_id: int
    client_algo_id: str
    algo_status: str
    side: str
    order_type: str
    quantity: str
    create_time: int
    update_time: int
    price: str = "0"
    trigger_price: str = "0"
    time_in_force: str = ""
    position_side: str = "BOTH"
    reduce_only: bool = False


class ListedIncome(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `income`. tran_id: unique within the type only."""

    income_type: str
    income: str
    asset: str
    time: int
    tran_id: int
    symbol: str = ""
    trade_id: str = ""
    info: str = ""


class ListedPosition(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `positionRisk`."""

    symbol: str
    position_amt: str
    entry_price: str
    position_side: str = "BOTH"


class ListedBalance(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A row of `balance`."""

    asset: str
    balance: str


ListedRow = ListedTrade | ListedOrder | ListedAlgo | ListedIncome
