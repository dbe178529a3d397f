"""What the status says of refusals, alerts and the cover of a position, and what a refusal ends."""

from pathlib import Path
from typing import Any

import pytest

from live.account.closing.refusals import PASSING
from live.client.wire import MS, S
from live.control.protocol import Cover, JournalStatus, KilledStatus
from live.daemon.observed import SEEN_WITHIN_NS, EndedAction, Observed, notes_of
from live.daemon.status import status_of
from live.engine.actions import Alert
from live.engine.events import Answered, Command, Commanded, OpenStopsReport, Request, RequestOutcome
from live.engine.intents import Purpose
from live.engine.state import EngineState, OrderState, Stop, StopState
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.test_live_run import NEVER_CLOSES
from tests.live.engine.states import NOW_NS, SYMBOL, exit_of_a_long, hold, quiet_state, stop_of_a_long, working

REJECTED, ACCEPTED, UNKNOWN = RequestOutcome.REJECTED, RequestOutcome.ACCEPTED, RequestOutcome.UNKNOWN
MARGIN, NOT_REDUCING = -2019, -2022


def entering() -> EngineState:
    """A run with an entry that is on its way."""
    state = quiet_state()
    working(state, OrderState.SENT)
    return state


def answer(outcome: RequestOutcome, code: int = 0, request: Request = Request.PLACE) -> Answered:
    return Answered(NOW_NS, request, SYMBOL, "r-9", outcome, code)


def ends(observed: Observed, state: EngineState, *answers: Answered) -> list[EndedAction]:
    """Actions that these answers end."""
    found = (observed.on_event(one, (), state) for one in answers)
    return [ended for ended in found if ended]


def test_the_same_refusal_three_times_ends_an_entry_and_the_status_says_why() -> None:
    observed, state = Observed(), entering()
    refusals = [answer(REJECTED, MARGIN)] * 3
    (ended,) = ends(observed, state, *refusals)
    assert ended == EndedAction(Purpose.ENTRY, "enter BTCUSDT: refused 3 times in a row with -2019")
    (shown,) = observed.refused
    assert (shown.action, shown.code, shown.times, shown.ended) == ("enter BTCUSDT", MARGIN, 3, True)
    assert list(notes_of(observed.refused)) == [f"{ended.text}. It is not tried again."]


@pytest.mark.parametrize(
    "answers",
    [
        [answer(REJECTED, MARGIN), answer(REJECTED, MARGIN), answer(ACCEPTED), answer(REJECTED, MARGIN)],
        [answer(REJECTED, MARGIN), answer(REJECTED, -4003), answer(REJECTED, MARGIN)],
        [answer(UNKNOWN)] * 5,
        [answer(RequestOutcome.NOT_ACCEPTED, -1003)] * 5,
        [answer(REJECTED, -5022)] * 5,
        [answer(REJECTED, MARGIN, Request.ORDER)] * 5,
    ],
)
def test_another_answer_an_outage_a_limit_and_a_price_that_moved_end_nothing(answers: list[Answered]) -> None:
    observed = Observed()
    assert ends(observed, entering(), *answers) == []
    assert observed.refused == ()


def test_what_the_market_may_end_is_tried_more_often() -> None:
    observed, state = Observed(), quiet_state()
    order = working(state, OrderState.SENT)
    state.orders["r-9"] = type(order)(exit_of_a_long(client_id="r-9"), OrderState.SENT, NOW_NS)
    refusal = answer(RequestOutcome.RECONCILE, NOT_REDUCING)
    assert ends(observed, state, *[refusal] * (PASSING - 1)) == []
    assert [one.ended for one in observed.refused] == [False]
    assert [one.purpose for one in ends(observed, state, refusal)] == [Purpose.EXIT]


def test_a_person_who_resumes_has_entries_tried_again() -> None:
    observed, state = Observed(), entering()
    ends(observed, state, *[answer(REJECTED, MARGIN)] * 3)
    observed.on_event(Commanded(NOW_NS, Command.RESUME, "test"), (), state)
    assert observed.refused == ()
    assert len(ends(observed, state, *[answer(REJECTED, MARGIN)] * 3)) == 1


def test_alerts_are_counted_by_their_code() -> None:
    observed = Observed()
    alerts = [Alert(NOW_NS, code, SYMBOL, "") for code in ("dust", "mismatch", "dust")]
    observed.on_event(Commanded(NOW_NS, Command.PAUSE, "test"), alerts, quiet_state())
    assert observed.alerts == {"dust": 2, "mismatch": 1}


