"""Hands messages to the process that sends them, without ever waiting for it."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from live.alerts.notice import Notice
from live.alerts.sender import DELIVERED
from live.alerts.suppression import Suppression

WAITING: Final = 200
"""So many messages wait for a channel that is slow; then the oldest is dropped."""
RESTART_NS: Final = 5_000_000_000
_LAUNCH: Final = (sys.executable, "-m", "live.alerts.sender")


class AlertCounts(msgspec.Struct):
    """What became of the messages of a run, repetitions apart."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    waiting: int = 0


class AlertChannel:
    """Sends messages to addresses; without addresses it only counts. Every method returns at once.

    targets: as `targets_of` returns them. The process gets them on its standard input, where no list of processes
    shows them.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets = list(targets)
        self._suppression = Suppression()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ns = -RESTART_NS
        self._waiting: deque[bytes] = deque()
        self._rest = b""
        self._sent = 0
        self._answers = b""
        self.counts = AlertCounts()

    def send(self, notice: Notice) -> None:
        """Send a message, unless the same one was sent a short time ago."""
        passed = self._suppression.passed(notice)
        if passed is None or not self._targets:
            return
        if len(self._waiting) >= WAITING:
            self._waiting.popleft()
            self.counts.dropped += 1
        self._waiting.append(msgspec.json.encode(passed) + b"\n")
        self.work(notice.time_ns)

    def work(self, time_ns: int) -> None:
        """Start the process if it is needed and not there, write what it takes, read what it says."""
        if self._process is not None and self._process.poll() is not None:
            self._ended()
        if self._process is None and self._waiting and time_ns >= self._started_ns + RESTART_NS:
            self._started_ns = time_ns
            self._process = _started()
            self._rest = msgspec.json.encode(self._targets) + b"\n"
        if self._process is not None:
            self._write(self._process)
            self._read(self._process)
        self.counts.waiting = len(self._waiting)

    def close(self, within_s: float = 5) -> None:
        """Let what was handed over be sent, for at most `within_s` seconds; the run is over and nothing else waits."""
        process = self._process
        if process is None:
            return
        self._write(process)
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._ended()

    def _write(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        while self._rest or self._waiting:
            if not self._rest:
                self._rest = self._waiting.popleft()
                self._sent += 1
            try:
                written = os.write(process.stdin.fileno(), self._rest)
            except OSError:  # full, or gone: the next call sees which
                return
            self._rest = self._rest[written:]

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        try:
            while found := os.read(process.stdout.fileno(), 65_536):
                self._count(found)
        except OSError:
            return

    def _count(self, found: bytes) -> None:
        *lines, self._answers = (self._answers + found).split(b"\n")
        for line in lines:
            self._sent -= 1
            if line == DELIVERED.encode():
                self.counts.delivered += 1
            else:
                self.counts.failed += 1

    def _ended(self) -> None:
        """The process is gone: what it had taken and not answered has failed."""
        process = self._process
        if process is not None:
            self._read(process)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        self.counts.failed += self._sent
        self._process, self._sent, self._rest, self._answers = None, 0, b"", b""


def _started() -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        _LAUNCH,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,  # Ctrl-C in a terminal ends the run, whose last message is still to be sent
    )
    assert process.stdin is not None
    assert process.stdout is not None
    os.set_blocking(process.stdin.fileno(), False)
    os.set_blocking(process.stdout.fileno(), False)
    return process
