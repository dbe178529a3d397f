"""Runs request handlers with what they see and may do under the faults of their request."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from live.simulator.core.events import Answered
from live.simulator.core.rejections import unknown_order
from live.simulator.faults.treatment import Treatment
from live.simulator.faults.visibility import Visibility
from live.simulator.http.gateway import Gateway, Sent
from live.simulator.http.runner import run

T = TypeVar("T")
_QUERIES = (".status", ".balance", ".position")


def is_query(method: str, name: str) -> bool:
    """True for requests that only read: GET, and the WebSocket API's calls of status, balance and position."""
    return method == "GET" or (method == "WS" and name.endswith(_QUERIES))


@dataclass(eq=False)
class Answering:
    """Handlers run one at a time, so what one sees is set before it runs and reset afterwards."""

    gateway: Gateway
    visibility: Visibility
    carry_out: Callable[[Any], Answered]

    def run(self, handler: Coroutine[Sent, Answered, T], treatment: Treatment, query: bool, address: str) -> T:
        """Run a handler to its end; a query sees what is visible, as old as the treatment says."""
        gateway = self.gateway
        if treatment.foreign_weight:
            gateway.limits.occupy(address, treatment.foreign_weight, gateway.clock.now_ms())
        gateway.view = self.visibility.view(gateway.state, gateway.now_ms, treatment.age_ms) if query else None
        gateway.depth_age_ms = treatment.depth_age_ms
        try:
            return run(handler, self._carry_out)
        finally:
            gateway.view, gateway.depth_age_ms = None, 0

    def _carry_out(self, body: Any) -> Answered:
        if self.visibility.blocks(self.gateway.feed.exchange.state, self.gateway.now_ms, body):
            return Answered(0, None, unknown_order())
        return self.carry_out(body)
