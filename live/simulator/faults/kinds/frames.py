"""Faults of stream frames."""

from typing import Literal

from pydantic import Field

from live.simulator.faults.kinds.base import FrameFault, Nature


class Drop(FrameFault):
    """A frame is not sent."""

    kind: Literal["drop"] = "drop"


class Delay(FrameFault):
    """A frame is sent `delay_ms` later, in exchange time; later frames may overtake it."""

    kind: Literal["delay"] = "delay"
    delay_ms: int = Field(1_000, ge=1)


class Duplicate(FrameFault):
    """A frame is sent twice."""

    kind: Literal["duplicate"] = "duplicate"


class Reorder(FrameFault):
    """A frame is sent after the next one of its socket.

    Of two such frames in a row the first is sent after the second, so none is lost.
    """

    kind: Literal["reorder"] = "reorder"


class GapPu(FrameFault):
    """The frame's `pu` does not match the previous update id."""

    kind: Literal["gap_pu"] = "gap_pu"


class CorruptLevel(FrameFault):
    """The quantity of one level of a diff is altered: the client's book is wrong although its chain is whole.

    place: which level of the diff, from 0; the last if the diff has fewer. factor: what the quantity is multiplied by;
    a level that the diff deletes stays with a quantity of 1.
    """

    kind: Literal["corrupt_level"] = "corrupt_level"
    stream: str = "*@depth*"
    side: Literal["bids", "asks"] = "bids"
    place: int = Field(0, ge=0)
    factor: int = Field(10, ge=2)


class Burst(FrameFault):
    """Each selected diff is sent as up to `factor` chained diffs, each selected ticker `factor` times.

    A diff is divided along its update ids `U` to `u`, so the chain is whole and the resulting book the same.
    """

    kind: Literal["burst"] = "burst"
    stream: str = "*"
    factor: int = Field(20, ge=2, le=1_000)


class Freeze(FrameFault):
    """The socket stays open and sends nothing more, not even pongs, until the fault ends; with a count, for ever."""

    kind: Literal["freeze"] = "freeze"


class CutConnection(FrameFault):
    """Half of the frame is sent, then the connection breaks."""

    kind: Literal["cut"] = "cut"


class ServerClose(FrameFault):
    """Every socket that carries the stream is closed with a close frame, as after 24 hours."""

    NATURE = Nature.ACT

    kind: Literal["server_close"] = "server_close"
    code: int = Field(1008, ge=1000, le=4999)
    reason: str = Field("Disconnected", max_length=123)
