"""The venue's own public streams instead of a tape: paper trading as long as you like."""

from collections.abc import Callable

from live.simulator.player import Player
from live.simulator.simulator import Simulator
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.model import Venue, WireError
from skills_lib.market.depth.wire import decode

CHANNELS = (Channel.DEPTH, Channel.BOOK_TICKER, Channel.AGG_TRADE, Channel.MARK_PRICE)


class LiveLines(IgnoreAll):
    """Takes the exact bytes of a feed to the player, message by message."""

    def __init__(self, player: Player) -> None:
        self.player, self.source = player, TapeSource()

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        """Play one message or snapshot; what cannot be read is counted."""
        try:
            message = decode(raw)
        except WireError:
            self.source.bad_lines += 1
            return
        self.player.push(self.source.played(message, raw, symbol, local_ts_ns))


def feed_settings(symbols: tuple[str, ...], host: str | None = None) -> FeedSettings:
    """What the simulator subscribes to, at Binance or at a local server.

    Raises:
        InputError: there are no symbols.
    """
    return FeedSettings(Endpoints.of(Venue.USDM, host), symbols, CHANNELS)


async def follow(simulator: Simulator, settings: FeedSettings, ready: Callable[[], None]) -> None:
    """Feed the simulator until cancelled; `ready` is called once every book is in sync.

    Raises:
        InputError: the venue does not list a symbol, or the extra `live` is missing.
        SourceUnavailableError: the venue does not answer.
    """
    feed = Feed(settings, LiveLines(simulator.player))
    await feed.require_symbols()
    async with feed:
        while not simulator.venue.feed.in_sync:
            await feed.wait(0.05)
        ready()
        await feed.wait(None)
