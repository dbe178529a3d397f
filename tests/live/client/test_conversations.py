"""Conversations: one call after another, several at once, waits, and a clock that is put right on the way."""

from typing import Any

import pytest

from live.binance.calls import Call
from live.client.conversations import Conversation, ask, ask_all, body_of, pause
from live.client.wire import TIMEOUT_NS
from skills_lib.domain.errors import TwokeyError
from tests.live.account.holding import MS, S, holding

TIME, PING = Call("GET", "/fapi/v1/time", signed=False), Call("GET", "/fapi/v1/ping", signed=False)
CONFIG = Call("GET", "/fapi/v1/accountConfig")
SLOW = {"kind": "slow_response", "path": "*time", "delay_ms": 5_000}


def statuses(*calls: Call, **limits: Any) -> Conversation[list[int | None]]:
    """Statuses of calls that are made at once; None where no answer came."""
    answers = yield from ask_all(calls, **limits)
    return [None if answer is None else answer.status for answer in answers]


def test_answers_of_calls_made_at_once_have_the_order_of_the_calls() -> None:
    opened = holding(SLOW)
    assert opened.have(statuses(TIME, Call("GET", "/fapi/v1/nothing"), PING)) == [200, 404, 200]


def test_a_call_without_an_answer_in_time_counts_as_unanswered_and_the_others_do_not_wait_for_it() -> None:
    opened = holding(SLOW)
    began_ns = opened.now()
    assert opened.have(statuses(TIME, PING, within_ns=2 * S)) == [None, 200]
    assert opened.now() == began_ns + 2 * S


def test_without_a_shorter_limit_an_answer_is_waited_for_as_long_as_the_wire_does() -> None:
    opened = holding({"kind": "lose_request", "path": "*time"})
    began_ns = opened.now()
    assert opened.have(ask(TIME)) is None
    assert opened.now() == began_ns + TIMEOUT_NS


def test_an_answer_that_comes_too_late_is_not_taken_for_that_of_a_later_call() -> None:
    def talk() -> Conversation[list[int | None]]:
        yield from ask_all([TIME], within_ns=2 * S)
        yield from pause(4 * S)
        return (yield from statuses(Call("GET", "/fapi/v1/nothing")))

    assert holding(SLOW).have(talk()) == [404]


def test_a_pause_moves_the_time_and_no_calls_take_none() -> None:
    def talk() -> Conversation[tuple[Any, ...]]:
        yield from pause(0)
        yield from pause(250 * MS)
        return (yield from ask_all([]))

    opened = holding()
    began_ns = opened.now()
    assert opened.have(talk()) == ()
    assert opened.now() == began_ns + 250 * MS


def test_after_a_wrong_timestamp_the_call_that_is_repeated_has_the_right_one() -> None:
    def talk() -> Conversation[list[int]]:
        answers = []
        for _ in range(2):
            answer = yield from ask(CONFIG)
            assert answer is not None
            answers.append(answer.status)
        return answers

    opened = holding({"kind": "jump_clock", "by_ms": 60_000, "when": {"at_ms": 400}})
    assert opened.have(talk()) == [400, 200]


def test_a_missing_answer_is_an_error_where_one_is_needed() -> None:
    with pytest.raises(TwokeyError, match="answered nothing to /fapi/v1/time"):
        body_of(TIME, None)
