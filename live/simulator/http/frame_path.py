"""The way of a WebSocket frame from the exchange to the client."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from live.simulator.faults import Faults, FrameFault
from live.simulator.faults.kinds.frames import Delay
from live.simulator.http.connection import Connection
from live.simulator.latency import Latency
from live.simulator.schedule import MS, Schedule, VenueTime
from live.simulator.wire import ABNORMAL, Closed, Frame, Opcode, Opened, Output

_PREVIOUS = re.compile(rb'"pu":(\d+)')


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
        if connection.frozen or connection.closed:
            return
        fault = self.faults.on_frame(stream)
        if fault is None:
            self.send(connection, frame)
        else:
            self._apply_fault(fault, connection, frame)

    def send(self, connection: Connection, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        """Send a message; it arrives after the delay of frames."""
        if connection.frozen or connection.closed:
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

    def _apply_fault(self, fault: FrameFault, connection: Connection, frame: bytes) -> None:
        match fault.kind:
            case "delay" if isinstance(fault, Delay):
                self.pending.add(self.time.ns + fault.delay_ms * MS, partial(self.send, connection, frame))
            case "duplicate":
                self.send(connection, frame)
                self.send(connection, frame)
            case "reorder":
                connection.swapped = frame
            case "gap_pu":
                self.send(connection, _PREVIOUS.sub(lambda found: b'"pu":%d' % (int(found[1]) + 1), frame, count=1))
            case "freeze":
                connection.frozen = True
            case "cut":
                self.close(connection, ABNORMAL, partial_frame=frame[: max(1, len(frame) // 2)])

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
