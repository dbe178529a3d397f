"""What only time reveals is found when it has lasted for too long while there was contact, and not before."""

import pytest

from live.engine.intents import Purpose
from live.engine.state import Latch, Order, OrderState, Position
from live.enums import OrderType, Side
from live.money import SCALE
from live.schedules.contact import RECOVERY_NS, Contact
from live.schedules.deadlines import COMPARING_NS, STOP_AFTER_FLAT_NS, UNCLOSED_NS, UNPROTECTED_NS, Deadlines
from live.schedules.tape import ScheduleTape
from live.schedules.watch import ExchangeWatch
from live.simulator.core.algo_orders import AlgoOrder, AlgoRequest
from live.simulator.core.orders import OrderRequest
from live.simulator.scaled_messages import scaled_tape
from live.simulator.settings import SimulatorSettings
from live.simulator.venue import LocalVenue
from tests.live.engine.states import LIMITS, NOW_NS, SYMBOL, intent, quiet_state


class Watched:
    """A state, the exchange's account of it, and the deadlines that hold them against each other."""

    def __init__(self) -> None:
        venue = LocalVenue(SimulatorSettings(), scaled_tape(ScheduleTape(0).draw(0)))
        self.state = quiet_state()
        self.position = self.state.positions[SYMBOL] = Position(SYMBOL)
        self.watch = ExchangeWatch("r", LIMITS)
        self.deadlines = Deadlines(self.watch, Contact(venue))

    def check(self, after_ns: int) -> list[str]:
        """The invariants broken so long after the start."""
        self.state.now_ns = NOW_NS + after_ns
        self.deadlines.check(self.state)
        return [violation.invariant for violation in self.watch.violations]

    def hold(self) -> None:
        """A position at the exchange."""
        self.watch.positions[SYMBOL] = SCALE

    def rest_stop(self) -> None:
        """A stop that waits at the exchange."""
        request = AlgoRequest(OrderRequest("a", SYMBOL, Side.SELL, OrderType.MARKET, 0), OrderType.STOP_MARKET, 1)
        self.watch.stops[SYMBOL] = {1: AlgoOrder(1, request, "r-1S", 0, 0, 1)}


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_position_without_stop_and_exit_is_found_after_ten_seconds(watched: Watched) -> None:
    watched.hold()
    assert watched.check(0) == watched.check(UNPROTECTED_NS) == []
    assert watched.check(UNPROTECTED_NS + 1) == ["unprotected"]


def test_a_position_with_a_stop_is_protected(watched: Watched) -> None:
    watched.hold()
    watched.rest_stop()
    assert watched.check(0) == watched.check(10 * UNPROTECTED_NS) == []


def test_a_position_with_an_exit_in_doubt_is_being_closed(watched: Watched) -> None:
    watched.hold()
    closing = intent(purpose=Purpose.EXIT, type=OrderType.MARKET, side=Side.SELL, quantity=SCALE, reduce_only=True)
    watched.state.working["r-2"] = Order(closing, OrderState.UNKNOWN, NOW_NS)
    assert watched.check(0) == watched.check(10 * UNPROTECTED_NS) == []


def test_time_without_contact_does_not_count(watched: Watched) -> None:
    watched.hold()
    assert watched.check(0) == []
    watched.state.user_up = False
    assert watched.check(9 * UNPROTECTED_NS) == []
    watched.state.user_up = True
    assert watched.check(10 * UNPROTECTED_NS + RECOVERY_NS) == []
    assert watched.check(10 * UNPROTECTED_NS + RECOVERY_NS + 1) == ["unprotected"]


def test_a_stop_that_rests_two_seconds_after_flat_is_found(watched: Watched) -> None:
    watched.rest_stop()
    assert watched.check(0) == watched.check(STOP_AFTER_FLAT_NS) == []
    assert watched.check(STOP_AFTER_FLAT_NS + 1) == ["no_stop_after_flat"]


def test_a_stop_may_rest_while_fills_and_reports_are_compared(watched: Watched) -> None:
    watched.rest_stop()
    watched.position.differs_ns = NOW_NS
    assert watched.check(0) == watched.check(COMPARING_NS - 1) == watched.check(COMPARING_NS) == []
    assert watched.check(COMPARING_NS + STOP_AFTER_FLAT_NS + 1) == ["no_stop_after_flat"]


def test_a_killed_position_whose_stop_rests_is_still_to_be_closed(watched: Watched) -> None:
    watched.hold()
    watched.rest_stop()
    watched.state.latch = Latch("kill", NOW_NS, flatten=True)
    assert watched.check(0) == watched.check(UNCLOSED_NS) == []
    assert watched.check(UNCLOSED_NS + 1) == ["flat_after_kill"]
