"""Checks of exits and stops: they must reduce a position. No count and no loss refuses them."""

from live.engine.intents import Intent
from live.engine.risk.costs import farthest_stop
from live.engine.risk.exposure import held, reported
from live.engine.risk.forms import Found, exit_form, price_filters, quantity_filters, stop_form
from live.engine.risk.reasons import Reason
from live.engine.state import EngineState, Market, Position
from live.engine.stops import planned_stop
from live.enums import Side
from live.money import plain


def exit_refusal(state: EngineState, intent: Intent) -> Found | None:
    """Why an exit is refused; None if it reduces the position by at most its size."""
    position = state.positions.get(intent.symbol)
    contract = state.markets[intent.symbol].contract
    return (
        exit_form(intent)
        or _direction(position, intent)
        or quantity_filters(contract, intent.quantity, contract.max_market_quantity)
        or _size(position, intent)
    )


def stop_refusal(state: EngineState, intent: Intent) -> Found | None:
    """Why a stop is refused; None if it is the position's own and closes it at a loss."""
    market, position = state.markets[intent.symbol], state.positions.get(intent.symbol)
    return (
        stop_form(intent)
        or _direction(position, intent)
        or _identity(position, intent)
        or price_filters(market.contract, intent.trigger_price)
        or _losing_side(market, position, intent)
        or _distance(state, market, position, intent)
    )


def stop_id(position_id: str) -> str:
    """Client id of a position's only stop."""
    return position_id + "S"


def reducible(position: Position | None, side: Side) -> int:
    """How much an order of `side` may reduce: by fills or by the venue's report, whichever is larger."""
    if position is None:
        return 0
    return max(-side.sign * position.quantity, -side.sign * reported(position), 0)


def _direction(position: Position | None, intent: Intent) -> Found | None:
    if reducible(position, intent.side):
        return None
    if position is None or not held(position):
        return Reason.NO_POSITION, f"{intent.symbol} has no position."
    return Reason.NOT_REDUCING, f"{intent.side} would add to the position of {intent.symbol}."


def _size(position: Position | None, intent: Intent) -> Found | None:
    largest = reducible(position, intent.side)
    if intent.quantity <= largest:
        return None
    return Reason.ABOVE_POSITION, f"Quantity {plain(intent.quantity)} is above the position of {plain(largest)}."


def _identity(position: Position | None, intent: Intent) -> Found | None:
    if position is None or intent.position != position.id or intent.client_id != stop_id(intent.position):
        return Reason.STOP_ID, f"'{intent.client_id}' is not the id of the only stop of this position."
    if position.stop is not None and position.stop.intent != intent:
        return Reason.STOP_ID, f"The position has its stop, '{intent.client_id}', with another content."
    return None


def _losing_side(market: Market, position: Position | None, intent: Intent) -> Found | None:
    reference = _entered(market, position)
    sells, trigger = intent.side is Side.SELL, intent.trigger_price
    if trigger < reference if sells else trigger > reference:
        return None
    side = "below" if sells else "above"
    return Reason.STOP_SIDE, f"Trigger {plain(trigger)} is not {side} the entry price {plain(reference)}."


def _distance(state: EngineState, market: Market, position: Position | None, intent: Intent) -> Found | None:
    """A stop loses no more than was counted at the entry; one that is sent again was judged when it was new."""
    if position is not None and position.stop is not None:
        return None
    if planned := planned_stop(state, intent.position):
        return None if intent.trigger_price == planned else _off(intent, planned)
    reference = _entered(market, position)
    away = abs(reference - intent.trigger_price)
    farthest = farthest_stop(market.contract, reference, state.settings.stop_bps)
    if away <= farthest:
        return None
    return Reason.STOP_DISTANCE, f"Trigger is {plain(away)} from the entry price; at most {plain(farthest)} is counted."


def _off(intent: Intent, planned: int) -> Found:
    return (
        Reason.STOP_DISTANCE,
        f"Trigger is {plain(intent.trigger_price)}; the entry was judged with {plain(planned)}.",
    )


def _entered(market: Market, position: Position | None) -> int:
    """The entry price that a stop belongs to; the mark price where only the venue knows of the position."""
    if position is None or not position.price:
        return market.mark
    return position.stop_from or abs(position.price)
