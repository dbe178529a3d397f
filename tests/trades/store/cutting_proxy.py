"""A proxy that carries out a request and then says nothing: what a client sees of a server that times out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_KEPT = ("content-type", "content-range")


class Proxy:
    """Requests are passed to `target`. unanswered: how many of the next ones get no answer; asked: how many came."""

    def __init__(self, target: str) -> None:
        self.target, self.unanswered, self.asked = target, 0, 0

    def pass_on(self, handler: BaseHTTPRequestHandler) -> None:
        """Carry out a request; answer it, or close the connection."""
        self.asked += 1
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in ("host", "connection")}
        answer = httpx.request(handler.command, self.target + handler.path, content=body, headers=headers, timeout=30)
        if self.unanswered > 0:
            self.unanswered -= 1
            handler.close_connection = True
            return
        handler.send_response(answer.status_code)
        for name in _KEPT:
            if name in answer.headers:
                handler.send_header(name, answer.headers[name])
        handler.send_header("content-length", str(len(answer.content)))
        handler.end_headers()
        handler.wfile.write(answer.content)


@contextmanager
def proxy_of(target: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy, and its address."""
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proxy.pass_on(self)

        do_POST = do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests' output is for failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
