"""Continues a run whose process ended: the engine is rebuilt from its journal, and what was under way is unknown.

Nothing leaves before it is written, so an action that the journal lacks was never sent. What is written and has no
answer may have been sent or not.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from live.engine.actions import Action, Ask, CancelOrder, CancelStop, PlaceOrder
from live.engine.events import Answered, Request, RequestOutcome
from live.engine.intents import Purpose
from live.engine.state import EngineState, OrderState, Query, Stop, StopState
from live.journal.encoding import whole
from live.journal.opening import OpensFile, continued_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.replaying import compared
from live.journal.settings import Fsync
from live.journal.sinks import FileSink
from live.journal.writer import JournalWriter
from skills_lib.domain.errors import TwokeyError


class Pending(NamedTuple):
    """A request without an answer, and what is known of it."""

    request: Request
    symbol: str
    client_id: str
    outcome: RequestOutcome = RequestOutcome.UNKNOWN

    def answered(self, now_ns: int) -> Answered:
        """What the engine is given in place of the answer."""
        return Answered(now_ns, self.request, self.symbol, self.client_id, self.outcome)


class Recovered(NamedTuple):
    """A run that goes on. writer: of its journal. pending: requests that were under way when its process ended.

    removed: the file with the torn record that was cut off, if there was one.
    """

    engine: RecordedEngine
    writer: JournalWriter
    pending: tuple[Pending, ...]
    removed: Path | None


def recover(path: Path, fsync: Fsync = Fsync.EACH_ORDER, opened: OpensFile = FileSink.open) -> Recovered | None:
    """Rebuild the engine and go on in its journal; None if the run was never started, so that nothing was sent.

    opened: opens the journal's file.

    Raises:
        JournalError: another process writes the journal, or it cannot be written.
        InputError: not a journal.
        JournalDamagedError: damaged before its last record.
        DecisionsDifferError: this version decides otherwise than the journal says.
    """
    writer, _, removed = continued_journal(path, fsync, opened)
    try:
        found = compared(path)
        if found.engine is None:
            writer.close()
            return None
        for action in found.unwritten:
            writer.entry(action, whole(action))
        writer.flush(found.engine.state.now_ns, leaving=True)
    except TwokeyError:
        writer.close()
        raise
    found.engine.journal = writer
    return Recovered(found.engine, writer, pending_of(found.engine.state, found.unwritten), removed)


def pending_of(state: EngineState, unsent: Iterable[Action]) -> tuple[Pending, ...]:
    """Requests whose answer will not come. unsent: actions that were decided but never written, so never sent.

    An unsent entry or exit is given as rejected: an entry is then not sent at all, an exit is decided anew. An unsent
    stop may be sent again under its id.
    """
    never = tuple(pending for action in unsent if (pending := _unsent(action)))
    known = {(pending.request, pending.symbol, pending.client_id) for pending in never}
    return never + tuple(pending for pending in _unanswered(state) if pending[:3] not in known)


def _unsent(action: Action) -> Pending | None:
    match action:
        case PlaceOrder():
            intent = action.approved.intent
            if intent.purpose is Purpose.STOP:
                return Pending(Request.PLACE_STOP, intent.symbol, intent.client_id, RequestOutcome.NOT_ACCEPTED)
            return Pending(Request.PLACE, intent.symbol, intent.client_id, RequestOutcome.REJECTED)
        case CancelOrder():
            return Pending(Request.CANCEL, action.symbol, action.client_id, RequestOutcome.NOT_ACCEPTED)
        case CancelStop():
            return Pending(Request.CANCEL_STOP, action.symbol, action.client_id, RequestOutcome.NOT_ACCEPTED)
        case Ask():
            return Pending(action.request, action.symbol, action.client_id)
    return None


def _unanswered(state: EngineState) -> Iterator[Pending]:
    for name, order in state.working.items():
        symbol = order.intent.symbol
        if order.state is OrderState.SENT:
            yield Pending(Request.PLACE, symbol, name)
        yield from _outstanding({Request.CANCEL: order.cancel, Request.ORDER: order.query}, symbol, name)
    for symbol, market in state.markets.items():
        if stop := state.positions[symbol].stop:
            yield from _of_stop(stop)
        yield from _outstanding(market.queries, symbol)
    yield from _outstanding({Request.FUNDING: state.funding_query})


def _of_stop(stop: Stop) -> Iterator[Pending]:
    symbol, name = stop.intent.symbol, stop.intent.client_id
    if stop.state is StopState.SENT or stop.send.outstanding:
        yield Pending(Request.PLACE_STOP, symbol, name)
    yield from _outstanding({Request.CANCEL_STOP: stop.cancel, Request.STOP: stop.query}, symbol, name)


def _outstanding(queries: dict[Request, Query], symbol: str = "", name: str = "") -> Iterator[Pending]:
    for request, query in queries.items():
        if query.outstanding:
            yield Pending(request, symbol, name)
