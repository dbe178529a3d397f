"""What every fault has: a kind, a trigger and an end; and what its counts and its ends mean."""

from enum import StrEnum
from typing import ClassVar, Self

from pydantic import BaseModel, model_validator

from live.simulator.faults.conditions import INTERVALS
from live.simulator.faults.triggers import FIRST, MODEL, ONCE, End, OnCondition, Times, When, WithCondition


class Counts(StrEnum):
    """What the trigger `nth` counts, what `probability` is asked about, and what the end `count` counts."""

    FRAMES = "frames"
    REQUESTS = "requests"
    ORDERS = "accepted orders"
    CANCELS = "cancelled orders"
    STOPS = "conditional orders"


class Nature(StrEnum):
    """EACH affects single frames, requests or orders; ACT does something once; LASTING holds from beginning to end."""

    EACH = "each"
    ACT = "act"
    LASTING = "lasting"


class FaultModel(BaseModel):
    """A fault. `when` defaults to the first frame, request or order that it selects, `end` to one."""

    model_config = MODEL

    NATURE: ClassVar[Nature] = Nature.EACH
    COUNTS: ClassVar[Counts] = Counts.REQUESTS

    kind: str
    when: When = FIRST
    end: End = ONCE

    @model_validator(mode="after")
    def _check_trigger_and_end(self) -> Self:
        if isinstance(self.end, WithCondition) and not (
            isinstance(self.when, OnCondition) and self.when.condition in INTERVALS
        ):
            raise ValueError("end.condition_ends needs a trigger by a condition that holds for a time")
        if isinstance(self.end, Times) and self.NATURE is Nature.LASTING:
            raise ValueError(
                f"end.count does not apply to {self.kind}, which lasts; "
                "write duration_ms, until, condition_ends or never"
            )
        return self


class FrameFault(FaultModel):
    """A fault of frames of market or user streams.

    stream: a glob over stream names; user streams are named `user`, answers to subscriptions `answer`. event: only
    frames of that event, such as ORDER_TRADE_UPDATE. status, execution: only order events with that `X`, `x`.
    """

    COUNTS = Counts.FRAMES

    stream: str = "*"
    event: str = ""
    status: str = ""
    execution: str = ""


class RequestFault(FaultModel):
    """A fault of requests.

    method, path: globs. WebSocket API calls have the method `WS` and their own name as path, such as `order.place`.
    """

    COUNTS = Counts.REQUESTS

    method: str = "*"
    path: str = "*"


class LastingFault(RequestFault):
    """A fault that holds from its beginning to its end. Its trigger by count counts requests."""

    NATURE = Nature.LASTING


class AccountAct(RequestFault):
    """Something that happens to accounts, at each occurrence of the trigger until the end.

    account, symbol: whose; empty means every account, every symbol. The trigger by count counts requests.
    """

    NATURE = Nature.ACT

    account: str = ""
    symbol: str = ""
