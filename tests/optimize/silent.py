"""A listener that never answers, for tests of the error about an unreachable cluster."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_listener(scheme: str) -> Iterator[str]:
    """Yields its address on loopback, `scheme://127.0.0.1:port`."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
