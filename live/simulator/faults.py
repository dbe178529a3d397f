"""Fault plans: which faults are injected into which frames or requests, and when. Read from TOML or JSON."""

import json
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skills_lib.domain.errors import InputError

_MODEL = ConfigDict(frozen=True, extra="forbid")


class Reply(StrEnum):
    """A response that a fault sends in place of the exchange's. The 503s are the three documented ones."""

    UNKNOWN_503 = "unknown_503"
    UNAVAILABLE_503 = "unavailable_503"
    THROTTLED_503 = "throttled_503"
    TOO_MANY_429 = "too_many_429"
    BANNED_418 = "banned_418"
    TIMESTAMP = "-1021"
    ENGINE_TIMESTAMP = "-5028"
    UNEXPECTED = "-1006"
    TIMEOUT = "-1007"


class FrameFault(BaseModel):
    """A fault applied to frames of market or user streams.

    stream: a glob over stream names; user streams are named `user`. after: the first matching frame affected, from 1.
    times: how many consecutive matching frames. delay_ms: in exchange time. freeze and cut affect the whole socket.
    """

    model_config = _MODEL

    kind: Literal["drop", "delay", "duplicate", "reorder", "gap_pu", "freeze", "cut"]
    stream: str = "*"
    after: int = Field(1, ge=1)
    times: int = Field(1, ge=1)
    delay_ms: int = Field(0, ge=0)


class RequestFault(BaseModel):
    """A fault applied to a request. WebSocket API calls have the method `WS` and their own name as path.

    lose_response: the request is carried out and the connection is cut instead of a response. answer: `reply` is sent
    instead; with `landed` the request is carried out nevertheless.
    """

    model_config = _MODEL

    kind: Literal["lose_response", "answer"]
    path: str = "*"
    method: str = "*"
    after: int = Field(1, ge=1)
    times: int = Field(1, ge=1)
    reply: Reply = Reply.UNKNOWN_503
    landed: bool = False


class ExpireListenKey(BaseModel):
    """The account's listen key expires: its sockets stay open but receive nothing more."""

    model_config = _MODEL

    kind: Literal["expire_listen_key"]
    at_ms: int = Field(0, ge=0)
    account: str = ""


class JumpClock(BaseModel):
    """The clock used to check timestamps jumps by `by_ms`."""

    model_config = _MODEL

    kind: Literal["jump_clock"]
    at_ms: int = Field(0, ge=0)
    by_ms: int


class ChangeFilters(BaseModel):
    """The filters of a symbol change: `{"PRICE_FILTER": {"tickSize": "0.50"}}`."""

    model_config = _MODEL

    kind: Literal["change_filters"]
    at_ms: int = Field(0, ge=0)
    symbol: str
    filters: dict[str, dict[str, str]]


class Liquidate(BaseModel):
    """The account's position is liquidated regardless of its margin."""

    model_config = _MODEL

    kind: Literal["liquidate"]
    at_ms: int = Field(0, ge=0)
    symbol: str
    account: str = ""


class RestrictAccount(BaseModel):
    """The account may only reduce positions from now on: other orders are refused with -4400."""

    model_config = _MODEL

    kind: Literal["restrict_account"]
    at_ms: int = Field(0, ge=0)
    account: str = ""


VenueFault = ExpireListenKey | JumpClock | ChangeFilters | Liquidate | RestrictAccount
Fault = Annotated[
    FrameFault | RequestFault | ExpireListenKey | JumpClock | ChangeFilters | Liquidate | RestrictAccount,
    Field(discriminator="kind"),
]


class FaultPlan(BaseModel):
    """All faults of a run. `at_ms` is tape time since the first message of the tape."""

    model_config = _MODEL

    faults: list[Fault] = []


def read_plan(path: Path) -> FaultPlan:
    """Read a plan from a `.toml` or `.json` file.

    Raises:
        InputError: the file cannot be read or an entry is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        return FaultPlan.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise InputError(f"{path.name}: {where}: {problem['msg']}. See the fault plan in docs/simulator.md.") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is not a fault plan ({error}). Write TOML or JSON as described in docs/simulator.md."
        ) from None


@dataclass(slots=True)
class _FaultCounter:
    fault: FrameFault | RequestFault
    seen: int = 0

    def count(self) -> bool:
        self.seen += 1
        return self.fault.after <= self.seen < self.fault.after + self.fault.times


@dataclass(slots=True)
class Faults:
    """Progress of a plan: which faults apply to the next frame or request. timed: those that happen at a time."""

    plan: FaultPlan = field(default_factory=FaultPlan)
    _counters: list[_FaultCounter] = field(init=False)
    timed: list[VenueFault] = field(init=False)

    def __post_init__(self) -> None:
        counted = [fault for fault in self.plan.faults if isinstance(fault, FrameFault | RequestFault)]
        self._counters = [_FaultCounter(fault) for fault in counted]
        timed = [fault for fault in self.plan.faults if not isinstance(fault, FrameFault | RequestFault)]
        self.timed = sorted(timed, key=lambda fault: fault.at_ms)

    def on_frame(self, stream: str) -> FrameFault | None:
        """The fault that applies to the next frame of a stream, if any. Counts the frame for every matching fault."""
        hits = [
            counter.fault
            for counter in self._counters
            if isinstance(counter.fault, FrameFault) and fnmatchcase(stream, counter.fault.stream) and counter.count()
        ]
        return hits[0] if hits else None

    def on_request(self, method: str, path: str) -> RequestFault | None:
        """The fault that applies to the next request, if any. Counts the request for every matching fault."""
        hits = [
            counter.fault
            for counter in self._counters
            if isinstance(counter.fault, RequestFault)
            and fnmatchcase(method, counter.fault.method)
            and fnmatchcase(path, counter.fault.path)
            and counter.count()
        ]
        return hits[0] if hits else None
