"""Jobs on a schedule: what was missed, what fails, one process, and how it ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from skills_lib.trades.jobs.book import JobBook, JobsRunningError, only_instance
from skills_lib.trades.jobs.running import JobRunner, ScheduledJob, daily, due_at, every
from skills_lib.trades.reports.spans import parse_span
from tests.command import Command

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_of_many_missed_times_the_latest_is_made_up_for_once(tmp_path: Path) -> None:
    done: list[datetime] = []
    said: list[str] = []
    book = JobBook(tmp_path / "done.json")
    book.done("report", NOON - timedelta(days=5))
    job = ScheduledJob("report", daily(time(0, 10), BERLIN), lambda due: done.append(due) or "sent")
    runner = JobRunner([job], book, said.append, lambda: NOON)
    assert runner.once()
    assert runner.once()
    assert done == [datetime(2026, 11, 20, 0, 10, tzinfo=BERLIN)]
    assert said == ["report: sent"]


def test_a_job_that_fails_is_due_again_and_ends_no_other(tmp_path: Path) -> None:
    said: list[str] = []

    def fail(_: datetime) -> str:
        raise InputError("The store is\naway.")

    jobs = [ScheduledJob("project", every(15), fail), ScheduledJob("sync", every(60), lambda _: "read")]
    book = JobBook(tmp_path / "done.json")
    assert not JobRunner(jobs, book, said.append, lambda: NOON).once()
    assert said == ["project failed: The store is away.", "sync: read"]
    assert (book.last("project"), book.last("sync")) == (None, NOON)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-20"])
def test_a_daily_job_is_due_once_on_days_on_which_clocks_are_set(day: str) -> None:
    trigger, span = daily(time(2, 30), BERLIN), parse_span(day, None, "Europe/Berlin")
    start, until = (datetime.fromtimestamp(edge // 1_000, UTC) for edge in (span.start_ms, span.until_ms))
    done: list[datetime] = []
    for minutes in range(30, (until - start) // timedelta(minutes=1), 30):
        found = due_at(trigger, done[-1] if done else start, start + timedelta(minutes=minutes))
        done += [found] if found else []
    assert len(done) == 1


def test_only_one_process_runs_the_jobs_of_a_workspace(tmp_path: Path) -> None:
    with only_instance(tmp_path), pytest.raises(JobsRunningError, match="End it first"), only_instance(tmp_path):
        pass


def test_a_damaged_book_is_one_that_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "done.json").write_text("[", encoding="utf-8")
    book = JobBook(tmp_path / "done.json")
    assert book.last("report") is None
    book.done("report", NOON)
    assert book.last("report") == NOON


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address that takes messages, and those that came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_report_of_the_day_before_is_sent_once(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    twokey("store", "init")
    with webhook() as (address, came):
        monkeypatch.setenv("TWOKEY_ALERTS", address)
        first, second = (twokey("jobs", "run", "--once", "--tz", "Europe/Berlin") for _ in range(2))
    assert (first.code, second.code, len(came)) == (0, 0, 1), first.err
    assert "Nothing was traded" in came[0]["message"]
    assert "report: " in first.err
    assert "report: " not in second.err
    assert list((Settings().home / "backtests" / "trade-reports").glob("*/report.html"))


def test_wrong_options_of_jobs_are_one_line(twokey: Command) -> None:
    for words, part in ((("--daily", "25:00"), "no time of day"), (("--tz", "Mars"), "no time zone")):
        done = twokey("jobs", "run", "--once", *words)
        assert (done.code, part in done.err) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(workspace: Settings, number: signal.Signals) -> None:
    words = [sys.executable, "-c", "from scripts.cli import main; main()", "jobs", "run"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert any("project failed" in line for line in iter(process.stderr.readline, ""))
            process.send_signal(number)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out.startswith("next: ")) == (0, True)
