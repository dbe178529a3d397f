"""Which requests leave: within the weight that this machine may use of the exchange, and never while it asks to wait.

Reads leave a reserve that only closing may use. A kill of an account with orders in ten symbols weighs at most about
300: both lists of orders without a symbol and all positions (85), cancels of both kinds in each symbol (20), and the
same reads twice more to verify (170). The reserve holds two of them.

A read that does not fit is answered here in the exchange's place, as not accepted, and was not sent: whoever asks from
time to time asks again. Orders and cancels weigh next to nothing and are held back only while the exchange asks to
wait (what is sent then turns a pause into a ban, and a ban into a longer one) or an account's orders are used up.
"""

from contextlib import suppress
from math import ceil
from typing import Final

from live.binance.outcomes import retry_after_ns
from live.binance.weights import Cost
from live.client.wire import S
from live.sockets.order_counts import OrderCounts
from live.wire import HttpResponse
from skills_lib.domain.errors import CorruptDataError
from skills_lib.market.weights.headers import used_weight
from skills_lib.market.weights.listed import listed_limits
from skills_lib.market.weights.shared import SharedBudget

RESERVE: Final = 600
SHORTEST_WAIT_S: Final = 1.0
"""After a 429 or 418 that does not say how long."""
_LIMITED: Final = (429, 418)
_NOT_SENT: Final = b'{"code":-1003,"msg":"Not sent: the request weight of this machine is used up."}'
_TOO_MANY_ORDERS: Final = b'{"code":-1015,"msg":"Not sent: the orders of this account are used up."}'


class RequestWeights:
    """The weights of one host and the orders of one account. closing: all of both may be used from now on."""

    def __init__(self, host: str) -> None:
        self._budget, self._orders = SharedBudget(host), OrderCounts()
        self.closing = False

    def refusal(self, cost: Cost) -> HttpResponse | None:
        """The answer in the exchange's place to what must not leave now; None if it may, and a read then counts."""
        if banned_s := self._budget.banned_s:
            return HttpResponse(429, _NOT_SENT, {"Retry-After": str(ceil(banned_s))})
        if cost.order and not self._orders.allow(cost.reduces or self.closing):
            return HttpResponse(429, _TOO_MANY_ORDERS, {})
        if not cost.reads:
            return None
        ceiling = self._budget.limit - (0 if self.closing else RESERVE)
        fits = not self._budget.reserve(cost.weight, ceiling)
        return None if fits else HttpResponse(429, _NOT_SENT, {})

    def left(self, cost: Cost) -> None:
        """Something that is no read was written."""
        if cost.order:
            self._orders.sent()
        if cost.weight:
            self._budget.spend(cost.weight)

    def observe(self, answer: HttpResponse) -> None:
        """The exchange answered: what it counts, and whether it asks to wait."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status in _LIMITED:
            self._budget.ban(max(SHORTEST_WAIT_S, retry_after_ns(headers) / S))
        self._budget.observe(used_weight(headers))
        self._orders.observe(headers)

    def learn(self, listing: bytes) -> None:
        """The exchange lists its limits; where it does not, those known before hold."""
        with suppress(CorruptDataError):
            limits = listed_limits(listing)
            self._budget.learn(limits.weight_per_minute)
            self._orders.learn(limits)
