"""Requests as bytes, and responses from bytes by h11 (RFC 9112), without sockets."""

import h11

from live.wire import HttpRequest, HttpResponse

MAX_BODY_BYTES = 1 << 20
LARGE_BODIES = {"/fapi/v1/exchangeInfo": 16 << 20}
"""Paths whose answers are longer than `MAX_BODY_BYTES`, and how long they may be."""
_MAX_HEAD_BYTES = 64 << 10


class BadResponseError(Exception):
    """What came is no response, or is too long."""


def bytes_of(request: HttpRequest, host: str) -> bytes:
    """The request as it is written.

    Raises:
        ValueError: a line break or space where none may be.
    """
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body or request.method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(request.body)}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or lines[0].count(" ") != 2:
        raise ValueError(f"A {request.method} request has a line break or space in its target or headers.")
    return text.encode("ascii") + b"\r\n\r\n" + request.body


def body_limit(target: str) -> int:
    """How long the body of an answer may be, in bytes."""
    return LARGE_BODIES.get(target.partition("?")[0], MAX_BODY_BYTES)


class ResponseReader:
    """Reads one response. limit: of its body, in bytes. keeps_open: whether another request may follow."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self.keeps_open = False
        # h11 frames a response by the method of its request alone, and none of ours is HEAD or CONNECT.
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._parser.send(_ANY_REQUEST)
        self._parser.send(h11.EndOfMessage())

    def take(self, data: bytes) -> HttpResponse | None:
        """The response, once it is whole; None before. data: what came, empty at the end of the connection.

        Raises:
            BadResponseError: it is none, or too long.
        """
        try:
            self._parser.receive_data(data)
            while True:
                event = self._parser.next_event()
                if event is h11.NEED_DATA:
                    return None
                if isinstance(event, h11.EndOfMessage):
                    return self._whole()
                self._add(event)
        except h11.RemoteProtocolError as error:
            raise BadResponseError(f"The exchange's answer is not HTTP: {error}.") from None

    def _add(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self._status = event.status_code
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > self._limit:
                raise BadResponseError(f"The exchange's answer is longer than {self._limit:,} bytes.")
        elif isinstance(event, h11.ConnectionClosed):
            raise BadResponseError("The connection ended before the answer.")

    def _whole(self) -> HttpResponse:
        trailing, _ = self._parser.trailing_data
        if trailing:
            raise BadResponseError("The exchange sent more than one answer.")
        self.keeps_open = self._parser.their_state is h11.DONE
        return HttpResponse(self._status, bytes(self._body), self._headers)


_ANY_REQUEST = h11.Request(method="GET", target="/", headers=[("Host", "venue")])
