"""The socket over which a daemon is asked: for its owner only, one request a connection."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from live.control.protocol import ControlReply, ControlRequest

Handle = Callable[[ControlRequest], Awaitable[ControlReply]]
LARGEST_REQUEST: Final = 8_192
REQUEST_WITHIN_S: Final = 5.0


class ControlServer:
    """Serves a Unix socket from `start` to `close`. handle: answers one request; what it raises ends no connection."""

    def __init__(self, path: Path, handle: Handle) -> None:
        self._path, self._handle = path, handle
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. The caller holds the lock of the session, so a socket that is there was left behind."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LARGEST_REQUEST)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Listen no more, and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(msgspec.json.encode(await self._answer(reader)) + b"\n")
            await writer.drain()
        except OSError:
            pass  # the client is gone; what it asked is done all the same
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> ControlReply:
        try:
            line = await asyncio.wait_for(reader.readline(), REQUEST_WITHIN_S)
            request = msgspec.json.decode(line, type=ControlRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TimeoutError):
            return ControlReply(error="This is no request of the control socket. Use the verbs of `twokey live`.")
        try:
            return await self._handle(request)
        except Exception as error:  # noqa: BLE001 - the daemon goes on, and whoever asked gets an answer
            return ControlReply(error=f"The daemon could not do it: {type(error).__name__}. See its log.")
