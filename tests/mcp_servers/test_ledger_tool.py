"""The trial ledger over MCP: what tools and their jobs evaluate is in it, and a reset is reported first."""

from typing import Any

import pytest

from mcp_servers.backtest.server import server as backtest
from mcp_servers.validation.server import server
from skills_lib.settings import Settings
from tests.mcp_servers.mcp_client import ROOT, answer

REQUEST = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover", "source": "sample"}
REQUEST |= {"since": "2023-01-01", "until": "2023-03-01"}


@pytest.fixture(autouse=True)
def here(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs start in a folder from which the packages are found."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def swept() -> None:
    search = {"ranges": {"fast": "5,15", "slow": "20,40"}, "min_trades": 1, "engine": "reference"}
    job: dict[str, Any] = answer(server, "validation_start_optimize", **REQUEST, **search)
    done = answer(server, "validation_status", job_id=job["job_id"], wait_seconds=50)
    assert done["state"] == "done", done


def test_runs_and_jobs_are_counted_with_the_tool_that_asked(workspace: Settings) -> None:
    assert answer(server, "validation_ledger")["configurations"] == 0
    answer(backtest, "backtest_run", **REQUEST)
    swept()
    found = answer(server, "validation_ledger")
    assert (found["configurations"], found["evaluated"], found["lines_total"]) == (5, 5, 2)
    assert [line["origin"] for line in found["lines"]] == ["mcp validation: optimize", "mcp backtest_run"]
    assert found["notices"] == []
    (workspace.home / "backtests" / "ledger.sqlite").unlink()
    after = answer(server, "validation_ledger")
    assert after["configurations"] == 5
    assert "it was reset after" in after["notices"][0]
    assert after["next_step"].startswith("Report the notices first")
