"""Starts a server on HTTP as a process of its own, and talks to it over plain sockets."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from mcp_servers.serving.bearer_token import VARIABLE
from tests.mcp_servers.mcp_client import ROOT

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
SLOWEST_S = 0.5
_IMPATIENT = f"""
import sys
from dataclasses import replace
from mcp_servers.serving.streamable_http import HttpSettings, serve_http
from mcp_servers.strategy.server import server
settings = replace(HttpSettings.parse("127.0.0.1", 0, False), slowest_s={SLOWEST_S})
serve_http(server, settings, sys.stdin.readline().strip())
"""


@dataclass(frozen=True)
class Served:
    """A server that listens."""

    process: "subprocess.Popen[str]"
    port: int
    token: str
    greeting: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def headers(self, **more: str) -> dict[str, str]:
        """The headers of a request that is accepted."""
        accepted = "application/json, text/event-stream"
        return {"Authorization": f"Bearer {self.token}", "Accept": accepted, "Content-Type": "application/json"} | more

    def post(self, headers: Mapping[str, str], body: Any = HELLO, path: str = "/mcp") -> tuple[int, str]:
        """Status and text of one request; a Host of the caller's replaces the right one."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest("POST", path, skip_host="Host" in headers)
        data = json.dumps(body).encode()
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        response = connection.getresponse()
        found = response.status, response.read().decode()
        connection.close()
        return found

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a server with the workspace `home`."""
    kept = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return kept | {"TWOKEY_HOME": str(home)} | more


def command(name: str, *options: str) -> list[str]:
    """The command that starts the server `name`."""
    return [sys.executable, "-m", f"mcp_servers.{name}", *options]


@contextmanager
def served(name: str, home: Path, *options: str, **more: str) -> Iterator[Served]:
    """The server `name` on a free port of loopback, with the token that it prints."""
    yield from _started(command(name, "--http", *options), environment(home, **more), None)


@contextmanager
def served_impatiently(home: Path) -> Iterator[Served]:
    """The server `strategy`, which waits only `SLOWEST_S` seconds for a request."""
    yield from _started([sys.executable, "-c", _IMPATIENT], environment(home), "t" * 40)


def _started(words: list[str], env: dict[str, str], token: str | None) -> Iterator[Served]:
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, cwd=ROOT, text=True
    )
    assert process.stdin is not None
    process.stdin.write(f"{token}\n")
    process.stdin.close()
    greeting = _greeting(process)
    try:
        port = int(re.search(r"http://[^/]+:(\d+)/mcp", greeting)[1])
        printed = re.search(r"shown once: (\S+)", greeting)
        yield Served(process, port, printed[1] if printed else token or env[VARIABLE], greeting)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def _greeting(process: "subprocess.Popen[str]") -> str:
    """What is printed up to the address."""
    printed = ""
    for line in process.stderr:
        printed += line
        if " listens on " in line:
            return printed
    raise AssertionError(f"it ended: {printed}")
