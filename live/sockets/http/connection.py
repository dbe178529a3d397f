"""One connection that carries one request at a time, written in the call that sends it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from live.client.wire import TakeAnswer
from live.sockets.http.messages import BadResponseError, ResponseReader
from live.wire import HttpResponse


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and what takes its answer. limit: of the answer's body, in bytes. reads: it changes nothing.

    ended: it has been answered or given up. timer: gives it up.
    """

    data: bytes
    limit: int
    reads: bool
    take: TakeAnswer
    ended: bool = False
    timer: asyncio.TimerHandle | None = None

    def end(self, answer: HttpResponse | None) -> None:
        """Hand on the answer, or that there is none; only the first time."""
        if not self.ended:
            self.ended = True
            if self.timer is not None:
                self.timer.cancel()
            self.take(answer)


class HttpConnection(asyncio.Protocol):
    """A connection of the pool. on_free: it may carry another request; on_lost: it is of no more use, and `lost`.

    A request whose connection breaks ends without an answer, and is never sent again: it may have been carried out.
    """

    def __init__(
        self, on_free: Callable[["HttpConnection"], None], on_lost: Callable[["HttpConnection"], None]
    ) -> None:
        self._on_free, self._on_lost = on_free, on_lost
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self.lost = False
        self.carried: Exchange | None = None
        self._opened_s = 0.0

    @property
    def age_s(self) -> float:
        """Seconds since it was opened."""
        return asyncio.get_running_loop().time() - self._opened_s

    def send(self, exchange: Exchange) -> None:
        """Write a request: its bytes are handed to the operating system before this returns."""
        assert self._transport is not None
        self.carried = exchange
        self._transport.write(exchange.data)

    def close(self) -> None:
        """Give the connection up; what it carries ends without an answer."""
        if exchange := self.abandon():
            exchange.end(None)

    def abandon(self) -> Exchange | None:
        """Give the connection up; returns what it carries, which is to end without an answer."""
        if self.lost:
            return None
        self.lost = True
        if self._transport is not None:
            self._transport.abort()
        exchange, self.carried = self.carried, None
        self._on_lost(self)
        return exchange

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._opened_s = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        self._read(data)

    def eof_received(self) -> bool:
        """The exchange sends nothing more: the end of a response that has no length, else a broken one."""
        self._read(b"")
        return False

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        self.close()

    def _read(self, data: bytes) -> None:
        if self.lost:
            return
        if self.carried is None:
            self.close()  # nothing was asked
            return
        if self._reader is None:
            self._reader = ResponseReader(self.carried.limit)
        try:
            answer = self._reader.take(data)
        except BadResponseError:
            self.close()
            return
        if answer is not None:
            self._answered(answer, self._reader.keeps_open)

    def _answered(self, answer: HttpResponse, keeps_open: bool) -> None:
        exchange, self.carried, self._reader = self.carried, None, None
        assert exchange is not None
        if keeps_open:
            self._on_free(self)
        else:
            self.close()
        exchange.end(answer)
