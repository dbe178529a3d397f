"""One run: the engine over one tape at the exchange in process, from its first book until everything is closed."""

from pathlib import Path

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.opening import contracts_of
from live.client.user_stream import UserStream
from live.client.wire import S
from live.engine.actions import Action
from live.engine.contract import Contract
from live.engine.events import Command, Commanded, Event, Started
from live.engine.settings import ImbalanceSettings
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.state import Signal
from live.journal.opening import new_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.settings import Fsync
from live.journal.writer import JournalWriter, NoJournal
from live.money import plain
from live.replay.agreement import VenueRecords, require_agreement
from live.replay.collector import RunCollector
from live.replay.conditions import Conditions
from live.replay.controls import CountedSignal
from live.replay.quiet_books import QuietBooks
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant
from live.replay.tapes import ReplayTape
from live.session.session import EngineSession, finish
from live.session.tape_market import TapeMarket
from live.session.virtual_wire import VirtualWire
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET, SimulatorSettings
from live.simulator.venue import LocalVenue

CLOSING_NS = 5 * S
"""Positions are closed this long before the tape ends, while its book still trades."""
AFTER_END_NS = 60 * S
"""How long the end of orders, stops and answers is waited for after the end of the tape."""
RUN = "replay"


class EngineRun:
    """A variant on a tape. journal: the file to write, or None.

    Raises:
        InputError: the exchange does not list the symbol.
        JournalError: the journal cannot be written.
    """

    def __init__(self, tape: ReplayTape, conditions: Conditions, variant: Variant, journal: Path | None) -> None:
        self._tape, self._conditions, self._variant = tape, conditions, variant
        self._calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
        self._signal: CountedSignal
        self.wire = VirtualWire(LocalVenue(_settings(conditions, variant), tape.lines()))
        self.began_ns = self.wire.now_ns
        self.collector = RunCollector(conditions.symbol)
        (contract,) = finish(self.wire, self._calls, contracts_of([conditions.symbol]))
        self.contract = contract
        self._writer = None if journal is None else new_journal(journal, self.wire.now_ns, RUN, Fsync.NEVER)
        self.engine = RecordedEngine(self._writer or NoJournal(), self._started(contract), self._make_signal)
        self._session = self._join(contract)

    def play(self) -> TapeRun:
        """Play the tape, close everything, and compare with the exchange.

        Raises:
            DisagreementError: the exchange has other records of the run.
            JournalError: the journal cannot be written.
        """
        try:
            self._session.start()
            self._session.advance(max(self._tape.span[1] - CLOSING_NS, self.wire.now_ns))
            self._session.take(Commanded(self.wire.now_ns, Command.KILL, "the tape ends"))
            self._session.play()
            self._wait()
            self.engine.journal.flush(self.wire.now_ns)
        finally:
            if isinstance(self._writer, JournalWriter):
                self._writer.close()
        records = VenueRecords(self.wire, self._calls, self.began_ns)
        require_agreement(self.collector, records, self.contract)
        return self._result()

    def _wait(self) -> None:
        """Let orders, stops and answers under way end."""
        end_ns = self.wire.now_ns + AFTER_END_NS
        while self.wire.now_ns < end_ns and not self._is_quiet:
            self._session.advance(self.wire.now_ns + S)

    @property
    def _is_quiet(self) -> bool:
        return not self.wire.waiting and not self.engine.state.working and self._is_flat

    @property
    def _is_flat(self) -> bool:
        return all(position.idle for position in self.engine.state.positions.values())

    def _started(self, contract: Contract) -> Started:
        return Started(
            time_ns=self.wire.now_ns,
            run=RUN,
            capital=self._conditions.capital,
            settings=self._variant.settings,
            limits=self._conditions.limits,
            contracts=(contract,),
        )

    def _make_signal(self, settings: ImbalanceSettings) -> Signal:
        self._signal = CountedSignal(self._variant.signal.applied(ImbalanceSignal(settings)))
        return self._signal

    def _join(self, contract: Contract) -> EngineSession:
        market = TapeMarket(self.wire, [contract.symbol], self._variant.settings.depth)
        writer = RequestWriter(self._calls, {contract.symbol: contract})
        client = EngineClient(self.wire, writer, self.engine, market, UserStream(self.wire, self._calls))
        client.watch = self._watch
        reader = market.readers[contract.symbol]
        market.passes = QuietBooks(reader, self.engine, self._signal, self.collector, self._variant.settings)
        return EngineSession(self.wire, client, market)

    def _watch(self, event: Event, actions: list[Action]) -> None:
        self.collector.on_event(event)
        for action in actions:
            self.collector.on_action(action)

    def _result(self) -> TapeRun:
        return TapeRun(
            trades=self.collector.trades(self._tape.span[1] - self.began_ns),
            updates=self.collector.updates,
            usable_books=self._signal.books,
            signals=self._signal.wanted,
            entries=self.collector.entries,
            refused=dict(self.collector.refused),
            decisions_sha256=self.engine.decisions_sha256,
            journal_head=self.engine.journal.head,
            open_at_end=not self._is_flat,
        )


def _settings(conditions: Conditions, variant: Variant) -> SimulatorSettings:
    return SimulatorSettings(
        seed=conditions.seed,
        model=variant.fills,
        balance=plain(conditions.capital),
        inbound=variant.latency,
        outbound=variant.latency,
    )
