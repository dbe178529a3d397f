"""Drives the simulator with Binance's live public streams instead of a tape (paper trading)."""

from collections.abc import Callable

from live.simulator.sockets.player import Player
from live.simulator.sockets.server import Server
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.model import Venue, WireError
from skills_lib.market.depth.wire import decode

CHANNELS = (Channel.DEPTH, Channel.BOOK_TICKER, Channel.AGG_TRADE, Channel.MARK_PRICE)


class LiveLines(IgnoreAll):
    """Passes each raw message of a feed to the player."""

    def __init__(self, player: Player) -> None:
        self.player, self.source = player, TapeSource()

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        """Play one message or snapshot; unreadable ones are counted in `source.bad_lines`."""
        try:
            message = decode(raw)
        except WireError:
            self.source.bad_lines += 1
            return
        if self.source.trades.is_new(message):
            self.player.push(self.source.played(message, raw, symbol, local_ts_ns))


def feed_settings(symbols: tuple[str, ...], host: str | None = None) -> FeedSettings:
    """Feed settings for the channels the simulator needs, at Binance or at `host`.

    Raises:
        InputError: there are no symbols.
    """
    return FeedSettings(Endpoints.of(Venue.USDM, host), symbols, CHANNELS)


async def follow(server: Server, settings: FeedSettings, ready: Callable[[], None]) -> None:
    """Feed the exchange until cancelled; call `ready` once every book is in sync.

    Raises:
        InputError: a symbol is not listed, or the extra `live` is not installed.
        SourceUnavailableError: the exchange cannot be reached.
    """
    feed = Feed(settings, LiveLines(server.player))
    await feed.require_symbols()
    async with feed:
        while not server.venue.feed.in_sync:
            await feed.wait(0.05)
        ready()
        await feed.wait(None)
