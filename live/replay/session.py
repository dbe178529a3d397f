"""One run: the engine as a client of the exchange in process, in virtual time.

Market events reach the engine after the delay of a frame, requests the exchange after that of a request. Time moves to
whatever is next: a market event, an output of the exchange, or the time at which the engine wants to be woken.
"""

from collections.abc import Sequence

import msgspec

from live.engine.actions import Ask, CancelOrder, CancelStop, PlaceOrder, WakeAt
from live.engine.events import Command, Commanded, Event, Started, Tick
from live.engine.settings import ImbalanceSettings
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.state import Signal
from live.journal.recorded_engine import RecordedEngine
from live.journal.writer import Journal
from live.money import plain
from live.replay.client import VenueClient
from live.replay.collector import RunCollector
from live.replay.conditions import Conditions
from live.replay.controls import CountedSignal
from live.replay.market import MarketEvent
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant
from live.simulator.latency import Latency
from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue

S = 1_000_000_000
CLOSING_NS = 5 * S
"""Positions are closed this long before the tape ends, while its book still trades."""
AFTER_END_NS = 10 * S
_NEVER_NS = 2**62
RUN = "replay"


class Session:
    """A run of one variant on one tape.

    Raises:
        InputError: the venue does not list the symbol.
        JournalError: the journal cannot be written.
    """

    def __init__(
        self,
        tape: Sequence[Played],
        events: Sequence[MarketEvent],
        conditions: Conditions,
        variant: Variant,
        journal: Journal,
    ) -> None:
        self._events, self._end_ns = events, tape[-1].time_ns
        self._venue = LocalVenue(_settings(conditions, variant), iter(tape))
        self._client = VenueClient(self._venue, conditions.symbol)
        self._delays = Latency(conditions.seed, variant.latency, variant.latency, variant.latency)
        self._collector = RunCollector(conditions.symbol)
        self._wake_ns = _NEVER_NS
        self._signal: CountedSignal

        def make_signal(settings: ImbalanceSettings) -> Signal:
            self._signal = CountedSignal(variant.signal.applied(ImbalanceSignal(settings)))
            return self._signal

        self._began_ns = self._venue.now_ns
        contracts = (self._client.contract,)
        started = Started(self._began_ns, RUN, conditions.capital, variant.settings, conditions.limits, contracts)
        self._engine = RecordedEngine(journal, started, make_signal)

    def play(self) -> TapeRun:
        """Play the tape to its end; what is open shortly before it is closed."""
        closing_ns, arrival_ns = self._end_ns - CLOSING_NS, 0
        for event in self._events:
            arrival_ns = max(arrival_ns, event.time_ns + self._delays.sample_frame_ns())
            if arrival_ns < self._began_ns:
                continue
            if arrival_ns >= closing_ns:
                self._close(closing_ns)
                closing_ns = _NEVER_NS
            self._run_until(arrival_ns)
            self._take(msgspec.structs.replace(event, time_ns=arrival_ns))
        self._run_until(max(self._venue.now_ns, self._end_ns) + AFTER_END_NS)
        return self._result()

    def _close(self, at_ns: int) -> None:
        self._run_until(max(at_ns, self._venue.now_ns))
        self._take(Commanded(self._venue.now_ns, Command.KILL, "the tape ends"))

    def _run_until(self, until_ns: int) -> None:
        """Give the engine all that reaches it up to a time."""
        venue = self._venue
        while True:
            next_ns = min(until_ns, self._wake_ns, venue.pending.due_ns)
            outputs = venue.advance(max(next_ns, venue.now_ns))
            for output in outputs:
                for event in self._client.events(output):
                    self._take(event)
            if self._wake_ns <= venue.now_ns:
                self._wake_ns = _NEVER_NS
                self._take(Tick(venue.now_ns))
            elif not outputs and venue.now_ns >= until_ns:
                return

    def _take(self, event: Event) -> None:
        self._collector.on_event(event)
        for action in self._engine.step(event):
            self._collector.on_action(action)
            if isinstance(action, WakeAt):
                self._wake_ns = action.due_ns
            elif isinstance(action, PlaceOrder | CancelOrder | CancelStop | Ask):
                self._client.send(action)

    def _result(self) -> TapeRun:
        self._engine.journal.flush(self._venue.now_ns)
        return TapeRun(
            trades=self._collector.trades(self._end_ns - self._began_ns),
            updates=self._collector.updates,
            usable_books=self._signal.books,
            signals=self._signal.wanted,
            entries=self._collector.entries,
            refused=dict(self._collector.refused),
            decisions_sha256=self._engine.decisions_sha256,
            journal_head=self._engine.journal.head,
        )


def _settings(conditions: Conditions, variant: Variant) -> SimulatorSettings:
    return SimulatorSettings(
        seed=conditions.seed,
        model=variant.fills,
        balance=plain(conditions.capital),
        inbound=variant.latency,
        outbound=variant.latency,
    )
