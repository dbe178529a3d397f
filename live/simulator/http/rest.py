"""REST requests: routing, authentication, rate limits and responses."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from live.simulator.core.rejections import Rejection, illegal
from live.simulator.faults.kinds.requests import ErrorAnswer
from live.simulator.faults.replies import Reply
from live.simulator.http.credentials import Credential, check_signature, signed_text
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security
from live.simulator.http.endpoints.params import Params, form_params
from live.simulator.http.endpoints.served import ENDPOINTS
from live.simulator.http.gateway import Gateway
from live.simulator.http.last_resort import failed
from live.simulator.http.rate_limits import FREE, LimitedError
from live.simulator.http.request_clock import DEFAULT_WINDOW_MS
from live.simulator.streams.hub import encode
from live.wire import HttpRequest, HttpResponse


@dataclass(slots=True)
class RestAnswer:
    """A response: status, body and headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> HttpResponse:
        """The response as sent."""
        return HttpResponse(self.status, encode(self.body), {"Content-Type": "application/json"} | self.headers)


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Parameters may be in the query, the form body or both; the signature covers both."""

    method: str
    path: str
    query: str
    body: str
    api_key: str
    address: str

    @classmethod
    def of(cls, sent: HttpRequest) -> "Request":
        """Read a request.

        Raises:
            Rejection: -1130 if the body is not UTF-8.
        """
        path, _, query = sent.target.partition("?")
        try:
            body = sent.body.decode()
        except UnicodeDecodeError:
            raise illegal("body") from None
        return cls(sent.method, unquote(path), query, body, sent.header("X-MBX-APIKEY"), sent.address)

    @property
    def params(self) -> Params:
        """All parameters."""
        return form_params(self.query, self.body)


def authenticate(gateway: Gateway, endpoint: Endpoint, request: Request, params: Params) -> str:
    """Check key, timestamp and signature as the endpoint requires; return the account, empty for public endpoints.

    Raises:
        Rejection: missing or unknown key, invalid signature or timestamp.
    """
    if endpoint.security is Security.NONE:
        return ""
    credential = gateway.keys.find(request.api_key)
    if endpoint.security is Security.SIGNED:
        check_time(gateway, params)
        check_signature(credential, signed_text(request.query, request.body), params.get("signature"))
    return credential.account


def check_time(gateway: Gateway, params: Params) -> None:
    """Check `timestamp` and `recvWindow`.

    Raises:
        Rejection: -1102, -1130, -1131, -1021.
    """
    gateway.clock.check(params.need_integer("timestamp"), params.integer("recvWindow", DEFAULT_WINDOW_MS))


async def answer(gateway: Gateway, request: Request) -> RestAnswer:
    """Carry out a request; rejections become error responses."""
    headers: dict[str, str] = {}
    try:
        endpoint = ENDPOINTS.get((request.method, request.path))
        if endpoint is None:
            raise Rejection(-5000, f"Path {request.path}, Method {request.method} is invalid", 404)
        params = request.params
        now_ms = gateway.clock.now_ms()
        used = gateway.limits.weigh(request.address, endpoint.weight_of(params), now_ms)
        headers["X-MBX-USED-WEIGHT-1M"] = str(used)
        if endpoint.pool:
            gateway.limits.draw(request.address, endpoint.pool, now_ms)
        owner = authenticate(gateway, endpoint, request, params)
        if endpoint.orders is not FREE:
            short, long = gateway.limits.count_order(owner, now_ms, endpoint.orders)
            headers |= {"X-MBX-ORDER-COUNT-10S": str(short), "X-MBX-ORDER-COUNT-1M": str(long)}
        return RestAnswer(200, await endpoint.handler(Call(params, gateway, owner)), headers)
    except Exception as error:  # noqa: BLE001 - every failure is answered in the venue's form
        headers.setdefault("X-MBX-USED-WEIGHT-1M", str(gateway.limits.used(request.address, gateway.clock.now_ms())))
        return rejection_response(failed(error), headers)


def rejection_response(refused: Rejection, headers: dict[str, str]) -> RestAnswer:
    """A rejection as a response, with Retry-After for rate limits."""
    if isinstance(refused, LimitedError):
        headers["Retry-After"] = str(refused.retry_after_s)
    return RestAnswer(refused.status, refused.body, headers)


def is_exempt(fault: ErrorAnswer, cancels: bool, params: Params) -> bool:
    """True if the fault is a throttling (-1008) and the request cancels, reduces or closes: those are exempt."""
    reduces = "true" in (params.get("reduceOnly").lower(), params.get("closePosition").lower())
    return fault.reply is Reply.THROTTLED_503 and (cancels or reduces)


def credential_of(gateway: Gateway, params: Params) -> Credential:
    """The credential of a WebSocket API request.

    Raises:
        Rejection: -2014, -2015.
    """
    return gateway.keys.find(params.get("apiKey"))
