"""Runs request handlers without an event loop."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from live.simulator.core.events import Answered
from live.simulator.http.gateway import Sent

T = TypeVar("T")


def _resume(handler: Coroutine[Sent, Answered, Any], sent: Sent, carry_out: Callable[[Any], Answered]) -> Sent:
    """Carry out a command and go on with its answer; a failure of the engine is raised where the handler waits."""
    try:
        answered = carry_out(sent.body)
    except Exception as error:  # noqa: BLE001 - the handler answers it
        return handler.throw(error)
    return handler.send(answered)


def run(handler: Coroutine[Sent, Answered, T], carry_out: Callable[[Any], Answered]) -> T:
    """Run a handler to its end and return its result; each command it awaits is carried out at once."""
    sent = None
    try:
        sent = handler.send(None)  # type: ignore[arg-type]
        while True:
            sent = _resume(handler, sent, carry_out)
    except StopIteration as ended:
        result: T = ended.value
        return result
