"""How many orders an account has sent: within the limits that the exchange lists, with a reserve for closing.

Pages "New Order" and "General Info", Order Rate Limits: orders of an account in ten seconds and in a minute. Each
answer to an order counts those of all its programs (`X-MBX-ORDER-COUNT-10S`, `-1M`).
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from skills_lib.market.weights.headers import ORDERS_IN_10_S, ORDERS_IN_A_MINUTE, count_in
from skills_lib.market.weights.listed import ListedLimits

PER_10_S: Final = 300
PER_MINUTE: Final = 1_200
"""Where nobody has read what the exchange lists."""
RESERVE: Final = 5
"""One order in so many is kept for those that only reduce."""


@dataclass(slots=True)
class _Window:
    """The orders of the last `length_s`: when each was sent or learned of, oldest first. header: counts them."""

    header: str
    length_s: float
    limit: int
    sent_s: deque[float] = field(default_factory=deque)

    def used(self, now_s: float) -> int:
        sent_s = self.sent_s
        while sent_s and sent_s[0] <= now_s - self.length_s:
            sent_s.popleft()
        return len(sent_s)

    def add(self, orders: int, now_s: float) -> None:
        self.sent_s.extend([now_s] * orders)


class OrderCounts:
    """The orders of one account. now_s: seconds of a clock that does not go back."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._windows = (
            _Window(ORDERS_IN_10_S, 10.0, PER_10_S),
            _Window(ORDERS_IN_A_MINUTE, 60.0, PER_MINUTE),
        )

    def allow(self, reduces: bool) -> bool:
        """Whether one more order may leave. reduces: it opens nothing."""
        now_s = self._now_s()
        for window in self._windows:
            kept = 0 if reduces else window.limit // RESERVE
            if window.used(now_s) >= window.limit - kept:
                return False
        return True

    def sent(self) -> None:
        """An order was written."""
        for window in self._windows:
            window.add(1, self._now_s())

    def observe(self, headers: Mapping[str, str]) -> None:
        """An answer counts the account's orders: what is not known of them was sent by others. Names in lower case."""
        now_s = self._now_s()
        for window in self._windows:
            unknown = min(count_in(headers, window.header), window.limit) - window.used(now_s)
            window.add(max(0, unknown), now_s)

    def learn(self, limits: ListedLimits) -> None:
        """The exchange lists these limits."""
        listed = (limits.orders_per_10_s, limits.orders_per_minute)
        for window, limit in zip(self._windows, listed, strict=True):
            window.limit = limit or window.limit
