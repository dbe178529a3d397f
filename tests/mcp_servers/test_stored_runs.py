"""Listing and looking at stored runs, their reports as resources, and the prompts, on the synthetic sample."""

import base64
import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from PIL import Image

from mcp_servers.backtest.server import server
from mcp_servers.bounded_server import MAX_CHARACTERS
from mcp_servers.reports import MAX_REPORT
from tests.mcp_servers.mcp_client import ERAS, answer, call, refusal

SPAN = {"since": "2023-01-01", "until": "2023-02-01"}
REQUEST = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover", "source": "sample", **SPAN}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def runs(home: Path) -> list[str]:
    """Ids of three runs of two symbols, oldest first."""
    more = [{}, {"parameters": {"fast": 5}}, {"symbol": "ETH"}]
    return [answer(server, "backtest_run", **(REQUEST | changed))["run_id"] for changed in more]


def ask(work: Any, mode: str = "auto") -> Any:
    """The result of `work(client)`."""

    async def talk() -> Any:
        async with Client(server, mode=mode) as client:
            return await work(client)

    return anyio.run(talk)


def test_runs_are_listed_newest_first_with_what_tells_them_apart(runs: list[str]) -> None:
    listed = answer(server, "backtest_list_runs")
    assert [line["run_id"] for line in listed["runs"]] == runs[::-1]
    assert (listed["total"], listed["next_cursor"]) == (3, None)
    newest = listed["runs"][0]
    stored = answer(server, "backtest_get_run", run_id=runs[2])["content"]
    assert (newest["symbol"], newest["synthetic"], newest["costs"]) == ("ETHUSDT", True, "default")
    assert (newest["sharpe"], newest["verdict"]) == (stored["metrics"]["sharpe"], stored["verdict"]["label"])
    assert "in-sample" in listed["next_step"]


def test_pages_of_runs_hold_each_once_although_a_new_run_is_added_between_them(runs: list[str]) -> None:
    first = answer(server, "backtest_list_runs", symbol="BTC", limit=1)
    assert [line["run_id"] for line in first["runs"]] == [runs[1]]
    answer(server, "backtest_run", **(REQUEST | {"parameters": {"fast": 7}}))
    rest = answer(server, "backtest_list_runs", symbol="BTC", limit=5, cursor=first["next_cursor"])
    assert [line["run_id"] for line in rest["runs"]] == [runs[0]]
    assert "another request" in refusal(server, "backtest_list_runs", symbol="ETH", cursor=first["next_cursor"])


def test_no_run_is_an_answer_that_says_what_to_do(runs: list[str]) -> None:
    none = answer(server, "backtest_list_runs", strategy="macd_trend")
    assert (none["runs"], none["total"], none["next_cursor"]) == ([], 0, None)
    assert none["next_step"] == "No stored run of macd_trend. Call without it."


@pytest.mark.parametrize("mode", ERAS)
def test_a_picture_is_an_image_small_enough_for_every_client(runs: list[str], mode: str) -> None:
    result = call(server, "backtest_get_picture", {"run_id": runs[0]}, mode)
    assert not result.is_error
    described, image = result.content
    assert (described.type, image.type, image.mime_type) == ("text", "image", "image/png")
    data = base64.b64decode(image.data, validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    facts = result.structured_content
    assert (facts["width"], facts["height"]) == (width, height)
    assert width >= 640
    assert len(image.data) + len(described.text) < MAX_CHARACTERS
    assert "SYNTHETIC" in facts["title"]
    pixels = Image.open(io.BytesIO(data)).convert("RGB").getcolors(maxcolors=100_000)
    assert len(pixels) > 3, "nothing is drawn"


def test_a_picture_that_is_missing_is_drawn(runs: list[str], home: Path) -> None:
    file = home / "backtests" / "results" / runs[0] / "equity.png"
    file.unlink(missing_ok=True)
    shown = call(server, "backtest_get_picture", {"run_id": runs[0]}).content[1].data
    assert file.is_file()
    assert call(server, "backtest_get_picture", {"run_id": runs[0]}).content[1].data == shown


def test_a_picture_of_an_unknown_run_is_refused(runs: list[str]) -> None:
    assert "Unknown run" in refusal(server, "backtest_get_picture", run_id="0000")


@pytest.mark.parametrize("mode", ERAS)
def test_reports_are_listed_as_resources_and_can_be_read(runs: list[str], mode: str) -> None:
    async def read(client: Client) -> tuple[list[str], str, str]:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        content = (await client.read_resource(f"twokey://runs/{runs[0]}/report")).contents[0]
        assert content.mime_type == "text/markdown"
        return [resource.uri for resource in listed], templates[0].uri_template, content.text

    uris, template, text = ask(read, mode)
    assert {f"twokey://runs/{run}/report" for run in runs} <= set(uris)
    assert template == "twokey://runs/{run_id}/report"
    assert text == answer(server, "backtest_get_run", run_id=runs[0], section="report")["content"]["markdown"]
    assert "SYNTHETIC" in text


@pytest.mark.parametrize(
    "uri",
    [
        "twokey://runs/0000/report",
        "twokey://runs/../report",
        "twokey://runs/..%2F..%2Fdata/report",
        "twokey://runs//etc/report",
        "twokey://runs//report",
        "twokey://other/1/report",
    ],
)
def test_a_resource_that_is_no_report_is_an_error(runs: list[str], uri: str) -> None:
    async def read(client: Client) -> str:
        with pytest.raises(MCPError) as refusal:
            await client.read_resource(uri)
        return str(refusal.value)

    line = ask(read)
    assert line.startswith(("Unknown run", "Unknown resource"))
    assert "twokey runs" not in line


def test_a_long_report_is_cut_and_says_so(runs: list[str], home: Path) -> None:
    file = home / "backtests" / "results" / runs[1] / "report.md"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole + "é\n" * MAX_REPORT, encoding="utf-8")
    found = answer(server, "backtest_get_run", run_id=runs[1], section="report")["content"]
    file.write_text(whole, encoding="utf-8")
    assert found["truncated"] is True
    assert MAX_REPORT / 3 < len(found["markdown"]) <= MAX_REPORT
    assert found["markdown"].endswith("this is its beginning.\n")


@pytest.mark.parametrize("mode", ERAS)
def test_a_prompt_says_how_to_test_and_report(mode: str) -> None:
    async def get(client: Client) -> tuple[list[str], str]:
        (prompt,) = (await client.list_prompts()).prompts
        given = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover"}
        found = await client.get_prompt(prompt.name, given)
        return [argument.name for argument in prompt.arguments], found.messages[0].content.text

    arguments, text = ask(get, mode)
    assert arguments == ["symbol", "timeframe", "strategy"]
    assert "sma_crossover on BTC 1h" in text
    assert "in-sample" in text
