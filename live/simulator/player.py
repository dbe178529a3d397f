"""Plays a tape or live messages to the exchange at the chosen speed, and runs due deliveries in between."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from live.simulator.in_process_venue import Delivery, InProcessVenue
from live.simulator.streams.publisher import Publisher
from live.simulator.tape_source import Played

BURST = 200
MAX_SLEEP_S = 0.05
NS = 1_000_000_000


@dataclass(eq=False)
class Player:
    """`speed` is a multiple of real time; 0 plays as fast as the clients read. With `live`, pushed messages are played.

    A held tape plays only as far as pending commands and deliveries need; after the end of the tape, time jumps to the
    next one due.
    """

    venue: InProcessVenue
    publisher: Publisher
    tape: Iterator[Played]
    speed: int
    deliver: Callable[[Delivery], None]
    on_time: Callable[[int], None]
    wait_for_drain: Callable[[], Awaitable[None]]
    live: bool = False
    held: bool = True
    ended: bool = False
    played: int = 0
    first_ns: int = 0
    _next: Played | None = None
    _anchor: tuple[int, int] | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._wake = asyncio.Event()
        self._load()

    def prime(self) -> bool:
        """Play until every book is in sync and updated; return False if the tape ends first."""
        while not self.venue.feed.running and self._next is not None:
            self.play_one()
        return self.venue.feed.running

    def start_tape(self) -> None:
        """Release a held tape."""
        self.held, self._anchor = False, None
        self.wake()

    def wake(self) -> None:
        """Wake the player because something was scheduled."""
        self._wake.set()

    def play_one(self) -> None:
        """Play one line."""
        line = self._next
        if line is None:
            return
        self._deliver_all(self.venue.play(line.message, line.symbol, line.time_ns))
        self.publisher.on_message(line.message, line.raw, self.venue.now_ms)
        self.on_time(self.venue.now_ms)
        self.played += 1
        self.first_ns = self.first_ns or line.time_ns
        self._load()

    def push(self, line: Played) -> None:
        """Play a live message."""
        self._next = line
        self.play_one()

    def play(self, lines: int) -> None:
        """Play `lines` lines."""
        for _ in range(lines):
            self.play_one()

    def play_until(self, time_ns: int) -> None:
        """Play every line up to `time_ns`, then advance the exchange to it."""
        while self._next is not None and self._next.time_ns <= time_ns:
            self.play_one()
        self._deliver_all(self.venue.tick(time_ns))
        self.on_time(self.venue.now_ms)

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            if self.live:
                await self._live()
            elif self.held or self.ended:
                await self._rest()
            elif self.speed:
                await self._pace()
            else:
                await self._burst()

    async def _rest(self) -> None:
        due = self.venue.next_due_ns
        if due is None:
            self._wake.clear()
            await self._wake.wait()
        else:
            self.play_until(due)
            await asyncio.sleep(0)

    async def _burst(self) -> None:
        self.play(BURST)
        await self.wait_for_drain()
        await asyncio.sleep(0)

    async def _pace(self) -> None:
        began_real, began_tape = self._anchor = self._anchor or (time.monotonic_ns(), self.venue.now_ns)
        self.play_until(began_tape + (time.monotonic_ns() - began_real) * self.speed)
        due = [moment for moment in (self._next and self._next.time_ns, self.venue.next_due_ns) if moment]
        ahead_s = (min(due, default=self.venue.now_ns) - self.venue.now_ns) / self.speed / NS
        await self._sleep(ahead_s)

    async def _live(self) -> None:
        self.play_until(max(time.time_ns(), self.venue.now_ns))
        due = self.venue.next_due_ns
        ahead_s = MAX_SLEEP_S if due is None else (due - self.venue.now_ns) / NS
        await self._sleep(ahead_s)

    async def _sleep(self, seconds: float) -> None:
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), min(max(seconds, 0.0), MAX_SLEEP_S))
        except TimeoutError:
            return

    def _deliver_all(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.deliver(delivery)

    def _load(self) -> None:
        self._next = next(self.tape, None)
        if self._next is None and not self.ended:
            self.ended = True
            self.publisher.flush(self.venue.now_ms)
            self.finished.set()
