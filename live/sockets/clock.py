"""The machine's clock as the client uses it: it does not move when somebody sets the system clock."""

import time
from collections.abc import Callable

from live.client.wire import MS, S

FROZEN_NS = 2 * S
"""A loop that did not run for so long was stopped: longer than a slow disk, shorter than the window of an order."""
JUMP_NS = 500 * MS
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps: on Linux CLOCK_BOOTTIME, elsewhere CLOCK_MONOTONIC."""

Source = Callable[[], int]


def steady_ns() -> int:
    """Nanoseconds since some moment, whatever happens to the system clock."""
    return time.clock_gettime_ns(_STEADY)


class MachineClock:
    """Wall time when it was made, plus what has passed since. Nanoseconds.

    jumps: how often the system clock was set. ahead_ns: how far it is ahead of this clock. speed: of a tape that is
    played quicker than real time; then it is the exchange's clock and nothing else.
    """

    def __init__(self, wall_ns: Source = time.time_ns, passed_ns: Source = steady_ns, speed: int = 1) -> None:
        self._wall_ns, self._passed_ns, self.speed = wall_ns, passed_ns, speed
        self._offset_ns = wall_ns() - passed_ns() * speed
        self._beat_ns = passed_ns()
        self.ahead_ns = self.jumps = 0

    @property
    def now_ns(self) -> int:
        """Nanoseconds since 1970; never goes back."""
        return self._passed_ns() * self.speed + self._offset_ns

    def set_ahead(self, by_ns: int) -> "MachineClock":
        """Another clock, ahead of this one from now on."""
        other, wall_ns = MachineClock(self._wall_ns, self._passed_ns, self.speed), self._wall_ns
        other._wall_ns = lambda: wall_ns() + by_ns
        other._offset_ns = self._offset_ns + by_ns
        return other

    @property
    def frozen(self) -> bool:
        """True if the loop has not run for `FROZEN_NS`: the process was stopped, the machine slept, or code blocked."""
        return self._passed_ns() - self._beat_ns > FROZEN_NS

    def beat(self) -> None:
        """The loop runs: compare the system clock with this one."""
        self._beat_ns = self._passed_ns()
        ahead_ns = self._wall_ns() - self.now_ns
        if abs(ahead_ns - self.ahead_ns) > JUMP_NS:
            self.jumps += 1
        self.ahead_ns = ahead_ns
