"""The validation server: jobs started, polled, cancelled and read over MCP."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mcp_servers.validation.server import server
from skills_lib.settings import Settings
from tests.mcp_servers.mcp_client import ERAS, ROOT, answer, own_process, refusal

SAMPLE = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover", "source": "sample", "engine": "reference"}
SPAN = {"since": "2023-01-01", "until": "2023-04-01"}
SMALL = SAMPLE | SPAN | {"ranges": {"fast": "5:15:5", "slow": "20,40"}, "min_trades": 3}
WINDOWS = {"train": "30d", "test": "10d", "step": "10d", "embargo": "1d"}
LARGE = SAMPLE | SPAN | {"ranges": {"fast": "4:80:2", "slow": "100:400:5"}, "min_trades": 1}


@pytest.fixture(autouse=True)
def here(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs start in a folder from which the packages are found, as where they are installed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def finished(tool: str, **arguments: Any) -> dict[str, Any]:
    job = answer(server, tool, **arguments)
    assert job["job_id"] in job["next_step"]
    done = {"state": "running"}
    while done["state"] in ("starting", "running"):
        done = answer(server, "validation_status", job_id=job["job_id"], wait_seconds=50)
    assert (done["state"], done["error"]) == ("done", "")
    return done


def test_an_optimisation_is_started_watched_and_read() -> None:
    job = finished("validation_start_optimize", **SMALL)
    found = answer(server, "validation_get_report", job_id=job["job_id"])
    content = found["content"]
    assert content["kind"] == "optimization"
    assert (content["evaluated"], content["sample"], content["synthetic"]) == (6, "in-sample", True)
    assert content["recommended"]["plateau"]["kind"] in ("plateau", "spike", "unknown")
    assert "walk_forward" in found["next_step"]
    assert "Call validation_start_walk_forward" in content["warnings"][0]
    assert "luck alone now reaches an annual Sharpe of" in content["trial_meter"]
    assert "`" not in json.dumps(content["warnings"])
    assert Path(content["folder"], "table.csv").is_file()
    report = answer(server, "validation_get_report", job_id=job["job_id"], section="report")["content"]
    assert "inflated by luck" in report["markdown"]


def test_a_walk_forward_is_started_watched_and_read() -> None:
    job = finished("validation_start_walk_forward", **SMALL, **WINDOWS)
    content = answer(server, "validation_get_report", job_id=job["job_id"])["content"]
    assert content["kind"] == "walk_forward"
    assert content["windows_total"] == len(content["windows"]) == 5
    assert content["windows"][0].keys() >= {"parameters", "train_metric", "test_metric", "test_return_pct"}
    assert "sharpe" in content["out_of_sample"]


@pytest.mark.parametrize("mode", ERAS)
def test_a_job_outlives_the_server_and_is_cancelled_by_the_next_one(workspace: Settings, mode: str) -> None:
    job = answer(own_process("validation", workspace.home), "validation_start_optimize", mode, **LARGE)
    status = answer(own_process("validation", workspace.home), "validation_status", mode, job_id=job["job_id"])
    assert status["state"] in ("starting", "running")
    cancelled = answer(own_process("validation", workspace.home), "validation_cancel", mode, job_id=job["job_id"])
    assert cancelled["state"] == "cancelled"
    assert "repeat the start call to resume" in cancelled["next_step"]


def test_a_job_that_is_not_done_has_no_report() -> None:
    job = answer(server, "validation_start_optimize", **LARGE)
    message = refusal(server, "validation_get_report", job_id=job["job_id"])
    assert re.search(r"is (starting|running) and has no result", message)
    assert answer(server, "validation_cancel", job_id=job["job_id"])["state"] == "cancelled"


@pytest.mark.parametrize(
    ("tool", "changed", "message"),
    [
        ("validation_start_optimize", {"strategy": "sma_crosover"}, "Did you mean 'sma_crossover'?"),
        ("validation_start_optimize", {"ranges": {"fst": "5:60:5"}}, "Unknown parameter 'fst'."),
        ("validation_start_optimize", {"ranges": {"fast": "60:5:5"}}, "Range fast=60:5:5 is empty."),
        ("validation_start_optimize", {"constraints": ["open('x')"]}, "contains 'open('x')'"),
        ("validation_start_optimize", {"maximize": "sharp"}, "Unknown metric 'sharp'."),
        ("validation_start_optimize", {"method": "genetic"}, "Unknown method 'genetic'."),
        ("validation_start_optimize", {"costs": "fre"}, "Unknown costs 'fre'."),
        ("validation_start_optimize", {"source": "sampel"}, "sampel"),
        ("validation_start_walk_forward", {"train": "180"}, "train"),
        ("validation_start_walk_forward", {"step": "0d"}, 'step="0d" is not allowed.'),
        ("validation_start_walk_forward", {"pick": "pek"}, "Did you mean 'peak'?"),
    ],
)
def test_bad_input_is_refused_before_a_job_is_started(
    workspace: Settings, tool: str, changed: dict[str, Any], message: str
) -> None:
    assert message in refusal(server, tool, **(SMALL | changed))
    assert not workspace.jobs_dir.exists()


def test_an_unknown_job_is_refused() -> None:
    assert "Unknown job '0123456789ab'" in refusal(server, "validation_status", job_id="0123456789ab")
