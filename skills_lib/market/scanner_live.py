"""Ranks the instruments of an exchange by its tickers, bars and live books."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from skills_lib.domain.errors import SourceUnavailableError
from skills_lib.domain.options import option
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.retries import Retries, TransientError, broken_connection, require_server_ready
from skills_lib.market.scanner import Sampler, Scan, ScanRow, fee_burden, rank_rows
from skills_lib.progress import Progress, no_progress

T = TypeVar("T")

_BARS = 240
_HOURS_PER_DAY = 24
_TIMEOUT_S = 10.0
_RETRIES = Retries(attempts=4, first_wait_s=0.2)
_BPS = 10_000


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Scan the `count` instruments of `quote` with the largest volume, sampling each book for `seconds`."""

    endpoints: Endpoints
    taker_fee_bps: float
    count: int = 20
    seconds: float = 30.0
    quote: str = "USDT"


class _Ticker(msgspec.Struct):
    symbol: str
    quote_volume: str = msgspec.field(name="quoteVolume")


def scan_exchange(settings: ScanSettings, progress: Progress = no_progress) -> Scan:
    """Fetch tickers and one-minute bars, sample the books, and rank.

    Raises:
        SourceUnavailableError: the exchange does not answer.
        InputError: the extra `live` is missing.
    """
    return asyncio.run(_scan(settings, progress))


class _Watcher(IgnoreAll):
    """Samples each book of a feed while it is usable."""

    def __init__(self, samplers: dict[str, Sampler]) -> None:
        self._samplers = samplers
        self.is_usable: Callable[[str], bool] = lambda _symbol: False

    def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:  # noqa: ARG002 - interface of FeedListener
        """As `FeedListener.on_book`."""
        if decision is UpdateDecision.APPLY and self.is_usable(book.symbol):
            self._samplers[book.symbol].on_book(book)


class _Bar(msgspec.Struct, array_like=True):
    """The first fields of a row of `GET /klines`."""

    open_ts_ms: int
    open: str
    high: str
    low: str
    close: str


async def _scan(settings: ScanSettings, progress: Progress) -> Scan:
    async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
        volumes = await _volumes(client, settings)
        moves = {}
        for number, symbol in enumerate(volumes):
            progress(number, len(volumes), "bars")
            moves[symbol] = await _typical_move_bps(client, settings, symbol)
    samplers = await _watch(settings, list(volumes), progress)
    rows = [_row(sampler, volumes[s], moves[s], settings) for s, sampler in samplers.items() if sampler.mids]
    skipped = {s: "never in sync during the scan" for s, sampler in samplers.items() if not sampler.mids}
    return rank_rows(rows, skipped)


def _row(sampler: Sampler, volume_quote: float, move_bps: float | None, settings: ScanSettings) -> ScanRow:
    row = sampler.row(settings.taker_fee_bps)
    return row.model_copy(
        update={
            "volume_quote_per_hour": volume_quote / _HOURS_PER_DAY,
            "typical_move_bps": move_bps,
            "fee_burden": fee_burden(settings.taker_fee_bps, row.spread_bps, move_bps),
        }
    )


async def _watch(settings: ScanSettings, symbols: list[str], progress: Progress) -> dict[str, Sampler]:
    venue, source = settings.endpoints.venue, settings.endpoints.rest
    samplers = {symbol: Sampler(symbol, venue, source) for symbol in symbols}
    feed_settings = FeedSettings(settings.endpoints, tuple(symbols), (Channel.DEPTH, Channel.BOOK_TICKER))
    watcher = _Watcher(samplers)
    async with Feed(feed_settings, watcher, open_book=LocalBook) as feed:
        watcher.is_usable = feed.is_usable
        for second in range(int(settings.seconds)):
            progress(second, int(settings.seconds), "books")
            await feed.wait(1.0)
        await feed.wait(settings.seconds % 1.0)
    return samplers


async def _volumes(client: httpx.AsyncClient, settings: ScanSettings) -> dict[str, float]:
    """24-hour quote volume by symbol, largest first."""
    tickers = await _get(client, f"{settings.endpoints.api}/ticker/24hr", {}, list[_Ticker])
    listed = {ticker.symbol: float(ticker.quote_volume) for ticker in tickers if ticker.symbol.endswith(settings.quote)}
    return dict(sorted(listed.items(), key=lambda pair: -pair[1])[: settings.count])


async def _typical_move_bps(client: httpx.AsyncClient, settings: ScanSettings, symbol: str) -> float | None:
    """Mean absolute open-to-close move of the last one-minute bars, in bps."""
    params = {"symbol": symbol, "interval": "1m", "limit": str(_BARS)}
    bars = await _get(client, f"{settings.endpoints.api}/klines", params, list[_Bar])
    moves = [abs(float(bar.close) / float(bar.open) - 1) * _BPS for bar in bars if float(bar.open)]
    return sum(moves) / len(moves) if moves else None


async def _get(client: httpx.AsyncClient, address: str, params: dict[str, str], kind: type[T]) -> T:
    try:
        content = await _RETRIES.run_async(lambda: _content(client, address, params))
        return msgspec.json.decode(content, type=kind)
    except TransientError as error:
        raise _unanswered(address, error.reason) from error
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise _unanswered(address, f"{type(error).__name__} {error}") from error


async def _content(client: httpx.AsyncClient, address: str, params: dict[str, str]) -> bytes:
    try:
        response = await client.get(address, params=params)
    except httpx.TransportError as error:
        raise broken_connection(error) from error
    require_server_ready(response)
    return response.raise_for_status().content


def _unanswered(address: str, reason: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{address} did not answer: {reason}. Retry, or scan tapes with {option('tape', 'DIR')}."
    )
