"""What a running daemon says of itself: amounts as decimal text."""

from collections.abc import Iterator

from live.control.protocol import (
    Cover,
    DayStatus,
    DrillStatus,
    JournalStatus,
    KilledStatus,
    LimitStatus,
    LiveStatus,
    MarketDataStatus,
    OrderStatusLine,
    PositionStatus,
    StopStatusLine,
)
from live.daemon.observed import Observed, notes_of
from live.engine.limits import UNITS
from live.engine.risk.profit import profit, unrealised
from live.engine.risk.uses import current
from live.engine.state import EngineState, Market, Position
from live.engine.units import Unit
from live.money import plain

_MS = 1_000_000


def status_of(
    state: EngineState,
    now_ns: int,
    session: str,
    venue: str,
    killed: KilledStatus,
    journal: JournalStatus,
    drill: str,
    observed: Observed,
) -> LiveStatus:
    """The status of a run."""
    held = [one for one in state.positions.values() if one.quantity]
    positions = tuple(_position(state, one, observed.cover(one, now_ns)) for one in held)
    return LiveStatus(
        session=session,
        running=True,
        venue=venue,
        armed=False,
        paused=state.paused,
        killed=killed,
        position=positions[0] if positions else None,
        positions=positions,
        orders=tuple(_orders(state)),
        stops=tuple(_stops(state)),
        day=DayStatus(plain(profit(state) - state.day.start_profit), state.day.trades),
        limits=_limits(state),
        journal=journal,
        market_data=_market_data(state, now_ns),
        drill=DrillStatus(drill),
        notes=(*_notes(state), *notes_of(observed.refused)),
        run=state.run,
        refused=observed.refused,
        alerts=dict(observed.alerts),
    )


def _position(state: EngineState, position: Position, cover: Cover) -> PositionStatus:
    return PositionStatus(
        symbol=position.symbol,
        side="LONG" if position.quantity > 0 else "SHORT",
        quantity=plain(abs(position.quantity)),
        entry=plain(position.price),
        unrealised=plain(unrealised(state, position)),
        cover=cover,
    )


def _orders(state: EngineState) -> Iterator[OrderStatusLine]:
    for name, order in state.working.items():
        intent = order.intent
        yield OrderStatusLine(
            client_order_id=name,
            symbol=intent.symbol,
            side=intent.side.value,
            quantity=plain(intent.quantity),
            filled=plain(order.filled),
            price=plain(intent.price),
            state=order.state.value,
        )


def _stops(state: EngineState) -> Iterator[StopStatusLine]:
    for position in state.positions.values():
        if stop := position.stop:
            intent = stop.intent
            yield StopStatusLine(intent.client_id, intent.symbol, plain(intent.trigger_price), stop.state.value)


def _limits(state: EngineState) -> dict[str, LimitStatus]:
    """All limits; those that hold for a single order or a time have no use of their own."""
    used = {use.limit: use.used for use in current(state)}
    return {
        name: LimitStatus(_text(unit, getattr(state.limits, name)), _text(unit, used[name]) if name in used else "")
        for name, unit in UNITS.items()
    }


def _text(unit: Unit, value: int) -> str:
    return plain(value) if unit.scaled else str(value)


def _market_data(state: EngineState, now_ns: int) -> MarketDataStatus:
    markets = state.markets.values()
    usable = state.market_up and all(_is_usable(market) for market in markets)
    events_ns = [market.book.event_ns for market in markets if market.book is not None and market.book.event_ns]
    return MarketDataStatus(usable, (now_ns - min(events_ns)) // _MS if len(events_ns) == len(markets) else -1)


def _is_usable(market: Market) -> bool:
    return market.book is not None and market.book.usable


def _notes(state: EngineState) -> Iterator[str]:
    if state.latch is not None:
        yield f"Entries have ended for this run: {state.latch.reason}."
    if state.stopping:
        yield "The run is being stopped."
    if not state.user_up:
        yield "The user stream is down."
    if not state.market_up:
        yield "A market stream is down."
    for position in state.positions.values():
        if position.foreign and position.quantity:
            yield f"{position.symbol} holds a position of somebody else. Only a kill closes it."
        if position.dust:
            yield f"{position.symbol} holds less than the smallest order. Close it by hand."
