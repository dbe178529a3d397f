"""What calls of a client cost: their request weight (Binance's pages of each call, "IP Limit" or "Request Weight"), and
whether one is an order, of which an account may send so many.
"""

from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlencode

from live.binance.calls import Call
from live.wire import HttpRequest
from skills_lib.market.weights.snapshots import snapshot_weight

UNLISTED: Final = 40
"""Weight that is counted for a call that is not listed here: the largest of calls without a symbol."""
_DEFAULT_DEPTH: Final = "500"
_WEIGHTS: Final = {
    "GET /fapi/v1/ping": 1,
    "GET /fapi/v1/time": 1,
    "GET /fapi/v1/exchangeInfo": 1,
    "POST /fapi/v1/listenKey": 1,
    "PUT /fapi/v1/listenKey": 1,
    "DELETE /fapi/v1/listenKey": 1,
    "POST /fapi/v1/order": 0,
    "DELETE /fapi/v1/order": 1,
    "GET /fapi/v1/order": 1,
    "GET /fapi/v1/allOrders": 5,
    "DELETE /fapi/v1/allOpenOrders": 1,
    "POST /fapi/v1/algoOrder": 0,
    "DELETE /fapi/v1/algoOrder": 1,
    "GET /fapi/v1/algoOrder": 1,
    "GET /fapi/v1/allAlgoOrders": 5,
    "DELETE /fapi/v1/algoOpenOrders": 1,
    "POST /fapi/v1/countdownCancelAll": 10,
    "GET /fapi/v1/userTrades": 5,
    "GET /fapi/v1/income": 30,
    "GET /fapi/v2/account": 5,
    "GET /fapi/v3/account": 5,
    "GET /fapi/v3/balance": 5,
    "GET /fapi/v3/positionRisk": 5,
    "GET /fapi/v1/accountConfig": 5,
    "GET /fapi/v1/symbolConfig": 5,
    "GET /fapi/v1/commissionRate": 20,
    "GET /fapi/v1/leverageBracket": 1,
    "POST /fapi/v1/leverage": 1,
    "POST /fapi/v1/marginType": 1,
    "GET /fapi/v1/positionSide/dual": 30,
    "POST /fapi/v1/positionSide/dual": 1,
    "GET /fapi/v1/multiAssetsMargin": 30,
    "POST /fapi/v1/multiAssetsMargin": 1,
    "GET /fapi/v1/feeBurn": 30,
    "GET /fapi/v1/adlQuantile": 5,
    "GET /fapi/v1/rateLimit/order": 1,
    "GET /sapi/v1/account/apiRestrictions": 1,
}
_BY_SYMBOL: Final = {
    "GET /fapi/v1/openOrders": (1, 40),
    "GET /fapi/v1/openAlgoOrders": (1, 40),
    "GET /fapi/v1/apiTradingStatus": (1, 10),
    "GET /fapi/v1/premiumIndex": (1, 10),
    "GET /fapi/v1/ticker/bookTicker": (2, 5),
    "GET /fapi/v1/forceOrders": (20, 50),
}
"""Weights with a symbol and without."""


class Cost(NamedTuple):
    """reads: it changes nothing. order: it counts as one. reduces: an order that opens nothing."""

    weight: int
    reads: bool
    order: bool = False
    reduces: bool = False


def cost_of(request: HttpRequest) -> Cost:
    """What a request of REST costs."""
    return _cost(request, request.body)


def cost_of_call(call: Call) -> Cost:
    """What a call costs, by whichever way it goes."""
    query = urlencode(call.parameters)
    return _cost(HttpRequest(call.method, f"{call.path}?{query}"), query.encode())


def _cost(request: HttpRequest, sent: bytes) -> Cost:
    if request.method == "POST" and request.target.partition("?")[0] in _ORDERS:
        return _REDUCING if any(word in sent for word in _REDUCES) else _OPENING
    return Cost(weight_of(request), reads=request.method == "GET")


def weight_of(request: HttpRequest) -> int:
    """The weight of a request, from its method, path and query."""
    path, _, query = request.target.partition("?")
    call = f"{request.method} {path}"
    if call == "GET /fapi/v1/depth":
        limit = parse_qs(query).get("limit", [_DEFAULT_DEPTH])[0]
        return snapshot_weight(int(limit) if limit.isascii() and limit.isdigit() else 1_000)
    if call in _BY_SYMBOL:
        one, every = _BY_SYMBOL[call]
        return one if "symbol" in parse_qs(query) else every
    return _WEIGHTS.get(call, UNLISTED)


_ORDERS: Final = ("/fapi/v1/order", "/fapi/v1/algoOrder")
_REDUCES: Final = (b"reduceOnly=true", b"closePosition=true")
_OPENING: Final = Cost(0, reads=False, order=True)
_REDUCING: Final = Cost(0, reads=False, order=True, reduces=True)
