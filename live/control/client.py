"""Asks a running daemon. Nothing here can send an order: the daemon decides what it does."""

import os
import socket
from typing import Final

import msgspec

from live.control.folder import SessionFolder
from live.control.protocol import ControlCommand, ControlReply, ControlRequest
from skills_lib.domain.errors import TwokeyError

LARGEST_REPLY: Final = 1 << 20
TIMEOUT_S: Final = 5.0
_CHUNK: Final = 65_536


class NotRunningError(TwokeyError):
    """No daemon answers at the session's socket."""


class ControlError(TwokeyError):
    """The daemon answered that it cannot do it, or nothing that can be read."""


def ask(
    folder: SessionFolder, command: ControlCommand, reason: str = "", timeout_s: float = TIMEOUT_S, symbol: str = ""
) -> ControlReply:
    """Send a command and wait for its answer.

    Raises:
        NotRunningError: nothing listens.
        ControlError: the daemon refuses, does not answer within `timeout_s`, or answers what cannot be read.
    """
    request = msgspec.json.encode(ControlRequest(command, reason, symbol)) + b"\n"
    _require_own(folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(folder.socket))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunningError(f"No daemon of session '{folder.name}' runs. Start one: twokey live run") from None
        except OSError as error:
            raise ControlError(f"The daemon cannot be reached: {error.strerror or 'time-out'}.") from None
        reply = _reply(_exchanged(connection, request))
    if reply.error:
        raise ControlError(reply.error)
    return reply


def _require_own(folder: SessionFolder) -> None:
    """A socket of somebody else, in a folder that all may write, is none of the daemon's."""
    try:
        owner = folder.socket.lstat().st_uid
    except FileNotFoundError:
        return
    if owner != os.getuid():
        raise ControlError(f"The control socket belongs to user {owner}, not to you. Find out who made it.")


def _exchanged(connection: socket.socket, request: bytes) -> bytes:
    received = bytearray()
    try:
        connection.sendall(request)
        while not received.endswith(b"\n") and len(received) <= LARGEST_REPLY:
            chunk = connection.recv(_CHUNK)
            if not chunk:
                break
            received += chunk
    except OSError:
        raise ControlError("The daemon did not answer in time. Its position may be open: see `status`.") from None
    return bytes(received)


def _reply(line: bytes) -> ControlReply:
    try:
        return msgspec.json.decode(line, type=ControlReply)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ControlError("The daemon ended before it had answered. Its position may be open: see `status`.") from None
