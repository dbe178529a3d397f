"""What happens to one request under the faults that apply to it."""

from dataclasses import dataclass
from typing import TypeVar

from live.simulator.faults.kinds.accounts import AlgoOutage
from live.simulator.faults.kinds.base import RequestFault
from live.simulator.faults.kinds.requests import (
    ErrorAnswer,
    ForeignWeight,
    GarbageResponse,
    LoseRequest,
    LoseResponse,
    RefuseConnect,
    SlowRequest,
    SlowResponse,
    StaleRead,
    StaleSnapshot,
    VenueOutage,
)
from live.simulator.faults.replies import Refusal, Reply
from live.simulator.faults.runtime import Faults

F = TypeVar("F", bound=RequestFault)


@dataclass(frozen=True, slots=True)
class Treatment:
    """The faults of one request. refused: the connection is reset before it is read. foreign_weight: used by others.

    late_ms, slow_ms: delays of the request and of its response. age_ms, depth_age_ms: how old its data are.
    """

    lost: bool = False
    refused: bool = False
    answer: ErrorAnswer | None = None
    garbage: GarbageResponse | None = None
    loses_response: bool = False
    late_ms: int = 0
    slow_ms: int = 0
    age_ms: int = 0
    depth_age_ms: int = 0
    foreign_weight: int = 0


UNTOUCHED = Treatment()
_UNAVAILABLE = ErrorAnswer(reply=Reply.UNAVAILABLE_503)


def treat(faults: Faults, method: str, path: str) -> Treatment:
    """Count a request and tell what happens to it."""
    if faults.idle:
        return UNTOUCHED
    hits = faults.on_request(method, path)
    down, slow_request, slow_response = faults.active(VenueOutage), _one(hits, SlowRequest), _one(hits, SlowResponse)
    stale, snapshot = _one(hits, StaleRead), _one(hits, StaleSnapshot)
    unavailable = bool(down) or (is_conditional(path) and bool(faults.active(AlgoOutage)))
    return Treatment(
        lost=_one(hits, LoseRequest) is not None,
        refused=refuses(faults, Refusal.SOCKETS if method == "WS" else Refusal.REST, opens=method != "WS"),
        answer=_UNAVAILABLE if unavailable else _one(hits, ErrorAnswer),
        garbage=_one(hits, GarbageResponse),
        loses_response=_one(hits, LoseResponse) is not None,
        late_ms=slow_request.delay_ms if slow_request else 0,
        slow_ms=slow_response.delay_ms if slow_response else 0,
        age_ms=stale.age_ms if stale else 0,
        depth_age_ms=snapshot.age_ms if snapshot else 0,
        foreign_weight=sum(fault.weight for fault in faults.active(ForeignWeight)),
    )


def refuses(faults: Faults, what: Refusal, opens: bool = True) -> bool:
    """True if connections of that sort are reset now; `opens` is False on a connection that is open already."""
    if any(fault.rest == "refused" for fault in faults.active(VenueOutage)):
        return True
    return opens and any(fault.what in (Refusal.ALL, what) for fault in faults.active(RefuseConnect))


def is_conditional(path: str) -> bool:
    """True for the paths and calls of conditional orders."""
    return "algo" in path.lower()


def _one(hits: list[RequestFault], kind: type[F]) -> F | None:
    """The first fault of a kind among those that apply."""
    return next((hit for hit in hits if isinstance(hit, kind)), None)
