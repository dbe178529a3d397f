"""JSON payloads of orders and trades, with the fields and types of Binance's REST documentation."""

from enum import StrEnum
from typing import Any

from live.enums import AlgoStatus, OrderType, Side
from live.money import SCALE, show
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.orders import Amendment, Order, TradeRecord
from live.simulator.core.symbol_rules import SymbolRules


def shown_kind(order: Order) -> str:
    """The displayed order type: LIMIT for liquidations."""
    return OrderType.LIMIT if order.request.kind is OrderType.LIQUIDATION else order.request.kind


def order(entry: Order, rules: SymbolRules) -> dict[str, Any]:
    """The response of `GET /order`."""
    request = entry.request
    return {
        "orderId": entry.order_id,
        "symbol": entry.symbol,
        "status": entry.status,
        "clientOrderId": entry.client_id,
        "price": rules.price_text(entry.price),
        "avgPrice": average_price(entry, rules),
        "origQty": rules.quantity_text(entry.quantity),
        "executedQty": rules.quantity_text(entry.filled),
        "cumQuote": show(entry.cost // SCALE),
        "timeInForce": request.time_in_force,
        "type": shown_kind(entry),
        "reduceOnly": request.reduce_only,
        "closePosition": request.close_position,
        "side": request.side,
        "positionSide": request.position_side,
        "stopPrice": rules.price_text(request.stop_price),
        "workingType": request.working_type,
        "priceProtect": request.price_protect,
        "origType": request.original_kind or request.kind,
        "priceMatch": request.price_match,
        "selfTradePreventionMode": request.self_trade,
        "goodTillDate": request.good_till_ms,
        "time": entry.created_ms,
        "updateTime": entry.updated_ms,
    }


def average_price(entry: Order, rules: SymbolRules) -> str:
    """Mean fill price, one decimal finer than the tick; `0.00` before the first fill."""
    return show(entry.average_price, min(8, rules.price_decimals + 3)) if entry.filled else "0.00"


def acknowledged(entry: Order, rules: SymbolRules) -> dict[str, Any]:
    """The response of POST, PUT and DELETE: as `order`, with `cumQty`, without `time`."""
    answer = order(entry, rules) | {"cumQty": rules.quantity_text(entry.filled)}
    del answer["time"]
    return answer


class AutoClose(StrEnum):
    """`autoCloseType` of `forceOrders`."""

    LIQUIDATION = "LIQUIDATION"
    ADL = "ADL"


def auto_close_type(entry: Order) -> AutoClose | None:
    """How the exchange closed a position by this order, which its client order id says; None if it did not."""
    if entry.request.kind is not OrderType.LIQUIDATION:
        return None
    if entry.client_id == "adl_autoclose":
        return AutoClose.ADL
    return AutoClose.LIQUIDATION if entry.client_id.startswith("autoclose-") else None


_NOT_OF_FORCED = ("priceProtect", "priceMatch", "selfTradePreventionMode", "goodTillDate")


def forced(entry: Order, rules: SymbolRules) -> dict[str, Any]:
    """One entry of `forceOrders`."""
    return {name: value for name, value in order(entry, rules).items() if name not in _NOT_OF_FORCED}


def trade(record: TradeRecord, rules: SymbolRules) -> dict[str, Any]:
    """One entry of `userTrades`."""
    fill = record.fill
    return {
        "symbol": record.symbol,
        "id": fill.trade_id,
        "orderId": record.order_id,
        "side": record.side,
        "price": rules.price_text(fill.price),
        "qty": rules.quantity_text(fill.quantity),
        "realizedPnl": show(fill.realized),
        "quoteQty": show(fill.price * fill.quantity // SCALE),
        "commission": show(fill.fee),
        "commissionAsset": record.commission_asset,
        "time": fill.time_ms,
        "positionSide": record.position_side,
        "buyer": record.side is Side.BUY,
        "maker": fill.maker,
        "marginAsset": rules.quote,
    }


def shown_time_in_force(entry: AlgoOrder) -> str:
    """The displayed time in force: closePosition orders have one of their own."""
    return "GTE_GTC" if entry.request.order.close_position else entry.request.order.time_in_force


def algo(entry: AlgoOrder, rules: SymbolRules) -> dict[str, Any]:
    """The response of `POST /algoOrder`, and the common part of the other conditional order payloads."""
    order_, request = entry.request.order, entry.request
    return {
        "algoId": entry.algo_id,
        "clientAlgoId": entry.client_id,
        "algoType": "CONDITIONAL",
        "orderType": request.kind,
        "symbol": entry.symbol,
        "side": entry.side,
        "positionSide": order_.position_side,
        "timeInForce": shown_time_in_force(entry),
        "quantity": rules.quantity_text(order_.quantity),
        "algoStatus": entry.status,
        "triggerPrice": rules.price_text(entry.trigger_price),
        "price": rules.price_text(order_.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": order_.self_trade,
        "workingType": order_.working_type,
        "priceMatch": order_.price_match,
        "closePosition": order_.close_position,
        "priceProtect": order_.price_protect,
        "reduceOnly": order_.reduce_only,
        "activatePrice": rules.price_text(request.activate_price) if request.activate_price else "",
        "callbackRate": show(request.callback_rate, 1) if request.callback_rate else "",
        "createTime": entry.created_ms,
        "updateTime": entry.updated_ms,
        "triggerTime": entry.triggered_ms,
        "goodTillDate": order_.good_till_ms,
    }


def algo_status(entry: AlgoOrder, rules: SymbolRules) -> dict[str, Any]:
    """One entry of `openAlgoOrders` and `allAlgoOrders`, and the response of `GET /algoOrder`."""
    fired = entry.status in (AlgoStatus.TRIGGERED, AlgoStatus.FINISHED)
    return algo(entry, rules) | {
        "type": entry.request.kind,
        "actualOrderId": str(entry.order_id) if entry.order_id else "",
        "actualPrice": rules.rounded_price_text(entry.average_price) if fired else "0.00000",
        "actualQty": rules.quantity_text(entry.filled) if fired else "0",
        "actualType": actual_type(entry) if fired else "",
        "tpTriggerPrice": "0.000",
        "tpPrice": "0.000",
        "slTriggerPrice": "0.000",
        "slPrice": "0.000",
        "tpOrderType": "",
    }


def actual_type(entry: AlgoOrder) -> str:
    """The type of the order that a conditional order sends when it triggers."""
    return OrderType.LIMIT if entry.request.kind.limited else OrderType.MARKET


def amendment(entry: Amendment, rules: SymbolRules) -> dict[str, Any]:
    """One entry of `orderAmendment`."""
    return {
        "amendmentId": entry.amendment_id,
        "symbol": entry.symbol,
        "pair": entry.symbol,
        "orderId": entry.order_id,
        "clientOrderId": entry.client_id,
        "time": entry.time_ms,
        "amendment": {
            "price": {"before": rules.price_text(entry.price_before), "after": rules.price_text(entry.price_after)},
            "origQty": {
                "before": rules.quantity_text(entry.quantity_before),
                "after": rules.quantity_text(entry.quantity_after),
            },
            "count": entry.count,
            **({"modifyId": entry.modify_id} if entry.modify_id else {}),
        },
    }
