"""Assembles the local exchange: matching, player, streams, requests, faults and store."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from live.simulator.core.accounts import Account, FeeTier
from live.simulator.core.commands import ChangeRules, ForceLiquidation
from live.simulator.core.events import Answered, Liquidated
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.money import parse
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.faults import Change, FaultPlan, Faults, Happening
from live.simulator.faults.kinds.accounts import ExpireListenKey, Liquidate, RestrictAccount
from live.simulator.faults.kinds.contracts import ChangeFilters
from live.simulator.faults.kinds.requests import JumpClock
from live.simulator.http.credentials import Credential, KeyRing
from live.simulator.http.gateway import Gateway
from live.simulator.http.rate_limits import WEIGHT_PER_MINUTE, RateLimits
from live.simulator.http.request_clock import RequestClock
from live.simulator.http.rest import RestHandler
from live.simulator.http.stream_sockets import LIFE_S, StreamSockets
from live.simulator.in_process_venue import Delivery, InProcessVenue
from live.simulator.latency import ASSUMED, Distribution, Latency
from live.simulator.listed_symbols import built_in, with_filters
from live.simulator.listen_keys import ListenKeys
from live.simulator.market_feed import MarketFeed
from live.simulator.player import Player
from live.simulator.store import Store
from live.simulator.streams.hub import Hub
from live.simulator.streams.publisher import Publisher
from live.simulator.tape_source import Played
from skills_lib.domain.errors import InputError

DEFAULT_KEY, DEFAULT_SECRET = "paper-key", "paper-secret"


class Start(StrEnum):
    """When the tape starts: with the first market stream, at once, or under a test's control."""

    FIRST_STREAM = "first-stream"
    NOW = "now"
    HELD = "held"


@dataclass(frozen=True)
class SimulatorSettings:
    """speed: a multiple of real time; 0 plays as fast as clients read. balance: of a new account, in USDT as text.

    live: messages are pushed by a feed instead of a tape. store: SQLite file for accounts, orders and positions.
    """

    speed: int = 1
    seed: int = 0
    model: FillModel = FillModel.PESSIMISTIC
    start: Start = Start.FIRST_STREAM
    balance: str = "10000"
    fees: FeeTier = field(default_factory=FeeTier)
    credentials: tuple[Credential, ...] = (Credential("paper", DEFAULT_KEY, DEFAULT_SECRET),)
    inbound: Distribution = ASSUMED
    outbound: Distribution = ASSUMED
    faults: FaultPlan = field(default_factory=FaultPlan)
    listed: dict[str, SymbolRules] = field(default_factory=built_in)
    store: Path | None = None
    live: bool = False
    weight_limit: int = WEIGHT_PER_MINUTE
    socket_life_s: float = LIFE_S


def fresh_venue(settings: SimulatorSettings) -> InProcessVenue:
    """A new exchange with its initial accounts and no markets yet."""
    names = {credential.account for credential in settings.credentials}
    accounts = {name: Account(name, parse(settings.balance), settings.fees) for name in sorted(names)}
    state = State(markets={}, accounts=accounts, model=settings.model)
    feed = MarketFeed(Exchange(state), dict(settings.listed))
    return InProcessVenue(feed.exchange, feed, Latency(settings.seed, settings.inbound, settings.outbound))


