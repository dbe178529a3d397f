"""A few warm connections to one host, and the requests that wait for one."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from live.sockets.http.connection import Exchange, HttpConnection
from live.sockets.tasks import OnError, Tasks

CONNECTIONS = 4
KEPT_FOR_ORDERS = 2
"""Connections that no read takes: an order finds one free while reads wait for answers."""
OPENING_S = 5.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 2.0
SHORT_LIFE_S = 1.0
"""A connection that ends so early counts as one that could not be opened."""


class HttpPool:
    """Keeps `CONNECTIONS` connections open and gives each at most one request at a time.

    check: called before what waits is written; after a freeze it gives everything up, so that nothing old is.
    """

    def __init__(self, host: str, port: int, tls: bool, on_error: OnError, check: Callable[[], None]) -> None:
        self._check = check
        self._host, self._port = host, port
        self._tls = ssl.create_default_context() if tls else None
        self._free: list[HttpConnection] = []
        self._used: set[HttpConnection] = set()
        self._orders: deque[Exchange] = deque()
        self._reads: deque[Exchange] = deque()
        self._openers = Tasks(on_error)
        self._stopped = True
        self._failures = 0

    def start(self) -> None:
        """Open the connections."""
        self._stopped = False
        self._fill()

    async def stop(self) -> None:
        """Close everything; what waits ends without an answer."""
        self._stopped = True
        await self._openers.stop()
        for exchange in self.renew():
            exchange.end(None)

    def send(self, exchange: Exchange) -> None:
        """Write a request now if a connection is free, else as soon as one is."""
        if self._may_send(exchange):
            self._send(exchange)
        else:
            (self._reads if exchange.reads else self._orders).append(exchange)
            self._fill()

    def renew(self) -> list[Exchange]:
        """Give up every connection and open new ones; returns what was written or waits, which is to end unanswered."""
        carried = [connection.abandon() for connection in [*self._free, *self._used]]
        waiting = [*self._orders, *self._reads]
        self._orders.clear()
        self._reads.clear()
        return [*filter(None, carried), *waiting]

    def give_up(self, exchange: Exchange) -> None:
        """A request was not answered in time: its line may be dead, and so may those beside it that are not in use."""
        carrier = next((one for one in self._used if one.carried is exchange), None)
        for connection in [*self._free, *([carrier] if carrier else [])]:
            connection.close()
        with suppress(ValueError):
            (self._reads if exchange.reads else self._orders).remove(exchange)
        exchange.end(None)

    def _may_send(self, exchange: Exchange) -> bool:
        if not (self._free and exchange.reads):
            return bool(self._free)
        reading = sum(one.carried is not None and one.carried.reads for one in self._used)
        return reading < CONNECTIONS - KEPT_FOR_ORDERS

    def _send(self, exchange: Exchange) -> None:
        connection = self._free.pop()
        self._used.add(connection)
        connection.send(exchange)

    def _send_waiting(self) -> None:
        for waiting in (self._orders, self._reads):
            while waiting and self._may_send(waiting[0]):
                self._send(waiting.popleft())

    def _on_free(self, connection: HttpConnection) -> None:
        self._check()
        self._used.discard(connection)
        if not connection.lost:
            self._free.append(connection)
            self._send_waiting()

    def _on_answered(self, connection: HttpConnection) -> None:
        self._failures = 0
        self._on_free(connection)

    def _on_lost(self, connection: HttpConnection) -> None:
        self._failures += connection.age_s < SHORT_LIFE_S
        self._used.discard(connection)
        with suppress(ValueError):
            self._free.remove(connection)
        self._fill()

    def _fill(self) -> None:
        if self._stopped:
            return
        for _ in range(CONNECTIONS - len(self._free) - len(self._used) - len(self._openers)):
            self._openers.start(self._open())

    async def _open(self) -> None:
        """Open one connection, at growing intervals; what waits meanwhile ends with each failure."""
        while True:
            if self._failures:
                await asyncio.sleep(min(FIRST_RETRY_S * 2 ** min(self._failures, 10), LONGEST_RETRY_S))
            try:
                connection = await self._connected()
            except OSError:
                self._failures += 1
                if not self._free and not self._used:
                    for exchange in self.renew():
                        exchange.end(None)
            else:
                self._on_free(connection)
                return

    async def _connected(self) -> HttpConnection:
        """A new connection.

        Raises:
            OSError: it cannot be opened, or not in time, or ended at once.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(OPENING_S):
            _, connection = await loop.create_connection(
                lambda: HttpConnection(self._on_answered, self._on_lost), self._host, self._port, ssl=self._tls
            )
        if connection.lost:
            raise ConnectionResetError("the exchange closed the connection at once")
        return connection
