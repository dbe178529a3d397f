"""Repeats requests that only read, after failures that may pass: a bounded number of times, with growing pauses."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypedDict, TypeVar

from skills_lib.settings import Settings

if TYPE_CHECKING:
    import httpx
    from stamina.instrumentation import RetryDetails

T = TypeVar("T")

LONGEST_WAIT_S = 60.0
"""No pause is longer; a venue that demands more is not asked again."""
_TOO_MANY_REQUESTS, _FIRST_SERVER_ERROR = 429, 500
_log = logging.getLogger(__name__)


class TransientError(Exception):
    """A failure worth a retry, after at least `wait_s` seconds if the venue demands a pause."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


class _Rules(TypedDict):
    attempts: int
    timeout: None
    wait_initial: float
    wait_max: float
    wait_jitter: float


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `attempts` requests; the pause of `first_wait_s` seconds doubles, with up to half of it as jitter.

    Only a `TransientError` is retried, any other exception is raised at once. A pause can be interrupted by ctrl-C or,
    in `run_async`, by cancelling the task. Each retry is logged with its reason.
    """

    attempts: int
    first_wait_s: float

    @classmethod
    def of(cls, settings: Settings) -> "Retries":
        """The attempts and the first pause of `settings`."""
        return cls(settings.http_attempts, settings.http_backoff_s)

    def run(self, request: Callable[[], T]) -> T:
        """The result of `request`.

        Raises:
            TransientError: of the last attempt, or one that demands a pause over a minute.
        """
        from stamina import RetryingCaller

        _log_retries()
        return RetryingCaller(**self._rules()).on(_pause)(request)

    async def run_async(self, request: Callable[[], Awaitable[T]]) -> T:
        """As `run`, for a coroutine function."""
        from stamina import AsyncRetryingCaller

        _log_retries()
        return await AsyncRetryingCaller(**self._rules()).on(_pause)(request)

    def _rules(self) -> _Rules:
        return {
            "attempts": self.attempts,
            "timeout": None,
            "wait_initial": self.first_wait_s,
            "wait_max": LONGEST_WAIT_S,
            "wait_jitter": self.first_wait_s / 2,
        }


def broken_connection(error: "httpx.TransportError") -> "TransientError | httpx.TransportError":
    """A transient error if the connection broke, as when a server closes an idle one; else `error` itself.

    A server that refuses the connection, or stays silent until the timeout, would do so again.
    """
    import httpx

    has_broken = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
    if not has_broken or isinstance(error, httpx.ConnectError):
        return error
    return TransientError(f"{type(error).__name__} {error}".strip().rstrip("."))


def require_server_ready(response: "httpx.Response") -> None:
    """Check that a server did not answer that it is busy or broken.

    Raises:
        TransientError: status 429, or 500 and above.
    """
    status = response.status_code
    if status == _TOO_MANY_REQUESTS or status >= _FIRST_SERVER_ERROR:
        raise TransientError(f"HTTP {status}", retry_after_s(response.headers.get("Retry-After")))


def retry_after_s(header: str | None) -> float:
    """Seconds to wait according to a Retry-After header, given in seconds or as a date; 0 if absent or invalid."""
    if header is None or header.strip().isdigit():
        return float(header or 0)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _pause(error: Exception) -> bool | float:
    """Whether to retry, or after how many seconds if the venue demands a pause."""
    if not isinstance(error, TransientError) or error.wait_s > LONGEST_WAIT_S:
        return False
    return error.wait_s or True


def _log_retries() -> None:
    """Log each retry here: by default stamina prints it, on standard output."""
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([_log_retry])


def _log_retry(details: "RetryDetails") -> None:
    _log.info("%s. Retry %d in %.2f s.", details.caused_by, details.retry_num, details.wait_for)
