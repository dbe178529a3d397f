"""What has been used of a host's request weight within a minute, and until when the host asks to wait. Pure."""

from itertools import accumulate
from math import ceil

import msgspec

WINDOW_S = 60
MAX_BAN_S = 3 * 24 * 3600
"""Binance bans an address for three days at the longest: page "General Info", IP limits."""


class WeightBudget(msgspec.Struct):
    """Times are seconds of a clock that does not go back.

    spent: weight by the second until which it counts as just spent, in order. banned_until_s: the end of a ban.
    written_s: when this was last changed. limit: as the host lists it; 0 if nobody has read it.
    """

    spent: list[tuple[int, int]] = []
    banned_until_s: float = 0.0
    written_s: float = 0.0
    limit: int = 0

    def used(self, now_s: float) -> int:
        """The weight used within the last minute."""
        return sum(weight for second, weight in self.spent if second > now_s - WINDOW_S)

    def reserve(self, weight: int, ceiling: int, now_s: float) -> float:
        """Count `weight` as used if no more than `ceiling` then is; returns 0, else the seconds to wait before asking
        again.

        A weight above the ceiling waits until nothing is used.
        """
        if wait_s := self._wait_s(weight, ceiling, now_s):
            return wait_s
        self.spend(weight, now_s)
        return 0.0

    def spend(self, weight: int, now_s: float) -> None:
        """Count `weight` as used now, whatever was used before."""
        self.spent = [(second, used) for second, used in self.spent if second > now_s - WINDOW_S]
        self.written_s = max(self.written_s, now_s)
        second = ceil(now_s)
        if self.spent and self.spent[-1][0] >= second:
            last, used = self.spent[-1]
            self.spent[-1] = (last, used + weight)
        elif weight:
            self.spent.append((second, weight))

    def observe(self, used: int, now_s: float) -> None:
        """The host counts `used` in this minute: what is not known of it was used by others."""
        if (unknown := used - self.used(now_s)) > 0:
            self.spend(unknown, now_s)

    def learn(self, limit: int, now_s: float) -> None:
        """The host lists this limit."""
        self.limit, self.written_s = limit, max(self.written_s, now_s)

    def ban(self, seconds: float, now_s: float) -> None:
        """The host wants nothing more for some seconds."""
        self.banned_until_s = max(self.banned_until_s, now_s + min(seconds, MAX_BAN_S))
        self.written_s = max(self.written_s, now_s)

    def banned_s(self, now_s: float) -> float:
        """Remaining seconds of a ban; 0 without one."""
        return max(0.0, self.banned_until_s - now_s)

    def _wait_s(self, weight: int, ceiling: int, now_s: float) -> float:
        if banned_s := self.banned_s(now_s):
            return banned_s
        excess = self.used(now_s) - max(0, ceiling - weight)
        if excess <= 0:
            return 0.0
        live = [(second, used) for second, used in self.spent if second > now_s - WINDOW_S]
        freed = accumulate(used for _, used in live)
        freeing_s = next(second for (second, _), total in zip(live, freed, strict=True) if total >= excess)
        return freeing_s + WINDOW_S - now_s
