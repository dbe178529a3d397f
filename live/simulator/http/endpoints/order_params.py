"""Converts request parameters into order requests and amendments.

Which parameters an order type needs, and which it refuses, is that of the pages "New Order" and "New Algo Order".
"""

from enum import StrEnum
from typing import TypeVar

from live.enums import (
    OrderType,
    PositionSide,
    PriceMatch,
    SelfTrade,
    Side,
    TimeInForce,
    WorkingType,
)
from live.simulator.core.algo_orders import AlgoRequest
from live.simulator.core.commands import Amend
from live.simulator.core.orders import OrderRequest
from live.simulator.core.rejections import Rejection, illegal, invalid_strategy, not_required
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.params import Params

E = TypeVar("E", bound=StrEnum)

_CLOSING_TYPES = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)


def order_request(params: Params, rules: SymbolRules, account: str) -> OrderRequest:
    """`POST /order`.

    Raises:
        Rejection: -4120 for conditional types, -4136 for closePosition, or a missing, malformed or needless parameter.
    """
    kind = params.choice("type", OrderType)
    if kind.conditional:
        raise Rejection(
            -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        )
    if kind is OrderType.LIQUIDATION:
        raise Rejection(-1116, "Invalid orderType.")
    if params.boolean("closePosition"):
        raise invalid_strategy(kind)
    params.need("quantity")
    if kind is OrderType.LIMIT:
        params.need("timeInForce")
    else:
        _refuse(params, "price", "timeInForce")
    return _order(params, rules, account, kind, params.get("newClientOrderId"))


def _refuse(params: Params, *names: str) -> None:
    """Refuse parameters that do not go with the order type.

    Raises:
        Rejection: -1106.
    """
    for name in names:
        if params.get(name):
            raise not_required(name)


def _order(params: Params, rules: SymbolRules, account: str, kind: OrderType, client_id: str) -> OrderRequest:
    match_ = _price_match(params, kind)
    force = params.choice("timeInForce", TimeInForce, TimeInForce.GTC)
    return OrderRequest(
        account=account,
        symbol=rules.symbol,
        side=params.choice("side", Side),
        kind=kind,
        quantity=params.quantity("quantity", rules),
        price=params.price("price", rules) if kind.limited else 0,
        time_in_force=force,
        position_side=_option(
            params, "positionSide", PositionSide.BOTH, Rejection(-4060, "Invalid position side."), PositionSide
        ),
        reduce_only=params.boolean("reduceOnly"),
        reduce_only_sent=bool(params.get("reduceOnly")),
        close_position=params.boolean("closePosition"),
        client_id=client_id,
        self_trade=_self_trade(params),
        price_match=match_,
        good_till_ms=_good_till_ms(params, force),
        working_type=_working_type(params),
        price_protect=params.boolean("priceProtect"),
    )


def _option(params: Params, name: str, default: E, refusal: Rejection, kind: type[E]) -> E:
    """A value of an enumeration that has an error code of its own.

    Raises:
        Rejection: `refusal`.
    """
    text = params.get(name)
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        raise refusal from None


def _price_match(params: Params, kind: OrderType = OrderType.LIMIT) -> PriceMatch:
    """`priceMatch`, in place of a price.

    Raises:
        Rejection: -5037, -5038 for types without a price, -1106 beside a price, -1102 with neither.
    """
    match_ = _option(params, "priceMatch", PriceMatch.NONE, Rejection(-5037, "Invalid price match"), PriceMatch)
    if match_ is PriceMatch.NONE:
        if kind.limited:
            params.need("price")
        return match_
    if not kind.limited:
        raise Rejection(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT")
    _refuse(params, "price")
    return match_


def _self_trade(params: Params) -> SelfTrade:
    """`selfTradePreventionMode`; NONE has been refused since 2024-12-10 (Binance's announcement of that day).

    Raises:
        Rejection: -5039.
    """
    if params.get("selfTradePreventionMode") == "NONE":
        text = "Dear user, as per our Terms of Use and compliance regulations, this feature is not available."
        raise Rejection(-5039, text)
    refusal = Rejection(-5039, "Invalid self trade prevention mode")
    return _option(params, "selfTradePreventionMode", SelfTrade.EXPIRE_MAKER, refusal, SelfTrade)


def _good_till_ms(params: Params, force: TimeInForce) -> int:
    """`goodTillDate` of a GTD order, in whole seconds; 0 for any other.

    Raises:
        Rejection: -1102, -1130.
    """
    if force is not TimeInForce.GTD:
        return 0
    params.need("goodTillDate")
    return params.integer("goodTillDate") // 1000 * 1000


def _working_type(params: Params) -> WorkingType:
    refusal = Rejection(-4031, f"Invalid parameter working type: {params.get('workingType')}")
    return _option(params, "workingType", WorkingType.CONTRACT_PRICE, refusal, WorkingType)


def algo_request(params: Params, rules: SymbolRules, account: str) -> AlgoRequest:
    """`POST /algoOrder`.

    Raises:
        Rejection: a missing, malformed or needless parameter.
    """
    if params.need("algoType") != "CONDITIONAL":
        raise illegal("algoType")
    kind = params.choice("type", OrderType)
    if not kind.conditional:
        raise Rejection(-1116, "Invalid orderType.")
    _check_algo_params(params, kind)
    trailing = kind is OrderType.TRAILING_STOP_MARKET
    order = _order(params, rules, account, kind, "")
    return AlgoRequest(
        order=order,
        kind=kind,
        trigger_price=0 if trailing else params.price("triggerPrice", rules),
        activate_price=params.price("activatePrice", rules) or params.price("activationPrice", rules),
        callback_rate=params.units("callbackRate"),
        client_id=params.get("clientAlgoId"),
    )


def _check_algo_params(params: Params, kind: OrderType) -> None:
    if params.boolean("closePosition"):
        if kind not in _CLOSING_TYPES:
            raise invalid_strategy(kind)
    else:
        params.need("quantity")
    params.need("callbackRate" if kind is OrderType.TRAILING_STOP_MARKET else "triggerPrice")
    if not kind.limited:
        _refuse(params, "price")


def amendment(params: Params, rules: SymbolRules, account: str) -> Amend:
    """`PUT /order`: quantity, and either price or priceMatch.

    Raises:
        Rejection: a missing, malformed or needless parameter.
    """
    order_id, client_id = params.order_id()
    params.need("quantity")
    match_ = _price_match(params)
    return Amend(
        account=account,
        symbol=rules.symbol,
        side=params.choice("side", Side),
        quantity=params.quantity("quantity", rules),
        price=params.price("price", rules),
        order_id=order_id,
        client_id=client_id,
        price_match=match_,
        modify_id=params.integer("modifyId"),
    )
