"""The way of a WebSocket frame from the exchange to the client."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec

from live.simulator.faults import Faults, FrameFault
from live.simulator.faults.frame_changes import burst, with_corrupt_level, with_gap, without_commission
from live.simulator.faults.kinds.accounts import Commission
from live.simulator.faults.kinds.frames import (
    Burst,
    CorruptLevel,
    CutConnection,
    Delay,
    Duplicate,
    Freeze,
    GapPu,
    Reorder,
)
from live.simulator.faults.kinds.requests import VenueOutage
from live.simulator.faults.triggers import Times
from live.simulator.http.connection import Connection
from live.simulator.latency import Latency
from live.simulator.outputs import ABNORMAL, Closed, Frame, Opened, Output
from live.simulator.schedule import MS, Schedule, VenueTime
from live.wire import Opcode

USER = "user"


@dataclass(eq=False)
class FramePath:
    """Sends frames. What leaves on one connection arrives in the same order.

    Faults act in `frame_leaves`: it may drop, replace, repeat or delay a frame (`pending.add(due_ns, call)`), freeze
    the connection or close it.
    """

    faults: Faults
    latency: Latency
    time: VenueTime
    pending: Schedule
    deliver: Callable[[Output], None]

    def frame_leaves(self, connection: Connection, stream: str, frame: bytes) -> None:
        """A frame of a stream leaves the exchange; user streams are named `user`, responses to requests `answer`."""
        if connection.closed or self._is_frozen(connection):
            return
        if self.faults.idle:
            self.send(connection, frame)
            return
        fault = self.faults.on_frame(stream, *_kinds(frame))
        if self.faults.active(VenueOutage):
            return
        if stream == USER and any(commission.form == "absent" for commission in self.faults.active(Commission)):
            frame = without_commission(frame)
        if fault is None:
            self.send(connection, frame)
        else:
            self._apply_fault(fault, connection, stream, frame)

    def _is_frozen(self, connection: Connection) -> bool:
        """True while a connection is frozen; it thaws when a fault with an end other than a count is over."""
        fault = connection.frozen_by
        if fault is None or isinstance(fault.end, Times) or self.faults.is_active(fault):
            return fault is not None
        connection.frozen_by = None
        return False

    def send(self, connection: Connection, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        """Send a message; it arrives after the delay of frames."""
        if connection.closed or self._is_frozen(connection):
            return
        due_ns = self._due_ns(connection)
        self._deliver_at(connection, Frame(due_ns, connection.number, data, opcode))
        if connection.swapped is not None:
            late, connection.swapped = connection.swapped, None
            self._deliver_at(connection, Frame(due_ns, connection.number, late))

    def open(self, connection: Connection) -> None:
        """Answer the handshake."""
        self._deliver_at(connection, Opened(self._due_ns(connection), connection.number))

    def close(self, connection: Connection, code: int, reason: str = "", partial_frame: bytes = b"") -> None:
        """Close a connection: nothing leaves the exchange on it after this."""
        if not connection.closed:
            connection.closed = True
            due_ns = self._due_ns(connection)
            self._deliver_at(connection, Closed(due_ns, connection.number, code, reason, partial_frame))

    def _apply_fault(self, fault: FrameFault, connection: Connection, stream: str, frame: bytes) -> None:
        match fault:
            case Delay():
                self.pending.add(self.time.ns + fault.delay_ms * MS, partial(self.send, connection, frame))
            case Reorder() if connection.swapped is None:
                connection.swapped = frame
            case Freeze():
                connection.frozen_by = fault
            case CutConnection():
                self.close(connection, ABNORMAL, partial_frame=frame[: max(1, len(frame) // 2)])
            case _:  # also a frame to be reordered that is the next one of another
                for altered in _altered(fault, stream, frame):
                    self.send(connection, altered)

    def _due_ns(self, connection: Connection) -> int:
        due_ns = max(self.time.ns + self.latency.sample_frame_ns(), connection.delivered_ns)
        connection.delivered_ns = due_ns
        return due_ns

    def _deliver_at(self, connection: Connection, output: Frame | Opened | Closed) -> None:
        self.pending.add(output.time_ns, partial(self._arrives, connection, output))

    def _arrives(self, connection: Connection, output: Frame | Opened | Closed) -> None:
        if connection.left:
            return
        connection.left = isinstance(output, Closed)
        self.deliver(output)


def _altered(fault: FrameFault, stream: str, frame: bytes) -> list[bytes]:
    """What is sent in place of a frame; nothing if it is dropped."""
    match fault:
        case Duplicate():
            return [frame, frame]
        case Reorder():
            return [frame]
        case GapPu():
            return [with_gap(frame)]
        case CorruptLevel():
            return [with_corrupt_level(frame, fault.side, fault.place, fault.factor)]
        case Burst():
            return burst(frame, stream, fault.factor)
    return []


class _Order(msgspec.Struct):
    status: str = msgspec.field(name="X", default="")
    execution: str = msgspec.field(name="x", default="")


class _Event(msgspec.Struct):
    event: str = msgspec.field(name="e", default="")
    order: _Order = msgspec.field(name="o", default_factory=_Order)


class _Wrapped(msgspec.Struct):
    data: _Event = msgspec.field(default_factory=_Event)


def _kinds(frame: bytes) -> tuple[str, str, str]:
    """Event, order status and execution type of a frame; empty where it has none."""
    try:
        found = msgspec.json.decode(frame, type=_Event)
        found = found if found.event else msgspec.json.decode(frame, type=_Wrapped).data
    except msgspec.MsgspecError:
        return "", "", ""
    return found.event, found.order.status, found.order.execution
