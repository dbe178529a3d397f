"""Runs request handlers without an event loop."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from live.simulator.core.events import Answered
from live.simulator.http.gateway import Sent

T = TypeVar("T")


def run(handler: Coroutine[Sent, Answered, T], carry_out: Callable[[Any], Answered]) -> T:
    """Run a handler to its end and return its result; each command it awaits is carried out at once."""
    sent = None
    try:
        sent = handler.send(None)  # type: ignore[arg-type]
        while True:
            sent = handler.send(carry_out(sent.body))
    except StopIteration as ended:
        result: T = ended.value
        return result
