"""A webhook on this machine, to which messages are really sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread
from typing import Any


@dataclass
class Webhook:
    """What it was sent. status: of its answers; held: set it to let answers go."""

    port: int = 0
    status: int = 200
    held: Event = field(default_factory=Event)
    received: "Queue[dict[str, Any]]" = field(default_factory=Queue)

    @property
    def target(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"


@contextmanager
def webhook(status: int = 200, hold: bool = False) -> Iterator[Webhook]:
    """Serve until the end. hold: answers wait until `held` is set."""
    hook = Webhook(status=status)
    if not hold:
        hook.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.received.put(json.loads(body))
            hook.held.wait(30)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hook
    finally:
        hook.held.set()
        server.shutdown()
        server.server_close()
        thread.join()
