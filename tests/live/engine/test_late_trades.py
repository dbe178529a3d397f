"""Trades learnt after the venue's figure was believed are in it already: they change cash, not the position."""

import pytest

from live.engine.constants import S
from live.engine.events import Fill, PositionReport, Witness
from live.engine.positions import believe_report, book_fill, on_report
from live.engine.state import EngineState, Position
from live.enums import Side
from live.money import SCALE
from tests.live.engine.states import NOW_NS, PRICE, SYMBOL, quiet_state


def learn(state: EngineState, trade_id: int, side: Side, event_ns: int, realised: int = 0) -> None:
    """A trade of 1 at the venue's time."""
    book_fill(state, SYMBOL, side, Fill(trade_id, PRICE, SCALE, 5, "USDT", False, realised), event_ns)


def believe(state: EngineState, quantity: int, asked_ns: int) -> Position:
    """The venue's figure as of a time, which no trade explains."""
    on_report(state, PositionReport(asked_ns, SYMBOL, quantity, 0, 0, asked_ns, Witness.QUERY))
    believe_report(state, state.positions[SYMBOL])
    return state.positions[SYMBOL]


@pytest.fixture
def state() -> EngineState:
    state = quiet_state()
    state.positions[SYMBOL] = Position(SYMBOL)
    return state


def test_the_exit_of_a_position_that_was_believed_closed_opens_none_of_the_other_side(
    state: EngineState,
) -> None:
    learn(state, 1, Side.BUY, NOW_NS)
    position = believe(state, 0, NOW_NS + 30 * S)
    learn(state, 2, Side.SELL, NOW_NS + 5 * S, realised=7)
    assert position.quantity == 0
    assert not position.differs_ns
    assert (state.account.realised, state.account.fees) == (7, 10)


def test_the_entry_of_a_position_that_was_believed_open_counts_once(state: EngineState) -> None:
    position = believe(state, SCALE, NOW_NS + 5 * S)
    learn(state, 1, Side.BUY, NOW_NS)
    assert position.quantity == SCALE
    assert not position.differs_ns


def test_a_trade_after_the_figure_that_was_believed_changes_the_position(state: EngineState) -> None:
    position = believe(state, SCALE, NOW_NS + 5 * S)
    learn(state, 1, Side.SELL, NOW_NS + 6 * S)
    assert position.quantity == 0
