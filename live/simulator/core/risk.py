"""Watches accounts on the mark price: margin calls, and when a position is liquidated."""

from live.simulator.core import liquidation
from live.simulator.core.accounts import Account
from live.simulator.core.events import MarginCalled
from live.simulator.core.margin import Exposure, Margin, total
from live.simulator.core.state import State

WARNING_PERCENT = 80
CROSS = ("", "")


def watch(state: State) -> None:
    """Check every account with open positions against its maintenance margin."""
    for account in state.accounts.values():
        if account.held():
            _watch(state, account)
        elif account.warned:
            account.warned = frozenset()


def _watch(state: State, account: Account) -> None:
    """Liquidate where the margin balance is below the maintenance margin (Binance FAQ 360033525271)."""
    for part in _held(state, account):
        if part.isolated and part.position.isolated_wallet + part.unrealized < part.maintenance:
            liquidation.liquidate_isolated(state, account, part)
    parts = _held(state, account)
    margin = total(account, parts)
    if any(not part.isolated for part in parts) and margin.cross_equity < margin.cross_maintenance:
        liquidation.liquidate_crossed(state, account)
        parts = _held(state, account)
        margin = total(account, parts)
    _warn(state, account, parts, margin)


def _held(state: State, account: Account) -> list[Exposure]:
    return [part for part in state.exposures(account) if part.position.amount]


def _warn(state: State, account: Account, parts: list[Exposure], margin: Margin) -> None:
    """Emit one margin call for what has come close to liquidation since the last check."""
    close = frozenset(key for part in parts for key in [_key(part)] if _is_close(part, margin))
    new = close - account.warned
    account.warned = close
    if new:
        shown = tuple(
            (part.position, part.mark, part.unrealized, part.maintenance, part.isolated)
            for part in parts
            if _key(part) in new
        )
        state.outbox.append(MarginCalled(account.name, account.cross_wallet(), shown, state.now_ms))


def _key(part: Exposure) -> tuple[str, str]:
    return (part.position.symbol, part.position.side) if part.isolated else CROSS


def _is_close(part: Exposure, margin: Margin) -> bool:
    if part.isolated:
        return part.maintenance * 100 >= (part.position.isolated_wallet + part.unrealized) * WARNING_PERCENT
    return margin.cross_maintenance * 100 >= margin.cross_equity * WARNING_PERCENT
