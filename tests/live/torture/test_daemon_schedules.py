"""The daemon under schedules of faults and deaths of its process: no invariant is broken, and a defect is found."""

import pytest

from live.daemon import ending
from live.schedules.many import run_many
from live.schedules.numbers import ScheduleNumber
from live.torture.daemon.deaths import Death, deaths_of
from live.torture.daemon.schedule import run_daemon_schedule
from tests.command import Command

FIRST, COUNT = 1, 8
SHOWN_WRONG, GATE = 18, 325
"""Schedules that broke an invariant: a kill was called flat before a hidden fill was seen, and the gate refused a stop
that was sent again while the position had been closed by the kill itself."""


def test_schedules_of_faults_and_deaths_break_no_invariant() -> None:
    tally = run_many(FIRST, COUNT, processes=1, run=run_daemon_schedule)
    assert [(failure.number, failure.violations) for failure in tally.failures] == []
    assert tally.trades > COUNT // 2


def test_a_schedule_is_the_same_every_time() -> None:
    number = ScheduleNumber(next(seed for seed in range(100) if len(deaths_of(seed)) > 1)).integer
    assert run_daemon_schedule(number) == run_daemon_schedule(number)


@pytest.mark.parametrize("seed", [SHOWN_WRONG, GATE])
def test_schedules_that_once_broke_an_invariant_break_none(seed: int) -> None:
    assert run_daemon_schedule(ScheduleNumber(seed).integer).violations == []


def test_a_kill_that_is_called_flat_by_reads_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "contradicts", lambda state: False)
    (violation,) = run_daemon_schedule(ScheduleNumber(SHOWN_WRONG).integer).violations
    assert violation.invariant == "proven_flat"


def test_every_kind_of_death_comes_and_some_schedules_have_none() -> None:
    planned = [deaths_of(seed) for seed in range(300)]
    assert {death.death for deaths in planned for death in deaths} == set(Death)
    assert () in planned


def test_the_command_runs_the_schedules_of_the_daemon_and_repeats_one(twokey: Command) -> None:
    options = ("torture", "--subject", "daemon", "--jobs", "1", "--json")
    many = twokey(*options, "--schedules", "1")
    assert (many.code, many.answer["schedules"], many.answer["violations"]) == (0, 1, 0)
    one = twokey(*options, "--schedule", str(ScheduleNumber(1).integer))
    assert one.answer["story"]
