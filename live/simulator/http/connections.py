"""All WebSockets: paths, subscriptions, keep-alive, user events, and messages of clients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from live.simulator.core.events import Event
from live.simulator.core.rejections import MAX_MESSAGE
from live.simulator.faults.conditions import Condition, Moment
from live.simulator.faults.replies import Refusal
from live.simulator.faults.treatment import refuses
from live.simulator.http.answering import Answering
from live.simulator.http.api_path import ApiPath
from live.simulator.http.client_frames import frame_id, read_frame
from live.simulator.http.connection import MAX_MESSAGES_PER_SECOND, Connection
from live.simulator.http.endpoints.params import Digits
from live.simulator.http.frame_path import USER, FramePath
from live.simulator.http.gateway import Gateway
from live.simulator.http.last_resort import failed
from live.simulator.http.websocket_api import Session
from live.simulator.outputs import ABNORMAL
from live.simulator.schedule import Schedule
from live.simulator.streams import user_frames
from live.simulator.streams.hub import MAX_STREAMS, Hub, encode
from live.simulator.streams.names import Route
from live.wire import Opcode

NS = 1_000_000_000
PING_NS = 180 * NS
PONG_WITHIN_NS = 600 * NS
LIFE_NS = 24 * 3600 * NS
API_PATH = "/ws-fapi/v1"
POLICY_VIOLATION, INVALID_PAYLOAD = 1008, 1007
_ROUTES = ("public", "market", "private")


def is_websocket(path: str) -> bool:
    """True for the paths of streams and of the WebSocket API."""
    parts = path.strip("/").split("/")
    parts = parts[1:] if parts[0] in _ROUTES else parts
    return path == API_PATH or parts[:1] == ["ws"] or parts == ["stream"]


@dataclass(eq=False)
class Connections:
    """The open connections by number. Each is closed after `life_ns`. clocked: what is due in the clients' time."""

    gateway: Gateway
    hub: Hub
    path: FramePath
    pending: Schedule
    clocked: Schedule
    answering: Answering
    life_ns: int = LIFE_NS
    open: dict[int, Connection] = field(default_factory=dict)
    _known: dict[int, Connection] = field(default_factory=dict)
    _made: int = 0
    api: ApiPath = field(init=False)

    def __post_init__(self) -> None:
        self.api = ApiPath(self.answering, self.path.faults, self.path, self.pending, self.close)

    def connect(self, target: str, address: str) -> int:
        """A client opens a WebSocket; its handshake arrives after the inbound delay. Returns its number."""
        self._made += 1
        connection = self._known[self._made] = Connection(self._made, self.path.frame_leaves)
        self._arrives_later(connection, partial(self._handshake_arrives, connection, target, address))
        return connection.number

    def send(self, number: int, data: bytes, opcode: Opcode) -> None:
        """A client sends a message; those of one connection arrive in order. A closed connection ignores it."""
        connection = self._known.get(number)
        if connection:
            self._arrives_later(connection, partial(self._message_arrives, connection, data, opcode))

    def leave(self, number: int) -> None:
        """A client closes its connection: it receives nothing more, and the exchange learns of it after the delay."""
        connection = self._known.pop(number, None)
        if connection:
            connection.left = True
            self._arrives_later(connection, partial(self._remove, connection))

    def close(self, connection: Connection, code: int, reason: str = "") -> None:
        """The exchange closes a connection."""
        self.path.close(connection, code, reason)
        self._remove(connection)

    def _arrives_later(self, connection: Connection, call: Callable[[], None]) -> None:
        due_ns = max(self.gateway.time.ns + self.path.latency.sample_inbound_ns(), connection.arrived_ns)
        connection.arrived_ns = due_ns
        self.pending.add(due_ns, call)

    def _remove(self, connection: Connection) -> None:
        connection.closed = True
        self.hub.remove(connection)
        self.open.pop(connection.number, None)
        self._known.pop(connection.number, None)

    def _handshake_arrives(self, connection: Connection, target: str, address: str) -> None:
        raw_path, _, query = target.partition("?")
        path = unquote(raw_path)
        if not is_websocket(path):
            self.close(connection, ABNORMAL, f"No WebSocket is served at {path}.")
            return
        if refuses(self.path.faults, Refusal.SOCKETS):
            self.close(connection, ABNORMAL)
            return
        self.open[connection.number] = connection
        self.path.open(connection)
        self._keep_alive(connection)
        if path == API_PATH:
            connection.session = Session(self.gateway, address)
        else:
            self._open_stream(connection, path, query)

    def _open_stream(self, connection: Connection, path: str, query: str) -> None:
        connection.route, connection.combined = _route(path)
        fields = parse_qs(query)
        self._subscribe(connection, _streams_of(path, fields))
        connection.events = frozenset(_first(fields, "events").split("/")) - {""}

    def _keep_alive(self, connection: Connection) -> None:
        """From now on the connection has a limited life, and must answer pings."""
        now_ns = connection.pong_ns = self.gateway.clock.source()
        self.clocked.add(now_ns + self.life_ns, partial(self._end_of_life, connection))
        self.clocked.add(now_ns + PING_NS, partial(self._ping, connection))

    def _end_of_life(self, connection: Connection) -> None:
        if not connection.closed:
            self.close(connection, POLICY_VIOLATION, "Disconnected")

    def _ping(self, connection: Connection) -> None:
        """Ping every three minutes; close after ten minutes without a pong."""
        if connection.closed:
            return
        now_ns = self.gateway.clock.source()
        if now_ns - connection.pong_ns >= PONG_WITHIN_NS:
            self.close(connection, POLICY_VIOLATION, "Disconnected")
            return
        self.path.send(connection, b"", Opcode.PING)
        self.clocked.add(now_ns + PING_NS, partial(self._ping, connection))

    def _message_arrives(self, connection: Connection, data: bytes, opcode: Opcode) -> None:
        if connection.closed:
            return
        if opcode is Opcode.TEXT and not _is_utf8(data):
            self.close(connection, INVALID_PAYLOAD, "A text message must be UTF-8")
            return
        if not connection.session and self._is_too_many(connection):
            self.close(connection, POLICY_VIOLATION, "Too many requests")
        elif opcode is Opcode.PING:
            self.path.send(connection, data, Opcode.PONG)
        elif opcode is Opcode.PONG:
            connection.pong_ns = self.gateway.clock.source()
        elif connection.session:
            self.api.message_arrives(connection, connection.session, data.decode())
        else:
            connection.push(encode(self._answer(connection, data)), "answer")

    def _is_too_many(self, connection: Connection) -> bool:
        """Count a message of a stream connection; True if there were more than ten within a second."""
        times, now_ns = connection.received_ns, self.gateway.clock.source()
        times.append(now_ns)
        return len(times) > MAX_MESSAGES_PER_SECOND and now_ns - times[0] < NS

    def _answer(self, connection: Connection, data: bytes) -> dict[str, Any]:
        try:
            request = read_frame(data)
        except ValueError as error:
            return {"code": 2, "msg": f"Invalid request: {error}"}
        number = frame_id(request)
        try:
            return {"result": self._carry_out(connection, request), "id": number}
        except ValueError as error:
            return {"error": {"code": 2, "msg": f"Invalid request: {error}"[:MAX_MESSAGE]}, "id": number}
        except Exception as error:  # noqa: BLE001 - the last resort
            return {"error": failed(error).body, "id": number}

    def _carry_out(self, connection: Connection, request: dict[str, Any]) -> list[str] | None:
        method, params = request.get("method"), request.get("params") or []
        if not (isinstance(params, list) and all(_is_text(name) for name in params)):
            raise ValueError("params must be an array of strings")
        if method == "LIST_SUBSCRIPTIONS":
            return self.hub.subscriptions(connection)
        if method == "SUBSCRIBE" and len(self.hub.subscriptions(connection)) + len(params) > MAX_STREAMS:
            raise ValueError(f"at most {MAX_STREAMS} streams on one connection")
        if method == "SUBSCRIBE":
            self._subscribe(connection, params)
        elif method == "UNSUBSCRIBE":
            self.hub.unsubscribe(connection, params)
        else:
            raise ValueError(f"unknown method {method}")
        return None

    def _subscribe(self, connection: Connection, names: list[str]) -> None:
        """Subscribe to market streams; a listen key subscribes to its account's user stream."""
        keys = [name for name in names if self.gateway.listen_keys.owner(name)]
        for key in keys:
            if connection.route in (Route.PRIVATE, Route.ANY):
                connection.account, connection.listen_key = self.gateway.listen_keys.owner(key) or "", key
        self.hub.subscribe(connection, names)
        if names:
            self.path.faults.on_moment(Moment(Condition.STREAM_OPENS, connection.account))

    def carrying(self, pattern: str) -> list[Connection]:
        """The open connections that carry a stream of that name, a glob; user streams are named `user`."""
        return [entry for entry in self.open.values() if any(fnmatchcase(name, pattern) for name in self._names(entry))]

    def _names(self, connection: Connection) -> list[str]:
        """What a connection carries; one of the WebSocket API carries its answers."""
        user = [USER] if connection.account else []
        return [*self.hub.subscriptions(connection), *user, *(["answer"] if connection.session else [])]

    def send_event(self, account: str, event: Event) -> None:
        """Send an event to the account's user streams with a valid listen key."""
        alive = self.gateway.listen_keys.owner
        receivers = [entry for entry in self.open.values() if entry.account == account and alive(entry.listen_key)]
        if not receivers:
            return
        for frame in user_frames.frames(event, self.gateway.feed.listed):
            self._push(receivers, frame)

    def _push(self, receivers: list[Connection], frame: dict[str, Any]) -> None:
        data = encode(frame)
        for connection in receivers:
            if not connection.events or frame["e"] in connection.events:
                wrapped = b'{"stream":"%s","data":%s}' % (connection.listen_key.encode(), data)
                connection.push(wrapped if connection.combined else data, USER)

    def expire_listen_key(self, account: str) -> None:
        """Expire an account's listen key early."""
        key = self.gateway.listen_keys.close(account)
        if key:
            self._expire(account, key)

    def expire_listen_keys(self) -> None:
        """Expire the listen keys whose time is over."""
        for account, key in self.gateway.listen_keys.expired(self.gateway.clock.now_ms()):
            self._expire(account, key)

    def _expire(self, account: str, key: str) -> None:
        """Send listenKeyExpired and stop sending the account's events."""
        receivers = [connection for connection in self.open.values() if connection.account == account]
        self._push(receivers, user_frames.listen_key_expired(key, self.gateway.now_ms))
        for connection in receivers:
            connection.account = ""


def _route(path: str) -> tuple[Route, bool]:
    """The route, and whether frames are wrapped with their stream name."""
    parts = path.strip("/").split("/")
    route = Route(parts[0]) if parts[0] in _ROUTES else Route.ANY
    return route, "stream" in parts[:2]


def _streams_of(path: str, fields: dict[str, list[str]]) -> list[str]:
    """Streams of `/ws/a/b`, `?streams=a/b` or `?listenKey=`, without the counter that ccxt appends to the path."""
    parts = path.strip("/").split("/")
    tail = parts[parts.index("ws") + 1 :] if "ws" in parts else []
    named = [*tail, *_first(fields, "streams").split("/"), _first(fields, "listenKey")]
    return [name for name in named if name and not name.isdigit()]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Digits)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _first(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]
