"""The user data stream: its key, its connection, and both again whenever they end."""

import msgspec

from live.binance.calls import CallWriter
from live.binance.user_stream import EVENTS, events_of
from live.client.wire import S, Wire
from live.engine.events import Connection, StreamKind
from live.wire import HttpRequest, HttpResponse

KEEP_ALIVE_NS = 30 * 60 * S
"""A key lives for 60 minutes: page "User Data Streams"."""
RETRY_NS = 1 * S
OPENING_NS = 10 * S
"""A handshake without an answer is given up after this long."""
_PATH = "/fapi/v1/listenKey"


class _Key(msgspec.Struct):
    """The answer of `POST /listenKey`."""

    listenKey: str  # noqa: N815 - the wire's name


class UserStream:
    """Keeps a user stream open and hands its events on."""

    def __init__(self, wire: Wire, calls: CallWriter) -> None:
        self._wire, self._headers = wire, calls.key_header
        self._connection = 0
        self._attempt = 0
        self.up = self._ended = False

    def start(self) -> None:
        """Ask for a key; the connection follows."""
        if self._ended:
            return
        self._attempt += 1
        self._wire.request(HttpRequest("POST", _PATH, self._headers), self._on_key)

    def end(self) -> None:
        """Close it for good: nothing opens it again, so that its key can be taken away."""
        self._ended = True
        self._wire.close(self._connection)

    def on_opened(self) -> None:
        """The engine asks for whatever happened before."""
        self._set(True)
        attempt = self._attempt
        self._wire.later(KEEP_ALIVE_NS, lambda: self._keep_alive(attempt))

    def on_frame(self, data: bytes) -> None:
        """Hand events on. After the end of its key the connection stays open and silent, so it is closed."""
        for event in events_of(data, self._wire.now_ns):
            if isinstance(event, Connection) and not event.up and _is_end_of_key(data):
                self._restart()
            else:
                self._wire.emit(event)

    def on_closed(self) -> None:
        """Open it again after a while."""
        self._set(False)
        self._again()

    def _on_key(self, answer: HttpResponse | None) -> None:
        key = _key_of(answer)
        if self._ended:
            return
        if not key:
            self._again()
            return
        self._connection = self._wire.connect(f"/private/ws?listenKey={key}&events={'/'.join(EVENTS)}", self)
        attempt = self._attempt
        self._wire.later(OPENING_NS, lambda: self._check_opened(attempt))

    def _check_opened(self, attempt: int) -> None:
        if attempt == self._attempt and not self.up:
            self._restart()

    def _keep_alive(self, attempt: int) -> None:
        if attempt != self._attempt or not self.up:
            return
        self._wire.request(HttpRequest("PUT", _PATH, self._headers), self._on_kept)
        self._wire.later(KEEP_ALIVE_NS, lambda: self._keep_alive(attempt))

    def _on_kept(self, answer: HttpResponse | None) -> None:
        """A key that is gone (-1125) has ended the stream; any other failure leaves half an hour to try again."""
        if answer is not None and answer.status == 400:
            self._restart()

    def _restart(self) -> None:
        self._wire.close(self._connection)
        self._set(False)
        self._again()

    def _again(self) -> None:
        self._attempt += 1
        self._wire.later(RETRY_NS, self.start)

    def _set(self, up: bool) -> None:
        if up != self.up:
            self.up = up
            self._wire.emit(Connection(self._wire.now_ns, StreamKind.USER, up))


def _is_end_of_key(data: bytes) -> bool:
    return b'"listenKeyExpired"' in data


def _key_of(answer: HttpResponse | None) -> str:
    """The key; empty if the answer holds none."""
    if answer is None or answer.status != 200:
        return ""
    try:
        return msgspec.json.decode(answer.body, type=_Key).listenKey
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
