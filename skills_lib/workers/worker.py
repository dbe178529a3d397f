"""A worker as whoever starts it sees it: messages out, answers in, and its end, none of which waits for it."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from skills_lib.domain.errors import TwokeyError
from skills_lib.workers.messages import FrameReader, Opening, WorkerAnswer, frame

_LAUNCH: Final = (sys.executable, "-P", "-m", "skills_lib.workers.child")
_CHUNK: Final = 1 << 16
_CHUNKS_AT_ONCE: Final = 64
_REAPED_WITHIN_S: Final = 0.1
_LISTED: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
    *("TWOKEY_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "NUMBA_CACHE_DIR"),
)
"""Of the environment, a worker gets these variables and no other: no key and no address."""
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerEndedError(TwokeyError):
    """The worker has ended, or what it says cannot be read: it is of no more use."""


@dataclass(frozen=True)
class Program:
    """entry: `package.module:function`, which is given `request` and returns what makes an answer of each message.

    time_limit_s: of one answer. memory_bytes: of the address space, where the system limits it; 0 for no limit.
    """

    entry: str
    request: bytes
    time_limit_s: float
    memory_bytes: int = 0


class Worker:
    """A process that runs a program; its first answer says that it is ready, or why not.

    It leads a process group of its own: `kill` ends what it has started too, and ctrl-C in a terminal does not reach
    it.
    captured: what it prints is kept for `output`, else it goes to standard error.
    """

    def __init__(self, program: Program, captured: bool = False) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._reader, self._unsent = FrameReader(), b""
        self._printed = -1
        if captured:
            self._printed, printed = os.pipe()
            os.set_blocking(self._printed, False)
        else:
            printed = os.dup(2)
        with theirs:
            self._process = _started(theirs.fileno(), printed)
        limits = (program.time_limit_s, program.memory_bytes)
        self.put(msgspec.msgpack.encode(Opening(program.entry, program.request, *limits)))

    @property
    def number(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Of the socket, to wait at."""
        return self._socket.fileno()

    def put(self, message: bytes) -> None:
        """Send a message; `work` sends what the socket does not take at once."""
        self._unsent += frame(message)
        self._write()

    def work(self) -> list[WorkerAnswer]:
        """Send what is left to send; the answers that have come.

        Raises:
            WorkerEndedError: it has ended, or sent what is none.
        """
        self._write()
        found: list[WorkerAnswer] = []
        try:
            for _ in range(_CHUNKS_AT_ONCE):
                if not (data := self._socket.recv(_CHUNK)):
                    break
                found += [msgspec.msgpack.decode(body, type=WorkerAnswer) for body in self._reader.feed(data)]
            else:
                return found
        except BlockingIOError:
            return found
        except (ValueError, msgspec.MsgspecError):
            raise WorkerEndedError("It sent what is no answer.") from None
        except OSError:
            pass
        raise WorkerEndedError(self._how_it_ended())

    def output(self) -> str:
        """What it has printed since, 64 kB of it; it waits while nobody reads."""
        try:
            return os.read(self._printed, _CHUNK).decode(errors="replace") if self._printed >= 0 else ""
        except OSError:
            return ""

    def answer(self, within_s: float) -> bytes:
        """Wait for the next answer.

        Raises:
            WorkerEndedError: there is none in time, it says why there is none, or the worker has ended.
        """
        until_s = time.monotonic() + within_s
        while not (found := self.work()):
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise WorkerEndedError(f"It took more than {within_s:g} s.")
            select.select([self._socket], [self._socket] if self._unsent else [], [], left_s)
        if found[0].error:
            raise WorkerEndedError(found[0].error)
        return found[0].result

    def kill(self) -> None:
        """End it and what it has started, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAPED_WITHIN_S)
        self._socket.close()
        if self._printed >= 0:
            os.close(self._printed)
            self._printed = -1

    def _write(self) -> None:
        with suppress(OSError):  # full, or gone: reading says which
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_REAPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            return "It closed its connection."
        return f"It ended by itself with exit code {code}." if code >= 0 else f"It was ended by signal {-code}."


def _started(channel: int, printed: int) -> "subprocess.Popen[bytes]":
    """printed: where file descriptors 1 and 2 go, closed here."""
    try:
        return subprocess.Popen(
            _LAUNCH, stdin=channel, stdout=printed, stderr=printed, env=_environment(), start_new_session=True
        )
    finally:
        os.close(printed)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _LISTED if name in os.environ} | _ONE_THREAD
