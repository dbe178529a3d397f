"""Positions: fills and trades book them once, reports of the venue are held against them."""

from live.engine import fees, funding
from live.engine.actions import Action
from live.engine.constants import MS
from live.engine.events import Fill, PositionReport, Request, Witness
from live.engine.intents import Purpose
from live.engine.latching import alert, latch
from live.engine.queries import restart
from live.engine.settings import BarSettings
from live.engine.state import EngineState, Order, Position, StopState
from live.enums import Side
from live.money import SCALE, plain

_BPS = 10_000 * SCALE


def book_fill(
    state: EngineState, symbol: str, side: Side, fill: Fill, event_ns: int, order: Order | None = None
) -> bool:
    """Book one trade, once. False if it was known, though its fee may not have been."""
    market, known = state.markets[symbol], state.trades.get((symbol, fill.trade_id))
    if known is not True:
        fees.book(state, market, fill)
    state.trades[symbol, fill.trade_id] = bool(fill.fee_asset) or known is True
    if known is not None:
        return False
    state.account.realised += fill.realised
    state.day.fills += 1
    if order:
        order.trades[fill.trade_id] = fill.quantity
        order.filled += fill.quantity
    position = state.positions[symbol]
    if event_ns > position.believed_ns:  # else the figure that was believed has it
        position.since_ns = min(position.since_ns or event_ns, event_ns)
        _change(state, position, side.sign * fill.quantity, fill.price)
    else:
        position.compare_from_ns = max(position.compare_from_ns, state.now_ns)  # that figure may have been wrong
        restart(market.query(Request.POSITION))
        if order:
            order.believed = max(order.believed - fill.quantity, 0)
    position.filled_ns = max(position.filled_ns, event_ns)
    _compare(state, position)
    return True


def _change(state: EngineState, position: Position, quantity: int, price: int) -> None:
    """Add a signed quantity at a price; what is closed leaves at the average price, what is beyond opens anew."""
    before = position.quantity
    after = before + quantity
    if before * quantity >= 0:
        position.cost += quantity * price // SCALE
    elif after * before > 0:
        position.cost -= position.cost * -quantity // before
    else:
        position.cost = after * price // SCALE
    position.quantity = after
    if not after:
        _closed(state, position)
    elif after * before <= 0:
        _opened(state, position)
        position.exit_reason = "reversed" if before else ""  # its stop is of the other side


def _opened(state: EngineState, position: Position) -> None:
    position.opened_ns, position.dust, position.believed, position.stop_from = state.now_ns, False, False, 0
    position.exit_reason, position.exit_after_ns, position.exit_wait_ns = "", 0, 0


def _closed(state: EngineState, position: Position) -> None:
    """The position is flat: the symbol rests, for longer after several stops in a row."""
    market, settings = state.markets[position.symbol], state.settings
    position.flat_ns = state.now_ns
    restart(market.query(Request.POSITION))
    funding.on_closed(state, position)
    position.since_ns = 0
    stop = position.stop
    if stop and stop.state is StopState.FIRED:
        position.exit_reason = position.exit_reason or "stop"
    if not stop and position.foreign:
        position.id, position.foreign = "", False
    market.stops_in_a_row = market.stops_in_a_row + 1 if position.exit_reason == "stop" else 0
    market.entries_from_ns = state.now_ns + settings.rest_ms(market.stops_in_a_row) * MS


def target_price(state: EngineState, position: Position) -> int:
    """The price at which the best price of the other side closes the position; 0 for none."""
    settings, entry = state.settings, state.orders.get(position.id)
    if isinstance(settings, BarSettings):
        return entry.intent.target_price if entry is not None else 0
    moved = settings.target_bps if position.quantity > 0 else -settings.target_bps
    return position.price * (_BPS + moved) // _BPS


def on_report(state: EngineState, report: PositionReport) -> list[Action]:
    """Keep the latest report; an older one, or one that reached the engine late, changes nothing."""
    position = state.positions[report.symbol]
    queried = report.witness is Witness.QUERY
    as_of_ns = report.asked_ns if queried else report.event_ns
    if queried:
        position.queried_ns = max(position.queried_ns, report.asked_ns)
    if as_of_ns < position.reported_ns or (queried and as_of_ns < position.filled_ns):
        return []
    position.reported, position.reported_ns, position.reported_price = report.quantity, as_of_ns, report.entry_price
    _compare(state, position)
    return []


def _compare(state: EngineState, position: Position) -> None:
    """Note since when fills and reports disagree. A report from before the last fill says nothing of it."""
    agrees = position.reported == position.quantity or position.reported_ns < position.filled_ns
    if not agrees and not position.differs_ns:
        for request in (Request.POSITION, Request.TRADES):
            restart(state.markets[position.symbol].query(request))
    position.differs_ns = 0 if agrees else position.differs_ns or state.now_ns


def believe_report(state: EngineState, position: Position) -> list[Action]:
    """Take the venue's figure where no trade explains the difference: positionRisk is the truth. Entries end."""
    market = state.markets[position.symbol]
    text = (
        f"{position.symbol}: fills give {plain(position.quantity)}, the venue reports {plain(position.reported)}, and "
        "no trade explains it. Entries have ended; compare the account with the journal."
    )
    position.cost = position.reported * (position.reported_price or market.mark or position.price) // SCALE
    before, position.quantity, position.differs_ns = position.quantity, position.reported, 0
    position.believed_ns = position.reported_ns
    unbooked = [order for order in state.working.values() if order.intent.symbol == position.symbol and order.unbooked]
    if not position.quantity:
        _closed(state, position)
    elif before * position.quantity <= 0:
        _opened(state, position)
        position.id = position.id or _entry_of(position, unbooked) or state.next_id()
        position.target_price = target_price(state, position)
    for order in unbooked:
        order.believed += order.unbooked
    position.believed = position.quantity != 0
    return latch(state, "mismatch", position.symbol, text) or alert(state, "mismatch", position.symbol, text)


def _entry_of(position: Position, unbooked: list[Order]) -> str:
    """The id that an entry which has filled gives the position: its stop and its target are then the entry's."""
    side = Side.BUY if position.quantity > 0 else Side.SELL
    entries = (order.intent for order in unbooked if order.intent.purpose is Purpose.ENTRY)
    return next((intent.position for intent in entries if intent.side is side), "")


def hold_ns(state: EngineState) -> int:
    """How long a position may be held: the setting, or the limit if that is shorter; 0 without either."""
    times = [ms for ms in (state.settings.hold_ms, state.limits.hold_ms) if ms]
    return min(times, default=0) * MS
