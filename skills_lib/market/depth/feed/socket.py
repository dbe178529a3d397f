"""WebSocket connection that delivers frames as bytes with receive times. Needs the extra `live`."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from skills_lib.domain.errors import InputError

_READ_BUFFER = 1 << 16
Receive = Callable[[int, bytes], None]
"""Called with the receive time in ns and the exact bytes of each text frame."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Times in seconds, lengths in bytes.

    opening_s: until the handshake is done. ping_after_s: silence before a ping; pong_within_s: until its answer, else
    the connection ends. message_bytes: the longest message; a longer one ends the connection.
    """

    opening_s: float = 5.0
    ping_after_s: float = 60.0
    pong_within_s: float = 20.0
    message_bytes: int = 10 << 20


FEED_LIMITS = SocketLimits()


def import_picows() -> Any:
    """The module `picows`.

    Raises:
        InputError: it is not installed.
    """
    try:
        import picows
    except ImportError as error:
        raise InputError("Following live streams needs picows. Run: pip install 'twokey[live]'") from error
    return picows


class FeedSocket:
    """An open connection. picows answers server pings; an exception of the receiver ends the connection."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def wait_closed(self) -> None:
        """Return when the connection has ended, for any reason."""
        with suppress(Exception):
            await self._transport.wait_disconnected()

    def send(self, text: bytes) -> bool:
        """Write a text frame; False if the connection has ended."""
        if self._transport.is_disconnected:
            return False
        self._transport.send(import_picows().WSMsgType.TEXT, text)
        return True

    def close(self) -> None:
        """Close the connection immediately."""
        self._transport.disconnect(graceful=False)


async def open_socket(url: str, receive: Receive, limits: SocketLimits = FEED_LIMITS) -> FeedSocket:
    """Connect; every text frame is passed to `receive` on arrival.

    Raises:
        InputError: picows is not installed.
        OSError: no server answers in time, or the handshake fails.
    """
    picows = import_picows()
    listener = _frame_listener(picows, receive, limits.message_bytes)
    async with asyncio.timeout(2 * limits.opening_s):  # twice: picows' own timeout begins once it is connected
        transport, _ = await _connect(picows, url, listener, limits)
    if transport.is_disconnected:
        raise ConnectionResetError("the connection ended during the handshake")
    return FeedSocket(transport)


async def _connect(picows: Any, url: str, listener: Any, limits: SocketLimits) -> Any:
    try:
        return await picows.ws_connect(
            lambda: listener,
            url,
            websocket_handshake_timeout=limits.opening_s,
            enable_auto_ping=True,
            auto_ping_idle_timeout=limits.ping_after_s,
            auto_ping_reply_timeout=limits.pong_within_s,
            max_frame_size=limits.message_bytes,
            max_redirects=0,
            read_buffer_init_size=_READ_BUFFER,
        )
    except picows.WSError as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


def _frame_listener(picows: Any, receive: Receive, message_bytes: int) -> Any:
    kinds, now = picows.WSMsgType, time.time_ns
    text, parts = kinds.TEXT, list[bytes]()

    class FrameListener(picows.WSListener):  # type: ignore[misc]
        """Passes text messages to `receive`; reassembles fragmented ones."""

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            raw = frame.get_payload_as_bytes()
            if frame.fin and raw[:1] == b"{" and not parts:  # reading the type of each frame is slower
                receive(now(), raw)
            elif frame.msg_type == kinds.CLOSE:
                transport.send_close(frame.get_close_code())
                transport.disconnect()
            elif frame.msg_type in (text, kinds.CONTINUATION):
                self._continue(transport, frame)

        def _continue(self, transport: Any, frame: Any) -> None:
            parts.append(frame.get_payload_as_bytes())
            if sum(map(len, parts)) > message_bytes:
                transport.disconnect(graceful=False)
                return
            if frame.fin:
                whole = b"".join(parts)
                parts.clear()
                receive(now(), whole)

    return FrameListener()
