"""A fault plan: what goes wrong, to which message or request, and when. Read from TOML or JSON, checked before use."""

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
    """An answer that a fault gives instead of the venue's. The 503s are the documented three."""

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
    """Something happens to frames of market or user streams.

    stream: a glob over stream names, a user stream is called `user`. after: the first matching frame it meets, from 1.
    times: how many matching frames in a row. delay_ms: time of the venue. freeze and cut concern the whole socket.
    """

    model_config = _MODEL

    kind: Literal["drop", "delay", "duplicate", "reorder", "gap_pu", "freeze", "cut"]
    stream: str = "*"
    after: int = Field(1, ge=1)
    times: int = Field(1, ge=1)
    delay_ms: int = Field(0, ge=0)


class RequestFault(BaseModel):
    """Something happens to a request. A call of the WebSocket API has the method `WS` and its own name as path.

    lose_response: it is carried out, and the line is cut instead of an answer. answer: `reply` is sent; with `landed`
    the request was carried out all the same, which only an unknown status may leave open.
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
    """The account's listen key expires: its sockets stay open and fall silent."""

    model_config = _MODEL

    kind: Literal["expire_listen_key"]
    at_ms: int = Field(0, ge=0)
    account: str = ""


class JumpClock(BaseModel):
    """The clock that judges timestamps jumps."""

    model_config = _MODEL

    kind: Literal["jump_clock"]
    at_ms: int = Field(0, ge=0)
    by_ms: int


class ChangeFilters(BaseModel):
    """A symbol gets other filters: `{"PRICE_FILTER": {"tickSize": "0.50"}}`."""

    model_config = _MODEL

    kind: Literal["change_filters"]
    at_ms: int = Field(0, ge=0)
    symbol: str
    filters: dict[str, dict[str, str]]


class Liquidate(BaseModel):
    """The account's position is liquidated, whatever its margin."""

    model_config = _MODEL

    kind: Literal["liquidate"]
    at_ms: int = Field(0, ge=0)
    symbol: str
    account: str = ""


class RestrictAccount(BaseModel):
    """From here on the account may only reduce: entries are refused with -4400."""

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
    """All faults of a run. `at_ms` counts from the first message of the tape, in the tape's time."""

    model_config = _MODEL

    faults: list[Fault] = []


def read_plan(path: Path) -> FaultPlan:
    """Read a plan from a `.toml` or `.json` file.

    Raises:
        InputError: it cannot be read, or an entry does not fit.
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
        raise InputError(f"{path} is no fault plan ({error}). Write TOML or JSON as in docs/simulator.md.") from None


@dataclass(slots=True)
class _FaultCounter:
    fault: FrameFault | RequestFault
    seen: int = 0

    def count(self) -> bool:
        self.seen += 1
        return self.fault.after <= self.seen < self.fault.after + self.fault.times


@dataclass(slots=True)
class Faults:
    """A plan on its way: which faults meet the next frame, request or moment."""

    plan: FaultPlan = field(default_factory=FaultPlan)
    _counters: list[_FaultCounter] = field(init=False)
    _scheduled: list[VenueFault] = field(init=False)

    def __post_init__(self) -> None:
        counted = [fault for fault in self.plan.faults if isinstance(fault, FrameFault | RequestFault)]
        self._counters = [_FaultCounter(fault) for fault in counted]
        timed = [fault for fault in self.plan.faults if not isinstance(fault, FrameFault | RequestFault)]
        self._scheduled = sorted(timed, key=lambda fault: fault.at_ms)

    def on_frame(self, stream: str) -> FrameFault | None:
        """The fault that meets the next frame of a stream; every matching counter counts it."""
        hits = [
            counter.fault
            for counter in self._counters
            if isinstance(counter.fault, FrameFault) and fnmatchcase(stream, counter.fault.stream) and counter.count()
        ]
        return hits[0] if hits else None

    def on_request(self, method: str, path: str) -> RequestFault | None:
        """The fault that meets the next request."""
        hits = [
            counter.fault
            for counter in self._counters
            if isinstance(counter.fault, RequestFault)
            and fnmatchcase(method, counter.fault.method)
            and fnmatchcase(path, counter.fault.path)
            and counter.count()
        ]
        return hits[0] if hits else None

    def due(self, elapsed_ms: int) -> list[VenueFault]:
        """The faults whose moment has come, each once."""
        found = [fault for fault in self._scheduled if fault.at_ms <= elapsed_ms]
        self._scheduled = self._scheduled[len(found) :]
        return found
