"""Judges an intent. Nothing else makes an `Approved`."""

from live.engine import intents
from live.engine.intents import Approved, Intent, Judged, LimitUse, Purpose, Refused
from live.engine.risk.entries import refusal
from live.engine.risk.forms import Found
from live.engine.risk.reasons import Reason
from live.engine.risk.reducing import exit_refusal, stop_refusal
from live.engine.risk.uses import losses, with_entry
from live.engine.state import EngineState


def judge(intent: Intent, state: EngineState) -> Judged:
    """Approve an intent, or refuse it with the first reason found. Changes nothing.

    An entry is checked against all limits, an exit or a stop only for direction and size.
    """
    uses: tuple[LimitUse, ...] = ()
    found = _identity(intent, state)
    if found is None and intent.purpose is Purpose.ENTRY:
        uses = (*with_entry(state, intent), *losses(state))
        found = refusal(state, intent, uses)
    elif found is None:
        found = _reducing(intent, state)
    if found is not None:
        return Refused(intent, found[0].value, found[1], uses)
    return Approved(intents._KEY, intent, uses, state.now_ns)


def _identity(intent: Intent, state: EngineState) -> Found | None:
    if intent.symbol not in state.markets:
        return Reason.UNKNOWN_SYMBOL, f"{intent.symbol} is not traded in this run."
    if intent.client_id in state.orders:
        return Reason.ID_USED, f"'{intent.client_id}' is the id of an earlier order."
    return None


def _reducing(intent: Intent, state: EngineState) -> Found | None:
    return exit_refusal(state, intent) if intent.purpose is Purpose.EXIT else stop_refusal(state, intent)