class Simulator:
    """All parts of one run. Create it inside the event loop that serves it."""

    def __init__(self, settings: SimulatorSettings, tape: Iterator[Played]) -> None:
        self.settings = settings
        self.store = Store(settings.store) if settings.store else None
        self.faults = Faults(settings.faults, settings.seed)
        self.hub = Hub()
        self.venue = self._make_venue()
        self.publisher = Publisher(self.venue.feed, self.hub)
        self.player = Player(
            self.venue, self.publisher, tape, settings.speed, self._deliver, self._on_time, self._wait_for_drain
        )
        self.gateway = self._make_gateway()
        self.rest = RestHandler(self.gateway, self.faults)
        self.sockets = StreamSockets(self.gateway, self.hub, self.faults, settings.socket_life_s)
        self._began_ms: int | None = None
        self._rules_before: dict[str, SymbolRules] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.playing: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """The exchange's state."""
        return self.venue.exchange.state

    def prime(self) -> None:
        """Bring every book into sync before requests are served.

        Raises:
            InputError: no snapshot of the tape matches its updates.
        """
        if not (self.settings.live or self.player.prime()):
            raise InputError(
                "The tape holds no snapshot that matches its updates. Inspect it with `twokey tape check FILE`."
            )
        for account in self.state.accounts.values():
            account.updated_ms = account.updated_ms or max(1, self.state.now_ms)
        if self.settings.start is Start.NOW:
            self.player.start_tape()
        elif self.settings.start is Start.FIRST_STREAM:
            self.hub.on_first = self._first_stream

    def start(self) -> None:
        """Start the player and the expiry of listen keys."""
        self.playing = asyncio.ensure_future(self.player.run())
        self._tasks = [self.playing, asyncio.ensure_future(self._expire_keys())]

    async def stop(self) -> None:
        """Stop all tasks, close sockets and save the state."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        if self.store:
            self.store.save(self.state)
            self.store.close()

    def expire_listen_key(self, account: str) -> None:
        """Expire an account's listen key early."""
        key = self.gateway.listen_keys.close(account)
        if key:
            self.sockets.expire(account, key)

    def _first_stream(self) -> None:
        if self.player.held:
            self.player.start_tape()

    def _make_venue(self) -> InProcessVenue:
        venue = fresh_venue(self.settings)
        venue.record_commands = not self.settings.live
        if self.store:
            self._restore(self.store, venue)
        return venue

    def _restore(self, store: Store, venue: InProcessVenue) -> None:
        """Restore the state and open its markets with their stored prices, until the tape updates them."""
        state = venue.exchange.state
        store.restore(state)
        marks, last_prices = store.prices()
        for symbol, mark in marks.items():
            venue.feed.book(symbol)
            if symbol in state.markets:
                state.markets[symbol].mark_price = mark
                state.markets[symbol].last_price = last_prices.get(symbol, 0)
        venue.observe = lambda events: store.record(state, events)

    def _make_gateway(self) -> Gateway:
        settings = self.settings
        return Gateway(
            venue=self.venue,
            publisher=self.publisher,
            player=self.player,
            keys=KeyRing(list(settings.credentials)),
            listen_keys=ListenKeys(settings.seed),
            clock=RequestClock(),
            limits=RateLimits(settings.weight_limit),
        )

    def _deliver(self, delivery: Delivery) -> None:
        event = delivery.event
        if isinstance(event, Answered):
            self.gateway.resolve(event)
        elif isinstance(event, Liquidated):
            self.publisher.on_liquidation(event)
        else:
            self.sockets.send_event(event.account, event)

    def _on_time(self, now_ms: int) -> None:
        self.sockets.on_time(now_ms)
        if self._began_ms is None:
            self._began_ms = now_ms
            self.faults.start(self.state, now_ms)
        self.faults.pass_time(now_ms)
        for happening in self.faults.happenings():
            self._apply_fault(happening)

    def _apply_fault(self, happening: Happening) -> None:
        fault, begins = happening.fault, happening.change is not Change.ENDS
        if isinstance(fault, JumpClock):
            self.gateway.clock.jump(fault.by_ms if begins else -fault.by_ms)
        elif isinstance(fault, ChangeFilters):
            listed = self.venue.feed.listed[fault.symbol]
            before = self._rules_before.setdefault(fault.symbol, listed)
            changed = with_filters(listed, fault.filters) if begins else before
            self.venue.feed.listed[fault.symbol] = changed
            self.venue.send("", ChangeRules(changed))
        elif isinstance(fault, ExpireListenKey | Liquidate | RestrictAccount):
            for account in [fault.account] if fault.account else list(self.state.accounts):
                self._apply_account_fault(fault, account, begins)

    def _apply_account_fault(
        self, fault: ExpireListenKey | Liquidate | RestrictAccount, account: str, begins: bool
    ) -> None:
        match fault:
            case ExpireListenKey():
                self.expire_listen_key(account)
            case RestrictAccount():
                self.state.accounts[account].reduce_only_account = begins
            case Liquidate():
                self.venue.send(account, ForceLiquidation(account, fault.symbol))

    async def _wait_for_drain(self) -> None:
        await self.sockets.wait_for_drain()

    async def _expire_keys(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for account, key in self.gateway.listen_keys.expired(self.gateway.clock.now_ms()):
                self.sockets.expire(account, key)
