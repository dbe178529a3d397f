"""Request weight of the calls of a client: Binance's pages of each call, "IP Limit" or "Request Weight"."""

from typing import Final
from urllib.parse import parse_qs

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
