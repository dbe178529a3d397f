"""Entries: from a signal on a book to an order, if nothing forbids it."""

from live.engine.actions import Action, Refusal
from live.engine.constants import MS, REFUSAL_PAUSE_NS
from live.engine.events import BookChanged
from live.engine.intents import Approved, Intent, Purpose
from live.engine.orders.sending import send
from live.engine.risk.judging import judge
from live.engine.risk.sizing import entry_quantity
from live.engine.settings import EntryKind, ImbalanceSettings
from live.engine.state import EngineState, Market
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE

_BPS = 10_000 * SCALE


def on_signal(state: EngineState, market: Market, book: BookChanged, side: Side) -> list[Action]:
    """Enter on `side`, if no filter forbids it and risk approves."""
    if state.now_ns < market.entries_from_ns or obstacle(state, market, book):
        return []
    judged = judge(_intent(state, market, book, side), state)
    if isinstance(judged, Approved):
        market.trades_since_ns = state.now_ns
        return send(state, judged)
    market.entries_from_ns = state.now_ns + REFUSAL_PAUSE_NS
    return [Refusal(state.now_ns, judged)]


def obstacle(state: EngineState, market: Market, book: BookChanged) -> str:
    """Why no entry is possible now, in a word; empty if one is."""
    if state.latch is not None:
        return "latched"
    if state.stopping:
        return "stopping"
    if state.paused or state.now_ns < state.quiet_until_ns:
        return "paused"
    if not (state.user_up and state.market_up):
        return "disconnected"
    return _obstacle_of_symbol(state, market, book)


def _obstacle_of_symbol(state: EngineState, market: Market, book: BookChanged) -> str:
    symbol = market.contract.symbol
    if not market.contract.trading:
        return "not_trading"
    if not state.positions[symbol].idle:
        return "position"
    if any(order.intent.symbol == symbol for order in state.working.values()):
        return "order"
    if state.unattributed:
        return "unattributed"
    return "book" if _is_unfit(market, book, state.settings) else ""


def _is_unfit(market: Market, book: BookChanged, settings: ImbalanceSettings) -> bool:
    """True for a book that is unusable, old or wide, and where there is no mark price yet."""
    old = book.time_ns - book.event_ns > settings.max_age_ms * MS
    return old or not book.usable or not market.mark or _spread_is_wide(book, settings)


def _spread_is_wide(book: BookChanged, settings: ImbalanceSettings) -> bool:
    if not book.bids or not book.asks:
        return True
    bid, ask = book.bids[0], book.asks[0]
    return bid >= ask or 2 * (ask - bid) * _BPS > settings.max_spread_bps * (ask + bid)


def _intent(state: EngineState, market: Market, book: BookChanged, side: Side) -> Intent:
    settings, contract = state.settings, market.contract
    takes = settings.entry is EntryKind.TAKER
    price = _taker_price(market, book, side, settings) if takes else (book.bids if side is Side.BUY else book.asks)[0]
    client_id = state.next_id()
    return Intent(
        client_id=client_id,
        position=client_id,
        symbol=contract.symbol,
        purpose=Purpose.ENTRY,
        side=side,
        type=OrderType.LIMIT,
        quantity=entry_quantity(state, contract.symbol, price),
        price=price,
        time_in_force=TimeInForce.IOC if takes else TimeInForce.GTX,
        reason="imbalance",
    )


def _taker_price(market: Market, book: BookChanged, side: Side, settings: ImbalanceSettings) -> int:
    """The best opposite price, moved by the slippage allowed, on the tick inside."""
    contract = market.contract
    if side is Side.BUY:
        return max(book.asks[0], contract.tick_below(book.asks[0] * (_BPS + settings.max_slippage_bps) // _BPS))
    return min(book.bids[0], contract.tick_above(book.bids[0] * (_BPS - settings.max_slippage_bps) // _BPS))
