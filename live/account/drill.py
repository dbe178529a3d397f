"""Rehearses closing on the account as it is, without changing what it holds: every call that a closing makes.

The orders that would close each position are sent to `/order/test`, which checks them and places nothing (page "Test
Order"). Cancellations are tried with a client id that no order has: the exchange then answers -2011, which proves that
it understood. A stop is placed far away and cancelled. An account that is flat is rehearsed with the smallest order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from live.account.closing.calls import reduction
from live.account.preflight.stop_proof import prove_stops
from live.account.reads import HeldPosition, Unknown, read_account
from live.binance.calls import Call
from live.binance.outcomes import code_of
from live.client.conversations import Answer, Conversation, ask
from live.engine.contract import Contract
from live.enums import PositionSide

NOTHING_TO_CANCEL: Final = (-2011, -2013)
NOTHING_TO_REDUCE: Final = -2022


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One step of a drill. found: what the exchange answered."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal. time_ns: when it began; took_ns: how long it took. shadow: the positions that were rehearsed."""

    time_ns: int
    took_ns: int
    shadow: tuple[HeldPosition, ...]
    steps: tuple[Rehearsed, ...]

    @property
    def passed(self) -> bool:
        """True if every step was answered as a closing needs it."""
        return all(step.passed for step in self.steps)


def rehearse(contracts: Sequence[Contract], now: Callable[[], int]) -> Conversation[Drill]:
    """Rehearse closing. contracts: of the symbols that are traded, at least one."""
    began_ns = now()
    name = f"drill-{began_ns // 1_000_000_000}"
    seen = yield from read_account()
    steps = [_read(path, found) for path, found in seen.by_path.items()]
    held = seen.positions
    smallest = tuple(HeldPosition(one.symbol, PositionSide.BOTH, one.min_quantity) for one in contracts)
    shadow = held or smallest
    for place, position in enumerate(shadow):
        steps.append((yield from _close(position, f"{name}-{place}", held=bool(held))))
    for contract in contracts:
        steps += yield from _cancel(contract.symbol, name)
        found = yield from prove_stops(contract, f"{name}-stop")
        steps.append(Rehearsed(found.name, found.passed, found.found))
    return Drill(began_ns, now() - began_ns, shadow, tuple(steps))


def _read(path: str, found: tuple[object, ...] | Unknown) -> Rehearsed:
    if isinstance(found, Unknown):
        return Rehearsed(f"read {path}", False, str(found))
    return Rehearsed(f"read {path}", True, f"{len(found)} rows")


def _close(position: HeldPosition, client_id: str, held: bool) -> Conversation[Rehearsed]:
    """The order that closes a position, as a test. Without a position the exchange may find nothing to reduce."""
    order = reduction(position, abs(position.quantity), client_id)
    answer = yield from ask(Call("POST", "/fapi/v1/order/test", order.parameters))
    passed = _has(answer, ()) or (not held and _has(answer, (NOTHING_TO_REDUCE,)))
    return Rehearsed(f"close {position}", passed, _text(answer))


def _cancel(symbol: str, name: str) -> Conversation[list[Rehearsed]]:
    steps = []
    for book, path, parameters in (
        ("orders", "/fapi/v1/order", {"symbol": symbol, "origClientOrderId": f"{name}-none"}),
        ("stops", "/fapi/v1/algoOrder", {"clientAlgoId": f"{name}-none"}),
    ):
        answer = yield from ask(Call("DELETE", path, parameters))
        steps.append(Rehearsed(f"cancel {book} of {symbol}", _has(answer, NOTHING_TO_CANCEL), _text(answer)))
    return steps


def _has(answer: Answer, codes: Sequence[int]) -> bool:
    """True if it was carried out, or refused with one of the codes."""
    return answer is not None and (answer.status == 200 or code_of(answer.body) in codes)


def _text(answer: Answer) -> str:
    if answer is None:
        return "no answer"
    return "accepted" if answer.status == 200 else f"status {answer.status}, code {code_of(answer.body)}"
