"""Exchange, market feed and latency on one time axis, without any sockets.

`play` and `run_until` return the events to deliver to clients.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.commands import Clock, Command
from live.simulator.core.events import Answered, Event
from live.simulator.core.exchange import Exchange
from live.simulator.latency import MS, Latency
from live.simulator.market_feed import MarketFeed
from skills_lib.market.depth.model import Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event and the time it reaches its receiver."""

    time_ns: int
    event: Event


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command as sent: number of tape messages played before it, and exchange time."""

    messages: int
    time_ns: int
    account: str
    body: Any


@dataclass(slots=True)
class InProcessVenue:
    """Exchange, feed and latency on the exchange's time axis, in nanoseconds.

    observe: called with events as they happen, before the outbound delay. sent: every command so far, for a replay;
    filled only if `record_commands`.
    """

    exchange: Exchange
    feed: MarketFeed
    latency: Latency
    observe: Callable[[list[Event]], None] = lambda _: None
    now_ns: int = 0
    messages: int = 0
    record_commands: bool = True
    sent: list[SentCommand] = field(default_factory=list)
    _scheduled: list[tuple[int, int, Command | Event]] = field(default_factory=list)
    _sequence: int = 0
    _commands: int = 0
    _last_arrival_ns: dict[str, int] = field(default_factory=dict)
    _last_delivery_ns: dict[str, int] = field(default_factory=dict)
    _owners: dict[int, str] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """Exchange time in milliseconds."""
        return self.now_ns // MS

    @property
    def next_due_ns(self) -> int | None:
        """Time of the next command arrival or event delivery; None if nothing is scheduled."""
        return self._scheduled[0][0] if self._scheduled else None

    def send(self, account: str, body: Any) -> int:
        """Send a command and return its number. It arrives after the inbound delay, never before an earlier one."""
        self._commands += 1
        if self.record_commands:
            self.sent.append(SentCommand(self.messages, self.now_ns, account, body))
        arrival = max(self.now_ns + self.latency.sample_inbound_ns(), self._last_arrival_ns.get(account, 0))
        self._last_arrival_ns[account] = arrival
        self._owners[self._commands] = account
        self._schedule(arrival, Command(self._commands, arrival // MS, body))
        return self._commands

    def play(self, message: Message, symbol: str, time_ns: int) -> list[Delivery]:
        """Play a tape message at `time_ns`, after everything that was due before it."""
        delivered = self.run_until(time_ns)
        self.messages += 1
        self._post(self.feed.take(message, symbol))
        return delivered

    def lose(self, symbol: str, reason: str) -> None:
        """The feed connection of a symbol broke."""
        self._post(self.feed.lose(symbol, reason))

    def run_until(self, time_ns: int) -> list[Delivery]:
        """Process command arrivals and event deliveries up to `time_ns`; return the deliveries."""
        delivered: list[Delivery] = []
        while self._scheduled and self._scheduled[0][0] <= time_ns:
            due, _, entry = heapq.heappop(self._scheduled)
            self.now_ns = max(self.now_ns, due)
            if isinstance(entry, Command):
                self._post(self.exchange.step(entry))
            else:
                delivered.append(Delivery(self.now_ns, entry))
        self.now_ns = max(self.now_ns, time_ns)
        return delivered

    def tick(self, time_ns: int) -> list[Delivery]:
        """Advance time without a tape message; timers run too."""
        delivered = self.run_until(time_ns)
        self._post(self.exchange.step(Clock(self.now_ms)))
        return delivered

    def _post(self, events: list[Event]) -> None:
        if events:
            self.observe(events)
        for event in events:
            account = self._receiver(event)
            due = max(self.now_ns + self.latency.sample_outbound_ns(), self._last_delivery_ns.get(account, 0))
            self._last_delivery_ns[account] = due
            self._schedule(due, event)

    def _receiver(self, event: Event) -> str:
        return self._owners.pop(event.command, "") if isinstance(event, Answered) else event.account

    def _schedule(self, due_ns: int, entry: Command | Event) -> None:
        self._sequence += 1
        heapq.heappush(self._scheduled, (due_ns, self._sequence, entry))
