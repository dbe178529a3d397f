"""Converts request parameters into order requests and amendments."""

from live.simulator.core.algo_orders import AlgoRequest
from live.simulator.core.commands import Amend
from live.simulator.core.enums import (
    OrderType,
    PositionSide,
    PriceMatch,
    SelfTrade,
    Side,
    TimeInForce,
    WorkingType,
)
from live.simulator.core.orders import OrderRequest
from live.simulator.core.rejections import Rejection, missing
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.params import Params


def order_request(params: Params, rules: SymbolRules, account: str) -> OrderRequest:
    """`POST /order`.

    Raises:
        Rejection: -4120 for conditional types, or a missing or malformed parameter.
    """
    kind = params.choice("type", OrderType)
    if kind.conditional:
        raise Rejection(
            -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        )
    if kind is OrderType.LIQUIDATION:
        raise Rejection(-1116, "Invalid orderType.")
    params.need("quantity")
    if kind is OrderType.LIMIT:
        params.need("timeInForce")
    return _order(params, rules, account, kind, params.get("newClientOrderId"))


def _order(params: Params, rules: SymbolRules, account: str, kind: OrderType, client_id: str) -> OrderRequest:
    match_ = params.choice("priceMatch", PriceMatch, PriceMatch.NONE)
    if kind.limited and match_ is PriceMatch.NONE:
        params.need("price")
    if kind.limited and match_ is not PriceMatch.NONE and params.get("price"):
        raise Rejection(-1106, "Parameter 'price' sent when not required.")
    return OrderRequest(
        account=account,
        symbol=rules.symbol,
        side=params.choice("side", Side),
        kind=kind,
        quantity=params.quantity("quantity", rules),
        price=params.price("price", rules) if kind.limited else 0,
        time_in_force=params.choice("timeInForce", TimeInForce, TimeInForce.GTC),
        position_side=params.choice("positionSide", PositionSide, PositionSide.BOTH),
        reduce_only=params.boolean("reduceOnly"),
        close_position=params.boolean("closePosition"),
        client_id=client_id,
        self_trade=params.choice("selfTradePreventionMode", SelfTrade, SelfTrade.EXPIRE_MAKER),
        price_match=match_,
        good_till_ms=params.integer("goodTillDate"),
        working_type=params.choice("workingType", WorkingType, WorkingType.CONTRACT_PRICE),
        price_protect=params.boolean("priceProtect"),
    )


def algo_request(params: Params, rules: SymbolRules, account: str) -> AlgoRequest:
    """`POST /algoOrder`.

    Raises:
        Rejection: a missing or malformed parameter.
    """
    if params.need("algoType") != "CONDITIONAL":
        raise Rejection(-1130, "Data sent for parameter 'algoType' is not valid.")
    kind = params.choice("type", OrderType)
    if not kind.conditional:
        raise Rejection(-4136, "Target strategy invalid for orderType.")
    trailing = kind is OrderType.TRAILING_STOP_MARKET
    if not trailing:
        params.need("triggerPrice")
    if not params.boolean("closePosition"):
        params.need("quantity")
    order = _order(params, rules, account, kind, "")
    return AlgoRequest(
        order=order,
        kind=kind,
        trigger_price=0 if trailing else params.price("triggerPrice", rules),
        activate_price=params.price("activatePrice", rules) or params.price("activationPrice", rules),
        callback_rate=params.units("callbackRate"),
        client_id=params.get("clientAlgoId"),
    )


def amendment(params: Params, rules: SymbolRules, account: str) -> Amend:
    """`PUT /order`.

    Raises:
        Rejection: a missing or malformed parameter.
    """
    order_id, client_id = params.order_id()
    for name in ("quantity", "price"):
        if not params.get(name):
            raise missing(name)
    return Amend(
        account=account,
        symbol=rules.symbol,
        side=params.choice("side", Side),
        quantity=params.quantity("quantity", rules),
        price=params.price("price", rules),
        order_id=order_id,
        client_id=client_id,
    )
