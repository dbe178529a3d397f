"""Faults of accounts, orders and positions; they act in the matching engine, with the events Binance sends."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from live.enums import MarginType
from live.simulator.faults.kinds.base import AccountAct, Counts, LastingFault, RequestFault
from live.simulator.faults.triggers import FOREVER, Duration, End

_AMOUNT = r"-?[0-9]{1,9}(\.[0-9]{1,8})?"


class Action(StrEnum):
    """What someone else does in the account, by hand or with another program."""

    CLOSE = "close"
    CANCEL_ORDERS = "cancel_orders"
    CANCEL_STOPS = "cancel_stops"
    LEVERAGE = "leverage"
    MARGIN_TYPE = "margin_type"
    POSITION_MODE = "position_mode"
    TRANSFER = "transfer"


class AlgoForm(StrEnum):
    """What goes wrong with a conditional order."""

    REJECTED = "rejected"
    LATE = "late"
    HANGING = "hanging"
    CANCELED = "canceled"
    VANISHED = "vanished"


class ForeignAction(AccountAct):
    """Someone else acts in the account: closes positions, cancels, changes settings, or transfers money.

    leverage, margin_type, dual_side, amount: the new value; `amount` in USDT, negative for a withdrawal. A change of
    the position mode sends no event; an action that the exchange refuses is not carried out.
    """

    kind: Literal["foreign_action"] = "foreign_action"
    action: Action = Action.CLOSE
    leverage: int = Field(5, ge=1, le=125)
    margin_type: MarginType = MarginType.ISOLATED
    dual_side: bool = True
    amount: str = Field("-100", pattern=f"^{_AMOUNT}$")


class Liquidate(AccountAct):
    """Positions are liquidated completely regardless of their margin; client ids start with `autoclose-`."""

    kind: Literal["liquidate"] = "liquidate"


class PartialLiquidation(AccountAct):
    """`percent` of each position is liquidated, the rest stays open."""

    kind: Literal["partial_liquidation"] = "partial_liquidation"
    percent: int = Field(50, ge=1, le=99)


class Adl(AccountAct):
    """Auto-deleveraging closes `percent` of each position at the mark price; the client id is `adl_autoclose`."""

    kind: Literal["adl"] = "adl"
    percent: int = Field(100, ge=1, le=100)


class ExpireListenKey(AccountAct):
    """`listenKeyExpired` is sent and the listen key becomes invalid; its sockets stay open but receive nothing more."""

    kind: Literal["expire_listen_key"] = "expire_listen_key"


class LateFill(RequestFault):
    """A cancelled order fills after its cancellation was acknowledged: `percent` of its remainder, `after_ms` later.

    It fills at its own price whatever the market does, so such a run says nothing about profit.
    """

    COUNTS = Counts.CANCELS

    kind: Literal["late_fill"] = "late_fill"
    after_ms: int = Field(50, ge=1)
    percent: int = Field(100, ge=1, le=100)


class AlgoTrouble(RequestFault):
    """A conditional order is rejected at its trigger, triggers late, hangs in TRIGGERING, is cancelled or vanishes.

    `rejected`: REJECTED without a child order. `late`: `after_ms` after its trigger price was reached. `hanging`: stays
    TRIGGERING. `canceled`: by the exchange, `after_ms` after it was placed. `vanished`: then too, but without an event.
    A fault that begins by time or condition also affects orders that already wait.
    """

    COUNTS = Counts.STOPS

    kind: Literal["algo_trouble"] = "algo_trouble"
    form: AlgoForm = AlgoForm.REJECTED
    after_ms: int = Field(2_000, ge=1)


class AlgoOutage(LastingFault):
    """The service of conditional orders alone is down: its calls answer 503 and nothing triggers until the end."""

    kind: Literal["algo_outage"] = "algo_outage"
    end: End = Duration(duration_ms=30_000)


class RestrictAccount(LastingFault):
    """The account may only reduce positions; other orders are refused with -4400."""

    kind: Literal["restrict_account"] = "restrict_account"
    end: End = FOREVER
    account: str = ""


class Commission(LastingFault):
    """Fills pay their fee in BNB, or their events carry no commission fields (`N`, `n`)."""

    kind: Literal["commission"] = "commission"
    end: End = FOREVER
    form: Literal["bnb", "absent"] = "bnb"
    bnb_price: str = Field("600", pattern=r"^[0-9]{1,6}(\.[0-9]{1,8})?$")
