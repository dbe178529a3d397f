"""Access of request handlers to the exchange: read-only state, and commands with their responses.

Handlers are coroutines, but no event loop runs them: all they ever await is a command. `http/runner.py` steps them.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.accounts import Account
from live.simulator.core.events import Answered
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.credentials import KeyRing
from live.simulator.http.rate_limits import RateLimits
from live.simulator.http.request_clock import RequestClock
from live.simulator.listen_keys import ListenKeys
from live.simulator.market_feed import MarketFeed
from live.simulator.past_books import PastBook, PastBooks
from live.simulator.schedule import VenueTime
from live.simulator.streams.publisher import Publisher


@dataclass(frozen=True, slots=True)
class Sent:
    """A command on its way from a request handler to the matching engine; awaiting it gives the response."""

    body: Any

    def __await__(self) -> Generator["Sent", Answered, Answered]:
        return (yield self)


@dataclass(eq=False)
class Gateway:
    """The exchange as request handlers see it.

    view: the state as a query sees it under a fault, None for the true one. depth_age_ms: how old its books are.
    """

    feed: MarketFeed
    publisher: Publisher
    time: VenueTime
    keys: KeyRing
    listen_keys: ListenKeys
    clock: RequestClock
    limits: RateLimits
    past_books: PastBooks = field(default_factory=PastBooks)
    view: State | None = None
    depth_age_ms: int = 0

    @property
    def now_ms(self) -> int:
        """Exchange time in milliseconds."""
        return self.time.ms

    @property
    def state(self) -> State:
        """The exchange's state; read only."""
        return self.view or self.feed.exchange.state

    def past_book(self, symbol: str) -> PastBook | None:
        """The book that a query sees instead of the present one; None without a fault."""
        return self.past_books.at(symbol, self.now_ms - self.depth_age_ms) if self.depth_age_ms else None

    def account(self, name: str) -> Account:
        """An account by its name."""
        return self.state.accounts[name]

    def rules(self, symbol: str) -> SymbolRules:
        """A symbol's filters.

        Raises:
            Rejection: -1121.
        """
        return self.state.market(symbol).rules

    def server_ms(self) -> int:
        """The time `/time` returns: the tape's clock. The reading is recorded for timestamp checks."""
        return self.clock.record_reading(self.now_ms + self.clock.jumped_ms)

    async def command(self, body: Any) -> Any:
        """Send a command to the matching engine and wait for its result.

        Raises:
            Rejection: the exchange refuses the command.
        """
        answered = await Sent(body)
        if answered.rejection:
            raise answered.rejection
        return answered.value
