"""Before a new run: what the exchange and the account must say."""

from dataclasses import replace

import pytest

from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.user_stream import UserStream
from live.client.wire import S
from live.daemon.opening import Ready, check_start, read_clock
from live.daemon.settings import DaemonSettings
from live.money import SCALE
from live.session.session import finish
from live.session.virtual_wire import VirtualWire
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.domain.errors import InputError, TwokeyError
from tests.live.daemon.lives import CAPITAL, LIMITS, SETTINGS, exchange
from tests.live.daemon.test_live_run import buy_by_hand

SIMULATOR = DaemonSettings(
    venue=TradingVenue.SIMULATOR,
    address=VenueAddress.of(TradingVenue.SIMULATOR, "127.0.0.1:9001"),
    symbols=("BTCUSDT",),
    capital=CAPITAL,
    limits=LIMITS,
    strategy=SETTINGS,
)


@pytest.fixture
def wire() -> VirtualWire:
    """The wire of a client at the exchange in process."""
    return VirtualWire(exchange(3, 40)[2])


def start(wire: VirtualWire, settings: DaemonSettings = SIMULATOR) -> Ready:
    """All checks of a start."""
    calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    return finish(wire, calls, check_start(settings, "1aaaaaa", lambda: wire.now_ns))


def test_a_new_paper_account_is_ready_and_nothing_of_the_start_is_left(wire: VirtualWire) -> None:
    ready = start(wire)
    assert [contract.leverage for contract in ready.contracts] == [5]
    assert ready.ledger.profit == 0
    state = wire.venue.state
    (account,) = state.accounts.values()
    assert account.held() == []
    assert state.open_orders(account.name) == []
    assert state.waiting_algos(account.name) == []


def test_a_position_of_somebody_else_refuses_the_start_in_one_line_with_a_remedy(wire: VirtualWire) -> None:
    buy_by_hand(wire.venue)
    wire.venue.advance(wire.now_ns + S)
    with pytest.raises(TwokeyError, match=r"The account is not ready.*nothing_foreign: BTCUSDT 0\.1; allowed") as found:
        start(wire)
    assert "\n" not in str(found.value)


def test_a_daemon_on_another_machine_refuses_the_start(wire: VirtualWire) -> None:
    other = VirtualWire(wire.venue)
    UserStream(other, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))).start()
    wire.venue.advance(wire.now_ns + S)
    with pytest.raises(TwokeyError, match=r"The account is not ready.*alone: a user stream of this account is open"):
        start(wire)


def test_a_capital_that_is_too_small_refuses_the_start(wire: VirtualWire) -> None:
    with pytest.raises(InputError, match="is too small for BTCUSDT"):
        start(wire, replace(SIMULATOR, capital=10 * SCALE))


def test_the_exchanges_clock_is_read_through_the_quickest_answer(wire: VirtualWire) -> None:
    calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    skew = finish(wire, calls, read_clock(lambda: wire.now_ns + 7 * S))
    assert abs(skew.ahead_ns + 7 * S) <= skew.error_ns


def test_without_an_exchange_there_is_no_clock() -> None:
    plan = [{"kind": "refuse_connect", "what": "all", "when": {"at_ms": 0}, "end": {"never": True}}]
    wire = VirtualWire(exchange(3, 40, plan)[2])
    with pytest.raises(TwokeyError, match="The exchange does not answer"):
        finish(wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), read_clock(lambda: wire.now_ns))
