"""The way of an HTTP request through the exchange: it arrives, is carried out, and its response leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from live.simulator.core.events import Answered
from live.simulator.core.rejections import Rejection
from live.simulator.faults import Faults
from live.simulator.faults.kinds.requests import Answer, LoseResponse
from live.simulator.http.fault_replies import REPLIES
from live.simulator.http.gateway import Gateway
from live.simulator.http.rest import Request, RestAnswer, answer, is_exempt, rejection_response
from live.simulator.http.runner import run
from live.simulator.latency import Latency
from live.simulator.schedule import Schedule
from live.simulator.wire import HttpRequest, HttpResponse, Output, Response


@dataclass(eq=False)
class RequestPath:
    """Answers requests. Each is on a connection of its own, so a later one may overtake an earlier one.

    Faults act in two places: `request_arrives` may lose a request, answer in the exchange's place, or put it off
    (`pending.add(due_ns, call)`); `response_leaves` may lose, replace or delay the response.
    """

    gateway: Gateway
    faults: Faults
    carry_out: Callable[[Any], Answered]
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
        """A request is at the exchange."""
        try:
            request = Request.of(sent)
        except Rejection as refused:
            self.response_leaves(number, rejection_response(refused, {}).encoded())
            return
        hits = self.faults.on_request(request.method, request.path)
        fault = next((hit for hit in hits if isinstance(hit, Answer | LoseResponse)), None)
        if fault is None or is_exempt(fault, request.method == "DELETE", request.params):
            self.response_leaves(number, self._answer(request).encoded())
        else:
            self._apply_fault(fault, number, request)

    def response_leaves(self, number: int, response: HttpResponse | None) -> None:
        """A response leaves the exchange; None breaks the connection instead. It arrives after the outbound delay."""
        due_ns = self.gateway.time.ns + self.latency.sample_outbound_ns()
        self.pending.add(due_ns, partial(self.deliver, Response(due_ns, number, response)))

    def _apply_fault(self, fault: Answer | LoseResponse, number: int, request: Request) -> None:
        if isinstance(fault, LoseResponse):
            self._answer(request)
            self.response_leaves(number, None)
            return
        if fault.landed:
            self._answer(request)
        self.response_leaves(number, rejection_response(REPLIES[fault.reply], {}).encoded())

    def _answer(self, request: Request) -> RestAnswer:
        return run(answer(self.gateway, request), self.carry_out)
