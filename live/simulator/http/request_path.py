"""The way of an HTTP request through the exchange: it arrives, is carried out, and its response leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from live.simulator.faults import Faults
from live.simulator.faults.garbage import alters, garbled
from live.simulator.faults.kinds.requests import GarbageResponse
from live.simulator.faults.treatment import Treatment, treat
from live.simulator.http.answering import Answering, is_query
from live.simulator.http.fault_replies import reply_of
from live.simulator.http.gateway import Gateway
from live.simulator.http.last_resort import failed
from live.simulator.http.rest import Request, answer, is_exempt, rejection_response
from live.simulator.latency import Latency
from live.simulator.outputs import Output, Response
from live.simulator.schedule import MS, Schedule
from live.wire import HttpRequest, HttpResponse


@dataclass(eq=False)
class RequestPath:
    """Answers requests. Each is on a connection of its own, so a later one may overtake an earlier one.

    The treatment under faults says whether it is lost, late, answered in the exchange's place, and when and whether its
    response leaves.
    """

    gateway: Gateway
    faults: Faults
    answering: Answering
    latency: Latency
    pending: Schedule
    deliver: Callable[[Output], None]
    _requests: int = 0

    def send(self, sent: HttpRequest) -> int:
        """Take a request from a client and return its number; it arrives after the inbound delay."""
        self._requests += 1
        due_ns = self.gateway.time.ns + self.latency.sample_inbound_ns()
        self.pending.add(due_ns, partial(self.request_arrives, self._requests, sent))
        return self._requests

    def request_arrives(self, number: int, sent: HttpRequest) -> None:
        """A request is at the exchange. Whatever it is, and whatever fails, it has a response of the venue's form."""
        try:
            self._request_arrives(number, sent)
        except Exception as error:  # noqa: BLE001 - the last resort
            self.response_leaves(number, rejection_response(failed(error), {}).encoded())

    def _request_arrives(self, number: int, sent: HttpRequest) -> None:
        request = Request.of(sent)
        treatment = treat(self.faults, request.method, request.path)
        if treatment.refused:
            self.response_leaves(number, None)
        elif treatment.late_ms:
            due_ns = self.gateway.time.ns + treatment.late_ms * MS
            self.pending.add(due_ns, partial(self._carry_out, number, request, treatment))
        elif not treatment.lost:
            self._carry_out(number, request, treatment)

    def response_leaves(self, number: int, response: HttpResponse | None, slow_ms: int = 0) -> None:
        """A response leaves the exchange; None breaks the connection instead. It arrives after the outbound delay."""
        due_ns = self.gateway.time.ns + slow_ms * MS + self.latency.sample_outbound_ns()
        self.pending.add(due_ns, partial(self.deliver, Response(due_ns, number, response)))

    def _carry_out(self, number: int, request: Request, treatment: Treatment) -> None:
        response = self._response(request, treatment)
        self.response_leaves(number, None if treatment.loses_response else response, treatment.slow_ms)

    def _response(self, request: Request, treatment: Treatment) -> HttpResponse:
        canned = treatment.answer
        if canned and not is_exempt(canned, request.method == "DELETE", request.params):
            if canned.landed:
                self._answer(request, treatment)
            return rejection_response(reply_of(canned), {}).encoded()
        if treatment.garbage:
            return self._garbled(request, treatment, treatment.garbage)
        return self._answer(request, treatment)

    def _garbled(self, request: Request, treatment: Treatment, fault: GarbageResponse) -> HttpResponse:
        landed = fault.landed or alters(fault.form)
        true = self._answer(request, treatment) if landed else HttpResponse(200, b"")
        status, body, content_type = garbled(fault.form, true.status, true.body)
        return HttpResponse(status, body, dict(true.headers) | {"Content-Type": content_type})

    def _answer(self, request: Request, treatment: Treatment) -> HttpResponse:
        query = is_query(request.method, request.path)
        return self.answering.run(answer(self.gateway, request), treatment, query, request.address).encoded()
