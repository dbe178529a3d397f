"""How much may be asked of a venue within a minute, so that it never has to refuse."""

from collections import deque

SNAPSHOT_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
"""`GET /fapi/v1/depth`: levels up to, and what that weighs."""

_WINDOW_S = 60.0


def snapshot_weight(limit: int) -> int:
    """What a snapshot of `limit` levels weighs."""
    return next((weight for levels, weight in SNAPSHOT_WEIGHTS if limit <= levels), SNAPSHOT_WEIGHTS[-1][1])


class WeightBudget:
    """Weight of the last minute and of what waits its turn, and a ban where the venue declared one.

    `now_s` is a monotonic clock's.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._spent: deque[tuple[float, int]] = deque()
        self._banned_until_s = 0.0

    def reserve(self, weight: int, now_s: float) -> float:
        """Take a turn; the answer is how long to wait for it. First come, first served."""
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
        """Ask nothing for a while: the venue said so."""
        self._banned_until_s = max(self._banned_until_s, now_s + seconds)

    def banned_s(self, now_s: float) -> float:
        """How long nothing may be asked at all."""
        return max(0.0, self._banned_until_s - now_s)

    def _weight_since(self, begin_s: float) -> int:
        return sum(weight for spent_s, weight in self._spent if spent_s > begin_s)
