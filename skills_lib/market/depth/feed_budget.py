"""How much may be asked of a venue within a minute, so that it never has to refuse."""

from collections import deque

SNAPSHOT_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
"""`GET /fapi/v1/depth`: levels up to, and what that weighs."""

_WINDOW_S = 60.0


def snapshot_weight(limit: int) -> int:
    """What a snapshot of `limit` levels weighs."""
    return next((weight for levels, weight in SNAPSHOT_WEIGHTS if limit <= levels), SNAPSHOT_WEIGHTS[-1][1])


class WeightBudget:
    """Weight spent in the last minute, and a ban where the venue declared one; `now_s` is a monotonic clock's."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._spent: deque[tuple[float, int]] = deque()
        self._banned_until_s = 0.0

    def wait_s(self, weight: int, now_s: float) -> float:
        """How long to wait before `weight` may be spent; 0 for now."""
        self._forget(now_s)
        banned = max(0.0, self._banned_until_s - now_s)
        free, wait = self.per_minute - sum(w for _, w in self._spent), 0.0
        for spent_at, amount in self._spent:
            if free >= weight:
                break
            free, wait = free + amount, spent_at + _WINDOW_S - now_s
        return max(banned, wait)

    def spend(self, weight: int, now_s: float) -> None:
        """Note a request."""
        self._spent.append((now_s, weight))

    def ban(self, seconds: float, now_s: float) -> None:
        """Ask nothing for a while: the venue said so."""
        self._banned_until_s = max(self._banned_until_s, now_s + seconds)

    def _forget(self, now_s: float) -> None:
        while self._spent and self._spent[0][0] <= now_s - _WINDOW_S:
            self._spent.popleft()
