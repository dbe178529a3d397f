"""Limits of request weight per address and of orders per account, counted in fixed windows as Binance does."""

from dataclasses import dataclass, field

from live.simulator.core.rejections import Rejection

WEIGHT_PER_MINUTE = 2_400
ORDERS_PER_MINUTE = 1_200
ORDERS_PER_10_SECONDS = 300
STRIKES_UNTIL_BAN = 10
FIRST_BAN_MS = 120_000
MAX_BAN_MS = 3 * 24 * 3600 * 1000
TOO_MANY, BANNED = 429, 418


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

    def occupy(self, address: str, weight: int, now_ms: int) -> None:
        """Count what others at the address use of each minute."""
        self._addresses.setdefault(address, Address()).weight.occupy(weight, now_ms)

    def count_order(self, account: str, now_ms: int) -> tuple[int, int]:
        """Count an order; return the counts of the current 10 seconds and minute.

        Raises:
            LimitedError: -1015.
        """
        entry = self._orders.setdefault(account, OrderCounts())
        short, long = entry.ten_seconds.add(1, now_ms), entry.minute.add(1, now_ms)
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


def _banned(entry: Address, address: str, now_ms: int) -> LimitedError:
    until = entry.banned_until_ms
    message = f"Way too many requests; IP({address}) banned until {until}. Please use the websocket for live updates."
    return LimitedError(-1003, message, BANNED, -(-(until - now_ms) // 1000))
