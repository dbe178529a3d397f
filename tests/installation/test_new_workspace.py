"""`twokey init`: a folder becomes a workspace whose own command works from everywhere; nothing in it is overwritten."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.installation.new_workspace import make_workspace
from skills_lib.installation.workspace_files import workspace_files
from tests.command import Command

LOOK_AHEAD = '''"""Knows the next close."""
import numpy as np

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.signals import Signals, never


class Cheat(SignalStrategy):
    """Buys before rises."""

    def signals(self, bars):
        none = never(len(bars))
        return Signals(np.append(bars.close[1:], 0) > bars.close, none, none, none)
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace made by this checkout."""
    folder = tmp_path_factory.mktemp("made") / "my research"
    make_workspace(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".venv" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A program in `folder` as a user starts it, with nothing of these tests in its environment but the ledger."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TWOKEY_", "PYTHON", "PYTEST_"))}
    kept |= {"TWOKEY_LEDGER_DIR": os.environ["TWOKEY_LEDGER_DIR"]}
    return subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, check=False)


def test_everything_that_is_there_is_kept_and_named(tmp_path: Path) -> None:
    mine = {"CLAUDE.md": b"mine", ".claude/settings.json": b"{}", "twokey.toml": b"cash = 5"}
    for name, text in mine.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text)
    (tmp_path / ".mcp.json").symlink_to("nowhere")
    first = make_workspace(tmp_path)
    assert set(first.kept) == {*mine, ".mcp.json"}
    assert {name: contents(tmp_path)[name] for name in mine} == mine
    assert (tmp_path / ".mcp.json").readlink() == Path("nowhere")
    before = contents(tmp_path)
    second = make_workspace(tmp_path)
    assert {*second.kept, ".venv"} == {*first.made, *first.kept}
    assert contents(tmp_path) == before


def test_an_environment_of_the_users_own_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    assert ".venv" in make_workspace(tmp_path).kept
    assert list((tmp_path / ".venv").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_one_line(twokey: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    for place in ("taken", "taken/below"):
        done = twokey("init", str(tmp_path / place))
        assert done.code == 2
        assert "is not a folder" in done.err
        assert done.err.count("\n") == 1


def test_the_command_says_what_was_made_and_kept(twokey: Command, tmp_path: Path) -> None:
    done = json.loads(twokey("init", str(tmp_path / "ws"), "--json").out)
    assert set(done["made"]) == {*map(str, workspace_files()), ".venv"}
    again = twokey("init", str(tmp_path / "ws")).out
    assert "kept twokey.toml" in again
    assert "next: cd" in again


def test_the_command_in_the_workspace_belongs_to_it_wherever_it_is_called(made: Path, tmp_path: Path) -> None:
    ask = "from skills_lib.settings import Settings; print(Settings().home)"
    python = str(made / ".venv" / "bin" / "python")
    assert {run(folder, python, "-c", ask).stdout for folder in (made, made / "strategies", tmp_path)} == {f"{made}\n"}
    listed = json.loads(run(tmp_path, str(made / ".venv" / "bin" / "twokey"), "runs", "--json").stdout)
    assert listed["stored"] == 0


def test_a_moved_workspace_and_a_link_to_its_command_work(tmp_path: Path) -> None:
    make_workspace(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    (tmp_path / "linked").symlink_to(tmp_path / "after" / ".venv" / "bin" / "twokey")
    done = run(tmp_path, str(tmp_path / "linked"), "new-strategy", "my_idea", "--kind", "trend", "--json")
    assert json.loads(done.stdout)["files"][0] == str(tmp_path / "after" / "strategies" / "my_idea.py"), done.stderr


def test_every_command_that_skills_agents_and_rules_name_is_there(made: Path) -> None:
    pages = [*made.glob(".claude/**/*.md"), made / "CLAUDE.md", made / "strategies" / "README.md"]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    programs = set(re.findall(r"\.venv/bin/(\w+)", text))
    assert "twokey" in programs
    with_tests = {"pytest", "ruff", "mypy"}
    assert {name for name in programs - with_tests if not os.access(made / ".venv" / "bin" / name, os.X_OK)} == set()
    assert re.findall(r"`make [a-z]+`|^ *make [a-z]+$", text, flags=re.M) == []
    assert "checkout only" not in text


def test_every_file_that_the_settings_of_claude_code_call_is_there(made: Path) -> None:
    text = (made / ".claude" / "settings.json").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"\.claude/[\w./-]+\.sh", text) if not os.access(made / name, os.X_OK)] == []


def test_the_servers_of_the_workspace_are_those_of_the_checkout(made: Path) -> None:
    servers = json.loads((made / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]
    assert {server["command"] for server in servers.values()} == {"${TWOKEY_PYTHON:-.venv/bin/python}"}
    assert os.access(made / ".venv" / "bin" / "python", os.X_OK)


def test_the_tests_of_a_workspace_pass_and_notice_look_ahead(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    (tmp_path / "strategies" / "cheat.py").write_text(LOOK_AHEAD, encoding="utf-8")
    python = str(tmp_path / ".venv" / "bin" / "python")
    start = "from scripts.cli import main; main()"
    assert run(tmp_path, python, "-c", start, "new-strategy", "my_idea", "--kind", "trend").returncode == 0
    test = "tests/strategies/test_every_strategy.py"
    done = run(tmp_path, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* failed, [1-9]\d* passed", done.stdout), done.stdout
    assert set(re.findall(r"FAILED .*\[(\w+)-", done.stdout)) == {"cheat"}


def test_git_ignores_what_is_generated_and_keeps_what_is_written(made: Path) -> None:
    ignored = (".venv/x", ".env", "data/candles/a.parquet", "backtests/ledger.sqlite", "strategies/__pycache__/a.pyc")
    written = ("twokey.toml", "data/README.md", "strategies/a.py", ".claude/settings.json")
    assert run(made, "git", "init", "-q").returncode == 0
    found = run(made, "git", "check-ignore", *ignored, *written).stdout.split()
    assert found == list(ignored)


def test_the_environment_uses_the_packages_of_the_one_that_made_it(made: Path) -> None:
    ask = "import numpy, sys; print(numpy.__file__); print(sys.prefix)"
    packages, prefix = run(made, str(made / ".venv" / "bin" / "python"), "-c", ask).stdout.split("\n")[:2]
    assert Path(packages).is_relative_to(sys.prefix)
    assert Path(prefix) == made / ".venv"
