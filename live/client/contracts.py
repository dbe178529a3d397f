"""The contracts of a run, read from the exchange again: filters, fee rates and status change while it goes on."""

from collections.abc import Callable, Iterable
from typing import Final

from live.binance.calls import CallWriter
from live.client.conversations import converse
from live.client.opening import contracts_again
from live.client.wire import S, Wire
from live.engine.contract import Contract
from live.engine.events import ContractChanged
from skills_lib.domain.errors import TwokeyError

READ_EVERY_NS: Final = 300 * S
"""A change of filters is announced days before, and an order that breaks them is refused, which reads them at once."""
AFTER_REFUSAL_NS: Final = 10 * S
"""The shortest time between two readings: each refusal of a loop would cause one, at 26 weight with one symbol."""
BROKEN_FILTERS: Final = frozenset(
    {-1111, -4001, -4002, -4003, -4004, -4005, -4006, -4013, -4014, -4023, -4029, -4030, -4108, -4140, -4141, -4164}
)
"""Codes of refusals that the known filters and status should have prevented: page Error Codes."""


class ListedContracts:
    """Reads contracts again and emits what changed.

    contracts: by symbol, as last read at `known_ns`; the request writer uses them too. may_send: False while the
    exchange wants no request.
    """

    def __init__(
        self, wire: Wire, calls: CallWriter, contracts: dict[str, Contract], may_send: Callable[[], bool]
    ) -> None:
        self._wire, self._calls, self.contracts, self._may_send = wire, calls, contracts, may_send
        self._reading = False
        self._read_ns = self.known_ns = 0

    def start(self) -> None:
        """Read every `READ_EVERY_NS` from now on."""
        self._read_ns = self.known_ns = self._wire.now_ns
        self._wire.later(READ_EVERY_NS, self._read_later)

    def on_code(self, code: int) -> None:
        """An order was refused with this code: read at once if the filters must have changed."""
        if code in BROKEN_FILTERS and self._wire.now_ns >= self._read_ns + AFTER_REFUSAL_NS:
            self._read()

    def _read_later(self) -> None:
        self._read()
        self._wire.later(READ_EVERY_NS, self._read_later)

    def _read(self) -> None:
        if self._reading or not self._may_send():
            return
        self._reading, self._read_ns = True, self._wire.now_ns
        again = contracts_again(tuple(self.contracts.values()))
        converse(self._wire, self._calls, again, self._on_read, self._on_failure)

    def _on_read(self, found: Iterable[Contract]) -> None:
        self._reading, self.known_ns = False, self._read_ns
        for contract in found:
            if contract != self.contracts[contract.symbol]:
                self.contracts[contract.symbol] = contract
                self._wire.emit(ContractChanged(self._wire.now_ns, contract))

    def _on_failure(self, _: TwokeyError) -> None:
        """What was read last still holds; the next reading is not far."""
        self._reading = False
