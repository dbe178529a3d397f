"""How many orders an account has sent: within the limits that the exchange lists, with a reserve for closing.

Pages "New Order" and "General Info", Order Rate Limits: orders of an account in ten seconds and in a minute. Each
answer to an order counts those of all its programs (`X-MBX-ORDER-COUNT-10S`, `-1M`).
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from skills_lib.market.weights.budget import WeightBudget
from skills_lib.market.weights.headers import ORDERS_IN_10_S, ORDERS_IN_A_MINUTE, count_in
from skills_lib.market.weights.listed import ListedLimits

PER_10_S: Final = 300
PER_MINUTE: Final = 1_200
"""Where nobody has read what the exchange lists."""
RESERVE: Final = 5
"""One order in so many is kept for those that only reduce."""


class OrderCounts:
    """The orders of one account. now_s: seconds of a clock that does not go back."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._windows = {
            ORDERS_IN_10_S: WeightBudget(limit=PER_10_S, window_s=10),
            ORDERS_IN_A_MINUTE: WeightBudget(limit=PER_MINUTE, window_s=60),
        }

    def allow(self, reduces: bool) -> bool:
        """Whether one more order may leave. reduces: it opens nothing."""
        now_s = self._now_s()
        return all(
            window.used(now_s) < window.limit - (0 if reduces else window.limit // RESERVE)
            for window in self._windows.values()
        )

    def sent(self) -> None:
        """An order was written."""
        for window in self._windows.values():
            window.spend(1, self._now_s())

    def observe(self, headers: Mapping[str, str]) -> None:
        """An answer counts the account's orders. Names of headers in lower case."""
        for name, window in self._windows.items():
            if count := count_in(headers, name):
                window.observe(count, self._now_s())

    def learn(self, limits: ListedLimits) -> None:
        """The exchange lists these limits."""
        listed = (limits.orders_per_10_s, limits.orders_per_minute)
        for window, limit in zip(self._windows.values(), listed, strict=True):
            window.limit = limit or window.limit
