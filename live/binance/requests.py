"""The engine's actions as signed REST requests.

Pages "New Order", "New Algo Order", "Cancel Order", "Query Order" and those of the lists. Orders are placed from
`PlaceOrder` alone, which holds what risk has approved; nothing here makes an order of another kind.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, assert_never

import msgspec

from live.binance.calls import Call, CallWriter
from live.engine.actions import Ask, CancelOrder, CancelStop, PlaceOrder
from live.engine.contract import Contract
from live.engine.events import Request
from live.engine.intents import Intent, Purpose, is_genuine
from live.enums import OrderType, WorkingType
from live.wire import HttpRequest

TRADES_PAGE: Final = 1_000
"""The most rows of one answer to `userTrades`; a full page may not be all."""
TRADES_WINDOW_NS: Final = 7 * 24 * 3_600 * 1_000_000_000
"""From its start time on, `userTrades` answers no more than this."""
STOP_PRICE: Final = WorkingType.CONTRACT_PRICE
"""Stops fire by trades, not by the mark price: their distance of some basis points is smaller than what lies between
the two prices, and the mark price comes once a second."""
_MS: Final = 1_000_000

Sendable = PlaceOrder | CancelOrder | CancelStop | Ask


class Asked(msgspec.Struct, frozen=True):
    """What a request asks for: its answer is read by this. sent_ns: when it was sent."""

    request: Request
    symbol: str
    client_id: str
    sent_ns: int
    from_ns: int = 0


class SignedRequest(NamedTuple):
    """A request as it goes out, and what it asks for."""

    request: HttpRequest
    asked: Asked


class AskedCall(NamedTuple):
    """A call that is not signed yet, and what it asks for."""

    call: Call
    asked: Asked


class RequestWriter:
    """Writes requests of one account. contracts: by symbol."""

    def __init__(self, calls: CallWriter, contracts: Mapping[str, Contract]) -> None:
        self.calls, self.contracts = calls, dict(contracts)

    def write(self, action: Sendable, now_ns: int) -> SignedRequest:
        """The request that carries out an action, with the timestamp of `now_ns`; raises as `call_of`."""
        call, asked = self.call_of(action, now_ns)
        return SignedRequest(self.calls.write(call, now_ns), asked)

    def call_of(self, action: Sendable, now_ns: int) -> AskedCall:
        """The call that carries out an action, sent at `now_ns`.

        Raises:
            TypeError: the order to place has not been approved.
            KeyError: the symbol of an order is none of the contracts.
        """
        match action:
            case PlaceOrder():
                return self._place(action, now_ns)
            case CancelOrder():
                asked = Asked(Request.CANCEL, action.symbol, action.client_id, now_ns)
                return AskedCall(Call("DELETE", "/fapi/v1/order", _by_client_id(action)), asked)
            case CancelStop():
                asked = Asked(Request.CANCEL_STOP, action.symbol, action.client_id, now_ns)
                return AskedCall(Call("DELETE", "/fapi/v1/algoOrder", {"clientAlgoId": action.client_id}), asked)
            case Ask():
                return self._ask(action, now_ns)
        assert_never(action)

    def _place(self, action: PlaceOrder, now_ns: int) -> AskedCall:
        if not is_genuine(action.approved):
            raise TypeError("Only an order that risk has approved is sent.")
        intent = action.approved.intent
        contract = self.contracts[intent.symbol]
        if intent.purpose is Purpose.STOP:
            asked = Asked(Request.PLACE_STOP, intent.symbol, intent.client_id, now_ns)
            return AskedCall(Call("POST", "/fapi/v1/algoOrder", _stop(intent, contract)), asked)
        asked = Asked(Request.PLACE, intent.symbol, intent.client_id, now_ns)
        return AskedCall(Call("POST", "/fapi/v1/order", _order(intent, contract)), asked)

    def _ask(self, ask: Ask, now_ns: int) -> AskedCall:
        path, parameters = _QUERIES[ask.request], {"symbol": ask.symbol}
        if ask.request is Request.ORDER:
            parameters["origClientOrderId"] = ask.client_id
        elif ask.request is Request.STOP:
            parameters = {"clientAlgoId": ask.client_id}
        elif ask.request is Request.TRADES:
            parameters |= {"startTime": str(ask.from_ns // _MS), "limit": str(TRADES_PAGE)}
        elif ask.request is Request.BALANCE:
            parameters = {}
        elif ask.request is Request.FUNDING:
            since_ms = str(ask.from_ns // _MS)
            parameters = {"incomeType": "FUNDING_FEE", "startTime": since_ms, "limit": str(TRADES_PAGE)}
        asked = Asked(ask.request, ask.symbol, ask.client_id, now_ns, ask.from_ns)
        return AskedCall(Call("GET", path, parameters), asked)


def _by_client_id(cancel: CancelOrder) -> dict[str, str]:
    return {"symbol": cancel.symbol, "origClientOrderId": cancel.client_id}


def _order(intent: Intent, contract: Contract) -> dict[str, str]:
    """Parameters of `POST /order`. Its answer with `RESULT` says what is filled."""
    parameters = {
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.type.value,
        "quantity": contract.quantity_text(intent.quantity),
        "newClientOrderId": intent.client_id,
        "newOrderRespType": "RESULT",
    }
    if intent.type is OrderType.LIMIT:
        parameters["price"] = contract.price_text(intent.price)
    if intent.time_in_force is not None:
        parameters["timeInForce"] = intent.time_in_force.value
    if intent.reduce_only:
        parameters["reduceOnly"] = "true"
    return parameters


def _stop(intent: Intent, contract: Contract) -> dict[str, str]:
    """Parameters of `POST /algoOrder`: it closes the whole position, so it never opens one."""
    return {
        "algoType": "CONDITIONAL",
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.type.value,
        "triggerPrice": contract.price_text(intent.trigger_price),
        "closePosition": "true",
        "workingType": STOP_PRICE.value,
        "clientAlgoId": intent.client_id,
    }


_QUERIES: Final = {
    Request.ORDER: "/fapi/v1/order",
    Request.STOP: "/fapi/v1/algoOrder",
    Request.POSITION: "/fapi/v3/positionRisk",
    Request.TRADES: "/fapi/v1/userTrades",
    Request.OPEN_ORDERS: "/fapi/v1/openOrders",
    Request.OPEN_STOPS: "/fapi/v1/openAlgoOrders",
    Request.BALANCE: "/fapi/v3/balance",
    Request.FUNDING: "/fapi/v1/income",
    Request.PRICE: "/fapi/v1/premiumIndex",
}
