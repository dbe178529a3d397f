"""Faults of requests and their responses."""

from typing import Literal

from pydantic import Field

from live.simulator.faults.kinds.base import Counts, LastingFault, RequestFault
from live.simulator.faults.replies import Garbage, Refusal, Reply
from live.simulator.faults.triggers import Duration, End

HALF_AN_HOUR_MS = 30 * 60 * 1000


class LoseRequest(RequestFault):
    """The request never reaches the exchange, and the client gets no answer; its connection stays open."""

    kind: Literal["lose_request"] = "lose_request"


class LoseResponse(RequestFault):
    """The request is carried out; the connection breaks before the response."""

    kind: Literal["lose_response"] = "lose_response"


class SlowRequest(RequestFault):
    """The request reaches the exchange `delay_ms` later: the client may have given up before it is carried out."""

    kind: Literal["slow_request"] = "slow_request"
    delay_ms: int = Field(20_000, ge=1)


class SlowResponse(RequestFault):
    """The request is carried out at once, the response is sent `delay_ms` later."""

    kind: Literal["slow_response"] = "slow_response"
    delay_ms: int = Field(20_000, ge=1)


class ErrorAnswer(RequestFault):
    """`reply` is sent instead of the response; with `landed = true` the request is carried out nevertheless.

    retry_after_s: what a 429 or 418 asks to wait; 0 for 7 and 120 seconds.
    """

    kind: Literal["answer"] = "answer"
    reply: Reply = Reply.UNKNOWN_503
    landed: bool = False
    retry_after_s: int = Field(0, ge=0)


class GarbageResponse(RequestFault):
    """The response is not what is documented: an HTML page with 502, cut JSON, nothing, an unknown value, NaN.

    With `landed = false` the request is not carried out; forms that alter a response always carry it out.
    """

    kind: Literal["garbage_response"] = "garbage_response"
    form: Garbage = Garbage.HTML_502
    landed: bool = True


class StaleRead(RequestFault):
    """Queries of orders, trades, positions and balances answer as of `age_ms` ago."""

    kind: Literal["stale_read"] = "stale_read"
    method: str = "GET"
    age_ms: int = Field(5_000, ge=1, le=HALF_AN_HOUR_MS)


class StaleSnapshot(RequestFault):
    """`GET /depth` answers the book of at least `age_ms` ago, or the oldest one kept."""

    kind: Literal["stale_snapshot"] = "stale_snapshot"
    method: str = "*"
    path: str = "*depth"
    age_ms: int = Field(5_000, ge=1, le=HALF_AN_HOUR_MS)


class LateVisible(RequestFault):
    """An accepted order is absent from queries for `hidden_ms` (-2013, not in any list), although it may fill.

    orders: regular orders, conditional ones, or all. With `cancels`, its cancellation answers -2011 meanwhile; with
    `positions`, positions and balances are as before it; with `user_stream`, its events are sent only afterwards.
    """

    COUNTS = Counts.ORDERS

    kind: Literal["late_visible"] = "late_visible"
    orders: Literal["all", "regular", "conditional"] = "all"
    hidden_ms: int = Field(10_000, ge=1, le=HALF_AN_HOUR_MS)
    cancels: bool = False
    positions: bool = False
    user_stream: bool = False


class RefuseConnect(LastingFault):
    """New connections are reset before an answer: REST requests, sockets, or both. Open sockets stay open."""

    kind: Literal["refuse_connect"] = "refuse_connect"
    end: End = Duration(duration_ms=10_000)
    what: Refusal = Refusal.ALL


class VenueOutage(LastingFault):
    """Nothing answers: REST and WebSocket API answer 503 or reset the connection, every stream is silent.

    Matching goes on: resting orders fill and conditional orders trigger meanwhile; events of that time are lost.
    """

    kind: Literal["outage"] = "outage"
    end: End = Duration(duration_ms=30_000)
    rest: Literal["unavailable_503", "refused"] = "unavailable_503"


class ForeignWeight(LastingFault):
    """Others at the same address use `weight` of the 2400 request weight of each minute."""

    kind: Literal["foreign_weight"] = "foreign_weight"
    end: End = Duration(duration_ms=60_000)
    weight: int = Field(2_400, ge=1)


class JumpClock(LastingFault):
    """The clock that checks timestamps is `by_ms` off; at the end it jumps back."""

    kind: Literal["jump_clock"] = "jump_clock"
    end: End = Duration(duration_ms=60_000)
    by_ms: int = 30_000
