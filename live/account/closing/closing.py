"""Closes an account or some of its symbols, and proves it: a conversation, without sockets and time.

It goes round: act on what was last seen, read again. Nothing that fails ends it but the same refusal again and again,
and a time. docs/risk.md says what it protects from and what not.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from live.account.closing.calls import ORDERS_AT_ONCE, Lots, cancels, lots_of, reduction
from live.account.closing.model import Closed, ClosingRequest
from live.account.closing.progress import Progress
from live.account.closing.refusals import Refusals
from live.account.reads import (
    ACCOUNT,
    ORDERS,
    POSITIONS,
    STOPS,
    WITHIN_NS,
    HeldPosition,
    Seen,
    Unknown,
    read,
    read_account,
    read_positions,
)
from live.binance.calls import Call
from live.client.conversations import Answer, Conversation, ask, ask_all, pause
from live.money import plain

_OF_LOTS: Final = frozenset({-1111, -4003, -4004, -4005, -4023})
"""Refusals of a quantity: the filters are read then."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def close_account(asked: ClosingRequest, now: Callable[[], int]) -> Conversation[Closed]:
    """Cancel the orders of both books, close every position by orders that only reduce, and read until it is proven.

    now: the time in nanoseconds. The first orders are sent after one answer: that to `positionRisk`.
    """
    work = _Work(asked, now)
    work.take((yield from read_positions(asked.symbols)))
    yield from work.act(work.reductions())
    while True:
        sent_ns = now()
        work.take((yield from read_account(asked.symbols)))
        work.progress.judge(sent_ns, bool(work.cancels()))
        if work.is_over():
            return work.result()
        yield from work.act(work.actions())
        yield from work.wait()


class _Action(NamedTuple):
    """A call and what it is for: refusals are counted by `name`."""

    name: str
    call: Call


class _Work:
    """A closing under way."""

    def __init__(self, asked: ClosingRequest, now: Callable[[], int]) -> None:
        self._asked, self._now = asked, now
        self.progress = Progress(asked, now())
        self._refusals = Refusals()
        self._cancelled: set[str] = set()
        self._lots: dict[str, Lots] = {}
        self._orders = 0
        self._first_id = f"{asked.name}-{_short(self.progress.started_ns // 1_000_000)}"

    @property
    def _seen(self) -> Seen:
        return self.progress.seen

    def take(self, seen: Seen) -> None:
        """Keep a read, and count the refusals in it."""
        self.progress.note(seen)
        failed = {unknown.path: unknown for unknown in seen.unknown}
        for path in (POSITIONS, ACCOUNT, ORDERS, STOPS):
            if path in failed:
                self._refusals.take(f"read {path}", failed[path].answer, self._now())
            else:
                self._refusals.forget(f"read {path}")

    def is_over(self) -> bool:
        """True if flat is proven, or nothing more can be done."""
        if self.progress.flat_reads == 2 or self._now() >= self.progress.started_ns + self._asked.give_up_ns:
            return True
        if any(self._refusals.ended(f"read {unknown.path}") for unknown in self._seen.unknown):
            return not self.actions()
        shown = self._seen.positions or self._seen.resting
        return bool(shown) and not self._seen.unknown and not self.actions()

    def act(self, actions: Sequence[_Action]) -> Conversation[None]:
        """Make calls at the same time; what their answers prove is found by the next read."""
        yield from pause(self._refusals.quiet_until_ns - self._now())
        answers = yield from ask_all([action.call for action in actions], WITHIN_NS)
        if any(action.call.method == "POST" or self._is_shown(action) for action in actions):
            self.progress.acted(self._now())
        codes = {self._take(action, answer) for action, answer in zip(actions, answers, strict=True)}
        if codes & _OF_LOTS:
            yield from self._read_lots()

    def wait(self) -> Conversation[None]:
        """Wait before the next read."""
        now_ns = self._now()
        yield from pause(max(self.progress.wait_ns(now_ns), self._refusals.quiet_until_ns - now_ns))

    def cancels(self) -> list[_Action]:
        """Cancellations that are needed: of both books of every symbol once, and of what a read shows again."""
        shown = {one.symbol for one in self._seen.resting}
        found = []
        for symbol in self.progress.symbols:
            for book, call in zip(("orders", "stops"), cancels(symbol), strict=True):
                action = _Action(f"cancel {book} of {symbol}", call)
                if (action.name not in self._cancelled or symbol in shown) and not self._refusals.ended(action.name):
                    found.append(action)
        return found

    def _is_shown(self, action: _Action) -> bool:
        return action.call.parameters["symbol"] in {one.symbol for one in self._seen.resting}

    def result(self) -> Closed:
        """What was done."""
        left = [self._text(position) for position in self._seen.positions]
        left += [f"{one.symbol} {'stop' if one.stop else 'order'} {one.client_id}" for one in self._seen.resting]
        left += [str(unknown) for unknown in self._seen.unknown]
        return self.progress.result(self._now(), tuple(left), self._refusals.texts)

    def reductions(self) -> list[_Action]:
        """Orders that close what a read shows."""
        return [action for position in self._seen.positions for action in self._reductions(position)]

    def actions(self) -> list[_Action]:
        """All that is needed; orders first, for a position is the larger risk."""
        return self.reductions() + self.cancels()

    def _reductions(self, position: HeldPosition) -> list[_Action]:
        name, quantity = f"close {position.symbol} {position.side}", abs(position.quantity)
        if self._refusals.ended(name):
            return []
        lots = self._lots.get(position.symbol)
        parts = list(lots.parts(quantity))[:ORDERS_AT_ONCE] if lots else [quantity]
        return [_Action(name, reduction(position, part, self._next_id())) for part in parts]

    def _next_id(self) -> str:
        self._orders += 1
        return f"{self._first_id}-{self._orders}"

    def _take(self, action: _Action, answer: Answer) -> int:
        if answer is not None and answer.status == 200 and action.call.method == "DELETE":
            self._cancelled.add(action.name)
        return self._refusals.take(action.name, answer, self._now())

    def _read_lots(self) -> Conversation[None]:
        path = "/fapi/v1/exchangeInfo"
        answer = yield from ask(Call("GET", path, signed=False))
        found = read(path, answer, lots_of)
        if not isinstance(found, Unknown):
            self._lots = found

    def _text(self, position: HeldPosition) -> str:
        lots = self._lots.get(position.symbol)
        if lots is None or next(lots.parts(abs(position.quantity)), 0):
            return str(position)
        return f"{position}, below the smallest order of {plain(max(lots.minimum, lots.step))}"


def _short(number: int) -> str:
    """A number in base 36."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
