"""Makes a failing schedule smaller: faults are left out and the tape is cut, as long as it still fails alike."""

from live.schedules.many import RunsSchedule
from live.schedules.numbers import MAX_FAULTS, ScheduleNumber
from live.schedules.plans import random_plan
from live.schedules.run import ScheduleResult, run_schedule


def shrink(failure: ScheduleResult, run: RunsSchedule = run_schedule) -> ScheduleResult:
    """The smallest schedule found that breaks the same invariant; its number says all of it."""
    best, number = failure, ScheduleNumber.of(failure.number)
    for fault in range(min(MAX_FAULTS, len(random_plan(number.seed)))):
        tried = ScheduleNumber(number.seed, number.left_out | 1 << fault, number.parts)
        if smaller := _fails_alike(tried, failure, run):
            best, number = smaller, tried
    for parts in range(1, number.parts):
        if smaller := _fails_alike(ScheduleNumber(number.seed, number.left_out, parts), failure, run):
            return smaller
    return best


def _fails_alike(number: ScheduleNumber, failure: ScheduleResult, run: RunsSchedule) -> ScheduleResult | None:
    found = run(number.integer)
    alike = found.violations and found.violations[0].invariant == failure.violations[0].invariant
    return found if alike else None
