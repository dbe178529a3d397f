"""Orders over the WebSocket API: one connection, opened again whenever it ends."""

from enum import StrEnum
from functools import partial
from typing import Final

from live.binance.calls import Call, CallWriter
from live.binance.websocket_api import API_PATH, METHODS, answer_of, frame_of, logon_frame
from live.binance.weights import cost_of_call
from live.client.wire import TIMEOUT_NS, S, TakeAnswer, Wire
from live.wire import HttpResponse

RETRY_NS: Final = 1 * S
LONGEST_RETRY_NS: Final = 16 * S
"""Between two attempts while none is answered: an address may open 300 connections in five minutes, all streams
included (page "WebSocket Streams", General Info)."""


class OrdersBy(StrEnum):
    """How orders, their cancels and questions about one order go to the exchange."""

    REST = "rest"
    WEBSOCKET = "websocket"


class OrderConnection:
    """Sends what it can. up: it takes requests; while it is not, they go by REST. connection: its number.

    A request whose connection ends, or that is not answered in time, has no answer: it is never sent again, here or by
    REST, for it may have been carried out.
    """

    def __init__(self, wire: Wire, calls: CallWriter) -> None:
        self._wire, self._calls = wire, calls
        self.connection = self._number = 0
        self._waiting: dict[int, TakeAnswer] = {}
        self._logged_on = False
        self._retry_ns = RETRY_NS
        self.up = False

    def start(self) -> None:
        """Open the connection."""
        self.connection = self._wire.connect(API_PATH, self)

    def send(self, call: Call, take: TakeAnswer) -> bool:
        """Sign and write a request in this call; `take` is called once, later. False: it was not and will not be."""
        if not self.up or (call.method, call.path) not in METHODS:
            return False
        cost = cost_of_call(call)
        if self._wire.weights.refusal(cost) is not None:
            return False
        frame = frame_of(call, self._calls, self._number + 1, self._wire.now_ns, self._logged_on)
        if not self._write(frame, take):
            return False
        if not cost.reads:
            self._wire.weights.left(cost)
        return True

    def on_opened(self) -> None:
        """Sign once for all requests, if the key can."""
        if not self._calls.logs_on:
            self.up = True
        elif not self._write(logon_frame(self._calls, self._number + 1, self._wire.now_ns), self._on_logon):
            self._restart()

    def on_frame(self, data: bytes) -> None:
        """Hand an answer to whoever asked. A frame that cannot be read answers nothing."""
        found = answer_of(data)
        if found is not None and (take := self._waiting.pop(found.number, None)):
            self._retry_ns = RETRY_NS
            self._wire.weights.observe(found.answer)
            take(found.answer)

    def on_closed(self) -> None:
        """What has no answer will have none; open it again after a while."""
        self.up = self._logged_on = False
        waiting, self._waiting = list(self._waiting.values()), {}
        self._wire.later(self._retry_ns, self.start)
        self._retry_ns = min(2 * self._retry_ns, LONGEST_RETRY_NS)
        for take in waiting:
            take(None)

    def _write(self, frame: bytes, take: TakeAnswer) -> bool:
        if not self._wire.send(self.connection, frame):
            return False
        self._number += 1
        self._waiting[self._number] = take
        self._wire.later(TIMEOUT_NS, partial(self._give_up, self._number))
        return True

    def _on_logon(self, answer: HttpResponse | None) -> None:
        """A key that cannot log on, though it should, signs each request."""
        self._logged_on = answer is not None and answer.status == 200
        self.up = answer is not None

    def _give_up(self, number: int) -> None:
        """No answer came in time: the line may be dead."""
        if number in self._waiting:
            self._restart()

    def _restart(self) -> None:
        self._wire.close(self.connection)
        self.on_closed()
