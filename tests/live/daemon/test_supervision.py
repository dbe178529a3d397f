"""What kills a run though nobody asks for it."""

import pytest

from live.client.wire import S
from live.daemon.opening import Skew
from live.daemon.supervision import BAR_LATE_NS, ERRORS, ERRORS_WITHIN_NS, SKEW_READINGS, STALE_NS, Supervision
from live.engine.events import Answered, BarDecided, BookChanged, Request, RequestOutcome
from live.engine.settings import BarSettings
from live.engine.signals.bars import BarSignal
from live.engine.state import EngineState
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import NOW_NS, SYMBOL, hold, quiet_state


def answered(time_ns: int, request: Request, outcome: RequestOutcome) -> Answered:
    return Answered(time_ns, request, SYMBOL, "r-1", outcome)


def book(time_ns: int, usable: bool) -> BookChanged:
    return BookChanged(time_ns, SYMBOL, time_ns, 1, usable, (), ())


def held() -> EngineState:
    state = quiet_state()
    hold(state, "0.1").opened_ns = NOW_NS
    return state


def test_a_quiet_run_goes_on() -> None:
    assert Supervision(NOW_NS).reason(quiet_state(), NOW_NS + 10_000 * S) == ""


def test_a_position_without_a_usable_book_is_closed_and_an_unusable_book_is_none() -> None:
    supervision = Supervision(NOW_NS)
    supervision.on_event(book(NOW_NS + S, usable=True))
    supervision.on_event(book(NOW_NS + 2 * S, usable=False))
    assert supervision.reason(held(), NOW_NS + S + STALE_NS) == ""
    assert supervision.reason(held(), NOW_NS + S + STALE_NS + 1).startswith("stale_data: BTCUSDT")
    assert supervision.reason(quiet_state(), NOW_NS + S + STALE_NS + 1) == ""


def test_after_a_start_a_book_has_time_to_come() -> None:
    assert Supervision(NOW_NS + 100 * S).reason(held(), NOW_NS + 100 * S + STALE_NS) == ""


@pytest.mark.parametrize("outcome", [RequestOutcome.UNKNOWN, RequestOutcome.NOT_ACCEPTED, RequestOutcome.REJECTED])
def test_too_many_failed_orders_within_a_minute_kill(outcome: RequestOutcome) -> None:
    supervision = Supervision(NOW_NS)
    for number in range(ERRORS - 1):
        supervision.on_event(answered(NOW_NS + number, Request.PLACE_STOP, outcome))
    supervision.on_event(answered(NOW_NS, Request.POSITION, outcome))
    supervision.on_event(answered(NOW_NS, Request.PLACE, RequestOutcome.ACCEPTED))
    assert supervision.reason(quiet_state(), NOW_NS + S) == ""
    supervision.on_event(answered(NOW_NS + S, Request.CANCEL, outcome))
    assert supervision.reason(quiet_state(), NOW_NS + S).startswith("error_rate: 10 ")
    assert supervision.reason(quiet_state(), NOW_NS + ERRORS_WITHIN_NS) == ""


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_that_is_off_kills_after_several_readings_and_one_late_answer_does_not(sign: int) -> None:
    supervision = Supervision(NOW_NS)
    for _ in range(SKEW_READINGS - 1):
        supervision.on_time(Skew(sign * 2 * S, 0))
    supervision.on_time(Skew(sign * 2 * S, 3 * S))
    assert supervision.reason(quiet_state(), NOW_NS) == ""
    for _ in range(SKEW_READINGS):
        assert supervision.reason(quiet_state(), NOW_NS) == ""
        supervision.on_time(Skew(sign * 2 * S, 0))
    assert supervision.reason(quiet_state(), NOW_NS).startswith("clock_skew: ")


def on_bars() -> EngineState:
    """A run on bars of a minute that holds a position."""
    state = DrivenEngine(bars=BarSettings(strategy="s", timeframe="1m")).state
    hold(state, "0.1").opened_ns = NOW_NS
    return state


def fresh(now_ns: int) -> Supervision:
    """A supervision that has just seen a usable book."""
    supervision = Supervision(NOW_NS)
    supervision.on_event(book(now_ns, usable=True))
    return supervision


def test_a_position_that_has_missed_a_whole_bar_is_closed_though_its_book_is_fresh() -> None:
    state, late_ns = on_bars(), NOW_NS + 120 * S + BAR_LATE_NS
    assert fresh(late_ns).reason(state, late_ns) == ""
    assert fresh(late_ns).reason(state, late_ns + 1) == (
        "stale_data: BTCUSDT has a position and for 180 s no bar was decided on"
    )
    state.positions[SYMBOL].foreign = True
    assert fresh(late_ns).reason(state, late_ns + 1) == ""


def test_each_bar_that_is_decided_on_gives_the_position_time_until_the_one_after_the_next() -> None:
    state, late_ns = on_bars(), NOW_NS + 120 * S + BAR_LATE_NS
    signal = state.markets[SYMBOL].signal
    assert isinstance(signal, BarSignal)
    signal.take(BarDecided(NOW_NS + 61 * S, SYMBOL, NOW_NS + 60 * S))
    assert fresh(late_ns + 60 * S).reason(state, late_ns + 60 * S) == ""
    assert fresh(late_ns + 60 * S).reason(state, late_ns + 60 * S + 1).startswith("stale_data: ")


def test_without_a_position_a_bar_that_does_not_come_kills_nothing_and_the_imbalance_needs_none() -> None:
    state, late_ns = on_bars(), NOW_NS + 10_000 * S
    state.positions[SYMBOL].quantity = 0
    assert fresh(late_ns).reason(state, late_ns) == ""
    assert fresh(late_ns).reason(held(), late_ns) == ""
