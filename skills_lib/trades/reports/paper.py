"""What a strategy did on paper and in the demo, beside which its live trading is shown."""

from dataclasses import dataclass, replace
from decimal import Decimal

from skills_lib.trades.profit.exact import ZERO, quotient, total
from skills_lib.trades.reports.columns import columns_of
from skills_lib.trades.reports.scope import Scope, scope_of
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rows import StoredTrade, TradingMode


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """All closed trades of a kind of trading. net: after all costs; net_per_trade: rounded to 12 decimals."""

    mode: str
    trades: int
    wins: int
    net: Decimal
    net_per_trade: Decimal


def on_paper(store: TradeStore, scope: Scope) -> PaperRecord | None:
    """The record on paper, else in the demo, of the strategy of a live scope; None where there is none."""
    if scope.mode != TradingMode.LIVE or scope.strategy_id is None:
        return None
    for mode in (TradingMode.PAPER, TradingMode.DEMO):
        amounts = _amounts(store, scope_of(store, scope.strategy_id, mode))
        if amounts:
            net = total(amounts)
            wins = sum(amount > ZERO for amount in amounts)
            return PaperRecord(str(mode), len(amounts), wins, net, quotient(net, Decimal(len(amounts))))
    return None


def _amounts(store: TradeStore, scope: Scope) -> list[Decimal]:
    closed = (replace(scope.of_strategy(where), equal={"status": "closed"}) for where in scope.filters())
    return [pnl for where in closed for (pnl,) in columns_of(store, StoredTrade, ("pnl",), where)]
