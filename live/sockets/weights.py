"""Which requests leave: within the weight that this machine may use of the exchange, and never while it asks to wait.

Reads leave a reserve that only closing may use. A kill of an account with orders in ten symbols weighs at most about
300: both lists of orders without a symbol and all positions (85), cancels of both kinds in each symbol (20), and the
same reads twice more to verify (170). The reserve holds two of them.

A read that does not fit is answered here in the exchange's place, as not accepted, and was not sent: whoever asks from
time to time asks again. Orders and cancels weigh next to nothing and are held back only while the exchange asks to
wait: what is sent then turns a pause into a ban, and a ban into a longer one.
"""

from math import ceil
from typing import Final

from live.binance.outcomes import retry_after_ns
from live.binance.weights import weight_of
from live.client.wire import S
from live.wire import HttpRequest, HttpResponse
from skills_lib.market.weights.headers import used_weight
from skills_lib.market.weights.shared import WEIGHT_PER_MINUTE, SharedBudget

RESERVE: Final = 600
SHORTEST_WAIT_S: Final = 1.0
"""After a 429 or 418 that does not say how long."""
_LIMITED: Final = (429, 418)
_NOT_SENT: Final = b'{"code":-1003,"msg":"Not sent: the request weight of this machine is used up."}'


class RequestWeights:
    """The weights of one host. per_minute: its limit. closing: reads may use the reserve from now on."""

    def __init__(self, host: str, per_minute: int = WEIGHT_PER_MINUTE) -> None:
        self._budget = SharedBudget(host)
        self.per_minute = per_minute
        self.closing = False

    def refusal(self, request: HttpRequest) -> HttpResponse | None:
        """The answer in the exchange's place to a request that must not leave now; None if it may, and counts."""
        if banned_s := self._budget.banned_s:
            return HttpResponse(429, _NOT_SENT, {"Retry-After": str(ceil(banned_s))})
        if request.method != "GET":
            return None
        ceiling = self.per_minute - (0 if self.closing else RESERVE)
        fits = not self._budget.reserve(weight_of(request), ceiling)
        return None if fits else HttpResponse(429, _NOT_SENT, {})

    def left(self, request: HttpRequest) -> None:
        """A request that is no read was written."""
        if weight := weight_of(request):
            self._budget.spend(weight)

    def observe(self, answer: HttpResponse) -> None:
        """The exchange answered: what it counts, and whether it asks to wait."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status in _LIMITED:
            self._budget.ban(max(SHORTEST_WAIT_S, retry_after_ns(headers) / S))
        self._budget.observe(used_weight(headers))
