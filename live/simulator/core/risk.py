"""Watches accounts on the mark price: margin calls, and when a position is liquidated."""

from live.simulator.core import liquidation
from live.simulator.core.accounts import Account
from live.simulator.core.events import MarginCalled
from live.simulator.core.margin import Exposure, Margin, total
from live.simulator.core.state import State

WARNING_PERCENT = 80
CROSS = ("", "")
_ROUNDING = 10_000
"""More than roundings of equity and margin can be, in hundredths of 1e-8."""


def watch(state: State) -> None:
    """Check every account with open positions against its maintenance margin."""
    for account in state.accounts.values():
        if account.held():
            _watch(state, account)
        elif account.warned:
            account.warned = frozenset()


def is_far(state: State, symbol: str, low: int, high: int) -> bool:
    """Whether no account comes close to a liquidation while the mark price of a symbol is between two others.

    Isolated positions are never said to be far.
    """
    market, found = state.markets[symbol], list[list[tuple[int, int]]]()
    mark = market.mark_price
    accounts = [account for account in state.accounts.values() if account.held()]
    for market.mark_price in (low, high):
        parts = [_held(state, account) for account in accounts]
        margins = [total(account, own) for account, own in zip(accounts, parts, strict=True)]
        found.append([(margin.cross_maintenance, margin.cross_equity) for margin in margins])
        isolated = any(part.isolated for own in parts for part in own)
    market.mark_price = mark
    worst = [(max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(*found, strict=True)]
    return not isolated and all(needed * 100 + _ROUNDING < equity * WARNING_PERCENT for needed, equity in worst)


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
