"""What is asked of the exchange before a run: its time, its contracts, and an account in which nothing is open."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from live.account.reads import read_account
from live.binance.calls import Call
from live.client.conversations import Conversation, ask
from live.client.opening import contracts_of
from live.client.wire import MS
from live.engine.contract import Contract
from skills_lib.domain.errors import TwokeyError

READINGS: Final = 5
"""Of the exchange's clock before a run: the quickest counts."""


class Skew(NamedTuple):
    """The exchange's time less ours; it may be off by `error_ns`, half of the way there and back."""

    ahead_ns: int
    error_ns: int


class _Time(msgspec.Struct, rename="camel"):
    """The answer of `GET /time`, in milliseconds."""

    server_time: int


def read_skew(now: Callable[[], int]) -> Conversation[Skew | None]:
    """One reading of the exchange's clock; None if it does not tell. now: our time in nanoseconds."""
    sent_ns = now()
    answer = yield from ask(Call("GET", "/fapi/v1/time", signed=False))
    received_ns = now()
    if answer is None or answer.status != 200:
        return None
    try:
        theirs_ns = msgspec.json.decode(answer.body, type=_Time).server_time * MS
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Skew(theirs_ns + MS // 2 - (sent_ns + received_ns) // 2, (received_ns - sent_ns) // 2 + MS // 2)


def read_clock(now: Callable[[], int]) -> Conversation[Skew]:
    """Several readings; the most exact one.

    Raises:
        TwokeyError: the exchange tells no time.
    """
    found: list[Skew] = []
    for _ in range(READINGS):
        skew = yield from read_skew(now)
        if skew is None:
            break
        found.append(skew)
    if not found:
        raise TwokeyError("The exchange does not answer. See that it runs and is reached at this address, then start.")
    return min(found, key=lambda skew: skew.error_ns)


def read_contracts(symbols: Sequence[str]) -> Conversation[tuple[Contract, ...]]:
    """The contracts of a new run, in an account where nothing is open and nothing rests.

    Raises:
        InputError: the exchange does not list a symbol.
        TwokeyError: something is open, or the account cannot be read.
    """
    contracts = yield from contracts_of(symbols)
    seen = yield from read_account()
    if seen.unknown:
        raise TwokeyError(f"The account cannot be read: {seen.unknown[0]}. No run starts without; try again.")
    if not seen.flat:
        found = [str(position) for position in seen.positions] + [f"{o.symbol} {o.client_id}" for o in seen.resting]
        raise TwokeyError(
            f"The account has positions or orders of no run: {', '.join(found[:3])}. Close them by hand or with "
            "`twokey live emergency-stop`, then start."
        )
    return contracts
