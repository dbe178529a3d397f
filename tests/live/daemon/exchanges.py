"""A local exchange over loopback: what it was asked and what its account held; it can end and come back."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from live.money import SCALE
from live.schedules.lines import snapshot_line
from live.schedules.tape import ScheduleTape
from live.simulator.core.events import Event, OrderChanged
from live.simulator.faults import FaultPlan
from live.simulator.schedule import MS
from live.simulator.settings import SimulatorSettings, Start
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, Opcode
from skills_lib.market.depth.model import DepthUpdate, WireLevel
from tests.live.simulator.venue_client import VenueClient

STEPS = 2_000


class Asked(NamedTuple):
    """A request that came. time_ns: of the exchange. path: or the method of a call of the WebSocket API."""

    time_ns: int
    method: str
    path: str


class Filled(NamedTuple):
    """A fill of the account. quantity: signed, in units of 1e-8."""

    time_ns: int
    client_id: str
    quantity: int


@dataclass
class Exchange:
    """asked: every request, in order. fills: of the account."""

    settings: SimulatorSettings
    asked: list[Asked] = field(default_factory=list)
    fills: list[Filled] = field(default_factory=list)
    host: str = ""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, lines: Iterator[Played] | None = None) -> None:
        """Serve; at the same port as before, if it served before."""
        self.server = Server(self.settings, lines or iter(market()))
        self.venue.observe = self._on_events
        self.venue.request = partial(self._request, self.venue.request)  # type: ignore[method-assign]
        self.venue.send = partial(self._send, self.venue.send)  # type: ignore[method-assign]
        port = int(self.host.rpartition(":")[2] or 0)
        self.host = await self._stack.enter_async_context(serving(self.server, port=port))

    async def close(self) -> None:
        """Serve no more."""
        await self._stack.aclose()

    async def crash(self) -> None:
        """Its process is gone: connections are reset, and only what is on its disk is kept."""
        assert self.venue.store is not None
        for socket in list(self.server.sockets.values()):
            socket.disconnect()
        self.venue.store.close()
        self.venue.store = None
        await self.close()

    async def come_back(self, after_ms: int) -> None:
        """Serve what is on its disk, so long after the crash by its own clock."""
        lines = lines_from(market(), self.venue.now_ns + after_ms * MS)
        self.settings = replace(self.settings, start=Start.NOW)
        await self.open(lines)

    @property
    def venue(self) -> LocalVenue:
        """The exchange behind the sockets."""
        return self.server.venue

    @property
    def is_flat(self) -> bool:
        """The truth."""
        state = self.venue.state
        (account,) = state.accounts.values()
        return not (account.held() or state.open_orders(account.name) or state.waiting_algos(account.name))

    @property
    def is_protected(self) -> bool:
        """The truth: a stop waits."""
        (account,) = self.venue.state.accounts.values()
        return bool(self.venue.state.waiting_algos(account.name))

    @property
    def crossings(self) -> int:
        """How often a fill turned a position into one of the other side: more was sold than was held."""
        held = crossings = 0
        for fill in self.fills:
            crossings += held * (held + fill.quantity) < 0
            held += fill.quantity
        return crossings

    def by_hand(self, method: str, path: str, **fields: Any) -> None:
        """Somebody else sends a signed request."""
        self.server.player.catch_up()
        self.venue.request(VenueClient(self.venue).make(method, path, **fields))
        self.server.player.wake()

    def close_by_hand(self) -> None:
        """Somebody else closes the position and cancels its stop."""
        (account,) = self.venue.state.accounts.values()
        (held,) = account.held()
        side, quantity = ("SELL", held.amount) if held.amount > 0 else ("BUY", -held.amount)
        fields = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "reduceOnly": "true"}
        self.by_hand("POST", "/fapi/v1/order", **fields, quantity=f"{quantity / SCALE:.3f}", newClientOrderId="web_1")
        self.by_hand("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")

    def jump_ahead(self, milliseconds: int) -> None:
        """Its time is suddenly later."""
        player = self.server.player
        player.catch_up()
        player.advance(self.venue.now_ns + milliseconds * MS)
        player._anchor = None

    def _request(self, send: Any, request: HttpRequest) -> int:
        self.asked.append(Asked(self.venue.now_ns, request.method, request.target.partition("?")[0]))
        number: int = send(request)
        return number

    def _send(self, send: Any, connection: int, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        if opcode is Opcode.TEXT:
            self.asked.append(Asked(self.venue.now_ns, "WS", json.loads(data)["method"]))
        send(connection, data, opcode)

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, OrderChanged) and event.fill:
                order = event.order
                signed = order.side.sign * event.fill.quantity
                self.fills.append(Filled(self.venue.now_ns, order.request.client_id, signed))


def settings_of(folder: Path, faults: list[dict[str, Any]], **changes: Any) -> SimulatorSettings:
    """Settings of an exchange that keeps what it has in a folder, if `kept` is among the changes."""
    if changes.pop("kept", False):
        changes["store"] = folder / "exchange.sqlite"
    return SimulatorSettings(balance="40000", faults=FaultPlan.model_validate({"faults": faults}), **changes)


@lru_cache
def market() -> tuple[Played, ...]:
    """A market that leans now to one side and now to the other, for some minutes."""
    tapes = (ScheduleTape(seed) for seed in count(1))
    return tuple(next(tape for tape in tapes if tape.symbols == ("BTCUSDT",)).draw(STEPS))


def lines_from(lines: tuple[Played, ...], from_ns: int) -> Iterator[Played]:
    """The lines from a time on, after a snapshot of the book at that time."""
    before = [line for line in lines if line.time_ns < from_ns]
    last = next(line for line in reversed(before) if isinstance(line.message, DepthUpdate))
    update = last.message
    assert isinstance(update, DepthUpdate)
    bids, asks = _levels(update.bids), _levels(update.asks)
    yield snapshot_line(last.symbol, from_ns // MS, update.final_update_id, bids, asks)
    yield from lines[len(before) :]


def _levels(levels: list[WireLevel]) -> list[WireLevel]:
    """Without those that are gone; each update of this market says the whole book anew."""
    return [level for level in levels if float(level[1])]
