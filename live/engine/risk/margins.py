"""Margin: what positions and open entries bind is reserved here, because the exchange's balance is late."""

from live.engine.intents import Intent
from live.engine.risk.costs import margin
from live.engine.risk.exposure import entries, notional, order_notional, position_notional
from live.engine.risk.profit import unrealised
from live.engine.state import EngineState, Order


def required(state: EngineState, intent: Intent) -> int:
    """Margin and fees that an entry needs."""
    market = state.markets[intent.symbol]
    return margin(market.contract, notional(intent.quantity, max(intent.price, market.mark)))


def free(state: EngineState) -> int:
    """Funds that nothing binds: the lower of our own account of them and of the exchange's, less what it cannot know.

    Our own: the capital and what the run has earned, or the wallet where that is less; open losses; minus the margin
    of positions and of entries that may still fill.
    """
    account = state.account
    own = account.capital + account.realised - account.fees + account.funding
    funds = min(own, account.wallet) if account.reported_ns else own
    open_loss = sum(min(unrealised(state, position), 0) for position in state.positions.values())
    unbound = funds + open_loss - _of_positions(state) - sum(_of_order(state, order) for order in entries(state))
    if account.available < 0:
        return unbound
    return min(unbound, account.available - _sent_since_the_report(state))


def _of_positions(state: EngineState) -> int:
    return sum(margin(state.markets[symbol].contract, position_notional(state, symbol)) for symbol in state.positions)


def _of_order(state: EngineState, order: Order) -> int:
    return margin(state.markets[order.intent.symbol].contract, order_notional(state, order))


def _sent_since_the_report(state: EngineState) -> int:
    """Margin of entries that the exchange's last balance may not have counted."""
    since = state.account.reported_ns
    return sum(_of_order(state, order) for order in entries(state) if order.sent_ns >= since)
