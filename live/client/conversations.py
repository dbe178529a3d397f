"""Several calls in a row, each made of the answers before it: written as generators, without sockets and time.

def leverage_of(symbol: str) -> Conversation[int]:
    answer = yield Call("GET", "/fapi/v1/symbolConfig", {"symbol": symbol})
    ...
"""

from collections.abc import Callable, Generator
from typing import TypeVar

from live.binance.calls import Call, CallWriter
from live.client.wire import Wire
from live.wire import HttpResponse
from skills_lib.domain.errors import TwokeyError

T = TypeVar("T")
Conversation = Generator[Call, HttpResponse | None, T]
"""Yields calls and is sent their answers (None: no answer came); returns what it found, or raises a TwokeyError."""


def converse(
    wire: Wire,
    calls: CallWriter,
    conversation: Conversation[T],
    done: Callable[[T], None],
    failed: Callable[[TwokeyError], None],
) -> None:
    """Make the calls one after another, each signed when sent; `done` or `failed` is called once, now or later."""

    def proceed(answer: HttpResponse | None, first: bool = False) -> None:
        try:
            call = next(conversation) if first else conversation.send(answer)
        except StopIteration as end:
            done(end.value)
        except TwokeyError as error:
            failed(error)
        else:
            wire.request(calls.write(call, wire.now_ns), proceed)

    proceed(None, first=True)


def body_of(call: Call, answer: HttpResponse | None) -> bytes:
    """The body of an answer that must have been given.

    Raises:
        TwokeyError: there is none, or it has another status than 200.
    """
    if answer is None or answer.status != 200:
        said = "nothing" if answer is None else f"status {answer.status}"
        raise TwokeyError(f"The exchange answered {said} to {call.path}. Start again.")
    return answer.body
