"""Reaching a venue over a network that fails: what is tried again, how long, and what is given up at once."""

import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from skills_lib.domain.errors import SourceUnavailableError
from skills_lib.settings import Settings

T = TypeVar("T")

_LONGEST_WAIT_S = 60.0
_RESOLVE_S = 2.0


class UnansweredError(SourceUnavailableError):
    """A source did not answer; `reason` alone fits into a longer sentence."""

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        super().__init__(f"{source} did not answer: {reason}. {remedy}")
        self.reason = reason


class TransientError(Exception):
    """Worth another try, after `wait_s` seconds where the venue named a time."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Backoff:
    """Tries a call up to `attempts` times; waits double from `base_s`, with jitter, at most a minute each."""

    attempts: int
    base_s: float
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings) -> "Backoff":
        """As the settings say."""
        return cls(settings.http_attempts, settings.http_backoff_s)

    def run(self, call: Callable[[], T]) -> T:
        """The result of `call`.

        Raises:
            TransientError: the last one, when attempts ran out or the venue asks to wait longer than a minute.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return call()
            except TransientError as trouble:
                if attempt == self.attempts or trouble.wait_s > _LONGEST_WAIT_S:
                    raise
                self.sleep(max(trouble.wait_s, self._pause(attempt)))
        raise AssertionError("attempts is at least 1")

    def _pause(self, attempt: int) -> float:
        return min(_LONGEST_WAIT_S, self.base_s * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def name_resolves(url: str) -> bool:
    """False if the host's name is unknown or no name server answers within two seconds.

    Behind a proxy the proxy resolves names, so nothing is looked up.
    """
    address = urlsplit(url)
    if address.scheme in getproxies():
        return True
    found = threading.Event()

    def look_up() -> None:
        try:
            socket.getaddrinfo(address.hostname, address.port or 443)
        except OSError:
            return
        found.set()

    looking = threading.Thread(target=look_up, daemon=True)  # getaddrinfo has no time limit of its own
    looking.start()
    looking.join(_RESOLVE_S)
    return found.is_set()


def retry_after_s(header: str | None) -> float:
    """Seconds a Retry-After header asks for; 0 where it says nothing in seconds."""
    return float(header) if header and header.strip().isdigit() else 0.0
