"""A person takes a position of somebody else into the run: it is then protected, counted and closed as its own.

Nothing else changes: entries that have ended for the run stay ended.
"""

from live.engine.actions import Action
from live.engine.decided import Adopted
from live.engine.latching import alert
from live.engine.limits import UNITS
from live.engine.positions import target_price
from live.engine.risk.costs import loss_at_stop
from live.engine.risk.exposure import exposed_symbols, notional
from live.engine.risk.profit import profit, reached
from live.engine.state import EngineState, Position
from live.money import SCALE, plain

REMEDY = "Close it: twokey live kill, or without a daemon twokey live emergency-stop"


def worse_of(event: Adopted) -> int:
    """The price that the stop is measured from: at the entry price it could be behind the market already."""
    return min(event.price, event.mark) if event.quantity > 0 else max(event.price, event.mark)


def refusal(state: EngineState, event: Adopted) -> str:
    """Why a position cannot be adopted, in one line with what to do; empty if it can."""
    symbol = event.symbol
    if symbol not in state.markets:
        return f"{symbol} is not traded in this run. Give it to `twokey live run --symbol`, or close it by hand."
    if state.stopping or (state.latch and state.latch.flatten):
        return "The run is ending; what it holds is being closed."
    return _not_foreign(state, event) or _unfit(state, event) or _above_a_limit(state, event)


def _not_foreign(state: EngineState, event: Adopted) -> str:
    symbol, position = event.symbol, state.positions[event.symbol]
    if not event.quantity:
        return f"The exchange shows no position of {symbol}. There is nothing to adopt."
    if position.quantity and not position.foreign:
        return f"The position of {symbol} is of this run already. There is nothing to adopt."
    if position.quantity not in (0, event.quantity):
        held = f"The fills of {symbol} give {plain(position.quantity)}, the exchange shows {plain(event.quantity)}"
        return f"{held}. Wait until they agree, then adopt again."
    under_way = any(order.intent.symbol == symbol for order in state.working.values())
    return f"An order of this run in {symbol} is under way. Adopt again." if under_way or position.stop else ""


def _unfit(state: EngineState, event: Adopted) -> str:
    contract, quantity = state.markets[event.symbol].contract, abs(event.quantity)
    if quantity < contract.min_quantity or quantity % contract.step:
        return f"{event.symbol} {plain(event.quantity)} is no quantity that orders can close. Close it by hand."
    if min(event.price, event.mark) <= 0:
        return f"The exchange says no price of {event.symbol}. Adopt again."
    return ""


def _above_a_limit(state: EngineState, event: Adopted) -> str:
    market, limits, quantity = state.markets[event.symbol], state.limits, abs(event.quantity)
    worth = notional(quantity, max(event.price, event.mark))
    uses = {
        "position": worth,
        "instrument": worth,
        "loss_at_stop": loss_at_stop(market.contract, quantity, worse_of(event), state.settings.stop_bps),
        "open_positions": len(exposed_symbols(state) | {event.symbol}),
    }
    for name, used in uses.items():
        if used > getattr(limits, name):
            show = UNITS[name].show
            return f"{event.symbol}: {name} would be {show(used)}; allowed are {show(getattr(limits, name))}. {REMEDY}"
    loss = reached(state, profit(state) + (0 if state.positions[event.symbol].quantity else _open_loss(event)))
    return f"{event.symbol}: its loss reaches the limit {loss}. {REMEDY}" if loss else ""


def _open_loss(event: Adopted) -> int:
    """At most 0."""
    return min(event.quantity * (event.mark - event.price) // SCALE, 0)


def on_adopted(state: EngineState, event: Adopted) -> list[Action]:
    """Take the position into the run; whoever gives the event has asked `refusal` before."""
    if reason := refusal(state, event):
        return alert(state, "adopt_refused", event.symbol, reason)
    position = state.positions[event.symbol]
    if not position.quantity:
        position.quantity, position.cost = event.quantity, event.quantity * event.price // SCALE
        position.believed_ns = event.asked_ns
    position.reported, position.reported_ns = event.quantity, max(position.reported_ns, event.asked_ns)
    position.differs_ns = 0
    _begin(state, position, worse_of(event))
    text = (
        f"{event.symbol} {plain(event.quantity)} was adopted by a person. It is the run's position {position.id} now."
    )
    return alert(state, "adopted", event.symbol, text)


def _begin(state: EngineState, position: Position, stop_from: int) -> None:
    """As a position that an entry has just opened."""
    position.id, position.foreign, position.believed, position.dust = state.next_id(), False, False, False
    position.exit_reason, position.exit_after_ns, position.exit_wait_ns = "", 0, 0
    position.opened_ns, position.stop_from = state.now_ns, stop_from
    position.target_price = target_price(state, position)
