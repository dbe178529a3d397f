"""What changes at an account without an event, read again on a schedule: modes, margin, and what others do there.

A change of the position mode sends nothing; an order of another program in a symbol that is not traded reaches no
engine. What has changed since the preflight is emitted once as `AccountChanged`, which ends entries. A position in a
traded symbol that the engine takes for flat is reported to it: a user stream that is silent is not the only witness. A
changed funding interval is said and ends nothing: funding is counted by the ledger. A reading that failed says nothing,
and once the last whole one is too old, entries wait. Filters, fee rates and status are read again by
`live/client/contracts.py`; the stop of a position by the engine.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from live.account.preflight.facts import AccountConfig, AccountFacts, SymbolConfig, read_facts
from live.account.reads import Unknown, known
from live.binance.calls import CallWriter
from live.client.conversations import converse
from live.client.wire import S, Wire
from live.engine.events import AccountChanged, PositionReport, StrategyReported, Witness
from live.engine.known import AccountKnown
from skills_lib.domain.errors import TwokeyError

LONGEST_AGE_NS: Final = 150 * S
"""Entries rest on a whole reading of at most this age: two that fail in a row are borne, not three."""
CONTRACTS_GRACE_NS: Final = 600 * S
"""So much older the contracts may be, which are read every five minutes."""
READ_EVERY_NS: Final = 60 * S
"""A reading weighs about 165 of the 2,400 a minute, mostly the lists of orders of all symbols and the modes."""


class Changed(NamedTuple):
    """A change. symbol: empty where it is the whole account's. what: a fixed word."""

    symbol: str
    what: str


def changed(before: AccountFacts, now: AccountFacts, run: str, symbols: Sequence[str]) -> Iterator[Changed]:
    """What has changed between two readings, and what is there that is not of the run.

    run: first part of the client ids of its orders. symbols: those it trades, whose positions the engine looks after.
    """
    yield from _of_account(before.config, now.config)
    if not isinstance(before.symbols, Unknown) and not isinstance(now.symbols, Unknown):
        for symbol in symbols:
            yield from _of_symbol(before.symbols.get(symbol), now.symbols.get(symbol))
    for one in now.seen.resting:
        if not one.client_id.startswith(run):
            yield Changed(one.symbol, "foreign_stop" if one.stop else "foreign_order")
    for position in now.seen.positions:
        if position.symbol not in symbols:
            yield Changed(position.symbol, "foreign_position")


def _of_account(before: AccountConfig | Unknown, now: AccountConfig | Unknown) -> Iterator[Changed]:
    if isinstance(before, Unknown) or isinstance(now, Unknown):
        return
    if now.dual_side_position != before.dual_side_position:
        yield Changed("", "position_mode")
    if now.multi_assets_margin != before.multi_assets_margin:
        yield Changed("", "asset_mode")
    if now.can_trade != before.can_trade:
        yield Changed("", "trading_rights")


def _of_symbol(before: SymbolConfig | None, now: SymbolConfig | None) -> Iterator[Changed]:
    if before is None or now is None:
        return
    if now.margin_type != before.margin_type:
        yield Changed(now.symbol, "margin_type")
    if now.leverage != before.leverage:
        yield Changed(now.symbol, "leverage")


def funding_changes(before: AccountFacts, now: AccountFacts, symbols: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Symbols whose funding interval is another one, with the hours before and now."""
    for symbol in symbols:
        hours, was = now.funding_hours(symbol), before.funding_hours(symbol)
        if hours and was and hours != was:
            yield symbol, was, hours


class WatchedAccount:
    """Reads an account again and emits what changed.

    first: what the preflight read. run, symbols: as in `changed`. may_send: False while the exchange wants no request.
    is_idle: True for a symbol of which the engine holds nothing and asks for nothing. balance_ns: when the balance was
    last read. contracts_ns: when filters and status were.
    """

    def __init__(
        self,
        wire: Wire,
        calls: CallWriter,
        first: AccountFacts,
        run: str,
        symbols: Sequence[str],
        may_send: Callable[[], bool],
        is_idle: Callable[[str], bool],
        contracts_ns: Callable[[], int],
    ) -> None:
        self._wire, self._calls, self._first, self._contracts_ns = wire, calls, first, contracts_ns
        self._run, self._symbols, self._may_send, self._is_idle = run, tuple(symbols), may_send, is_idle
        self._said: set[Changed] = set()
        self.balance_ns = 0
        self._reading = False
        self._known, self._whole_ns = True, first.answered_ns

    def start(self) -> None:
        """Read now, and every `READ_EVERY_NS` from now on."""
        if self._reading or not self._may_send():
            self._judge_age()
        else:
            self._read()
        self._wire.later(READ_EVERY_NS, self.start)

    def _judge_age(self) -> None:
        """Entries wait while the last whole reading is too old; the engine is given a change alone."""
        known = self._wire.now_ns < min(self._whole_ns, self._contracts_ns() + CONTRACTS_GRACE_NS) + LONGEST_AGE_NS
        if known != self._known:
            self._known = known
            self._wire.emit(AccountKnown(self._wire.now_ns, known))

    def _read(self) -> None:
        self._reading = True
        facts = read_facts(lambda: self._wire.now_ns, has_rights=False)
        converse(self._wire, self._calls, facts, self._on_read, self._on_failure)

    def _on_read(self, found: AccountFacts) -> None:
        self._reading = False
        if not isinstance(found.assets, Unknown):
            self.balance_ns = self._wire.now_ns
        for change in changed(self._first, found, self._run, self._symbols):
            if change not in self._said:
                self._said.add(change)
                self._wire.emit(AccountChanged(self._wire.now_ns, change.symbol, change.what))
        self._report_unknown(found)
        self._report_funding(found)
        if found.whole:
            self._whole_ns = found.answered_ns
        self._judge_age()

    def _report_funding(self, found: AccountFacts) -> None:
        for symbol, was, hours in funding_changes(self._first, found, self._symbols):
            text = f"{symbol}: funding is charged every {hours} hours now, every {was} before."
            self._wire.emit(StrategyReported(self._wire.now_ns, symbol, "funding_interval", text))
        if not isinstance(found.funding, Unknown):
            self._first = replace(self._first, funding=found.funding)

    def _report_unknown(self, found: AccountFacts) -> None:
        """Let the engine know of positions that it takes for flat; the read was sent after `answered_ns`."""
        for held in known(found.seen.risk):
            if held.symbol in self._symbols and self._is_idle(held.symbol):
                now_ns, asked_ns = self._wire.now_ns, found.answered_ns
                self._wire.emit(PositionReport(now_ns, held.symbol, held.quantity, 0, 0, asked_ns, Witness.QUERY))

    def _on_failure(self, _: TwokeyError) -> None:
        """The next reading is not far."""
        self._reading = False
        self._judge_age()
