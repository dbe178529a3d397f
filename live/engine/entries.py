"""Entries: from a signal to an order on a book, if nothing forbids it."""

from typing import NamedTuple

from live.engine.actions import Action, Refusal
from live.engine.constants import MS, REFUSAL_PAUSE_NS, RETRY_ENTRY_NS
from live.engine.events import BarDecided, BookChanged
from live.engine.intents import Approved, Intent, Purpose
from live.engine.orders.sending import send
from live.engine.risk.judging import judge
from live.engine.risk.sizing import entry_quantity
from live.engine.settings import EntryKind, ImbalanceSettings, StrategySettings
from live.engine.signals.bars import BarSignal
from live.engine.state import EngineState, Market
from live.engine.stops import stop_away
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE

_BPS = 10_000 * SCALE


class _Plan(NamedTuple):
    """An entry before its size is known. share: of the notional that the settings allow, in units of 1e-8."""

    price: int
    time_in_force: TimeInForce
    reason: str
    stop_price: int = 0
    target_price: int = 0
    share: int = SCALE


def on_signal(state: EngineState, market: Market, book: BookChanged, side: Side) -> list[Action]:
    """Enter on `side`, if no filter forbids it and risk approves."""
    if state.now_ns < market.entries_from_ns or obstacle(state, market, book):
        return []
    judged = judge(_intent(state, market, side, _plan(state, market, book, side)), state)
    if not isinstance(judged, Approved):
        market.entries_from_ns = state.now_ns + REFUSAL_PAUSE_NS
        return [Refusal(state.now_ns, judged)]
    if _decided(market) is not None:
        market.entries_from_ns = state.now_ns + RETRY_ENTRY_NS
    market.trades_since_ns = state.now_ns
    return send(state, judged)


def obstacle(state: EngineState, market: Market, book: BookChanged) -> str:
    """Why no entry is possible now, in a word; empty if one is."""
    if state.latch is not None:
        return "latched"
    if state.stopping:
        return "stopping"
    if state.paused or state.now_ns < state.quiet_until_ns:
        return "paused"
    if not (state.user_up and state.market_up and state.account_known):
        return "disconnected"
    return _obstacle_of_symbol(state, market, book)


def _obstacle_of_symbol(state: EngineState, market: Market, book: BookChanged) -> str:
    symbol = market.contract.symbol
    if not market.contract.trading:
        return "not_trading"
    if not state.positions[symbol].idle:
        return "position"
    if _is_used(state, market):
        return "decision"
    if any(order.intent.symbol == symbol for order in state.working.values()):
        return "order"
    if state.unattributed:
        return "unattributed"
    return "book" if _is_unfit(market, book, state.settings) else ""


def _is_unfit(market: Market, book: BookChanged, settings: StrategySettings) -> bool:
    """True for a book that is unusable, old or wide, and where there is no mark price yet."""
    old = book.time_ns - book.event_ns > settings.max_age_ms * MS
    return old or not book.usable or not market.mark or _spread_is_wide(book, settings)


def _spread_is_wide(book: BookChanged, settings: StrategySettings) -> bool:
    if not book.bids or not book.asks:
        return True
    bid, ask = book.bids[0], book.asks[0]
    return bid >= ask or 2 * (ask - bid) * _BPS > settings.max_spread_bps * (ask + bid)


def _decided(market: Market) -> BarDecided | None:
    return market.signal.decided if isinstance(market.signal, BarSignal) else None


def _is_used(state: EngineState, market: Market) -> bool:
    """True if a position was opened since the bar's decision, which opens no other."""
    decided = _decided(market)
    return decided is not None and state.positions[market.contract.symbol].opened_ns >= decided.time_ns


def _plan(state: EngineState, market: Market, book: BookChanged, side: Side) -> _Plan:
    settings, decided = state.settings, _decided(market)
    if isinstance(settings, ImbalanceSettings) and settings.entry is EntryKind.POST_ONLY:
        return _Plan((book.bids if side is Side.BUY else book.asks)[0], TimeInForce.GTX, "imbalance")
    price = _taker_price(market, book, side, settings)
    if decided is None:
        return _Plan(price, TimeInForce.IOC, "imbalance")
    return _of_bar(market, decided, side, price, settings.stop_bps)


def _of_bar(market: Market, decided: BarDecided, side: Side, price: int, stop_bps: int) -> _Plan:
    """Stop and target of the strategy on the tick: the stop loses no more, the target gives no less."""
    contract = market.contract
    on_tick = contract.tick_above if side is Side.BUY else contract.tick_below
    stop = on_tick(decided.stop_price) if decided.stop_price else stop_away(contract, side, price, stop_bps)
    return _Plan(price, TimeInForce.IOC, "signal", stop, on_tick(decided.target_price), decided.share)


def _intent(state: EngineState, market: Market, side: Side, plan: _Plan) -> Intent:
    contract, client_id = market.contract, state.next_id()
    return Intent(
        client_id=client_id,
        position=client_id,
        symbol=contract.symbol,
        purpose=Purpose.ENTRY,
        side=side,
        type=OrderType.LIMIT,
        quantity=entry_quantity(state, contract.symbol, plan.price, plan.stop_price, plan.share),
        price=plan.price,
        time_in_force=plan.time_in_force,
        reason=plan.reason,
        stop_price=plan.stop_price,
        target_price=plan.target_price,
    )


def _taker_price(market: Market, book: BookChanged, side: Side, settings: StrategySettings) -> int:
    """The best opposite price, moved by the slippage allowed, on the tick inside."""
    contract = market.contract
    if side is Side.BUY:
        return max(book.asks[0], contract.tick_below(book.asks[0] * (_BPS + settings.max_slippage_bps) // _BPS))
    return min(book.bids[0], contract.tick_above(book.bids[0] * (_BPS - settings.max_slippage_bps) // _BPS))
