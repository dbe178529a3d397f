"""Moves a venue's time at the chosen speed, or with a live feed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from live.simulator.outputs import Output
from live.simulator.schedule import NEVER_NS
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue

BURST = 200
MAX_SLEEP_S = 0.05
NS = 1_000_000_000
_LONGEST_NS = 2**62


@dataclass(eq=False)
class Player:
    """`speed` is a multiple of real time; 0 plays as fast as the clients read. With `live`, pushed messages are played.

    A held tape plays only as far as pending requests and deliveries need; after the end of the tape, time jumps to the
    next one due.
    """

    venue: LocalVenue
    dispatch: Callable[[list[Output]], None]
    wait_for_drain: Callable[[], Awaitable[None]]
    held: bool = True
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    _anchor: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.speed, self.live = self.venue.settings.speed, self.venue.settings.live
        self._wake = asyncio.Event()

    @property
    def ended(self) -> bool:
        """True after the last line."""
        return self.venue.next_line_ns is None

    def start_tape(self) -> None:
        """Release a held tape."""
        self.held, self._anchor = False, None
        self.wake()

    def wake(self) -> None:
        """Wake the player because something was sent."""
        self._wake.set()

    def push(self, line: Played) -> None:
        """Play a live message."""
        self.dispatch(self.venue.push(line))

    def play(self, lines: int) -> None:
        """Play `lines` lines."""
        for _ in range(lines):
            self.dispatch(self.venue.play_line())

    def advance(self, time_ns: int) -> None:
        """Move the exchange's time on, unless it is there already."""
        self.dispatch(self.venue.advance(time_ns))

    def catch_up(self) -> None:
        """Move the exchange's time to where the wall clock says it is, before something is sent."""
        if self.live:
            self.advance(max(time.time_ns(), self.venue.now_ns))
        elif not (self.held or self.ended) and self.speed:
            began_real, began_tape = self._anchor = self._anchor or (time.monotonic_ns(), self.venue.now_ns)
            self.advance(began_tape + int(min((time.monotonic_ns() - began_real) * self.speed, _LONGEST_NS)))

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            if self.ended and not self.live:
                self.finished.set()
            if self.live:
                await self._pace(1)
            elif self.held or self.ended:
                await self._rest()
            elif self.speed:
                await self._pace(self.speed)
            else:
                await self._burst()

    async def run_clocked(self) -> None:
        """Run what is due in the clients' time, until cancelled."""
        while True:
            self.dispatch(self.venue.run_clocked(time.time_ns()))
            ahead_s = (self.venue.clocked.due_ns - time.time_ns()) / NS
            await asyncio.sleep(min(max(ahead_s, 0.0), MAX_SLEEP_S))

    async def _rest(self) -> None:
        due_ns = self.venue.pending.due_ns
        if due_ns == NEVER_NS:
            self._wake.clear()
            await self._wake.wait()
        else:
            self.advance(due_ns)
            await asyncio.sleep(0)

    async def _burst(self) -> None:
        self.play(BURST)
        await self.wait_for_drain()
        await asyncio.sleep(0)

    async def _pace(self, speed: float) -> None:
        self.catch_up()
        due_ns = self.venue.next_ns
        ahead_s = MAX_SLEEP_S if due_ns is None else (due_ns - self.venue.now_ns) / speed / NS
        self._wake.clear()
        with suppress(TimeoutError):
            # Not wait_for: in Python 3.11 it forgets a cancellation that comes as the wait ends (CPython issue 86296).
            async with asyncio.timeout(min(max(ahead_s, 0.0), MAX_SLEEP_S)):
                await self._wake.wait()
