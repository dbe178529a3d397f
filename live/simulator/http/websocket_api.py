"""The WebSocket API: REST methods as JSON frames with an id."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from live.simulator.core.rejections import UNAUTHORIZED, Rejection
from live.simulator.http.client_frames import frame_id, read_frame
from live.simulator.http.credentials import Credential, check_signature
from live.simulator.http.endpoints import account_data, algo_trading, market_data, order_lists, trading
from live.simulator.http.endpoints.endpoint import Call, Handler, Security, Weight, weight_of, with_symbol
from live.simulator.http.endpoints.params import Digits, Params, json_params
from live.simulator.http.gateway import Gateway
from live.simulator.http.last_resort import failed
from live.simulator.http.rate_limits import FREE, ONE_ORDER, OrderCost, shown_limits
from live.simulator.http.rest import check_time, credential_of

NONE, KEY, SIGNED = Security.NONE, Security.KEY, Security.SIGNED


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the WebSocket API."""

    handler: Handler
    weight: Weight
    security: Security = SIGNED
    orders: OrderCost = FREE


METHODS: dict[str, Method] = {
    "ping": Method(market_data.ping, 1, NONE),
    "time": Method(market_data.server_time, 1, NONE),
    "depth": Method(market_data.depth, market_data.DEPTH_WEIGHT, NONE),
    "ticker.price": Method(market_data.price_ticker, with_symbol(1, 2), NONE),
    "ticker.book": Method(market_data.book_ticker, with_symbol(2, 5), NONE),
    "order.place": Method(trading.place, 0, orders=ONE_ORDER),
    "order.modify": Method(trading.amend, 0, orders=ONE_ORDER),
    "order.cancel": Method(trading.cancel, 1),
    "order.status": Method(order_lists.show_order, 1),
    "algoOrder.place": Method(algo_trading.place, 0, orders=ONE_ORDER),
    "algoOrder.cancel": Method(algo_trading.cancel, 1),
    "account.status": Method(account_data.account_v2, 5),
    "v2/account.status": Method(account_data.account_v3, 5),
    "account.balance": Method(account_data.balance, 5),
    "v2/account.balance": Method(account_data.balance, 5),
    "account.position": Method(account_data.position_risk_v2, 5),
    "v2/account.position": Method(account_data.position_risk_v3, 5),
    "userDataStream.start": Method(account_data.start_stream, 1, KEY),
    "userDataStream.ping": Method(account_data.keep_stream, 1, KEY),
    "userDataStream.stop": Method(account_data.end_stream, 1, KEY),
}


@dataclass(slots=True)
class Counted:
    """The counters after a request: weight of the address, orders of the account in 10 seconds and a minute."""

    weight: int = 0
    orders: tuple[int, int] | None = None


@dataclass(eq=False)
class Session:
    """One connection to the WebSocket API; `logged_on` after `session.logon`."""

    gateway: Gateway
    address: str
    logged_on: Credential | None = None
    since_ms: int = 0

    async def answer(self, text: str) -> dict[str, Any]:
        """Carry out one request."""
        number: int | str | None = None
        status, wants_limits, counted = 200, True, Counted()
        try:
            request = _read(text)
            number = frame_id(request)
            method, params = _method(request)
            counted.weight = self._weigh(method, params)
            wants_limits = params.get("returnRateLimits").lower() != "false"
            body: dict[str, Any] = {"result": await self._carry_out(method, params, counted)}
        except Exception as error:  # noqa: BLE001 - every failure is answered in the venue's form
            refused = failed(error)
            wants_limits, status = True, refused.status
            body = {"error": refused.body}
        limits = {"rateLimits": shown_limits(counted.weight, counted.orders)} if wants_limits else {}
        return {"id": number, "status": status} | body | limits

    def refusal(self, text: str, refused: Rejection) -> dict[str, Any]:
        """A refusal of a request that is not carried out."""
        try:
            number = frame_id(_read(text))
        except Rejection:
            number = None
        return {"id": number, "status": refused.status, "error": refused.body, "rateLimits": shown_limits(0)}

    def params_of(self, text: str) -> Params:
        """The parameters of a request; none if it cannot be read."""
        try:
            return _method(_read(text))[1]
        except Rejection:
            return Params({})

    def _weigh(self, method: str, params: Params) -> int:
        weight = weight_of(METHODS[method].weight, params) if method in METHODS else 2
        return self.gateway.limits.weigh(self.address, weight, self.gateway.clock.now_ms())

    async def _carry_out(self, method: str, params: Params, counted: Counted) -> Any:
        if method.startswith("session."):
            return self._session(method, params)
        known = METHODS.get(method)
        if known is None:
            raise Rejection(-1000, f"Unknown method: {method}")
        owner = self._owner(known.security, params)
        if known.orders is not FREE:
            counted.orders = self.gateway.limits.count_order(owner, self.gateway.clock.now_ms(), known.orders)
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
        return _method(_read(text))[0]
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
    if signature and credential.signed(urlencode(parameters, errors="surrogatepass"), signature):
        return
    check_signature(credential, plain, signature)


def _read(text: str) -> dict[str, Any]:
    try:
        return read_frame(text)
    except ValueError:
        raise _unreadable() from None


def _method(request: dict[str, Any]) -> tuple[str, Params]:
    method, values = request.get("method"), request.get("params") or {}
    if not isinstance(method, str) or isinstance(method, Digits) or not isinstance(values, dict):
        raise _unreadable()
    return method.lstrip("/"), json_params(values)


def _unreadable() -> Rejection:
    return Rejection(-1135, "Invalid request: it must be JSON with id, method and params.")
