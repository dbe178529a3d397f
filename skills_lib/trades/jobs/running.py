"""Runs jobs at their times, one after the other, until it is stopped. A job that fails never ends the others."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from threading import Event, Lock
from typing import Any, Final
from zoneinfo import ZoneInfo

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.trades.jobs.book import JobBook

AGAIN: Final = timedelta(minutes=15)
"""How soon a job that failed is tried again, unless its own time comes before."""
_GIVE_UP_AFTER: Final = 100_000


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """Work at times. work: takes the time for which it is done, and returns one line about it.

    at_first: do it at once where it was never done.
    """

    name: str
    trigger: Any
    work: Callable[[datetime], str]
    at_first: bool = True


def every(minutes: int) -> Any:
    """At equal distances.

    Raises:
        InputError: APScheduler is not installed.
    """
    return _triggers("interval").IntervalTrigger(
        minutes=minutes, timezone=UTC, start_date=datetime(2020, 1, 1, tzinfo=UTC)
    )


def daily(at: time, zone: ZoneInfo) -> Any:
    """Once a day of a time zone.

    Raises:
        InputError: APScheduler is not installed.
    """
    return _triggers("cron").CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)


def _triggers(kind: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"apscheduler.triggers.{kind}")
    except ImportError:
        raise InputError("Running jobs on a schedule needs APScheduler: pip install 'twokey[jobs]'.") from None


def due_at(trigger: Any, last: datetime, now: datetime) -> datetime | None:
    """The latest time of a trigger after `last` and not after `now`: of several that were missed only this one."""
    found, after = None, last.astimezone(UTC)
    for _ in range(_GIVE_UP_AFTER):
        following = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
        if following is None or following > now:
            return found
        after = following.astimezone(UTC)  # where an hour is repeated, a later time is greater in UTC only
        found = found if _is_repeated(following) else following
    return found


def _is_repeated(moment: datetime) -> bool:
    """Whether the clock showed this time of day an hour ago already, since it was set back."""
    return bool(moment.astimezone(UTC).astimezone(moment.tzinfo).fold)


class JobRunner:
    """Runs jobs. say: takes one line about each. now: the time, with time zone."""

    def __init__(
        self,
        jobs: Sequence[ScheduledJob],
        book: JobBook,
        say: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs, self._book, self._say, self._now = jobs, book, say, now
        self._stop, self._at_work = Event(), Lock()
        self._scheduler: Any = None

    def stop(self, *_signal: object) -> None:
        """End after the job that is under way."""
        self._stop.set()

    def once(self) -> bool:
        """Do what is due now, and what was never done, and return whether all of it succeeded."""
        done = [self._do(job) for job in self._jobs]
        return all(done)

    def run(self) -> None:
        """Run until `stop`. Missed times are made up for at the start, once a job."""
        self._scheduler = _scheduler()
        now = self._now()
        for job in self._jobs:
            if self._book.last(job.name) is None and not job.at_first:
                self._book.done(job.name, now)
            first = now if self._due(job, first=True) else job.trigger.get_next_fire_time(None, now)
            self._scheduler.add_job(self._do, job.trigger, args=[job], id=job.name, next_run_time=first)
        self._scheduler.start()
        self._stop.wait()
        with self._at_work:  # the scheduler's own waiting holds locks that a failed job needs
            self._scheduler.shutdown(wait=False)

    def _due(self, job: ScheduledJob, *, first: bool) -> datetime | None:
        """The time that a job is to be done for, None where it was."""
        last, now = self._book.last(job.name), self._now()
        if last is None:
            return (due_at(job.trigger, now - timedelta(days=2), now) or now) if first else None
        return due_at(job.trigger, last, now)

    def _do(self, job: ScheduledJob) -> bool:
        """Do a job for its latest time; what fails is said and tried again."""
        with self._at_work:
            return self._done(job)

    def _done(self, job: ScheduledJob) -> bool:
        due = self._due(job, first=True)
        if self._stop.is_set() or due is None:
            return True
        try:
            line = job.work(due)
        except (TwokeyError, OSError) as error:
            return self._failed(job, str(error))
        except Exception as error:  # noqa: BLE001 a job that fails never ends the others
            return self._failed(job, f"{type(error).__name__}: {error}")
        self._book.done(job.name, due)
        self._say(f"{job.name}: {line}")
        return True

    def _failed(self, job: ScheduledJob, reason: str) -> bool:
        self._say(f"{job.name} failed: {' '.join(reason.split())}")
        if self._scheduler is not None and not self._stop.is_set():
            names: dict[str, Any] = {"id": f"{job.name} again", "replace_existing": True}
            self._scheduler.add_job(self._do, "date", run_date=self._now() + AGAIN, args=[job], **names)
        return False


def _scheduler() -> Any:
    """One thread, so that no two jobs run at a time; a time that passed while the machine slept counts once."""
    try:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler
    except ImportError:
        raise InputError("Running jobs on a schedule needs APScheduler: pip install 'twokey[jobs]'.") from None
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what failed is said by `_failed`
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)}, job_defaults=defaults)
