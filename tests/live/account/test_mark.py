"""A daemon on another machine with the same account is noticed by the key of its user stream."""

from typing import Any

import pytest

from live.account.preflight.mark import NAME, check_mark, take_away
from live.client.user_stream import UserStream
from tests.live.account.holding import Holding, S, holding


def play(opened: Holding, seconds: int) -> None:
    """Let time pass."""
    for _ in range(20 * seconds):
        for output in opened.venue.advance(opened.now() + S // 20):
            opened.wire.take(output)
        while opened.wire.schedule.due_ns <= opened.now():
            opened.wire.schedule.run_next()


def with_a_daemon(*faults: dict[str, Any]) -> Holding:
    """An account on which another machine keeps a user stream open."""
    opened = holding(*faults)
    UserStream(opened.wire, opened.calls).start()
    play(opened, 1)
    return opened


def test_a_stream_that_was_ended_is_not_opened_again_by_the_end_of_its_key() -> None:
    opened = holding()
    stream = UserStream(opened.wire, opened.calls)
    stream.start()
    play(opened, 1)
    stream.end()
    opened.have(take_away())
    play(opened, 5)
    assert opened.have(check_mark()).passed


def test_an_account_without_a_user_stream_has_no_daemon() -> None:
    assert holding().have(check_mark()).passed


def test_a_daemon_on_another_machine_refuses_the_start_with_what_to_do() -> None:
    found = with_a_daemon().have(check_mark())
    assert (found.name, found.passed) == (NAME, False)
    assert "twokey live emergency-stop" in found.remedy
    assert "\n" not in str(found)


def test_the_mark_is_gone_once_it_was_taken_away_and_taking_it_away_twice_does_no_harm() -> None:
    opened = with_a_daemon()
    opened.have(take_away())
    opened.have(take_away())
    assert opened.have(check_mark()).passed


def test_the_check_makes_no_mark_of_its_own() -> None:
    opened = holding()
    opened.have(check_mark())
    assert opened.have(check_mark()).passed


def test_a_key_that_was_not_renewed_for_an_hour_is_no_mark_any_more() -> None:
    opened = with_a_daemon()
    for number in list(opened.wire._listeners):
        opened.wire.close(number)
    opened.venue.advance(opened.now() + 3_601 * S)
    assert opened.have(check_mark()).passed


@pytest.mark.parametrize("kind", ["lose_request", "garbage_response", "answer"])
def test_an_answer_that_says_nothing_does_not_pass(kind: str) -> None:
    fault = {"kind": kind, "path": "/fapi/v1/listenKey", "when": {"at_ms": 0}, "end": {"never": True}}
    found = holding(fault).have(check_mark())
    assert not found.passed
    assert found.found.startswith("/fapi/v1/listenKey")
