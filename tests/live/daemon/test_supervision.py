"""What kills a run though nobody asks for it."""

import pytest

from live.client.wire import S
from live.daemon.opening import Skew
from live.daemon.supervision import ERRORS, ERRORS_WITHIN_NS, SKEW_READINGS, STALE_NS, Supervision
from live.engine.events import Answered, BookChanged, Request, RequestOutcome
from live.engine.state import EngineState
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
