"""A whole validation over MCP: started, polled, and read section by section."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult

from mcp_servers.bounded_server import MAX_CHARACTERS
from mcp_servers.validation.answers import Section
from mcp_servers.validation.server import server
from skills_lib.settings import Settings
from tests.mcp_servers.mcp_client import ROOT, answer, call, list_tools, refusal

SMALL = {
    "symbol": "BTC",
    "timeframe": "1h",
    "strategy": "sma_crossover",
    "source": "sample",
    "since": "2023-01-01",
    "until": "2023-07-01",
    "ranges": {"fast": "5,10", "slow": "40,80"},
    "symbols": ["ETH"],
    "min_trades": 5,
    "seed": 7,
}
STAGES = set(Section) - {Section.SUMMARY, Section.REPORT}


@pytest.fixture(autouse=True)
def here(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs start in a folder from which the packages are found, as where they are installed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def finished(tool: str, **arguments: Any) -> str:
    job: str = answer(server, tool, **arguments)["job_id"]
    done = {"state": "running"}
    while done["state"] in ("starting", "running"):
        done = answer(server, "validation_status", job_id=job, wait_seconds=50)
    assert (done["state"], done["error"]) == ("done", "")
    return job


def test_a_validation_is_started_watched_and_read_section_by_section() -> None:
    job = finished("validation_start", **SMALL)
    found = answer(server, "validation_get_report", job_id=job)
    content = found["content"]
    assert content["kind"] == "validation"
    assert content["verdict"]["label"] in ("PASS", "CAUTION", "FAIL")
    assert (content["trials"], content["synthetic"], content["sealed_opened"]) == (4, True, False)
    assert "verdict" in found["next_step"]
    for section in STAGES:
        read = answer(server, "validation_get_report", job_id=job, section=section)
        assert (read["content"]["kind"], read["content"]["stage"]) == ("stage", section)
        assert len(json.dumps(read)) < MAX_CHARACTERS
    curves = json.dumps(answer(server, "validation_get_report", job_id=job, section="monte_carlo"))
    assert "max_drawdown_pct" in curves
    assert "fan" not in curves
    report = answer(server, "validation_get_report", job_id=job, section="report")["content"]
    assert report["markdown"].startswith("# Validation of sma_crossover on BTCUSDT 1h")
    assert read_listed_reports() == {f"twokey://validations/{content['id']}/report": report["markdown"]}
    shown = picture(job).structured_content
    assert "of the validate of sma_crossover on BTCUSDT 1h, SYNTHETIC candles" in shown["title"]
    Path(shown["path"]).unlink()
    assert picture(job).structured_content == shown
    assert Path(shown["path"]).is_file()
    assert "There are: " in refusal(server, "validation_get_picture", job_id=job, name="../../result.json")


def read_listed_reports() -> dict[str, str]:
    """The text of every report that is listed as a resource, by its address."""

    async def talk() -> dict[str, str]:
        async with Client(server) as client:
            listed = (await client.list_resources()).resources
            return {found.uri: (await client.read_resource(found.uri)).contents[0].text for found in listed}

    return anyio.run(talk)


def picture(job: str, name: str | None = None) -> CallToolResult:
    """A picture of a job; an image of some size."""
    result = call(server, "validation_get_picture", {"job_id": job} | ({"name": name} if name else {}))
    assert not result.is_error
    assert result.content[1].type == "image"
    assert len(result.content[1].data) > 2_000
    return result


def test_a_section_of_a_validation_is_refused_for_other_jobs() -> None:
    search = {name: value for name, value in SMALL.items() if name != "symbols"}
    job = finished("validation_start_optimize", **search)
    assert "belongs to a validation" in refusal(server, "validation_get_report", job_id=job, section="costs")


def test_no_tool_opens_the_sealed_bars() -> None:
    schemas = {tool.name: json.dumps(tool.input_schema) for tool in list_tools(server)}
    assert [name for name, schema in schemas.items() if "seal" in schema] == ["validation_get_report"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strategy": "sma_crosover"}, "Did you mean 'sma_crossover'?"),
        ({"ranges": {"fst": "5"}}, "Unknown parameter 'fst'."),
        ({"train": "100d"}, 'Give train and test together, such as train="365d" test="90d"'),
        ({"pick": "pek"}, "Did you mean 'peak'?"),
        ({"symbols": ["?"]}, "?"),
        ({"costs": "fre"}, "Unknown costs 'fre'."),
    ],
)
def test_bad_input_is_refused_before_a_job_is_started(
    workspace: Settings, changed: dict[str, Any], message: str
) -> None:
    assert message in refusal(server, "validation_start", **(SMALL | changed))
    assert not workspace.jobs_dir.exists()
