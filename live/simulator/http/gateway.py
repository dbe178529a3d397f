"""Access of request handlers to the running simulator: read-only state, and commands with their responses."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.accounts import Account
from live.simulator.core.events import Answered
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.credentials import KeyRing
from live.simulator.http.rate_limits import RateLimits
from live.simulator.http.request_clock import RequestClock
from live.simulator.in_process_venue import InProcessVenue
from live.simulator.listen_keys import ListenKeys
from live.simulator.player import Player
from live.simulator.streams.publisher import Publisher


@dataclass(eq=False)
class Gateway:
    """The simulator as request handlers see it."""

    venue: InProcessVenue
    publisher: Publisher
    player: Player
    keys: KeyRing
    listen_keys: ListenKeys
    clock: RequestClock
    limits: RateLimits
    _answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The exchange's state; read only."""
        return self.venue.exchange.state

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
        return self.clock.record_reading(self.venue.now_ms + self.clock.jumped_ms)

    async def command(self, account: str, body: Any) -> Any:
        """Send a command and wait for its result.

        Raises:
            Rejection: the exchange refuses the command.
        """
        number = self.venue.send(account, body)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.player.wake()
        return await answer

    def resolve(self, event: Answered) -> None:
        """Complete the command that `event` answers."""
        answer = self._answers.pop(event.command, None)
        if answer is None or answer.done():
            return
        if event.rejection:
            answer.set_exception(event.rejection)
        else:
            answer.set_result(event.value)