def cover(stop: StopState | None, now_ns: int = NOW_NS, **changes: Any) -> Cover:
    """Of a position whose stop was last seen when it was opened."""
    state, observed = quiet_state(), Observed()
    position = hold(state, "0.1")
    position.opened_ns = NOW_NS
    position.stop = Stop(stop_of_a_long(), stop, NOW_NS) if stop else None
    for name, value in changes.items():
        setattr(position.stop if name == "missing" else position, name, value)
    return observed.cover(position, now_ns)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (cover(StopState.RESTING), Cover.COVERED),
        (cover(None), Cover.UNPROTECTED),
        (cover(StopState.ENDED), Cover.UNPROTECTED),
        (cover(StopState.SENT), Cover.UNKNOWN),
        (cover(StopState.UNKNOWN), Cover.UNKNOWN),
        (cover(StopState.FIRED), Cover.UNKNOWN),
        (cover(StopState.RESTING, missing=1), Cover.UNKNOWN),
        (cover(StopState.RESTING, differs_ns=NOW_NS), Cover.UNKNOWN),
        (cover(StopState.RESTING, foreign=True), Cover.UNKNOWN),
        (cover(None, foreign=True), Cover.UNKNOWN),
        (cover(StopState.RESTING, NOW_NS + SEEN_WITHIN_NS - 1), Cover.COVERED),
        (cover(StopState.RESTING, NOW_NS + SEEN_WITHIN_NS), Cover.UNKNOWN),
    ],
)
def test_a_position_is_covered_only_by_a_stop_that_was_seen_to_rest_of_late(found: Cover, expected: Cover) -> None:
    assert found is expected


def test_a_list_that_shows_the_stop_again_keeps_the_position_covered() -> None:
    state, observed = quiet_state(), Observed()
    position = hold(state, "0.1")
    position.stop = Stop(stop_of_a_long(), StopState.RESTING, NOW_NS)
    observed.on_event(OpenStopsReport(NOW_NS + 9 * S, SYMBOL, NOW_NS + 8 * S, ()), (), state)
    assert observed.cover(position, NOW_NS + 17 * S) is Cover.COVERED
    assert observed.cover(position, NOW_NS + 18 * S) is Cover.UNKNOWN


def test_through_an_outage_the_cover_of_a_position_becomes_unknown_and_is_known_again_after(tmp_path: Path) -> None:
    first = Hosted(tmp_path / "1aaaaaa.journal", **NEVER_CLOSES)
    began_ns = first.wire.now_ns
    first.play_until_held()
    outage = {"kind": "outage", "when": {"at_ms": (first.wire.now_ns - began_ns) // MS + 1_000}}
    hosted = Hosted(tmp_path / "1aaaaab.journal", [outage | {"end": {"duration_ms": 13_000}}], **NEVER_CLOSES)
    hosted.play_until_held()
    assert covers(hosted) is Cover.COVERED
    hosted.advance(12 * S)
    assert covers(hosted) is Cover.UNKNOWN
    hosted.advance(8 * S)
    assert covers(hosted) is Cover.COVERED


def covers(hosted: Hosted) -> Cover:
    """What the status says of the only position."""
    killed, journal = KilledStatus(False), JournalStatus("", "", 0)
    now_ns = hosted.wire.now_ns
    found = status_of(hosted.run.state, now_ns, "s", "simulator", killed, journal, "never", hosted.run.observed)
    (position,) = found.positions
    return position.cover


def test_entries_that_are_refused_again_and_again_pause_the_run_and_nothing_loops(tmp_path: Path) -> None:
    fault = {"kind": "restrict_account", "when": {"at_ms": 0}, "end": {"never": True}}
    hosted = Hosted(tmp_path / "1aaaaaa.journal", [fault])
    hosted.run.start()
    hosted.advance(hosted.calm_from_ns - hosted.wire.now_ns)
    assert hosted.run.state.paused
    assert len(hosted.host.sent) == 3
    assert not hosted.run.killed


def test_an_exit_that_is_refused_for_good_is_handed_to_the_closing(tmp_path: Path) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal", **NEVER_CLOSES)
    hosted.play_until_held()
    hosted.run._end_action(EndedAction(Purpose.EXIT, "exit BTCUSDT: refused 3 times in a row with -4005"))
    hosted.play_until_over(60 * S)
    assert hosted.host.latches == ["refused: exit BTCUSDT: refused 3 times in a row with -4005"]
    assert not hosted.holds
