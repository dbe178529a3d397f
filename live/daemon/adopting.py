"""A person's decision to adopt a position of somebody else: kept for a start, or carried out by a run that goes on."""

from collections.abc import Callable
from typing import Final

import msgspec

from live.account.adopting import AtVenue, take_over
from live.account.reads import HeldPosition
from live.client.conversations import Conversation
from live.control.durable_files import remove_durably, write_durably
from live.control.folder import SessionFolder
from live.engine.adopting import refusal
from live.engine.decided import Adopted
from live.engine.engine import start
from live.engine.events import Started
from live.engine.state import EngineState
from live.enums import PositionSide
from live.money import parse, plain
from skills_lib.domain.errors import CorruptDataError, TwokeyError

_FILE: Final = "adopted.json"


class AdoptDecision(msgspec.Struct, frozen=True):
    """The position that the next new run adopts. quantity: signed decimal text. time_ns: when it was decided."""

    symbol: str
    quantity: str
    time_ns: int

    @property
    def position(self) -> HeldPosition:
        """As a read of the account shows it."""
        return HeldPosition(self.symbol, PositionSide.BOTH, parse(self.quantity))


def keep_decision(folder: SessionFolder, position: HeldPosition, time_ns: int) -> None:
    """Keep a decision until the next new run has begun; one of another symbol is replaced.

    Raises:
        OSError: it could not be written.
    """
    folder.make()
    decision = AdoptDecision(position.symbol, plain(position.quantity), time_ns)
    write_durably(folder.root / _FILE, msgspec.json.encode(decision))


def decision_of(folder: SessionFolder) -> AdoptDecision | None:
    """What the next new run is to adopt, or None.

    Raises:
        CorruptDataError: the file cannot be read: nothing is adopted on a guess.
    """
    path = folder.root / _FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=AdoptDecision)
        return found if found.position.quantity else None
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise CorruptDataError(f"{path} cannot be read. Remove it, then decide again: twokey live adopt") from None


def forget_decision(folder: SessionFolder) -> None:
    """The run that it was for has begun."""
    remove_durably(folder.root / _FILE)


def adoption(symbol: str, state: EngineState, now: Callable[[], int]) -> Conversation[Adopted]:
    """The event that adopts a symbol's position in a run.

    Raises:
        TwokeyError: it cannot be adopted; one line with what to do.
    """

    def refused(found: AtVenue) -> str:
        return refusal(state, _event(found, now()))

    if symbol not in state.markets:
        raise TwokeyError(refusal(state, Adopted(now(), symbol, 0, 0, 0, 0)))
    found = yield from take_over(symbol, f"{state.run}-", now, refused)
    return _event(found, now())


def adoption_at_start(decision: AdoptDecision, started: Started, now: Callable[[], int]) -> Conversation[Adopted]:
    """The same for a new run, before anything of it is written; raises as `adoption`."""
    return (yield from adoption(decision.symbol, start(started), now))


def _event(found: AtVenue, now_ns: int) -> Adopted:
    return Adopted(now_ns, found.symbol, found.quantity, found.price, found.mark, found.asked_ns)
