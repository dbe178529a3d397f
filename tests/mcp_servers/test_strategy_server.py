"""Reading and writing strategies over MCP: real files, and real checks in a process of their own."""

from pathlib import Path

import anyio
import pytest
from mcp import Client

import mcp_servers.strategy.calls as calls
from mcp_servers.strategy.files import KEPT, MAX_SOURCE_BYTES
from mcp_servers.strategy.server import server
from skills_lib.settings import Settings
from tests.mcp_servers.mcp_client import ERAS, answer, refusal
from tests.mcp_servers.test_backtest_server import MINE

GOOD = MINE.format(period=20).replace("average.", "average. Loses in ranging markets.")
AHEAD = GOOD.replace("level = sma(bars.close, self.period)", "level = sma(bars.close, self.period)[::-1].copy()")
BROKEN = GOOD.replace("period = 20", "period = undefined")


def files(workspace: Settings) -> dict[str, str]:
    """Text of every file in the workspace's `strategies` by relative path."""
    folder = workspace.strategies_dir
    found = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


def test_a_strategy_is_written_checked_and_read_back(workspace: Settings) -> None:
    created = answer(server, "strategy_create", strategy="mine", source=GOOD)
    assert created["passed"] is True, created
    assert {check["name"]: check["passed"] for check in created["checks"]}["look-ahead"] is True
    assert (created["replaced"], Path(created["path"])) == (None, workspace.strategies_dir / "mine.py")
    assert files(workspace) == {"mine.py": GOOD}
    assert "backtest_run" in created["next_step"]
    for mode in ERAS:
        assert answer(server, "strategy_read", mode, strategy="mine")["source"] == GOOD


def test_a_strategy_that_sees_the_future_is_found_out(workspace: Settings) -> None:
    created = answer(server, "strategy_create", strategy="mine", source=AHEAD)
    assert created["passed"] is False
    (failed,) = [check for check in created["checks"] if check["passed"] is False]
    assert failed["name"] == "look-ahead"
    assert "replace=true" in created["next_step"]


def test_a_file_that_cannot_be_imported_is_reported_and_can_be_replaced_while_the_old_one_is_kept(
    workspace: Settings,
) -> None:
    created = answer(server, "strategy_create", strategy="mine", source=BROKEN)
    (failed,) = created["checks"]
    assert (failed["name"], failed["passed"]) == ("import", False)
    assert "undefined" in failed["reason"]
    again = answer(server, "strategy_create", strategy="mine", source=GOOD, replace=True)
    kept = Path(again["replaced"])
    assert kept.read_text(encoding="utf-8") == BROKEN
    assert kept.parent == workspace.strategies_dir / KEPT
    assert files(workspace) == {"mine.py": GOOD, f"{KEPT}/{kept.name}": BROKEN}


def test_an_existing_strategy_is_never_overwritten_unasked(workspace: Settings) -> None:
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "mine.py").write_text("mine\n", encoding="utf-8")
    for name in ("mine", "sma_crossover"):
        assert "exists. Choose another name, or pass replace=true" in refusal(
            server, "strategy_create", strategy=name, source=GOOD
        )
    assert files(workspace) == {"mine.py": "mine\n"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/tmp/evil",
        "a/b",
        "a\\b",
        "mine.py",
        ".hidden",
        "_private",
        "Mine",
        "class",
        "test_mine",
        "",
        "ü",
        "a\n",
    ],
)
def test_a_name_that_is_a_path_or_no_name_is_refused(workspace: Settings, name: str) -> None:
    assert "cannot name a strategy" in refusal(server, "strategy_create", strategy=name, source=GOOD)
    assert not workspace.strategies_dir.exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("class Mine(:\n", "no Python: invalid syntax in line 1"),
        ("/etc/passwd", "no Python"),
        ("x = 1\0", "source"),
        ("x = '\ud800'", "source"),
        ("x = '" + "é" * (MAX_SOURCE_BYTES // 2) + "'", "at most 65,536"),
        ("(" * 5_000 + ")" * 5_000, "source"),
    ],
    ids=["syntax", "path", "null", "surrogate", "long", "deep"],
)
def test_source_that_is_no_python_or_too_long_is_refused_and_nothing_is_written(
    workspace: Settings, source: str, message: str
) -> None:
    assert message in refusal(server, "strategy_create", strategy="mine", source=source)
    assert files(workspace) == {}


def test_a_file_that_ends_the_process_that_checks_it_is_not_kept(workspace: Settings) -> None:
    source = "import os\nos.write(1, b'[]')\nos._exit(0)\n"
    assert "ended the process" in refusal(server, "strategy_create", strategy="mine", source=source)
    assert files(workspace) == {}


def test_a_file_whose_import_does_not_end_is_not_kept_and_the_old_one_is_put_back(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "mine.py").write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(calls, "CHECK_SECONDS", 0.0)
    line = refusal(server, "strategy_create", strategy="mine", source="while True:\n    pass\n", replace=True)
    assert "did not end" in line
    assert files(workspace) == {"mine.py": GOOD}


def test_a_link_is_neither_read_nor_written_through(workspace: Settings) -> None:
    secret = workspace.home / "secret.py"
    secret.write_text("KEY = 'hunter2'\n", encoding="utf-8")
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "mine.py").symlink_to(secret)
    assert "hunter2" not in refusal(server, "strategy_read", strategy="mine")
    assert "exists" in refusal(server, "strategy_create", strategy="mine", source=GOOD)
    assert "is a link" in refusal(server, "strategy_create", strategy="mine", source=GOOD, replace=True)
    assert secret.read_text(encoding="utf-8") == "KEY = 'hunter2'\n"


@pytest.mark.parametrize("name", ["../../../etc/passwd", "_templates/trend", "__init__", "sma"])
def test_only_strategies_can_be_read(workspace: Settings, name: str) -> None:
    line = refusal(server, "strategy_read", strategy=name)
    assert f"Unknown strategy '{name}'." in line
    assert ("Did you mean 'sma_crossover'?" in line) is (name == "sma")


def test_the_prompt_holds_an_example_that_passes_its_own_checks(workspace: Settings) -> None:
    async def get() -> str:
        async with Client(server) as client:
            found = await client.get_prompt("create_strategy", {"idea": "buy strength"})
            return found.messages[0].content.text

    text = anyio.run(get)
    assert "buy strength" in text
    example = text.split("```python\n")[1].split("```")[0]
    assert answer(server, "strategy_create", strategy="strength", source=example)["passed"] is True
