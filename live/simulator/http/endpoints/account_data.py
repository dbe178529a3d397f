"""Endpoints of balances, positions, settings and listen keys."""

from typing import Any

import msgspec

from live.enums import MarginType, PositionSide
from live.money import SCALE, plain, show
from live.simulator.core.commands import (
    MoveIsolatedMargin,
    SetDualSide,
    SetFeeBurn,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
)
from live.simulator.core.rejections import illegal
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security
from live.simulator.http.rate_limits import LIMITS
from live.simulator.payloads import accounts
from live.simulator.payloads.accounts import Portfolio

SUCCESS = {"code": 200, "msg": "success"}


def _portfolio(call: Call) -> Portfolio:
    return Portfolio(call.state, call.account)


async def account_v2(call: Call) -> dict[str, Any]:
    """`GET /fapi/v2/account`."""
    return accounts.account_v2(_portfolio(call))


async def account_v3(call: Call) -> dict[str, Any]:
    """`GET /fapi/v3/account`."""
    return accounts.account_v3(_portfolio(call))


async def balance(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v3/balance`."""
    return accounts.balance(_portfolio(call))


async def position_risk_v2(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v2/positionRisk`."""
    return accounts.position_risk_v2(_portfolio(call), call.optional_symbol())


async def position_risk_v3(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v3/positionRisk`."""
    return accounts.position_risk_v3(_portfolio(call), call.optional_symbol())


async def leverage_bracket(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/leverageBracket`."""
    symbol = call.optional_symbol()
    return [_brackets(call.rules(name)) for name in ([symbol] if symbol else call.state.markets)]


def _brackets(rules: SymbolRules) -> dict[str, Any]:
    rows = [
        {
            "bracket": bracket.number,
            "initialLeverage": bracket.initial_leverage,
            "notionalCap": bracket.cap // SCALE,
            "notionalFloor": bracket.floor // SCALE,
            "maintMarginRatio": _number(bracket.maintenance_rate),
            "cum": _number(bracket.deduction),
        }
        for bracket in rules.brackets
    ]
    return {"symbol": rules.symbol, "notionalCoef": 1, "brackets": rows}


def _number(units: int) -> msgspec.Raw:
    """A JSON number with exact digits, as Binance writes some fields."""
    return msgspec.Raw(plain(units).encode())


async def symbol_config(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/symbolConfig`."""
    symbol = call.optional_symbol()
    return [_symbol_config(call, name) for name in ([symbol] if symbol else call.state.markets)]


def _symbol_config(call: Call, symbol: str) -> dict[str, Any]:
    settings = call.account.settings_of(symbol)
    return {
        "symbol": symbol,
        "marginType": settings.margin_type,
        "isAutoAddMargin": False,
        "leverage": settings.leverage,
        "maxNotionalValue": str(call.rules(symbol).max_notional(settings.leverage) // SCALE),
    }


async def account_config(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/accountConfig`."""
    return {
        "feeTier": call.account.fees.level,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": call.account.dual_side,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        "tradeGroupId": -1,
    }


async def set_leverage(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/leverage`."""
    symbol = call.rules().symbol
    asked = call.params.need_integer("leverage")
    leverage, max_notional = await call.send(SetLeverage(call.owner, symbol, asked))
    return {"leverage": leverage, "maxNotionalValue": str(max_notional // SCALE), "symbol": symbol}


async def set_margin_type(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/marginType`."""
    symbol = call.rules().symbol
    selected = call.params.need("marginType").upper()
    if selected not in list(MarginType):
        raise illegal("marginType")
    await call.send(SetMarginType(call.owner, symbol, MarginType(selected)))
    return SUCCESS


async def move_margin(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/positionMargin`: type 1 adds, 2 takes away."""
    symbol, amount = call.rules().symbol, call.params.units("amount")
    kind = call.params.integer("type")
    if kind not in (1, 2) or amount <= 0:
        raise illegal("type" if amount > 0 else "amount")
    side = call.params.choice("positionSide", PositionSide, PositionSide.BOTH)
    await call.send(MoveIsolatedMargin(call.owner, symbol, side, amount if kind == 1 else -amount))
    return {"amount": _number(amount), "code": 200, "msg": "Successfully modify position margin.", "type": kind}


async def position_mode(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/positionSide/dual`."""
    return {"dualSidePosition": call.account.dual_side}


async def set_position_mode(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/positionSide/dual`."""
    await call.send(SetDualSide(call.owner, call.params.need_boolean("dualSidePosition")))
    return SUCCESS


async def multi_assets(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/multiAssetsMargin`."""
    return {"multiAssetsMargin": call.account.multi_assets}


async def set_multi_assets(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/multiAssetsMargin`."""
    await call.send(SetMultiAssets(call.owner, call.params.need_boolean("multiAssetsMargin")))
    return SUCCESS


async def fee_burn(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/feeBurn`."""
    return {"feeBurn": call.account.fee_burn}


async def set_fee_burn(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/feeBurn`."""
    await call.send(SetFeeBurn(call.owner, call.params.need_boolean("feeBurn")))
    return SUCCESS


async def commission_rate(call: Call) -> dict[str, Any]:
    """`GET /fapi/v1/commissionRate`."""
    fees = call.account.fees
    return {
        "symbol": call.rules().symbol,
        "makerCommissionRate": show(fees.maker, 6),
        "takerCommissionRate": show(fees.taker, 6),
        "rpiCommissionRate": "0.000000",
    }


async def order_rate_limits(_: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/rateLimit/order`."""
    return [dict(entry) for entry in LIMITS if entry["rateLimitType"] == "ORDERS"]


async def start_stream(call: Call) -> dict[str, Any]:
    """`POST /fapi/v1/listenKey`: the same key while it is valid."""
    return {"listenKey": call.gateway.listen_keys.start(call.owner, call.gateway.clock.now_ms())}


async def keep_stream(call: Call) -> dict[str, Any]:
    """`PUT /fapi/v1/listenKey`."""
    return {"listenKey": call.gateway.listen_keys.keep_alive(call.owner, call.gateway.clock.now_ms())}


async def end_stream(call: Call) -> dict[str, Any]:
    """`DELETE /fapi/v1/listenKey`."""
    call.gateway.listen_keys.close(call.owner)
    return {}


KEY, SIGNED = Security.KEY, Security.SIGNED
ENDPOINTS = [
    Endpoint("GET", "/fapi/v2/account", account_v2, 5, SIGNED),
    Endpoint("GET", "/fapi/v3/account", account_v3, 5, SIGNED),
    Endpoint("GET", "/fapi/v2/balance", balance, 5, SIGNED),
    Endpoint("GET", "/fapi/v3/balance", balance, 5, SIGNED),
    Endpoint("GET", "/fapi/v2/positionRisk", position_risk_v2, 5, SIGNED),
    Endpoint("GET", "/fapi/v3/positionRisk", position_risk_v3, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/leverageBracket", leverage_bracket, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/symbolConfig", symbol_config, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/accountConfig", account_config, 5, SIGNED),
    Endpoint("POST", "/fapi/v1/leverage", set_leverage, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/marginType", set_margin_type, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/positionMargin", move_margin, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/positionSide/dual", position_mode, 30, SIGNED),
    Endpoint("POST", "/fapi/v1/positionSide/dual", set_position_mode, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/multiAssetsMargin", multi_assets, 30, SIGNED),
    Endpoint("POST", "/fapi/v1/multiAssetsMargin", set_multi_assets, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/feeBurn", fee_burn, 30, SIGNED),
    Endpoint("POST", "/fapi/v1/feeBurn", set_fee_burn, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/commissionRate", commission_rate, 20, SIGNED),
    Endpoint("GET", "/fapi/v1/rateLimit/order", order_rate_limits, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/listenKey", start_stream, 1, KEY),
    Endpoint("PUT", "/fapi/v1/listenKey", keep_stream, 1, KEY),
    Endpoint("DELETE", "/fapi/v1/listenKey", end_stream, 1, KEY),
]
