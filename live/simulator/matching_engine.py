"""The matching engine of a venue: applies tape lines and commands to the exchange, at the venue's time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.commands import Clock, Command
from live.simulator.core.events import Answered, Event
from live.simulator.core.exchange import Exchange
from live.simulator.market_feed import MarketFeed
from live.simulator.schedule import VenueTime
from live.simulator.tape_source import Played


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A command with its place on the tape: the number of lines applied before it, and the exchange time."""

    lines: int
    time_ns: int
    body: Any


def _nothing(_: object) -> None:
    """Default of what receives events."""


@dataclass(slots=True)
class MatchingEngine:
    """Steps the exchange and passes its events on.

    record: receives all events of a step before any is passed on; publish: each event. carried_out: every
    command so far, for a replay; filled only if `record_commands`.
    """

    exchange: Exchange
    feed: MarketFeed
    time: VenueTime
    publish: Callable[[Event], None] = _nothing
    record: Callable[[list[Event]], None] = _nothing
    record_commands: bool = True
    lines: int = 0
    carried_out: list[CarriedOut] = field(default_factory=list)
    _commands: int = 0

    def apply(self, line: Played) -> None:
        """Apply one line of the tape, at its time."""
        time = self.time
        if line.time_ns > time.ns:  # as `time.advance`: every line comes here
            time.ns = line.time_ns
        self.lines += 1
        events = self.feed.take(line.message, line.symbol, line.raw)
        if events:
            self._pass_on(events)

    def carry_out(self, body: Any) -> Answered:
        """Carry out a command now and return its response."""
        if self.record_commands:
            self.carried_out.append(CarriedOut(self.lines, self.time.ns, body))
        self._commands += 1
        events = self.exchange.step(Command(self._commands, self.time.ms, body))
        self._pass_on(events)
        return next(event for event in events if isinstance(event, Answered))

    def run_timers(self) -> None:
        """Fire the timers that are due."""
        self._pass_on(self.exchange.step(Clock(self.time.ms)))

    def lose(self, symbol: str, reason: str) -> None:
        """The feed connection of a symbol broke."""
        self._pass_on(self.feed.lose(symbol, reason))

    def _pass_on(self, events: list[Event]) -> None:
        if events:
            self.record(events)
        for event in events:
            self.publish(event)
