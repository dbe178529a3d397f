"""Funding: what the user stream says of it, and the income list, which also has what the stream lost.

The stream's payments count until the list covers their time. The list is asked for after a payment, and after a
position was open over a whole hour, when funding may have been charged without our knowing.
"""

from live.engine.actions import Action
from live.engine.constants import FUNDING_LATE_NS, S
from live.engine.contract import margin_asset_of
from live.engine.events import FundingPaid, FundingReport, Request
from live.engine.latching import latch
from live.engine.queries import answered, ask
from live.engine.state import EngineState, Position

HOUR_NS = 3_600 * S


def on_paid(state: EngineState, event: FundingPaid) -> list[Action]:
    """A payment on the stream."""
    if event.asset not in ("", _margin_asset(state)):
        return _in_another_asset(state, event.symbol, event.asset)
    state.account.streamed.append((event.event_ns, event.amount))
    _add_up(state)
    check_later(state)
    return []


def on_report(state: EngineState, report: FundingReport) -> list[Action]:
    """The income list: what it covers counts instead of what the stream said."""
    account, asset = state.account, _margin_asset(state)
    answered(state.funding_query)
    by_asset = dict(report.by_asset)
    account.listed = by_asset.get(asset, 0) if by_asset else report.amount
    covered_ns = report.asked_ns - FUNDING_LATE_NS
    account.streamed = [payment for payment in account.streamed if payment[0] > covered_ns]
    _add_up(state)
    state.funding_check_ns = 0
    if account.streamed:
        check_later(state)
    others = [other for other in by_asset if other != asset]
    return _in_another_asset(state, "", others[0]) if others else []


def _margin_asset(state: EngineState) -> str:
    return margin_asset_of(market.contract for market in state.markets.values())


def _in_another_asset(state: EngineState, symbol: str, asset: str) -> list[Action]:
    """Positions of this run pay in their margin asset, so another position or another asset mode is at work."""
    text = f"Funding was charged in {asset[:20]}, which no contract of this run is margined in. Entries have ended."
    return latch(state, "funding_asset", symbol, text)


def on_closed(state: EngineState, position: Position) -> None:
    """Look into the list if a whole hour, at which funding is charged, has passed while the position was open.

    It was open before the engine learnt of it where its fills came late, and for an unknown time where none came.
    """
    since_ns = position.since_ns or state.started_ns
    if (since_ns - FUNDING_LATE_NS) // HOUR_NS != (state.now_ns + FUNDING_LATE_NS) // HOUR_NS:
        check_later(state)


def check_later(state: EngineState) -> None:
    """Ask for the list when it must hold what has just happened."""
    state.funding_check_ns = state.now_ns + 2 * FUNDING_LATE_NS


def tend(state: EngineState) -> list[Action]:
    """Ask for the list if it is time."""
    if not state.funding_check_ns or state.now_ns < state.funding_check_ns:
        return []
    return ask(state, state.funding_query, Request.FUNDING, "", from_ns=state.started_ns)


def _add_up(state: EngineState) -> None:
    account = state.account
    account.funding = account.listed + sum(amount for _, amount in account.streamed)
