"""REST requests of the feed: book snapshots, server time, and which symbols are traded."""

import asyncio
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.market.depth.feed.settings import FeedSettings
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.usability.clock import ClockOffset
from skills_lib.market.retries import Retries, TransientError, broken_connection, retry_after_s
from skills_lib.market.weights.headers import used_weight
from skills_lib.market.weights.shared import SharedBudget
from skills_lib.market.weights.snapshots import snapshot_weight

_TIMEOUT_S = 5.0
_RETRIES = Retries(attempts=3, first_wait_s=0.1)
_RATE_LIMITED = (429, 418)
_MIN_BAN_S = 5.0
_EXCHANGE_INFO_WEIGHT = {Venue.USDM: 1, Venue.SPOT: 20}
_INVALID_SYMBOL = "-1121"


class RestResponse(NamedTuple):
    """Exact bytes of a response, with send and receive times in ns."""

    local_ts_ns: int
    raw: bytes
    sent_ns: int


class _ServerTime(msgspec.Struct):
    server_time_ms: int = msgspec.field(name="serverTime")


class _Listed(msgspec.Struct):
    symbol: str
    status: str


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Listed]


class FeedRest:
    """Sends requests within the weight budget of this machine; pauses after HTTP 429 or 418 as long as demanded."""

    def __init__(self, settings: FeedSettings) -> None:
        self._settings = settings
        self.budget = SharedBudget(urlsplit(settings.endpoints.rest).netloc)
        self.clock = ClockOffset()
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S)

    async def snapshot(self, symbol: str) -> RestResponse:
        """`GET /depth` of one symbol.

        Raises:
            SourceUnavailableError: no response, or an HTTP error.
        """
        limit = self._settings.snapshot_limit
        params = {"symbol": symbol, "limit": str(limit)}
        return await self._get("/depth", params, snapshot_weight(limit))

    async def require_symbol(self, symbol: str) -> None:
        """Check that the venue lists `symbol`, by fetching a five-level snapshot.

        Raises:
            InputError: the venue does not list the symbol.
            SourceUnavailableError: no response, or another HTTP error.
        """
        try:
            await self._get("/depth", {"symbol": symbol, "limit": "5"}, snapshot_weight(5))
        except SourceUnavailableError as error:
            if _INVALID_SYMBOL in str(error):
                venue = self._settings.endpoints.venue
                raise InputError(f"{venue} does not list {symbol}. Use Binance's spelling, such as BTCUSDT.") from error
            raise

    async def measure_clock_offset(self) -> None:
        """Sample the clock offset.

        Raises:
            SourceUnavailableError: no response, or one without a time.
        """
        response = await self._get("/time", {}, 1)
        try:
            server_time = msgspec.json.decode(response.raw, type=_ServerTime)
        except msgspec.MsgspecError as error:
            raise SourceUnavailableError(f"The venue sent no valid time: {error}. Retry.") from error
        self.clock.add(response.sent_ns, response.local_ts_ns, server_time.server_time_ms)

    async def trading(self) -> set[str]:
        """The followed symbols that the venue trades now; on USD-M `exchangeInfo` takes no symbol.

        Raises:
            SourceUnavailableError: no response, or one without symbols.
        """
        followed = self._settings.symbols
        spot = self._settings.endpoints.venue is Venue.SPOT
        params = {"symbols": msgspec.json.encode(followed).decode()} if spot else {}
        response = await self._get("/exchangeInfo", params, _EXCHANGE_INFO_WEIGHT[self._settings.endpoints.venue])
        try:
            info = msgspec.json.decode(response.raw, type=_ExchangeInfo)
        except msgspec.MsgspecError as error:
            raise SourceUnavailableError(f"The venue sent no valid exchangeInfo: {error}. Retry.") from error
        traded = {listed.symbol for listed in info.symbols if listed.status == "TRADING"}
        return traded.intersection(followed)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get(self, path: str, params: dict[str, str], weight: int) -> RestResponse:
        address = self._settings.endpoints.api + path
        try:
            sent_ns, received_ns, response = await _RETRIES.run_async(lambda: self._send(address, params, weight))
        except TransientError as error:
            raise SourceUnavailableError(f"{address} did not answer: {error.reason}. Retry.") from error
        except httpx.HTTPError as error:
            raise SourceUnavailableError(f"{address} did not answer: {type(error).__name__} {error}. Retry.") from error
        if response.status_code in _RATE_LIMITED:
            wait_s = retry_after_s(response.headers.get("Retry-After"))
            self.budget.ban(max(_MIN_BAN_S, wait_s))
        if response.status_code != httpx.codes.OK:
            body = response.text[:120].replace("\n", " ")
            raise SourceUnavailableError(f"{address} answered {response.status_code}: {body}. Retry later.")
        return RestResponse(received_ns, response.content, sent_ns)

    async def _send(self, address: str, params: dict[str, str], weight: int) -> tuple[int, int, httpx.Response]:
        """Send one request within the budget, a repeated one too: send time, receive time (ns) and the response."""
        while wait_s := self.budget.reserve(weight, self._settings.weight_per_minute):
            await asyncio.sleep(wait_s)
        sent_ns = time.time_ns()
        try:
            response = await self._client.get(address, params=params)
        except httpx.TransportError as error:
            raise broken_connection(error) from error
        self.budget.observe(used_weight(response.headers))
        return sent_ns, time.time_ns(), response
