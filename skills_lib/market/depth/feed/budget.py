"""UsabilityLimits REST request weight per minute to stay below the venue's rate limit."""

from collections import deque

SNAPSHOT_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
"""`GET /fapi/v1/depth`: (maximum levels, request weight)."""

_WINDOW_S = 60.0


def snapshot_weight(limit: int) -> int:
    """Request weight of a snapshot of `limit` levels."""
    return next((weight for levels, weight in SNAPSHOT_WEIGHTS if limit <= levels), SNAPSHOT_WEIGHTS[-1][1])


class WeightBudget:
    """Tracks weight used or reserved within a minute, and bans imposed by the venue.

    `now_s` is monotonic time in seconds.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._spent: deque[tuple[float, int]] = deque()
        self._banned_until_s = 0.0

    def reserve(self, weight: int, now_s: float) -> float:
        """Reserve `weight`, first come, first served; returns the seconds to wait before sending."""
        while self._spent and self._spent[0][0] <= now_s - _WINDOW_S:
            self._spent.popleft()
        start_s = max(now_s, self._spent[-1][0]) if self._spent else now_s
        for spent_s, _ in list(self._spent):
            if self._weight_since(start_s - _WINDOW_S) + weight <= self.per_minute:
                break
            start_s = max(start_s, spent_s + _WINDOW_S)
        self._spent.append((start_s, weight))
        return max(start_s - now_s, self.banned_s(now_s))

    def ban(self, seconds: float, now_s: float) -> None:
        """Block requests for `seconds`, as the venue demanded."""
        self._banned_until_s = max(self._banned_until_s, now_s + seconds)

    def banned_s(self, now_s: float) -> float:
        """Remaining seconds of a ban; 0 without one."""
        return max(0.0, self._banned_until_s - now_s)

    def _weight_since(self, begin_s: float) -> int:
        return sum(weight for spent_s, weight in self._spent if spent_s > begin_s)
