"""The income list is asked for when a position was open over a whole hour, by what the exchange says of its fills."""

import pytest

from live.engine.constants import FUNDING_LATE_NS, S
from live.engine.events import Fill
from live.engine.positions import believe_report, book_fill
from live.engine.state import EngineState, Position
from live.enums import Side
from live.money import SCALE
from tests.live.engine.states import NOW_NS, PRICE, SYMBOL, quiet_state

HOUR_NS = NOW_NS
"""The states' time is a whole hour."""


def flat_state() -> EngineState:
    """Nothing is open, and nothing is known of earlier positions."""
    state = quiet_state()
    state.positions[SYMBOL] = Position(SYMBOL)
    return state


def fill(state: EngineState, trade_id: int, side: Side, event_ns: int, learnt_ns: int) -> None:
    """A trade of 1, and when the engine learns of it."""
    state.now_ns = learnt_ns
    book_fill(state, SYMBOL, side, Fill(trade_id, PRICE, SCALE, 0, "USDT", False, 0), event_ns)


@pytest.mark.parametrize(
    ("opened_s", "learnt_s", "closed_s", "asked"),
    [
        pytest.param(-60, -60, 60, True, id="open over the hour"),
        pytest.param(-60, 17, 60, True, id="the engine learnt of it after the hour"),
        pytest.param(17, 17, 60, False, id="opened after the hour"),
        pytest.param(-60, -60, -17, False, id="closed before the hour"),
        pytest.param(5, 5, 60, True, id="opened so soon after the hour that funding may have come"),
    ],
)
def test_the_list_is_asked_for_after_a_position_over_a_whole_hour(
    opened_s: int, learnt_s: int, closed_s: int, asked: bool
) -> None:
    state = flat_state()
    fill(state, 1, Side.BUY, HOUR_NS + opened_s * S, HOUR_NS + learnt_s * S)
    fill(state, 2, Side.SELL, HOUR_NS + closed_s * S, HOUR_NS + closed_s * S)
    assert bool(state.funding_check_ns) == asked


def test_the_time_of_an_earlier_position_does_not_count() -> None:
    state = flat_state()
    fill(state, 1, Side.BUY, HOUR_NS - 60 * S, HOUR_NS - 60 * S)
    fill(state, 2, Side.SELL, HOUR_NS - 50 * S, HOUR_NS - 50 * S)
    fill(state, 3, Side.BUY, HOUR_NS + 20 * S, HOUR_NS + 20 * S)
    fill(state, 4, Side.SELL, HOUR_NS + 30 * S, HOUR_NS + 30 * S)
    assert not state.funding_check_ns


def test_a_position_without_fills_may_have_been_open_since_the_start() -> None:
    state = flat_state()
    state.started_ns, state.now_ns = HOUR_NS - 60 * S, HOUR_NS + 60 * S
    position = state.positions[SYMBOL]
    position.reported = SCALE
    believe_report(state, position)
    position.reported = 0
    believe_report(state, position)
    assert state.funding_check_ns == state.now_ns + 2 * FUNDING_LATE_NS
