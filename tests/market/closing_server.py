"""A real HTTP server on loopback that closes kept-alive connections without an answer."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType


class ClosingServer:
    """Answers each GET with `body(path)`, and closes the connection instead at the requests numbered in `closes_at`.

    It promises to keep connections alive, so a client reuses them: the close comes after the request was sent, as from
    a server whose idle timeout ends at that moment. The requests are numbered from 1 over all connections.
    """

    def __init__(self, body: Callable[[str], bytes], closes_at: set[int]) -> None:
        self._body, self._closes_at = body, closes_at
        self.requested: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "ClosingServer":
        """Start listening."""
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, and end connections that clients still keep alive."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listening.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while request := lines.readline():
                while lines.readline().strip():
                    pass
                path = request.split()[1].decode()
                self.requested.append(path)
                if len(self.requested) in self._closes_at:
                    return
                body = self._body(path)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
