"""The account is read again: what changes without an event, and what others do there, ends entries."""

from typing import Any

import pytest

from live.account.preflight.facts import read_facts
from live.account.world import CONTRACTS_GRACE_NS, LONGEST_AGE_NS, WatchedAccount
from live.engine.events import AccountChanged, Event, StrategyReported
from live.engine.known import AccountKnown
from live.simulator.schedule import NEVER_NS
from tests.live.account.holding import MS, SYMBOL, Holding, holding

AT_TEN_SECONDS = {"when": {"at_ms": 10_000}}


def watched(opened: Holding, symbols: tuple[str, ...] = (SYMBOL,), minutes: int = 3) -> list[tuple[str, str]]:
    """What a watched account says in some minutes."""
    said: list[Event] = []
    opened.wire.emit = said.append
    first = opened.have(read_facts(opened.now, has_rights=False))
    WatchedAccount(opened.wire, opened.calls, first, "r1-", symbols, lambda: True, lambda _: False, opened.now).start()
    until_ns = opened.now() + minutes * 60_000 * MS
    while opened.now() < until_ns:
        due_ns = min(opened.wire.schedule.due_ns, opened.venue.due_ns, until_ns, line_ns(opened))
        for output in opened.venue.advance(max(due_ns, opened.now())):
            opened.wire.take(output)
        while opened.wire.schedule.due_ns <= opened.now():
            opened.wire.schedule.run_next()
    return [said_of(event) for event in said]


def said_of(event: Event) -> tuple[str, str]:
    """Symbol and word of an event."""
    if isinstance(event, AccountKnown):
        return "", "known" if event.known else "unknown"
    assert isinstance(event, AccountChanged | StrategyReported)
    return event.symbol, event.what if isinstance(event, AccountChanged) else event.code


def line_ns(opened: Holding) -> int:
    """When the next line of the tape comes."""
    line = opened.venue.next_line
    return line.time_ns if line is not None else NEVER_NS


def test_an_account_that_stays_as_it_is_says_nothing() -> None:
    assert watched(holding()) == []


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ({"action": "position_mode"}, ("", "position_mode")),
        ({"action": "leverage", "leverage": 7}, (SYMBOL, "leverage")),
        ({"action": "margin_type"}, (SYMBOL, "margin_type")),
    ],
)
def test_a_change_by_somebody_else_is_said_once(action: dict[str, Any], changed: tuple[str, str]) -> None:
    fault = {"kind": "foreign_action", "symbol": SYMBOL, **action, **AT_TEN_SECONDS}
    assert watched(holding(fault)) == [changed]


def test_orders_of_a_second_program_with_the_same_key_are_noticed() -> None:
    opened = holding().buy().protect().rest()
    assert watched(opened) == [(SYMBOL, "foreign_order"), (SYMBOL, "foreign_stop")]


def test_a_position_in_a_symbol_that_is_not_traded_is_noticed_and_one_in_a_traded_symbol_is_the_engines() -> None:
    assert watched(holding().buy()) == []
    assert watched(holding().buy(), symbols=("ETHUSDT",)) == [(SYMBOL, "foreign_position")]


def test_orders_of_the_run_are_its_own() -> None:
    opened = holding()
    opened.by_hand.limit(newClientOrderId="r1-7")
    assert watched(opened) == []


@pytest.mark.parametrize("kind", ["answer", "garbage_response", "lose_request"])
def test_readings_that_fail_say_nothing_and_a_later_one_finds_the_change(kind: str) -> None:
    outage = {"kind": kind, "path": "/fapi/v1/*Config", "when": {"at_ms": 600}, "end": {"duration_ms": 70_000}}
    change = {"kind": "foreign_action", "action": "position_mode", **AT_TEN_SECONDS}
    assert watched(holding(outage, change, updates=2_800)) == [("", "position_mode")]


def test_nothing_is_read_while_the_exchange_wants_no_request() -> None:
    opened = holding()
    first = opened.have(read_facts(opened.now, has_rights=False))
    opened.sent.clear()
    WatchedAccount(
        opened.wire, opened.calls, first, "r1-", (SYMBOL,), lambda: False, lambda _: False, opened.now
    ).start()
    assert opened.sent == []


def test_a_funding_interval_that_changes_is_said_once_and_again_when_it_changes_back() -> None:
    fault = {"kind": "contract_change", "symbol": SYMBOL, "funding_interval_hours": 4, **AT_TEN_SECONDS}
    assert watched(holding(fault)) == [(SYMBOL, "funding_interval")]
    back = holding(fault | {"end": {"duration_ms": 70_000}}, updates=2_800)
    assert watched(back, minutes=4) == [(SYMBOL, "funding_interval")] * 2


@pytest.mark.parametrize("path", ["/fapi/v1/accountConfig", "/fapi/v3/positionRisk", "/fapi/v1/fundingInfo"])
def test_entries_wait_once_three_readings_in_a_row_have_failed_until_one_is_whole(path: str) -> None:
    outage = {"kind": "answer", "path": path, "when": {"at_ms": 10_000}}
    assert watched(holding(outage | {"end": {"duration_ms": 125_000}}, updates=5_000), minutes=5) == []
    long = outage | {"end": {"duration_ms": 220_000}}
    assert watched(holding(long, updates=8_000), minutes=6) == [("", "unknown"), ("", "known")]


def test_entries_wait_while_the_contracts_were_not_read_for_too_long() -> None:
    opened = holding()
    said: list[Event] = []
    opened.wire.emit = said.append
    first = opened.have(read_facts(opened.now, has_rights=False))
    old_ns = opened.now() - CONTRACTS_GRACE_NS - LONGEST_AGE_NS
    WatchedAccount(
        opened.wire, opened.calls, first, "r1-", (SYMBOL,), lambda: False, lambda _: False, lambda: old_ns
    ).start()
    assert [said_of(event) for event in said] == [("", "unknown")]
