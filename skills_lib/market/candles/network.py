"""The error of a source that does not answer, and a name-resolution check."""

import socket
import threading
from urllib.parse import urlsplit

from skills_lib.domain.errors import SourceUnavailableError

_RESOLVE_TIMEOUT_S = 2.0


class UnansweredError(SourceUnavailableError):
    """A source did not answer. `reason` is a fragment to embed in a longer message."""

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        super().__init__(f"{source} did not answer: {reason}. {remedy}")
        self.reason = reason


def name_resolves(url: str) -> bool:
    """Whether the host name resolves within two seconds.

    True without a lookup behind a proxy, which resolves names itself.
    """
    from urllib.request import getproxies

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
