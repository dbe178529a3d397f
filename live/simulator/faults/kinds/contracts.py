"""Faults of a contract: its filters, brackets, funding interval and trading status."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from live.simulator.faults.kinds.base import LastingFault
from live.simulator.faults.triggers import FOREVER, MODEL, Duration, End

_NUMBER = r"^[0-9]{1,12}(\.[0-9]{1,8})?$"


class Status(StrEnum):
    """A symbol's `status` in exchangeInfo other than TRADING. HALT and BREAK are those of other Binance markets."""

    PENDING_TRADING = "PENDING_TRADING"
    PRE_DELIVERING = "PRE_DELIVERING"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"
    PRE_SETTLE = "PRE_SETTLE"
    SETTLING = "SETTLING"
    CLOSE = "CLOSE"
    TRADING_HALT = "TRADING_HALT"
    TRADING_CANCEL_ONLY = "TRADING_CANCEL_ONLY"
    HALT = "HALT"
    BREAK = "BREAK"


class BracketRow(BaseModel):
    """One row of `leverageBracket`: notional in USDT, rates as fractions, as text."""

    model_config = MODEL

    leverage: int = Field(ge=1, le=150)
    floor: int = Field(ge=0)
    cap: int = Field(ge=1)
    maintenance: str = Field(pattern=r"^0(\.[0-9]{1,8})?$")
    deduction: str = Field("0", pattern=_NUMBER)


class ChangeFilters(LastingFault):
    """The filters of a symbol change: `{ PRICE_FILTER = { tickSize = "0.50" } }`; at the end they change back."""

    kind: Literal["change_filters"] = "change_filters"
    end: End = FOREVER
    symbol: str
    filters: dict[str, dict[str, str]] = Field(min_length=1)


class ContractChange(LastingFault):
    """A symbol's funding interval or leverage brackets change; at the end they change back.

    funding_interval_hours: the next funding time moves to its next multiple; 0 leaves it. brackets: empty leaves them.
    """

    kind: Literal["contract_change"] = "contract_change"
    end: End = FOREVER
    symbol: str = ""
    funding_interval_hours: Literal[0, 1, 2, 4, 8] = 0
    brackets: tuple[BracketRow, ...] = ()


class StatusChange(LastingFault):
    """A symbol is not TRADING: exchangeInfo shows `status`, orders are refused with -4108 or -4140, nothing fills."""

    kind: Literal["symbol_status"] = "symbol_status"
    end: End = Duration(duration_ms=30_000)
    symbol: str = ""
    status: Status = Status.TRADING_HALT
