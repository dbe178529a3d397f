"""Limits of request weight per address and of orders per account, counted in fixed windows as Binance does."""

from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.rejections import Rejection

WEIGHT_PER_MINUTE = 2_400
ORDERS_PER_MINUTE = 1_200
ORDERS_PER_10_SECONDS = 300
LIMITS: tuple[dict[str, Any], ...] = (
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_PER_10_SECONDS},
    {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": ORDERS_PER_MINUTE},
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": WEIGHT_PER_MINUTE},
)
"""The limits as Binance lists them."""
STRIKES_UNTIL_BAN = 10
FIRST_BAN_MS = 120_000
MAX_BAN_MS = 3 * 24 * 3600 * 1000
TOO_MANY, BANNED = 429, 418


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What a request counts as in the order limits: orders in the 10-second window, and in the one-minute window."""

    ten_seconds: int = 1
    minute: int = 1


FREE, ONE_ORDER, BATCH = OrderCost(0, 0), OrderCost(1, 1), OrderCost(5, 1)


@dataclass(frozen=True, slots=True)
class Pool:
    """A limit of requests per address that some endpoints share, beside the request weight."""

    name: str
    requests: int
    length_ms: int


FUNDING_POOL, STATISTICS_POOL = Pool("funding", 500, 300_000), Pool("statistics", 1_000, 300_000)


class LimitedError(Rejection):
    """A request over a limit: 429, or 418 while the address is banned. `retry_after_s` is sent as Retry-After."""

    def __init__(self, code: int, message: str, status: int, retry_after_s: int) -> None:
        super().__init__(code, message, status)
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class RateWindow:
    """A counter that resets at every multiple of `length_ms`."""

    length_ms: int
    _started: int = -1
    _used: int = 0
    _occupied: int = -1

    def occupy(self, amount: int, now_ms: int) -> None:
        """Add what others use, once in each window."""
        if self._occupied != now_ms // self.length_ms:
            self._occupied = now_ms // self.length_ms
            self.add(amount, now_ms)

    def add(self, amount: int, now_ms: int) -> int:
        """Add to the counter; return the current window's total."""
        if now_ms // self.length_ms != self._started:
            self._started, self._used = now_ms // self.length_ms, 0
        self._used += amount
        return self._used

    def left_s(self, now_ms: int) -> int:
        """Whole seconds until the next window."""
        return -(-(self.length_ms - now_ms % self.length_ms) // 1000)


@dataclass(slots=True)
class Address:
    """One address: its weight, its requests over the limit, and its bans."""

    weight: RateWindow = field(default_factory=lambda: RateWindow(60_000))
    pools: dict[Pool, RateWindow] = field(default_factory=dict)
    strikes: int = 0
    bans: int = 0
    banned_until_ms: int = 0


@dataclass(slots=True)
class OrderCounts:
    """Order counts of one account."""

    minute: RateWindow = field(default_factory=lambda: RateWindow(60_000))
    ten_seconds: RateWindow = field(default_factory=lambda: RateWindow(10_000))


class RateLimits:
    """All counters. Lower `weight_limit` to test how a client handles the limit."""

    def __init__(self, weight_limit: int = WEIGHT_PER_MINUTE) -> None:
        self.weight_limit = weight_limit
        self._addresses: dict[str, Address] = {}
        self._orders: dict[str, OrderCounts] = {}

    def used(self, address: str, now_ms: int) -> int:
        """The weight an address has used this minute."""
        return self._addresses.setdefault(address, Address()).weight.add(0, now_ms)

    def weigh(self, address: str, weight: int, now_ms: int) -> int:
        """Count a request; return the weight used this minute (`X-MBX-USED-WEIGHT-1M`).

        Raises:
            LimitedError: 429 over the limit, 418 from the tenth such request on.
        """
        entry = self._addresses.setdefault(address, Address())
        if now_ms < entry.banned_until_ms:
            raise _banned(entry, address, now_ms)
        used = entry.weight.add(weight, now_ms)
        if used <= self.weight_limit:
            return used
        entry.strikes += 1
        if entry.strikes >= STRIKES_UNTIL_BAN:
            entry.strikes, entry.bans = 0, entry.bans + 1
            entry.banned_until_ms = now_ms + min(FIRST_BAN_MS * 2 ** (entry.bans - 1), MAX_BAN_MS)
            raise _banned(entry, address, now_ms)
        message = f"Too many requests; current limit of IP({address}) is {self.weight_limit} requests per minute."
        raise LimitedError(-1003, message, TOO_MANY, entry.weight.left_s(now_ms))

    def draw(self, address: str, pool: Pool, now_ms: int) -> None:
        """Count a request of an endpoint that shares a limit with others.

        Raises:
            LimitedError: 429 over the limit.
        """
        window = self._addresses.setdefault(address, Address()).pools.setdefault(pool, RateWindow(pool.length_ms))
        if window.add(1, now_ms) > pool.requests:
            minutes = pool.length_ms // 60_000
            message = f"Too many requests; current limit is {pool.requests} requests per {minutes} minutes."
            raise LimitedError(-1003, message, TOO_MANY, window.left_s(now_ms))

    def occupy(self, address: str, weight: int, now_ms: int) -> None:
        """Count what others at the address use of each minute."""
        self._addresses.setdefault(address, Address()).weight.occupy(weight, now_ms)

    def count_order(self, account: str, now_ms: int, cost: OrderCost = ONE_ORDER) -> tuple[int, int]:
        """Count a request that places or changes orders; return the counts of the current 10 seconds and minute.

        Raises:
            LimitedError: -1015.
        """
        entry = self._orders.setdefault(account, OrderCounts())
        short, long = entry.ten_seconds.add(cost.ten_seconds, now_ms), entry.minute.add(cost.minute, now_ms)
        if short > ORDERS_PER_10_SECONDS:
            message = f"Too many new orders; current limit is {ORDERS_PER_10_SECONDS} orders per 10 SECOND."
            raise LimitedError(-1015, message, TOO_MANY, entry.ten_seconds.left_s(now_ms))
        if long > ORDERS_PER_MINUTE:
            message = f"Too many new orders; current limit is {ORDERS_PER_MINUTE} orders per MINUTE."
            raise LimitedError(-1015, message, TOO_MANY, entry.minute.left_s(now_ms))
        return short, long

    def orders(self, account: str, now_ms: int) -> tuple[int, int]:
        """The order counts of the current 10 seconds and minute."""
        entry = self._orders.setdefault(account, OrderCounts())
        return entry.ten_seconds.add(0, now_ms), entry.minute.add(0, now_ms)


def shown_limits(weight: int | None = None, orders: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """The `rateLimits` of a WebSocket API answer: a window is listed if its counter is given."""
    counts = (orders[0] if orders else None, orders[1] if orders else None, weight)
    return [limit | {"count": count} for limit, count in zip(LIMITS, counts, strict=True) if count is not None]


def _banned(entry: Address, address: str, now_ms: int) -> LimitedError:
    until = entry.banned_until_ms
    message = f"Way too many requests; IP({address}) banned until {until}. Please use the websocket for live updates."
    return LimitedError(-1003, message, BANNED, -(-(until - now_ms) // 1000))
