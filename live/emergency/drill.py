"""Runs a drill over sockets, and keeps when it was and how it went."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from live.account.drill import Drill, rehearse
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.conversations import Conversation
from live.client.opening import contracts_of
from live.control.durable_files import write_durably
from live.control.folder import SessionFolder
from live.sockets.endpoints import VenueAddress
from live.sockets.running import run

NEVER: Final = "never"
_NS_PER_S: Final = 1_000_000_000


class DrillRecord(msgspec.Struct, frozen=True):
    """What is kept of a drill. failed: names of the steps that failed."""

    time_ns: int
    passed: bool
    failed: tuple[str, ...]


def drill_now(address: VenueAddress, signer: Signer, symbols: Sequence[str]) -> Drill:
    """Rehearse closing.

    Raises:
        InputError: the exchange does not list a symbol, or the extra `live` is missing.
        TwokeyError: it does not answer.
    """

    def begin(now: Callable[[], int]) -> Conversation[Drill]:
        contracts = yield from contracts_of(symbols)
        return (yield from rehearse(contracts, now))

    return asyncio.run(run(address, CallWriter(signer), begin))


def keep(folder: SessionFolder, drill: Drill) -> None:
    """Keep a drill in the folder of its session.

    Raises:
        OSError: it could not be written.
    """
    failed = tuple(step.name for step in drill.steps if not step.passed)
    folder.make()
    write_durably(folder.drill, msgspec.json.encode(DrillRecord(drill.time_ns, drill.passed, failed)))


def last_drill(folder: SessionFolder) -> str:
    """When closing was last rehearsed: ISO time, followed by `failed` if it did; `never` where no file says so."""
    try:
        record = msgspec.json.decode(folder.drill.read_bytes(), type=DrillRecord)
        time = datetime.fromtimestamp(record.time_ns // _NS_PER_S, UTC).isoformat()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError):
        return NEVER
    return time if record.passed else f"{time} failed"
