"""Open interest, the insurance fund and funding intervals: numbers of this exchange's own state."""

from collections.abc import Iterator
from typing import Any

from live.money import show
from live.simulator.core.accounts import ASSET
from live.simulator.core.rejections import illegal
from live.simulator.http.endpoints.endpoint import Call, Endpoint
from live.simulator.http.endpoints.windows import read_window
from live.simulator.http.rate_limits import FUNDING_POOL, STATISTICS_POOL

PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
HOUR_MS = 3600 * 1000
CAP_OF_MAINTENANCE = 75
"""Binance's cap and floor of a funding rate, in percent of the maintenance margin rate of the first bracket."""


async def open_interest(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/openInterest`: contracts held on this exchange. A tape does not carry Binance's open interest."""
    rules = call.rules()
    held = list(_held(call, rules.symbol))
    long, short = sum(max(0, amount) for amount in held), -sum(min(0, amount) for amount in held)
    shown = rules.quantity_text(max(long, short))
    return {"symbol": rules.symbol, "openInterest": shown, "time": call.gateway.now_ms}


def _held(call: Call, symbol: str) -> Iterator[int]:
    """Signed quantities of all accounts and of the insurance fund; the tape is the counterparty of what is left."""
    for account in call.state.accounts.values():
        yield from (position.amount for position in account.held() if position.symbol == symbol)
    yield call.state.fund.amounts.get(symbol, 0)


async def open_interest_statistics(call: Call) -> list[dict[str, Any]]:
    """`GET /futures/data/openInterestHist`: no history is kept, and a period without a record is left out."""
    call.rules()
    if call.params.need("period") not in PERIODS:
        raise illegal("period")
    call.params.limit(30, 500)
    read_window(call.params)
    return []


async def insurance_balance(call: Call) -> Any:
    """`GET /fapi/v1/insuranceBalance`: fees received less deficits covered by this exchange's own fund."""
    symbol = call.optional_symbol()
    names = [symbol] if symbol else list(call.state.markets)
    asset = {"asset": ASSET, "marginBalance": show(call.state.fund.cash), "updateTime": call.gateway.now_ms}
    group = {"symbols": names, "assets": [asset]}
    return group if symbol else [group]


async def funding_info(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/fundingInfo`: the funding interval of each symbol, with cap and floor of its rate."""
    return [_funding_info(call, symbol) for symbol in call.state.markets]


def _funding_info(call: Call, symbol: str) -> dict[str, Any]:
    market = call.state.markets[symbol]
    cap = market.rules.brackets[0].maintenance_rate * CAP_OF_MAINTENANCE // 100
    return {
        "symbol": symbol,
        "adjustedFundingRateCap": show(cap),
        "adjustedFundingRateFloor": show(-cap),
        "fundingIntervalHours": market.funding_interval_ms // HOUR_MS,
        "disclaimer": False,
        "updateTime": market.funded_ms,
    }


ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/openInterest", open_interest, 1),
    Endpoint("GET", "/futures/data/openInterestHist", open_interest_statistics, 0, pool=STATISTICS_POOL),
    Endpoint("GET", "/fapi/v1/insuranceBalance", insurance_balance, 1),
    Endpoint("GET", "/fapi/v1/fundingInfo", funding_info, 0, pool=FUNDING_POOL),
]
