"""A killed or interrupted sweep saves its progress, and rerunning the command resumes it."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills_lib.backtest.figures import METRICS
from skills_lib.optimize.checkpoint import Checkpoint
from tests.backtest.sweep.processes import COUNTING, counted_runs, processes_of_group, start, wait_until

SPAN = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01", "--engine", "reference")
SWEEP = ("optimize", "counting", "BTC", "1h", *SPAN, "--param", "fast=4:80:4", "--param", "slow=100:140:20")
SWEEP += ("--min-trades", "1", "--json")
WALK = ("walk-forward", "counting", "BTC", "1h", *SPAN, "--train", "10d", "--test", "5d", "--step", "5d")
WALK += ("--param", "fast=4:12:4", "--param", "slow=20:40:20", "--min-trades", "1", "--json")
INTERRUPTED = "Interrupted. Progress saved; rerun the same command to resume.\n"
RECORD = 16 + 8 * len(METRICS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "counting.py").write_text(COUNTING)
    return tmp_path


def saved_records(home: Path) -> int:
    return sum(file.stat().st_size // RECORD for file in home.glob("backtests/*/.unfinished-*/rows.bin"))


def whole_of(out: str) -> dict[str, Any]:
    """The complete answer, from the file that the printed one names."""
    found: dict[str, Any] = json.loads(Path(json.loads(out)["path"]).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("command", "kind", "code"),
    [(SWEEP, signal.SIGKILL, -9), (SWEEP, signal.SIGINT, 130), (WALK, signal.SIGKILL, -9), (WALK, signal.SIGINT, 130)],
    ids=["sweep killed", "sweep interrupted", "walk-forward killed", "walk-forward interrupted"],
)
def test_finished_combinations_are_not_evaluated_again(
    home: Path, command: tuple[str, ...], kind: int, code: int
) -> None:
    first = start(home, *command)
    wait_until(lambda: saved_records(home) > 0, process=first)
    os.killpg(first.pid, kind)
    out, err = first.communicate(timeout=60)
    assert (first.returncode, out) == (code, "")
    if kind == signal.SIGINT:
        assert err == INTERRUPTED
    finished, before = saved_records(home), len(counted_runs(home))
    again = start(home, *command)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0
    assert len(err.splitlines()) <= 1
    assert err == "" or err.startswith("Drawn in ")
    done = whole_of(out)
    evaluated = done["evaluated"] + (len(done["windows"]) + len(done["windows"]) if "windows" in done else 0)
    assert 0 < finished < evaluated
    assert len(counted_runs(home)) - before == evaluated - finished
    assert not list(home.glob("backtests/*/.unfinished-*"))


def test_an_interrupted_sweep_ends_as_an_uninterrupted_one(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = start(home, *SWEEP)
    wait_until(lambda: saved_records(home) > 0, process=first)
    first.kill()
    first.communicate(timeout=60)
    other = tmp_path_factory.mktemp("other")
    (other / "strategies").mkdir()
    (other / "strategies" / "counting.py").write_text(COUNTING)
    resumed, whole = (whole_of(start(place, *SWEEP).communicate(timeout=120)[0]) for place in (home, other))
    differing = {key for key in whole if resumed[key] != whole[key]}
    assert differing <= {"artifacts", "path", "seconds", "created_at"}


def test_ctrl_c_ends_the_worker_processes(home: Path) -> None:
    span = ("--source", "sample", "--since", "2023-01-01", "--until", "2024-01-01", "--engine", "reference")
    space = ("--param", "fast=4:200:4", "--param", "slow=210:400:10")
    first = start(home, "optimize", "counting", "BTC", "1h", *span, *space)
    wait_until(lambda: any("loky" in line for line in processes_of_group(first.pid)), process=first)
    here = len(counted_runs(home))
    wait_until(lambda: len(counted_runs(home)) > here, process=first)
    os.killpg(first.pid, signal.SIGINT)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 130
    assert err == INTERRUPTED
    wait_until(lambda: not processes_of_group(first.pid))


def test_an_incomplete_record_is_dropped_and_the_rest_retained(tmp_path: Path) -> None:
    rows = np.arange(3.0 * len(METRICS)).reshape(3, -1)
    with Checkpoint(tmp_path / "c") as checkpoint:
        checkpoint.append(0, np.array([5, 9]), rows[:2])
        checkpoint.append(1, np.array([5]), rows[2:])
    with (tmp_path / "c" / "rows.bin").open("ab") as file:
        file.write(b"half a record")
    with Checkpoint(tmp_path / "c") as checkpoint:
        indices, found = checkpoint.known(0)
        assert indices.tolist() == [5, 9]
        assert np.array_equal(found, rows[:2])
        assert np.array_equal(checkpoint.known(1)[1], rows[2:])
        checkpoint.append(0, np.array([7]), rows[:1])
    with Checkpoint(tmp_path / "c") as checkpoint:
        assert len(checkpoint) == 4
