"""The contract of a symbol as the exchange of a replay describes it, and its price where the tape begins."""

from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.opening import contracts_of
from live.engine.contract import Contract
from live.replay.tapes import ReplayTape
from live.session.session import finish
from live.session.virtual_wire import VirtualWire
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET, SimulatorSettings
from live.simulator.venue import LocalVenue


def contract_and_price(tape: ReplayTape, symbol: str) -> tuple[Contract, int]:
    """The contract, and the first mark price in units of 1e-8; 0 where the tape never gives one.

    Raises:
        InputError: the exchange does not list the symbol.
    """
    wire = VirtualWire(LocalVenue(SimulatorSettings(), tape.lines()))
    (contract,) = finish(wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), contracts_of([symbol]))
    market = wire.venue.state.markets[symbol]
    while not market.mark_price and wire.venue.next_line is not None:
        wire.venue.play_line()
    return contract, market.mark_price
