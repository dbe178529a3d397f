"""A part of the soak judges what it has seen."""

from typing import Any

from live.simulator.faults import FaultPlan
from tests.live.soak.part import LEFT_OUT, PartResult, faults_of, tape_lines
from tests.live.soak.study import problems


def test_a_part_has_a_fault_about_each_five_minutes_and_none_that_moves_money() -> None:
    plan = faults_of(3, 3_600)
    assert isinstance(plan, FaultPlan)
    assert len(plan.faults) == 11
    assert not LEFT_OUT & {fault.kind for fault in plan.faults}
    assert faults_of(3, 3_600) == plan


def test_a_tape_is_read_as_it_is_drawn() -> None:
    times = [line.time_ns for line in tape_lines(1, 3)]
    assert times == sorted(times)
    assert times[-1] - times[0] > 2_900_000_000


def test_memory_that_grows_and_violations_fail_a_part() -> None:
    def block(memory: list[float], **changes: Any) -> dict[str, Any]:
        return vars(PartResult(memory_mb=[[1.0], memory], runs=2, **changes))

    assert problems(block([50.0] + [200.0] * 40)) == []
    assert problems(block([50.0 + n for n in range(100)])) == ["memory grows"]
    assert problems(block([], violations=["a position is open at the end"])) == ["a position is open at the end"]
