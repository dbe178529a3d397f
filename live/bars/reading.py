"""Asks the exchange's list for bars, one request at a time, less and less often while it fails."""

from collections.abc import Callable
from urllib.parse import urlencode

from live.bars.klines import ClosedBar, bars_of
from live.binance.outcomes import retry_after_ns
from live.client.wire import MS, S, Wire
from live.wire import HttpRequest, HttpResponse

FIRST_WAIT_NS = 1 * S
LONGEST_WAIT_NS = 10 * S

TakeBars = Callable[[list[ClosedBar], int], bool]
"""Takes bars and when they were asked for (milliseconds since 1970); False if it wants to ask again after a wait."""


class BarList:
    """`GET /fapi/v1/klines` of one symbol. failures: answers in a row that could not be used."""

    def __init__(self, wire: Wire, symbol: str, interval: str, take: TakeBars) -> None:
        self._wire, self._symbol, self._interval, self._take = wire, symbol, interval, take
        self._asking = False
        self._wait_ns = self._not_before_ns = 0
        self.failures = 0

    @property
    def may_ask(self) -> bool:
        """True if nothing is under way and the last wait is over."""
        return not self._asking and self._wire.now_ns >= self._not_before_ns

    def ask(self, limit: int, from_ms: int = 0) -> None:
        """Ask for `limit` bars, from the one that opened at `from_ms` on, or the last ones."""
        if not self.may_ask:
            return
        self._asking, asked_ms = True, self._wire.now_ns // MS
        query = {"symbol": self._symbol, "interval": self._interval, "limit": limit}
        request = HttpRequest(
            "GET", f"/fapi/v1/klines?{urlencode(query | ({'startTime': from_ms} if from_ms else {}))}"
        )
        self._wire.request(request, lambda answer: self._on_answer(answer, asked_ms))

    def _on_answer(self, answer: HttpResponse | None, asked_ms: int) -> None:
        self._asking = False
        bars = bars_of(answer.body) if answer is not None and answer.status == 200 else None
        self.failures = 0 if bars is not None else self.failures + 1
        if bars is not None and self._take(bars, asked_ms):
            self._wait_ns = self._not_before_ns = 0
            return
        self._wait_ns = min(max(2 * self._wait_ns, FIRST_WAIT_NS), LONGEST_WAIT_NS)
        self._not_before_ns = self._wire.now_ns + max(
            self._wait_ns, 0 if answer is None else retry_after_ns(answer.headers)
        )
