"""The state in words, for the journal: what a decision rested on besides the book."""

from live.engine.state import Account, EngineState
from live.money import plain


def summary(state: EngineState, symbol: str) -> dict[str, str]:
    """Position, stop, orders, money and latch, as decimals and words."""
    market, account = state.markets[symbol], state.account
    position = state.positions[symbol]
    working = [f"{name} {order.state}" for name, order in state.working.items() if order.intent.symbol == symbol]
    return {
        "position": plain(position.quantity),
        "entry_price": plain(position.price),
        "stop": position.stop.state if position.stop else "none",
        "orders": ", ".join(working) or "none",
        "mark": plain(market.mark),
        "wallet": plain(account.wallet),
        "realised": plain(account.realised),
        "fees": plain(account.fees),
        "other_fees": _other_fees(account),
        "funding": plain(account.funding),
        "trades_today": str(state.day.trades),
        "latch": state.latch.reason if state.latch else "none",
        "paused": "yes" if state.paused else "no",
    }


def _other_fees(account: Account) -> str:
    """Fees in other assets, and what they are counted for; `none` where there are none."""
    paid = [f"{plain(amount)} {asset}" for asset, amount in account.other_fees.items()]
    return f"{', '.join(paid)}, counted as {plain(account.valued_fees)}" if paid else "none"
