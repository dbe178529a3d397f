"""Several calls in a row, each made of the answers before it: written as generators, without sockets and time.

def leverage_of(symbol: str) -> Conversation[int]:
    answer = yield Call("GET", "/fapi/v1/symbolConfig", {"symbol": symbol})
    ...

A conversation yields a `Call` and is sent its answer, `Together` and is sent the answers in the order of the calls, or
`Pause` and is sent None. `ask`, `ask_all` and `pause` are the same with types.
"""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from live.binance.calls import Call, CallWriter
from live.binance.outcomes import code_of
from live.client.clock import WRONG_TIMESTAMP, VenueClock
from live.client.wire import TIMEOUT_NS, Wire
from live.wire import HttpResponse
from skills_lib.domain.errors import TwokeyError

T = TypeVar("T")
Answer = HttpResponse | None
"""None: no answer came, or none in time."""


class Together(NamedTuple):
    """Calls that are made at the same time. within_ns: what has not been answered by then counts as unanswered."""

    calls: tuple[Call, ...]
    within_ns: int = TIMEOUT_NS


class Pause(NamedTuple):
    """Nothing is sent for this long."""

    delay_ns: int


Conversation = Generator[Call | Together | Pause, Any, T]
"""Returns what it found, or raises a TwokeyError."""


def ask(call: Call) -> Conversation[Answer]:
    """The answer to one call."""
    (answer,) = yield from ask_all((call,))
    return answer


def ask_all(calls: Sequence[Call], within_ns: int = TIMEOUT_NS) -> Conversation[tuple[Answer, ...]]:
    """The answers to calls that are made at the same time, in their order."""
    if not calls:
        return ()
    answers: tuple[Answer, ...] = yield Together(tuple(calls), within_ns)
    return answers


def pause(delay_ns: int) -> Conversation[None]:
    """Wait."""
    if delay_ns > 0:
        yield Pause(delay_ns)


def converse(
    wire: Wire,
    calls: CallWriter,
    conversation: Conversation[T],
    done: Callable[[T], None],
    failed: Callable[[TwokeyError], None],
) -> None:
    """Make the calls, each signed when sent; `done` or `failed` is called once, now or later.

    After an answer that finds a timestamp wrong (-1021, -5028) the exchange's time is asked for before the conversation
    goes on: a call that it then repeats has the right one.
    """
    _Talk(wire, calls, conversation, done, failed).proceed(None)


class _Talk(Generic[T]):
    """A conversation under way."""

    def __init__(
        self,
        wire: Wire,
        calls: CallWriter,
        conversation: Conversation[T],
        done: Callable[[T], None],
        failed: Callable[[TwokeyError], None],
    ) -> None:
        self._wire, self._calls, self._conversation = wire, calls, conversation
        self._done, self._failed = done, failed
        self._clock = VenueClock(wire, calls)

    def proceed(self, sent: Any) -> None:
        """Send the conversation what it waits for, and do what it wants next."""
        try:
            step = self._conversation.send(sent)
        except StopIteration as end:
            self._done(end.value)
        except TwokeyError as error:
            self._failed(error)
        else:
            self._carry_out(step)

    def _carry_out(self, step: Call | Together | Pause) -> None:
        if isinstance(step, Pause):
            self._wire.later(step.delay_ns, partial(self.proceed, None))
        elif isinstance(step, Together):
            self._make(step.calls, step.within_ns, lambda answers: answers)
        else:
            self._make((step,), TIMEOUT_NS, lambda answers: answers[0])

    def _make(self, made: tuple[Call, ...], within_ns: int, shape: Callable[[tuple[Answer, ...]], Any]) -> None:
        def answered(answers: tuple[Answer, ...]) -> None:
            going_on = partial(self.proceed, shape(answers))
            self._clock.ask(going_on) if any(map(_is_out_of_time, answers)) else going_on()

        waiting = _Waiting(len(made), answered)
        for place, call in enumerate(made):
            self._wire.request(self._calls.write(call, self._wire.now_ns), partial(waiting.take, place))
        if within_ns < TIMEOUT_NS:
            self._wire.later(within_ns, waiting.give_up)


def _is_out_of_time(answer: Answer) -> bool:
    return answer is not None and answer.status != 200 and code_of(answer.body) in WRONG_TIMESTAMP


class _Waiting:
    """Answers that are waited for together."""

    def __init__(self, size: int, done: Callable[[tuple[Answer, ...]], None]) -> None:
        self._answers: list[Answer] = [None] * size
        self._missing = set(range(size))
        self._done: Callable[[tuple[Answer, ...]], None] | None = done

    def take(self, place: int, answer: Answer) -> None:
        """Keep an answer; one that comes after they were given up changes nothing."""
        self._answers[place] = answer
        self._missing.discard(place)
        if not self._missing:
            self.give_up()

    def give_up(self) -> None:
        """Go on with the answers that have come."""
        done, self._done = self._done, None
        if done is not None:
            done(tuple(self._answers))


def body_of(call: Call, answer: Answer) -> bytes:
    """The body of an answer that must have been given.

    Raises:
        TwokeyError: there is none, or it has another status than 200.
    """
    if answer is None or answer.status != 200:
        said = "nothing" if answer is None else f"status {answer.status}"
        raise TwokeyError(f"The exchange answered {said} to {call.path}. Start again.")
    return answer.body
