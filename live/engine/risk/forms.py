"""Whether an order has the form that its purpose and its contract require."""

from live.engine.contract import Contract
from live.engine.intents import Intent
from live.engine.risk.reasons import Reason
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE, plain, show

Found = tuple[Reason, str]
"""Why an intent is refused: the word, and one sentence of what was found and what is allowed."""


def entry_form(intent: Intent) -> Found | None:
    """An entry is a limit order, immediate-or-cancel or post-only, that is not reduce-only."""
    limit = intent.type is OrderType.LIMIT and intent.time_in_force in (TimeInForce.IOC, TimeInForce.GTX)
    if limit and intent.quantity > 0 and intent.price > 0 and not intent.trigger_price and not intent.reduce_only:
        return None
    return Reason.ORDER_FORM, "An entry is a LIMIT order, IOC or GTX, with quantity and price, and not reduce-only."


def planned_exits(contract: Contract, intent: Intent) -> Found | None:
    """Stop and target that an entry names are on the tick, and on the losing and the winning side of its price."""
    buys = intent.side is Side.BUY
    for price, below, reason, name in (
        (intent.stop_price, buys, Reason.STOP_SIDE, "stop"),
        (intent.target_price, not buys, Reason.TARGET_SIDE, "target"),
    ):
        if price and not (price < intent.price if below else price > intent.price):
            side = "below" if below else "above"
            return reason, f"The {name} {plain(price)} is not {side} the entry price {plain(intent.price)}."
        if price and (found := price_filters(contract, price)):
            return found
    return None


def exit_form(intent: Intent) -> Found | None:
    """An exit is a market order that is reduce-only."""
    market = intent.type is OrderType.MARKET and intent.reduce_only and intent.quantity > 0
    if market and not intent.price and not intent.trigger_price:
        return None
    return Reason.ORDER_FORM, "An exit is a reduce-only MARKET order with a quantity and without a price."


def stop_form(intent: Intent) -> Found | None:
    """A stop closes the whole position at the market, whatever its size."""
    if intent.type is OrderType.STOP_MARKET and intent.trigger_price > 0 and not intent.quantity and not intent.price:
        return None
    return Reason.ORDER_FORM, "A stop is a STOP_MARKET with a trigger price that closes the position: no quantity."


def price_filters(contract: Contract, price: int) -> Found | None:
    """The price is on the tick."""
    if price % contract.tick:
        return Reason.TICK, f"Price {plain(price)} is not a multiple of the tick {plain(contract.tick)}."
    return None


def quantity_filters(contract: Contract, quantity: int, maximum: int) -> Found | None:
    """The quantity is on the step, and within minimum and maximum."""
    if quantity % contract.step:
        return Reason.STEP, f"Quantity {plain(quantity)} is not a multiple of the step {plain(contract.step)}."
    if quantity < contract.min_quantity:
        return Reason.MINIMUM, f"Quantity {plain(quantity)} is below the minimum of {plain(contract.min_quantity)}."
    if quantity > maximum:
        return Reason.MAXIMUM, f"Quantity {plain(quantity)} is above the maximum of {plain(maximum)}."
    return None


def notional_filter(contract: Contract, quantity: int, price: int) -> Found | None:
    """The order is worth the minimum notional; an order that reduces need not be."""
    if quantity * price >= contract.min_notional * SCALE:
        return None
    worth, minimum = show(quantity * price // SCALE, 2), show(contract.min_notional, 2)
    return Reason.MINIMUM, f"The order is worth {worth}, below the minimum notional of {minimum}."
