"""The WebSocket API: REST methods as JSON frames with an id."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from live.simulator.core.rejections import UNAUTHORIZED, Rejection
from live.simulator.http.credentials import Credential, check_signature
from live.simulator.http.endpoints import account_data, algo_trading, market_data, trading
from live.simulator.http.endpoints.endpoint import Call, Handler, Security
from live.simulator.http.endpoints.params import Params
from live.simulator.http.gateway import Gateway
from live.simulator.http.rate_limits import WEIGHT_PER_MINUTE
from live.simulator.http.rest import check_time, credential_of

NONE, KEY, SIGNED = Security.NONE, Security.KEY, Security.SIGNED


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the WebSocket API."""

    handler: Handler
    weight: int
    security: Security = SIGNED
    orders: int = 0


METHODS: dict[str, Method] = {
    "ping": Method(market_data.ping, 1, NONE),
    "time": Method(market_data.server_time, 1, NONE),
    "depth": Method(market_data.depth, 5, NONE),
    "ticker.price": Method(market_data.price_ticker, 1, NONE),
    "ticker.book": Method(market_data.book_ticker, 2, NONE),
    "order.place": Method(trading.place, 0, orders=1),
    "order.modify": Method(trading.amend, 1, orders=1),
    "order.cancel": Method(trading.cancel, 1),
    "order.status": Method(trading.show_order, 1),
    "algoOrder.place": Method(algo_trading.place, 0, orders=1),
    "algoOrder.cancel": Method(algo_trading.cancel, 1),
    "account.status": Method(account_data.account_v2, 5),
    "v2/account.status": Method(account_data.account_v3, 5),
    "account.balance": Method(account_data.balance, 5),
    "v2/account.balance": Method(account_data.balance, 5),
    "account.position": Method(account_data.position_risk_v2, 5),
    "v2/account.position": Method(account_data.position_risk_v3, 5),
    "userDataStream.start": Method(account_data.start_stream, 5, KEY),
    "userDataStream.ping": Method(account_data.keep_stream, 1, KEY),
    "userDataStream.stop": Method(account_data.end_stream, 1, KEY),
}


@dataclass(eq=False)
class Session:
    """One connection to the WebSocket API; `logged_on` after `session.logon`."""

    gateway: Gateway
    address: str
    logged_on: Credential | None = None
    since_ms: int = 0

    async def answer(self, text: str) -> dict[str, Any]:
        """Carry out one request."""
        number: Any = None
        status, used = 200, 0
        try:
            number, method, params, wants_limits = _read(text)
            used = self._weigh(method)
            body: dict[str, Any] = {"result": await self._carry_out(method, params)}
        except Rejection as refused:
            wants_limits, status = True, refused.status
            body = {"error": refused.body}
        limits = {"rateLimits": _limits(used)} if wants_limits else {}
        return {"id": number, "status": status} | body | limits

    def refusal(self, text: str, refused: Rejection) -> dict[str, Any]:
        """A refusal of a request that is not carried out."""
        try:
            number = _read(text)[0]
        except Rejection:
            number = None
        return {"id": number, "status": refused.status, "error": refused.body, "rateLimits": _limits(0)}

    def params_of(self, text: str) -> Params:
        """The parameters of a request; none if it cannot be read."""
        try:
            return _read(text)[2]
        except Rejection:
            return Params({})

    def _weigh(self, method: str) -> int:
        weight = METHODS[method].weight if method in METHODS else 2
        return self.gateway.limits.weigh(self.address, weight, self.gateway.clock.now_ms())

    async def _carry_out(self, method: str, params: Params) -> Any:
        if method.startswith("session."):
            return self._session(method, params)
        known = METHODS.get(method)
        if known is None:
            raise Rejection(-1000, f"Unknown method: {method}")
        owner = self._owner(known.security, params)
        for _ in range(known.orders):
            self.gateway.limits.count_order(owner, self.gateway.clock.now_ms())
        return await known.handler(Call(params, self.gateway, owner))

    def _owner(self, security: Security, params: Params) -> str:
        if security is Security.NONE:
            return ""
        if self.logged_on and not params.get("apiKey"):
            if security is Security.SIGNED:
                check_time(self.gateway, params)
            return self.logged_on.account
        credential = credential_of(self.gateway, params)
        if security is Security.SIGNED:
            check_time(self.gateway, params)
            check_sorted_signature(credential, params)
        return credential.account

    def _session(self, method: str, params: Params) -> dict[str, Any]:
        if method == "session.logon":
            credential = credential_of(self.gateway, params)
            if not credential.ed25519_public_key:
                raise Rejection(-4056, "session.logon is for Ed25519 keys only.", UNAUTHORIZED)
            check_time(self.gateway, params)
            check_sorted_signature(credential, params)
            self.logged_on, self.since_ms = credential, self.gateway.clock.now_ms()
        elif method == "session.logout":
            self.logged_on = None
        elif method != "session.status":
            raise Rejection(-1000, f"Unknown method: {method}")
        return self._status()

    def _status(self) -> dict[str, Any]:
        key = self.logged_on
        return {
            "apiKey": key.api_key if key else None,
            "authorizedSince": self.since_ms if key else None,
            "connectedSince": self.since_ms,
            "returnRateLimits": True,
            "serverTime": self.gateway.clock.now_ms(),
        }


def method_of(text: str) -> str:
    """The method of a request; empty if it cannot be read."""
    try:
        return _read(text)[1]
    except Rejection:
        return ""


def check_sorted_signature(credential: Credential, params: Params) -> None:
    """Check a signature over the parameters sorted by name, percent-encoded or not: clients differ.

    Raises:
        Rejection: -1102, -1022.
    """
    parameters = sorted((name, value) for name, value in params.values.items() if name != "signature")
    plain = "&".join(f"{name}={value}" for name, value in parameters)
    signature = params.get("signature")
    if signature and credential.signed(urlencode(parameters), signature):
        return
    check_signature(credential, plain, signature)


def _read(text: str) -> tuple[Any, str, Params, bool]:
    try:
        request = json.loads(text)
        number, method, values = request.get("id"), str(request["method"]), dict(request.get("params") or {})
        # Numbers keep the digits they came with: the signature covers them.
        exact = dict(json.loads(text, parse_float=str, parse_int=str).get("params") or {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Rejection(-1135, "Invalid request: it must be JSON with id, method and params.") from None
    wants_limits = str(values.get("returnRateLimits", True)).lower() != "false"
    texts = {name: _as_text(value) for name, value in exact.items() if value is not None}
    return number, method.lstrip("/"), Params(texts), wants_limits


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _limits(used: int) -> list[dict[str, Any]]:
    return [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": WEIGHT_PER_MINUTE,
            "count": used,
        }
    ]
