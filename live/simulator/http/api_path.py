"""The way of a message of the WebSocket API through the exchange."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from live.simulator.faults import Faults
from live.simulator.faults.garbage import alters, garbled
from live.simulator.faults.kinds.requests import GarbageResponse
from live.simulator.faults.treatment import Treatment, treat
from live.simulator.http.answering import Answering, is_query
from live.simulator.http.connection import Connection
from live.simulator.http.fault_replies import reply_of
from live.simulator.http.frame_path import FramePath
from live.simulator.http.last_resort import failed
from live.simulator.http.rest import is_exempt
from live.simulator.http.websocket_api import Session, method_of
from live.simulator.outputs import ABNORMAL
from live.simulator.schedule import MS, Schedule
from live.simulator.streams.hub import encode


@dataclass(eq=False)
class ApiPath:
    """Answers messages; `close` breaks a connection. A request that arrives late is carried out even then."""

    answering: Answering
    faults: Faults
    frames: FramePath
    pending: Schedule
    close: Callable[[Connection, int], None]

    def message_arrives(self, connection: Connection, session: Session, text: str) -> None:
        """A request is at the exchange."""
        treatment = treat(self.faults, "WS", method_of(text))
        if treatment.refused:
            self.close(connection, ABNORMAL)
        elif treatment.late_ms:
            due_ns = self.frames.time.ns + treatment.late_ms * MS
            self.pending.add(due_ns, partial(self._carry_out, connection, session, text, treatment))
        elif not treatment.lost:
            self._carry_out(connection, session, text, treatment)

    def _carry_out(self, connection: Connection, session: Session, text: str, treatment: Treatment) -> None:
        response = self._response(session, text, treatment)
        if treatment.loses_response:
            self.close(connection, ABNORMAL)
        elif treatment.slow_ms:
            due_ns = self.frames.time.ns + treatment.slow_ms * MS
            self.pending.add(due_ns, partial(self.frames.send, connection, response))
        else:
            self.frames.send(connection, response)

    def _response(self, session: Session, text: str, treatment: Treatment) -> bytes:
        """The response, of the venue's form whatever fails."""
        try:
            return self._treated(session, text, treatment)
        except Exception as error:  # noqa: BLE001 - the last resort
            return encode(session.refusal(text, failed(error)))

    def _treated(self, session: Session, text: str, treatment: Treatment) -> bytes:
        canned = treatment.answer
        if canned and not is_exempt(canned, method_of(text).endswith(".cancel"), session.params_of(text)):
            if canned.landed:
                self._answer(session, text, treatment)
            return encode(session.refusal(text, reply_of(canned)))
        if treatment.garbage:
            return self._garbled(session, text, treatment, treatment.garbage)
        return encode(self._answer(session, text, treatment))

    def _garbled(self, session: Session, text: str, treatment: Treatment, fault: GarbageResponse) -> bytes:
        landed = fault.landed or alters(fault.form)
        body = encode(self._answer(session, text, treatment)) if landed else b""
        return garbled(fault.form, 200, body)[1]

    def _answer(self, session: Session, text: str, treatment: Treatment) -> dict[str, Any]:
        query = is_query("WS", method_of(text))
        return self.answering.run(session.answer(text), treatment, query, session.address)
