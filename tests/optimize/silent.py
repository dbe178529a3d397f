"""Somebody who listens and never speaks, for tests of what is told about a cluster that does not answer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_listener(scheme: str) -> Iterator[str]:
    """Its address on loopback, `scheme://127.0.0.1:port`."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
