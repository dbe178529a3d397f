"""Questions to the venue that are repeated until they are answered, less and less often."""

from live.engine.actions import Action, Ask
from live.engine.constants import ANSWER_WITHIN_NS, ASK_AFTER_NS, LONGEST_WAIT_NS
from live.engine.events import Request
from live.engine.state import EngineState, Query


def is_due(query: Query, now_ns: int, longest_wait_ns: int = LONGEST_WAIT_NS) -> bool:
    """True if it is time to ask: then the time of the next attempt is set, twice as far away as the last."""
    query.due_ns = min(query.due_ns, query.asked_ns + longest_wait_ns)
    if _waits(query, now_ns) or now_ns < query.due_ns:
        return False
    query.outstanding, query.asked_ns = True, now_ns
    query.wait_ns = min(max(2 * query.wait_ns, ASK_AFTER_NS), longest_wait_ns)
    query.due_ns = now_ns + query.wait_ns
    return True


def _waits(query: Query, now_ns: int) -> bool:
    return query.outstanding and now_ns < query.asked_ns + ANSWER_WITHIN_NS


def next_ns(query: Query) -> int:
    """When a repeated question may have to be asked again."""
    return query.asked_ns + ANSWER_WITHIN_NS if query.outstanding else query.due_ns


def answered(query: Query) -> None:
    """An answer came, whatever it says."""
    query.outstanding = False


def restart(query: Query) -> None:
    """Something new is to be asked: the waits begin anew with the shortest."""
    query.wait_ns = query.due_ns = 0


def ask(
    state: EngineState,
    query: Query,
    request: Request,
    symbol: str,
    client_id: str = "",
    from_ns: int = 0,
    longest_wait_ns: int = LONGEST_WAIT_NS,
) -> list[Action]:
    """Ask if it is time, and the venue takes requests."""
    if state.now_ns < state.quiet_until_ns or not is_due(query, state.now_ns, longest_wait_ns):
        return []
    return [Ask(state.now_ns, request, symbol, client_id, from_ns)]


def watch(state: EngineState, query: Query, request: Request, symbol: str, every_ns: int) -> list[Action]:
    """Ask again `every_ns` after the last time."""
    early = state.now_ns < max(state.quiet_until_ns, query.asked_ns + every_ns)
    if early or _waits(query, state.now_ns):
        return []
    query.outstanding, query.asked_ns = True, state.now_ns
    return [Ask(state.now_ns, request, symbol)]
