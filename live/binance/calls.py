"""REST calls as requests, signed with the timestamp of the moment in which they are written."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

from live.binance.signing import Signer
from live.wire import HttpRequest

RECV_WINDOW_MS: Final = 5_000
"""The longest age of a request, an order above all, when the exchange takes it: later it is refused (-1021)."""
_MS: Final = 1_000_000


class Call(NamedTuple):
    """What is called. `signed`: False for what anybody may read; with `keyed` it names the key all the same."""

    method: str
    path: str
    parameters: Mapping[str, str] = {}
    signed: bool = True
    keyed: bool = False


class CallWriter:
    """Writes the calls of one account. clock_offset_ns: the venue's time minus ours."""

    def __init__(self, signer: Signer, clock_offset_ns: int = 0) -> None:
        self._signer, self.clock_offset_ns = signer, clock_offset_ns

    @property
    def key_header(self) -> dict[str, str]:
        """The header that names the key; calls of the user stream's key carry it without a signature."""
        return {"X-MBX-APIKEY": self._signer.api_key}

    @property
    def logs_on(self) -> bool:
        """Whether a connection of the WebSocket API can be signed once for all its requests."""
        return self._signer.logs_on

    def parameters_by_name(self, given: Mapping[str, str], now_ns: int, signed: bool) -> dict[str, str | int]:
        """The parameters of a request of the WebSocket API at `now_ns`."""
        timed: dict[str, str | int] = {**given, "recvWindow": RECV_WINDOW_MS, "timestamp": self._timestamp_ms(now_ns)}
        return self._signer.signed_by_name(timed) if signed else timed

    def write(self, call: Call, now_ns: int) -> HttpRequest:
        """The request of a call at `now_ns`. Parameters of a POST are its body."""
        if not call.signed:
            query, headers = urlencode(call.parameters), self.key_header if call.keyed else {}
            return HttpRequest(call.method, f"{call.path}?{query}" if query else call.path, headers)
        timestamp_ms = self._timestamp_ms(now_ns)
        timed = {**call.parameters, "recvWindow": str(RECV_WINDOW_MS), "timestamp": str(timestamp_ms)}
        payload, headers = self._signer.signed(timed), self.key_header
        if call.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return HttpRequest(call.method, call.path, headers, payload.encode())
        return HttpRequest(call.method, f"{call.path}?{payload}", headers)

    def _timestamp_ms(self, now_ns: int) -> int:
        """The exchange's time, in milliseconds since 1970."""
        return (now_ns + self.clock_offset_ns) // _MS
