"""Serves MCP over streamable HTTP, for clients that cannot start a process.

The SDK checks Host and Origin (DNS rebinding) and the size of a body. Added here: the bearer token, and time limits,
so that a client that sends a byte now and then holds no connection for long.
"""

import asyncio
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import anyio
import h11
import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from mcp_servers.bounded_server import BoundedServer
from mcp_servers.serving.bearer_token import is_token
from skills_lib.domain.errors import InputError, TwokeyError

PATH = "/mcp"
MAX_BODY_BYTES = 512 * 1024
MAX_CONNECTIONS = 64
MAX_SESSIONS = 256
_GRACE_SECONDS = 3
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where a server listens, and which Host and Origin headers it accepts.

    `slowest_s`: seconds in which the headers of a request must arrive, and then its body.
    """

    host: str
    port: int
    is_local: bool
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    slowest_s: float = 10.0

    @classmethod
    def parse(
        cls, host: str, port: int, allow_remote: bool, hosts: tuple[str, ...] = (), origins: tuple[str, ...] = ()
    ) -> Self:
        """Check the arguments.

        Raises:
            InputError: no such port or origin, or an address that others can reach and `allow_remote` is not given.
        """
        if not 0 <= port <= 65_535:
            raise InputError(f"--port {port} is no port. Give 1 to 65535, or 0 for any that is free.")
        if wrong := [origin for origin in origins if not origin.startswith(("http://", "https://"))]:
            raise InputError(f"--allow-origin {wrong[0]} is no origin. Write it as https://host:port.")
        is_local = _is_loopback(host)
        if not is_local and not allow_remote:
            raise InputError(
                f"--host {host} can be reached by others, and HTTP is not encrypted. Listen on 127.0.0.1 behind a "
                "proxy with TLS, or add --allow-remote."
            )
        if _is_every_address(host) and not hosts:
            raise InputError(f"--host {host} has no name of its own. Add --allow-host NAME, as clients will call it.")
        return cls(host, port, is_local, hosts, origins)

    def security(self, port: int) -> TransportSecuritySettings:
        """The Host and Origin headers accepted by a server that listens on `port`."""
        own = _LOOPBACK if self.is_local else () if _is_every_address(self.host) else (_in_url(self.host),)
        hosts = [f"{name}:{port}" for name in own]
        hosts += [name for given in self.hosts for name in (given, f"{given}:{port}")]
        return TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=[*(f"http://{host}" for host in hosts), *self.origins]
        )


def serve_http(server: BoundedServer, settings: HttpSettings, token: str) -> None:
    """Serve until the process gets SIGTERM or ctrl-C. The address is printed to standard error once it listens.

    Raises:
        TwokeyError: the address or port is not free.
    """
    listening = _listen(settings)
    port = listening.getsockname()[1]
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        host=settings.host,
        max_request_body_size=MAX_BODY_BYTES,
        max_sessions=MAX_SESSIONS,
        transport_security=settings.security(port),
    )
    config = uvicorn.Config(
        _RequireToken(_InTime(app, settings.slowest_s), token),
        http=partial(_TimelyProtocol, slowest_s=settings.slowest_s),  # type: ignore[arg-type]
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    sys.stderr.write(f"{server.name} listens on http://{_in_url(settings.host)}:{port}{PATH}\n")
    sys.stderr.flush()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # which uvicorn calls once it has closed all connections
    uvicorn.Server(config).run(sockets=[listening])


class _RequireToken:
    """Refuses a request without the bearer token, before anything of it is read but its headers."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_allowed(scope["headers"]):
            text = "Send the header Authorization: Bearer TOKEN. The server was started with that token or printed it."
            refusal = JSONResponse({"error": text}, 401, {"WWW-Authenticate": "Bearer", "Connection": "close"})
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)

    def _is_allowed(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        given = [value.decode("latin-1") for name, value in headers if name == b"authorization"]
        kind, _, presented = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        return kind.lower() == "bearer" and is_token(presented.strip(), self._token)


class _InTime:
    """Refuses a body that has not arrived after `slowest_s` seconds."""

    def __init__(self, app: ASGIApp, slowest_s: float) -> None:
        self._app, self._slowest_s = app, slowest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        until, is_complete = anyio.current_time() + self._slowest_s, False

        async def receive_in_time() -> Message:
            nonlocal is_complete
            with anyio.CancelScope(deadline=float("inf") if is_complete else until) as scope:
                message = await receive()
                is_complete = not message.get("more_body", False)
                return message
            assert scope.cancelled_caught
            raise HTTPException(408, f"The body took longer than {self._slowest_s:g} s.", {"Connection": "close"})

        await self._app(scope, receive_in_time if scope["type"] == "http" else receive, send)


class _TimelyProtocol(H11Protocol):
    """Closes a connection on which no whole head of a request has arrived after `slowest_s` seconds."""

    def __init__(self, *arguments: Any, slowest_s: float, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._slowest_s = slowest_s
        self._closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._closing = self.loop.call_later(self._slowest_s, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        has_part_of_a_head = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if has_part_of_a_head and self._closing is None:
            self._closing = self.loop.call_later(self._slowest_s, self.transport.close)
        elif not has_part_of_a_head:
            self._stop_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_closing()
        super().connection_lost(exc)

    def _stop_closing(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None


def _listen(settings: HttpSettings) -> socket.socket:
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )
        listening = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would share the port with whoever has it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(MAX_CONNECTIONS)
    except OSError as error:
        raise TwokeyError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. Choose another --port."
        ) from None
    return listening


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _is_every_address(host: str) -> bool:
    address = _address(host)
    return host == "" or (address is not None and address.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
