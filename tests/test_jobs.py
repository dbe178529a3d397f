"""Background jobs: they outlive the process that started them and are distinguished from reused process ids."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from skills_lib.backtest.arguments import AccountArguments
from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus, JobStore
from skills_lib.market.candles import CandleArguments
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.validate.arguments import ValidationArguments
from skills_lib.validate.job_request import (
    JobRequest,
    OptimizeJob,
    ValidateJob,
    WalkForwardJob,
    parse_request,
)
from skills_lib.walk_forward.arguments import WindowArguments
from tests.backtest.sweep.processes import COUNTING, ROOT, counted_runs, processes_of_group, wait_until
from tests.backtest.sweep.processes import start as start_command

RUN_JOB = [sys.executable, "-m", "scripts.run_job"]
CANDLES = CandleArguments("BTC", "1h", "2023-01-01", "2023-03-01", "sample")
ACCOUNT = AccountArguments(costs="default", cash=100_000, leverage=1)
SEARCH = SearchArguments(["fast=5,10"], [], "sharpe", "grid", None, 0, 1, "reference")
SHORT = OptimizeJob(strategy="sma_crossover", candles=CANDLES, account=ACCOUNT, search=SEARCH)
WALK_FORWARD = WalkForwardJob(
    strategy="sma_crossover",
    candles=CANDLES,
    account=ACCOUNT,
    search=SEARCH,
    windows=WindowArguments("20d", "10d", "10d", "1d", True, "peak"),
)
KERNEL_SEARCH = SearchArguments(["fast=5,10"], [], "sharpe", "grid", None, 0, 1, "kernel")
VALIDATE = ValidateJob(
    strategy="sma_crossover",
    candles=CandleArguments("BTC", "1h", "2023-01-01", "2023-06-01", "sample"),
    account=AccountArguments(costs="free", cash=5_000, leverage=2),
    validation=ValidationArguments(
        KERNEL_SEARCH, "30d", "10d", None, "0d", False, "plateau", "ETH", "", open_sealed=False, reason=""
    ),
)
SPAN_OPTIONS = ["--source=sample", "--since=2023-01-01", "--until=2023-03-01", "--engine=reference"]
SHORT_COMMAND = ["optimize", "sma_crossover", "BTC", "1h", *SPAN_OPTIONS, "--param=fast=5,10", "--min-trades=1"]
WALK_FORWARD_COMMAND = ["walk-forward", *SHORT_COMMAND[1:], "--train=20d", "--test=10d", "--step=10d", "--embargo=1d"]
WALK_FORWARD_COMMAND += ["--anchored", "--pick=peak"]
VALIDATE_COMMAND = ["validate", *SHORT_COMMAND[1:], "--until=2023-06-01", "--train=30d", "--test=10d", "--symbols=ETH"]
VALIDATE_COMMAND += ["--engine=kernel", "--costs=free", "--cash=5000", "--leverage=2"]


def long_request() -> OptimizeJob:
    """A search that takes longer than a test does."""
    ranges = ["fast=4:80:2", "slow=100:400:10"]
    search = SearchArguments(ranges, [], "sharpe", "grid", None, 0, 1, "reference")
    return OptimizeJob(strategy="counting", candles=CANDLES, account=ACCOUNT, search=search)


LONG = long_request()


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


def start(jobs: JobStore, request: JobRequest) -> JobStatus:
    return jobs.start(RUN_JOB, request.verb, request)


def wait_for_end(jobs: JobStore, job: JobStatus) -> JobStatus:
    wait_until(lambda: jobs.get(job.job_id).state not in ("starting", "running"), seconds=240)
    return jobs.get(job.job_id)


def wait_for_progress(jobs: JobStore, job: JobStatus) -> JobStatus:
    wait_until(lambda: jobs.get(job.job_id).done > 0)
    return jobs.get(job.job_id)


def run_in_folder(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*RUN_JOB, str(folder)], capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_job_ends_with_the_json_its_command_prints(jobs: JobStore) -> None:
    job = wait_for_end(jobs, start(jobs, SHORT))
    assert (job.state, job.error, job.verb) == ("done", "", "optimize")
    result = json.loads(jobs.output(job.job_id))
    assert result["evaluated"] == 2
    assert (job.done, job.total) == (2, 2)


@pytest.mark.parametrize("request_model", [SHORT, WALK_FORWARD, VALIDATE], ids=lambda request: request.verb)
def test_a_request_survives_the_round_trip_through_json(request_model: JobRequest) -> None:
    assert parse_request(request_model.model_dump_json()) == request_model


@pytest.mark.parametrize(
    ("request_model", "command"),
    [(SHORT, SHORT_COMMAND), (WALK_FORWARD, WALK_FORWARD_COMMAND), (VALIDATE, VALIDATE_COMMAND)],
    ids=["optimize", "walk-forward", "validate"],
)
def test_a_job_gives_the_result_of_the_command_with_the_same_arguments(
    home: Path, jobs: JobStore, request_model: JobRequest, command: list[str]
) -> None:
    job = wait_for_end(jobs, start(jobs, request_model))
    assert (job.state, job.error) == ("done", "")
    printed, errors = start_command(home, *command, "--json").communicate(timeout=240)
    assert errors == ""
    assert json.loads(printed)["id"] == json.loads(jobs.output(job.job_id))["id"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["search", "sed"], 1, "optimize.search.sed"),
        (["search", "seed"], "0", "optimize.search.seed"),
        (["account", "interest"], 1, "optimize.account.interest"),
        (["verb"], "opt", "'opt'"),
        (["candles", "symbol"], None, "optimize.candles.symbol"),
    ],
)
def test_an_unknown_field_or_a_wrong_type_is_refused_in_one_line(
    jobs: JobStore, path: list[str], value: object, message: str
) -> None:
    content: dict[str, Any] = json.loads(SHORT.model_dump_json())
    target = content
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    text = json.dumps(content)
    folder = jobs.root / hashlib.sha256(text.encode()).hexdigest()[:12]
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(text)
    with pytest.raises(InputError, match="Job request refused: "):
        parse_request(text)
    ended = run_in_folder(folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert jobs.get(folder.name).error == ended.stderr.strip()


def test_a_request_that_was_changed_after_the_start_is_refused(jobs: JobStore) -> None:
    job = wait_for_end(jobs, start(jobs, SHORT))
    file = jobs.root / job.job_id / "request.json"
    file.write_text(file.read_text().replace('"seed": 0', '"seed": 1'))
    ended = run_in_folder(file.parent)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"The request of job {job.job_id} was changed after its start. Start the job again.\n"
    assert jobs.get(job.job_id).state == "failed"


def test_a_job_does_not_open_the_sealed_bars() -> None:
    text = VALIDATE.model_dump_json().replace('"open_sealed":false', '"open_sealed":true')
    with pytest.raises(InputError, match="only a person opens the sealed bars"):
        parse_request(text)


def test_a_folder_is_required(tmp_path: Path) -> None:
    ended = run_in_folder(tmp_path / "missing")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: python -m scripts.run_job FOLDER")


def test_equal_requests_are_the_same_job_and_a_running_one_is_not_started_twice(jobs: JobStore) -> None:
    first = wait_for_progress(jobs, start(jobs, LONG))
    again = start(jobs, long_request())
    assert (again.job_id, again.pid, again.state) == (first.job_id, first.pid, "running")
    assert jobs.cancel(first.job_id).state == "cancelled"
    assert start(jobs, SHORT).job_id != first.job_id


def test_a_cancelled_job_saves_its_progress_and_resumes_when_started_again(home: Path, jobs: JobStore) -> None:
    job = wait_for_progress(jobs, start(jobs, LONG))
    cancelled = jobs.cancel(job.job_id)
    assert cancelled.state == "cancelled"
    wait_until(lambda: not processes_of_group(job.pid))
    before = counted_runs(home)
    resumed = start(jobs, LONG)
    assert resumed.job_id == job.job_id
    wait_until(lambda: len(counted_runs(home)) > len(before))
    assert counted_runs(home)[len(before)] not in before[: cancelled.done]
    jobs.cancel(job.job_id)


def test_a_job_outlives_the_process_that_started_it(home: Path, jobs: JobStore) -> None:
    starter = (
        "from pathlib import Path; from skills_lib.jobs import JobStore; from tests.test_jobs import LONG, RUN_JOB; "
        f"print(JobStore(Path({str(jobs.root)!r})).start(RUN_JOB, LONG.verb, LONG).job_id)"
    )
    done = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, cwd=ROOT)
    job_id = done.stdout.strip()
    wait_until(lambda: jobs.get(job_id).done > 0)
    assert jobs.get(job_id).state == "running"
    assert jobs.cancel(job_id).state == "cancelled"


def test_a_killed_job_is_reported_as_died_not_running(jobs: JobStore) -> None:
    job = wait_for_progress(jobs, start(jobs, LONG))
    os.killpg(job.pid, signal.SIGKILL)
    found = wait_for_end(jobs, job)
    assert found.state == "died"
    assert "ended without reporting a result" in found.error


def test_a_process_that_reuses_the_id_of_a_dead_job_is_not_signalled(jobs: JobStore) -> None:
    job = wait_for_progress(jobs, start(jobs, LONG))
    os.killpg(job.pid, signal.SIGKILL)
    wait_for_end(jobs, job)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as unrelated:
        state = jobs.root / job.job_id / "state.json"
        state.write_text(job.model_copy(update={"pid": unrelated.pid}).model_dump_json())
        assert jobs.cancel(job.job_id).state == "died"
        assert unrelated.poll() is None
        unrelated.communicate(b"\n")


def test_a_job_that_is_refused_reports_why(jobs: JobStore) -> None:
    search = SearchArguments(["fast=5,10"], [], "sharp", "grid", None, 0, 1, "reference")
    job = wait_for_end(jobs, start(jobs, SHORT.model_copy(update={"search": search})))
    assert job.state == "failed"
    assert job.error.startswith("Unknown metric 'sharp'. Did you mean 'sharpe'?")


def test_a_job_that_dies_at_start_reports_the_last_line_of_its_log(jobs: JobStore) -> None:
    job = wait_for_end(
        jobs, jobs.start([sys.executable, "-c", "raise SystemExit('no such module')"], "optimize", SHORT)
    )
    assert job.state == "died"
    assert "no such module" in job.error


def test_an_unknown_job_is_refused(jobs: JobStore) -> None:
    with pytest.raises(InputError, match=r"Unknown job '0123456789ab'\. There are 0 jobs"):
        jobs.get("0123456789ab")
