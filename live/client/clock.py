"""The exchange's clock beside ours, asked for again when the exchange finds a timestamp wrong."""

from collections.abc import Callable

import msgspec

from live.binance.calls import CallWriter
from live.client.wire import Wire
from live.wire import HttpRequest, HttpResponse
from skills_lib.market.depth.usability.clock import ClockOffset

WRONG_TIMESTAMP = (-1021, -5028)


class _Time(msgspec.Struct, rename="camel"):
    """The answer of `GET /time`."""

    server_time: int


class VenueClock:
    """Keeps the calls' timestamps in the exchange's time."""

    def __init__(self, wire: Wire, calls: CallWriter) -> None:
        self._wire, self._calls = wire, calls
        self._asking = False

    def on_code(self, code: int) -> None:
        """An answer had this code: ask for the time if it was about the timestamp."""
        if code in WRONG_TIMESTAMP and not self._asking:
            self._asking = True
            self.ask(self._on_asked)

    def ask(self, then: Callable[[], None]) -> None:
        """Ask for the exchange's time, take it if it is given, and then go on."""
        sent_ns = self._wire.now_ns
        self._wire.request(HttpRequest("GET", "/fapi/v1/time"), lambda answer: self._on_time(sent_ns, answer, then))

    def _on_asked(self) -> None:
        self._asking = False

    def _on_time(self, sent_ns: int, answer: HttpResponse | None, then: Callable[[], None]) -> None:
        server_ms = _time_of(answer)
        if server_ms is not None:
            offset = ClockOffset()
            offset.add(sent_ns, self._wire.now_ns, server_ms)
            self._calls.clock_offset_ns = offset.offset_ns or 0
        then()


def _time_of(answer: HttpResponse | None) -> int | None:
    """The exchange's time in milliseconds; None if the answer does not tell it."""
    if answer is None or answer.status != 200:
        return None
    try:
        return msgspec.json.decode(answer.body, type=_Time).server_time
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
