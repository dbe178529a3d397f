"""Schedules of faults: none breaks an invariant, the same number is the same schedule, and a defect is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.client.order_connection import OrdersBy
from live.engine import protection
from live.engine.events import Command
from live.engine.orders import answers
from live.schedules.many import results, run_many
from live.schedules.numbers import MAX_FAULTS, PARTS, ScheduleNumber
from live.schedules.plans import plan_of, random_plan
from live.schedules.run import TAPES, run_schedule
from live.schedules.shrink import shrink
from live.schedules.story import story
from live.schedules.tape import EPOCH_MS, MIDNIGHT_MS, ScheduleTape
from live.schedules.variations import TIGHTER, variation_of
from live.simulator.faults import KINDS, RequestFault
from skills_lib.domain.errors import InputError
from tests.live.schedules.plant import ROOT, Defect, defects

BLOCKS, BLOCK = 10, 30


@pytest.mark.parametrize("block", range(BLOCKS))
def test_300_schedules_break_no_invariant(block: int) -> None:
    tally = run_many(1 + block * BLOCK, BLOCK, processes=1)
    assert [(failure.number, failure.violations) for failure in tally.failures] == []
    assert tally.trades > BLOCK // 2


def test_schedules_whose_orders_go_by_websocket_break_no_invariant() -> None:
    found = [run_schedule(ScheduleNumber(seed).integer, orders_by=OrdersBy.WEBSOCKET) for seed in range(10)]
    assert [(result.number, result.violations) for result in found if result.violations] == []
    assert sum(result.trades for result in found) > 5


def test_faults_of_placing_orders_are_those_of_the_way_that_orders_go() -> None:
    plans = [plan_of(seed, orders_by=OrdersBy.WEBSOCKET) for seed in range(200)]
    places = {(fault.method, fault.path) for plan in plans for fault in plan.faults if isinstance(fault, RequestFault)}
    assert ("WS", "*rder.place") in places
    assert not any(method == "POST" for method, _ in places)


def test_a_schedule_is_the_same_every_time() -> None:
    assert run_schedule(ScheduleNumber(7).integer) == run_schedule(ScheduleNumber(7).integer)
    assert story(ScheduleNumber(7).integer) == story(ScheduleNumber(7).integer)


def test_every_kind_of_fault_comes_equally_often() -> None:
    first = [random_plan(seed)[0].kind for seed in range(2 * len(KINDS))]
    assert {kind: first.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 2)


@given(st.integers(0, 10**9), st.integers(0, 2**MAX_FAULTS - 1), st.integers(1, PARTS))
def test_a_number_says_all_of_a_schedule(seed: int, left_out: int, parts: int) -> None:
    number = ScheduleNumber(seed, left_out, parts)
    assert ScheduleNumber.of(number.integer) == number


@pytest.mark.parametrize("defect", defects(), ids=lambda defect: defect.name)
def test_each_defect_of_the_table_has_its_place(defect: Defect) -> None:
    for change in defect.changes:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        assert change.carried_out(text) != text


def test_every_command_and_every_tightened_limit_comes_in_some_schedule() -> None:
    variations = [variation_of(seed) for seed in range(300)]
    ordered = [command for variation in variations for _, command in variation.commands]
    assert set(ordered) == set(Command)
    after_kill = [tuple(command for _, command in variation.commands) for variation in variations]
    assert (Command.KILL, Command.RESUME) in after_kill
    assert len({variation.limits for variation in variations}) > len(TIGHTER)
    assert {variation.settings.hold_ms for variation in variations} == {4_000, 20_000, 60_000}


def test_a_quarter_of_the_markets_is_thin_and_some_cross_midnight() -> None:
    tapes = [ScheduleTape(seed) for seed in range(TAPES)]
    assert 60 < sum(tape.thin for tape in tapes) < 140
    to_midnight = [(EPOCH_MS - tape.now_ms) % MIDNIGHT_MS for tape in tapes]
    assert sum(left_ms < 60_000 for left_ms in to_midnight) > 60


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        ScheduleNumber.of(-1)


def test_an_engine_that_forgets_its_stops_is_found_and_the_schedule_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "_withdraw", lambda *_: [])
    failure = next(result for result in results(1, 40, processes=1) if result.violations)
    small = shrink(failure)
    assert small.violations[0].invariant == failure.violations[0].invariant == "no_stop_after_flat"
    assert ScheduleNumber.of(small.number).parts < PARTS
    assert story(small.number)[-1].startswith("violation: no_stop_after_flat")


def test_an_engine_that_takes_not_found_for_never_landed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "proves_absence", lambda *_: True)
    assert any(result.violations for result in results(1, 300, processes=1))
