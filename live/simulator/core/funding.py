"""Funding: the schedule of a symbol's boundaries, and the charge, once at each.

Sources: Binance's fundingInfo and mark price stream pages (field `T` is the next funding time) and the FAQ
"Introduction to Binance Futures Funding Rates": position value at the mark price times the rate; longs pay a positive
rate; only positions held at the boundary take part.
"""

from live.money import floor_product
from live.simulator.core.accounts import Account
from live.simulator.core.market import Market
from live.simulator.core.orders import FundingRecord
from live.simulator.core.positions import Position
from live.simulator.core.state import State

HOUR_MS = 3_600_000
INTERVALS_MS = (8 * HOUR_MS, 4 * HOUR_MS, 2 * HOUR_MS, HOUR_MS)
LONGEST_MS = INTERVALS_MS[0]
EARLY_MS = 60_000
"""A mark price that names a later boundary this close to the known one has moved on early; the known one still fires.
Assumed: Binance changes a funding interval earlier than that."""


def start(market: Market, now_ms: int) -> None:
    """Set the boundary of a market that has none in reach: the next multiple of its interval, in UTC, after `now_ms`.

    A session that goes on with an earlier tape has its boundaries in the future.
    """
    if not 0 < market.next_funding_ms <= now_ms + LONGEST_MS:
        market.funded_ms = 0
        market.next_funding_ms = _after(now_ms, market.funding_interval_ms)


def follow(market: Market, named_ms: int, now_ms: int) -> None:
    """Take the next boundary from a mark price.

    A boundary that has passed or was charged is not due again; one that is due within a minute is not postponed; none
    is further away than the longest interval.
    """
    due = market.next_funding_ms
    if not max(now_ms, market.funded_ms) < named_ms <= now_ms + LONGEST_MS or named_ms == due:
        return
    if now_ms < due <= now_ms + EARLY_MS and named_ms > due:
        return
    market.next_funding_ms = named_ms
    market.funding_interval_ms = _interval(market, named_ms)


def _interval(market: Market, named_ms: int) -> int:
    """The interval that fits the last boundary and the named one; else the longest that names it in UTC."""
    if market.funded_ms and named_ms - market.funded_ms in INTERVALS_MS:
        return named_ms - market.funded_ms
    fitting = [interval for interval in INTERVALS_MS if not named_ms % interval]
    return min(market.funding_interval_ms, max(fitting, default=market.funding_interval_ms))


def charge(state: State, symbol: str, time_ms: int) -> None:
    """Charge the boundary that is due for a symbol, and set the next one.

    Boundaries up to `time_ms` at which nobody holds the symbol are passed over in one step.
    """
    market = state.markets[symbol]
    held = [
        (account, position)
        for account in state.accounts.values()
        for position in account.held()
        if position.symbol == symbol
    ]
    for account, position in held:
        _charge(state, account, position, market)
    interval = market.funding_interval_ms
    last = market.next_funding_ms
    state.funding_rates.append(FundingRecord(symbol, last, market.funding_rate, market.mark_price))
    market.funded_ms = last if held else last + max(0, time_ms - last) // interval * interval
    market.next_funding_ms = market.funded_ms + interval


def _charge(state: State, account: Account, position: Position, market: Market) -> None:
    change = floor_product(market.mark_price, -position.amount, market.funding_rate)
    if not change:
        return
    isolated = account.isolated(position.symbol)
    account.wallet += change
    if isolated:
        account.pay_from_isolated(position, change)
    state.record_income(account, position.symbol, "FUNDING_FEE", change)
    state.report_account(account, "FUNDING_FEE", [position] if isolated else [], change)


def _after(now_ms: int, interval_ms: int) -> int:
    return (now_ms // interval_ms + 1) * interval_ms
