"""Jobs: processes that outlive whoever started them, told apart from processes that merely have their number."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus, JobStore
from tests.backtest.sweep.processes import COUNTING, ROOT, TWOKEY, counted_runs, processes_of_group, wait_until

SPAN = ["--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01", "--engine", "reference"]
SHORT = ["optimize", "sma_crossover", "BTC", "1h", *SPAN, "--param", "fast=5,10", "--min-trades", "1", "--json"]
LONG = ["optimize", "counting", "BTC", "1h", *SPAN, "--param", "fast=4:80:2", "--param", "slow=100:400:10"]
LONG += ["--min-trades", "1", "--json"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "counting.py").write_text(COUNTING)
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(ROOT)
    return tmp_path


@pytest.fixture
def jobs(home: Path) -> JobStore:
    return JobStore(home / "backtests" / "jobs")


def ended(jobs: JobStore, job: JobStatus) -> JobStatus:
    wait_until(lambda: jobs.get(job.job_id).state not in ("starting", "running"))
    return jobs.get(job.job_id)


def working(jobs: JobStore, job: JobStatus) -> JobStatus:
    wait_until(lambda: jobs.get(job.job_id).done > 0)
    return jobs.get(job.job_id)


def test_a_job_ends_with_the_json_its_command_prints(jobs: JobStore) -> None:
    job = ended(jobs, jobs.start(TWOKEY, SHORT))
    assert (job.state, job.error) == ("done", "")
    found = json.loads(jobs.output(job.job_id))
    assert found["evaluated"] == 2
    assert (job.done, job.total) == (2, 2)


def test_the_same_arguments_are_the_same_job_and_a_running_one_is_not_started_twice(jobs: JobStore) -> None:
    first = working(jobs, jobs.start(TWOKEY, LONG))
    again = jobs.start(TWOKEY, LONG)
    assert (again.job_id, again.pid, again.state) == (first.job_id, first.pid, "running")
    assert jobs.cancel(first.job_id).state == "cancelled"
    assert jobs.start(TWOKEY, SHORT).job_id != first.job_id


def test_a_cancelled_job_keeps_its_work_and_goes_on_when_started_again(home: Path, jobs: JobStore) -> None:
    job = working(jobs, jobs.start(TWOKEY, LONG))
    cancelled = jobs.cancel(job.job_id)
    assert cancelled.state == "cancelled"
    wait_until(lambda: not processes_of_group(job.pid))
    before = counted_runs(home)
    resumed = jobs.start(TWOKEY, LONG)
    assert resumed.job_id == job.job_id
    wait_until(lambda: len(counted_runs(home)) > len(before))
    assert counted_runs(home)[len(before)] not in before[: cancelled.done]
    jobs.cancel(job.job_id)


def test_a_job_survives_whoever_started_it(home: Path, jobs: JobStore) -> None:
    starter = (
        "import sys; from pathlib import Path; from skills_lib.jobs import JobStore; "
        f"print(JobStore(Path({str(jobs.root)!r})).start({TWOKEY!r}, {LONG!r}).job_id)"
    )
    done = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, cwd=ROOT)
    job_id = done.stdout.strip()
    wait_until(lambda: jobs.get(job_id).done > 0)
    assert jobs.get(job_id).state == "running"
    assert jobs.cancel(job_id).state == "cancelled"


def test_a_killed_job_is_called_dead_not_running(jobs: JobStore) -> None:
    job = working(jobs, jobs.start(TWOKEY, LONG))
    os.killpg(job.pid, signal.SIGKILL)
    found = ended(jobs, job)
    assert found.state == "died"
    assert "ended without a word" in found.error


def test_a_process_that_merely_has_the_number_of_a_dead_job_is_left_alone(jobs: JobStore) -> None:
    job = working(jobs, jobs.start(TWOKEY, LONG))
    os.killpg(job.pid, signal.SIGKILL)
    ended(jobs, job)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        state = jobs.root / job.job_id / "state.json"
        state.write_text(job.model_copy(update={"pid": stranger.pid}).model_dump_json())
        assert jobs.cancel(job.job_id).state == "died"
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_job_that_is_refused_says_why(jobs: JobStore) -> None:
    job = ended(jobs, jobs.start(TWOKEY, [*SHORT, "--maximize", "sharp"]))
    assert job.state == "failed"
    assert job.error.startswith("Unknown metric 'sharp'. Did you mean 'sharpe'?")


def test_a_command_that_dies_before_it_reports_is_called_dead_with_its_last_words(jobs: JobStore) -> None:
    job = ended(jobs, jobs.start([sys.executable, "-c", "raise SystemExit('no such module')"], SHORT))
    assert job.state == "died"
    assert "no such module" in job.error


def test_an_unknown_job_is_refused(jobs: JobStore) -> None:
    with pytest.raises(InputError, match=r"Unknown job '0123456789ab'\. There are 0 jobs"):
        jobs.get("0123456789ab")
