"""Retries with backoff for venue requests, and a name-resolution check."""

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

_MAX_WAIT_S = 60.0
_RESOLVE_TIMEOUT_S = 2.0


class UnansweredError(SourceUnavailableError):
    """A source did not answer. `reason` is a fragment to embed in a longer message."""

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        super().__init__(f"{source} did not answer: {reason}. {remedy}")
        self.reason = reason


class TransientError(Exception):
    """A failure worth retrying, after `wait_s` seconds if the venue requested a delay."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Backoff:
    """Retries a call up to `attempts` times with exponential backoff from `base_s`, jitter, and a one-minute cap."""

    attempts: int
    base_s: float
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings) -> "Backoff":
        """Backoff with the attempts and base delay of `settings`."""
        return cls(settings.http_attempts, settings.http_backoff_s)

    def run(self, call: Callable[[], T]) -> T:
        """The result of `call`.

        Raises:
            TransientError: attempts are exhausted, or the venue requests a delay over a minute.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return call()
            except TransientError as error:
                if attempt == self.attempts or error.wait_s > _MAX_WAIT_S:
                    raise
                self.sleep(max(error.wait_s, self._pause(attempt)))
        raise AssertionError("attempts is at least 1")

    def _pause(self, attempt: int) -> float:
        return min(_MAX_WAIT_S, self.base_s * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def name_resolves(url: str) -> bool:
    """Whether the host name resolves within two seconds.

    True without a lookup behind a proxy, which resolves names itself.
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

    lookup = threading.Thread(target=look_up, daemon=True)  # getaddrinfo has no timeout
    lookup.start()
    lookup.join(_RESOLVE_TIMEOUT_S)
    return found.is_set()


def retry_after_s(header: str | None) -> float:
    """Seconds in a Retry-After header; 0 if absent or not in seconds."""
    return float(header) if header and header.strip().isdigit() else 0.0
