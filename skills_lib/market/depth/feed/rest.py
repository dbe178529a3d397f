"""The two questions a feed asks over REST: a snapshot of the book, and the time."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx
import msgspec

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.market.depth.feed.budget import WeightBudget, snapshot_weight
from skills_lib.market.depth.feed.clock import ClockOffset
from skills_lib.market.depth.feed.settings import FeedSettings

_TIMEOUT_S = 5.0
_RATE_LIMITED = (429, 418)
_MIN_BAN_S = 5.0
_INVALID_SYMBOL = "-1121"


class RestResponse(NamedTuple):
    """Exact bytes of an answer, when they were here, and when they were asked for."""

    local_ts_ns: int
    raw: bytes
    sent_ns: int


class _ServerTime(msgspec.Struct):
    server_time_ms: int = msgspec.field(name="serverTime")


class FeedRest:
    """Asks within the budget; a 429 or 418 is kept to as long as the venue says."""

    def __init__(self, settings: FeedSettings) -> None:
        self._settings = settings
        self.budget = WeightBudget(settings.weight_per_minute)
        self.clock = ClockOffset()
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S)

    async def snapshot(self, symbol: str) -> RestResponse:
        """`GET /depth` of one symbol.

        Raises:
            SourceUnavailableError: no answer, or a refusal.
        """
        limit = self._settings.snapshot_limit
        params = {"symbol": symbol, "limit": str(limit)}
        return await self._get("/depth", params, snapshot_weight(limit))

    async def require_symbol(self, symbol: str) -> None:
        """Ask for the smallest snapshot there is.

        Raises:
            InputError: the venue does not list the symbol.
            SourceUnavailableError: no answer, or another refusal.
        """
        try:
            await self._get("/depth", {"symbol": symbol, "limit": "5"}, snapshot_weight(5))
        except SourceUnavailableError as error:
            if _INVALID_SYMBOL in str(error):
                venue = self._settings.endpoints.venue
                told = f"{venue} lists no symbol {symbol}. Write it as Binance does, such as BTCUSDT."
                raise InputError(told) from error
            raise

    async def measure_clock_offset(self) -> None:
        """Compare the clocks.

        Raises:
            SourceUnavailableError: no answer, or none that tells the time.
        """
        answer = await self._get("/time", {}, 1)
        try:
            told = msgspec.json.decode(answer.raw, type=_ServerTime)
        except msgspec.MsgspecError as error:
            raise SourceUnavailableError(f"The venue did not tell its time: {error}. Retry.") from error
        self.clock.add(answer.sent_ns, answer.local_ts_ns, told.server_time_ms)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get(self, path: str, params: dict[str, str], weight: int) -> RestResponse:
        await asyncio.sleep(self.budget.reserve(weight, time.monotonic()))
        while (banned_s := self.budget.banned_s(time.monotonic())) > 0:
            await asyncio.sleep(banned_s)
        address, sent_ns = self._settings.endpoints.api + path, time.time_ns()
        try:
            response = await self._client.get(address, params=params)
        except httpx.HTTPError as error:
            raise SourceUnavailableError(f"{address} did not answer: {type(error).__name__} {error}. Retry.") from error
        received_ns = time.time_ns()
        if response.status_code in _RATE_LIMITED:
            self.budget.ban(max(_MIN_BAN_S, retry_after_s(response)), time.monotonic())
        if response.status_code != httpx.codes.OK:
            body = response.text[:120].replace("\n", " ")
            raise SourceUnavailableError(f"{address} answered {response.status_code}: {body}. Retry later.")
        return RestResponse(received_ns, response.content, sent_ns)


def retry_after_s(response: httpx.Response) -> float:
    """What `Retry-After` asks for, in seconds or as a date; 0 where it asks for nothing."""
    told = response.headers.get("Retry-After", "")
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0
