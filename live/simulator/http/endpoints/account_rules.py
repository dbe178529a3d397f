"""What an account and its key may do, and its place in the ADL queue."""

from typing import Any

from live.enums import PositionSide
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, with_symbol
from live.simulator.payloads.adl import quantile


async def trading_status(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/apiTradingStatus`: a lock if the account may only reduce positions (answered with -4400).

    The exchange measures none of the indicators, so their values are left out.
    """
    call.optional_symbol()
    locked = [{"indicator": "TMV", "isLocked": True}]
    return {
        "indicators": {"ACCOUNT": locked} if call.account.reduce_only_account else {},
        "updateTime": call.gateway.now_ms,
    }


async def adl_quantile(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/adlQuantile`: symbols with a position."""
    symbol = call.optional_symbol()
    held = {position.symbol for position in call.account.held() if symbol in ("", position.symbol)}
    return [{"symbol": name, "adlQuantile": _quantiles(call, name)} for name in sorted(held)]


def _quantiles(call: Call, symbol: str) -> dict[str, int]:
    """`HEDGE` takes the place of `BOTH` for a symbol with crossed margin in hedge mode; it means nothing by itself."""
    account = call.account
    single = "HEDGE" if account.dual_side and not account.isolated(symbol) else "BOTH"
    sides = {"LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT, single: PositionSide.BOTH}
    return {name: quantile(call.state, account.position(symbol, side), account) for name, side in sides.items()}


async def key_restrictions(_: Call) -> dict[str, Any]:
    """`GET /sapi/v1/account/apiRestrictions`: what the simulator's keys can do. They have no date of creation."""
    return {
        "ipRestrict": False,
        "createTime": 0,
        "enableReading": True,
        "enableFutures": True,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/apiTradingStatus", trading_status, with_symbol(1, 10), SIGNED),
    Endpoint("GET", "/fapi/v1/adlQuantile", adl_quantile, 5, SIGNED),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", key_restrictions, 1, SIGNED),
]
