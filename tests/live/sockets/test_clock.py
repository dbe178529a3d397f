"""The machine's clock: it follows what has passed, whoever sets the system clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.client.wire import MS, S
from live.sockets.clock import FROZEN_NS, JUMP_NS, MachineClock
from tests.live.sockets.wires import MovedClock


@pytest.mark.parametrize("by_ns", [3_600 * S, -3_600 * S, JUMP_NS + MS, -JUMP_NS - MS])
def test_a_jump_of_the_system_clock_is_counted_and_moves_nothing(by_ns: int) -> None:
    moved = MovedClock()
    clock = moved.clock()
    began_ns = clock.now_ns
    moved.advance(S)
    moved.wall_ns += by_ns
    clock.beat()
    clock.beat()
    assert clock.now_ns == began_ns + S
    assert (clock.jumps, clock.ahead_ns) == (1, by_ns)


def test_a_clock_that_is_slowly_corrected_has_not_jumped() -> None:
    moved = MovedClock()
    clock = moved.clock()
    for _ in range(1_000):
        moved.advance(S)
        moved.wall_ns += MS
        clock.beat()
    assert (clock.jumps, clock.ahead_ns) == (0, S)


@given(st.lists(st.tuples(st.integers(0, 10 * S), st.integers(-(10**15), 10**15)), max_size=20))
def test_time_never_goes_back(moves: list[tuple[int, int]]) -> None:
    moved = MovedClock()
    clock = moved.clock()
    for passed_ns, set_by_ns in moves:
        before_ns = clock.now_ns
        moved.advance(passed_ns)
        moved.wall_ns += set_by_ns
        clock.beat()
        assert clock.now_ns == before_ns + passed_ns


def test_a_pause_of_the_loop_is_a_freeze_and_a_jump_of_the_system_clock_is_none() -> None:
    moved = MovedClock()
    clock = moved.clock()
    moved.wall_ns += 100 * FROZEN_NS
    moved.advance(FROZEN_NS)
    assert not clock.frozen
    moved.advance(1)
    assert clock.frozen
    clock.beat()
    assert not clock.frozen


def test_a_clock_of_a_quick_tape_goes_as_fast_as_the_tape_and_freezes_by_the_machine() -> None:
    moved = MovedClock()
    clock = MachineClock(lambda: moved.wall_ns, lambda: moved.passed_ns, speed=20).set_ahead(7 * S)
    began_ns = clock.now_ns
    assert began_ns == moved.wall_ns + 7 * S
    moved.advance(FROZEN_NS)
    assert (clock.now_ns, clock.frozen) == (began_ns + 20 * FROZEN_NS, False)


def test_the_time_is_the_machines() -> None:
    clock = MachineClock()
    clock.beat()
    assert abs(clock.ahead_ns) < S
    assert clock.now_ns > 1_700_000_000 * S
