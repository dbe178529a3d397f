"""`twokey check-strategy` and the hook: faults are named, what was not run is said, and no option is taken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.settings import Settings
from tests.command import Command
from tests.repository import ROOT

PEEK = ("        high, low, close = bars.high, bars.low, bars.close\n", "np.append(bars.close[1:], bars.close[-1])")


@pytest.fixture
def idea(twokey: Command, workspace: Settings) -> Path:
    """A new strategy of the workspace."""
    assert twokey("new-strategy", "my_idea", "--kind", "breakout").code == 0
    return workspace.strategies_dir / "my_idea.py"


def make_it_peek(path: Path) -> None:
    """Let the strategy use the next close."""
    text = path.read_text(encoding="utf-8")
    assert PEEK[0] in text
    peeking = text.replace(PEEK[0], PEEK[0].replace("bars.close", PEEK[1]))
    path.write_text(peeking.replace("from skills_lib", "import numpy as np\n\nfrom skills_lib", 1), encoding="utf-8")


def rows(out: str) -> dict[str, str]:
    """The result of each check by its name."""
    return {line[9:20].strip(): line[:8].strip() for line in out.splitlines() if line[:8].strip() in RESULTS}


RESULTS = {"passed", "FAILED", "not run"}


def test_a_new_strategy_passes_every_check_and_its_own_test_whatever_pytest_was_told(
    twokey: Command, idea: Path, workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = workspace.home / "kept" / "file"
    kept.parent.mkdir()
    kept.write_text("mine", encoding="utf-8")
    monkeypatch.setenv("PYTEST_ADDOPTS", f"--basetemp={kept.parent}")
    done = twokey("check-strategy", "my_idea")
    assert kept.read_text(encoding="utf-8") == "mine"
    assert (done.code, done.err) == (0, "")
    assert set(rows(done.out).values()) == {"passed"}
    assert rows(done.out).keys() >= {"look-ahead", "sides", "parameters", "page", "own test"}
    assert "no evidence of an edge" in done.out


def test_look_ahead_is_one_line_and_exit_code_1(twokey: Command, idea: Path, workspace: Settings) -> None:
    make_it_peek(idea)
    (workspace.home / "tests" / "strategies" / "test_my_idea.py").unlink()
    done = twokey("check-strategy", "my_idea")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert rows(done.out)["look-ahead"] == "FAILED"
    assert rows(done.out)["own test"] == "not run"
    assert "my_idea failed" in done.err
    assert "Look-ahead: " in done.err


def test_a_page_that_no_longer_agrees_fails(twokey: Command, idea: Path, workspace: Settings) -> None:
    (workspace.home / "tests" / "strategies" / "test_my_idea.py").unlink()
    page = workspace.home / "docs" / "strategies" / "my_idea.md"
    page.write_text(page.read_text(encoding="utf-8").replace("| 48 |", "| 49 |"), encoding="utf-8")
    done = twokey("check-strategy", "my_idea")
    assert done.code == 1
    assert "docs/strategies/my_idea.md lacks the row | `period` | 48 | 24 to 168 |" in done.err


def test_a_failing_own_test_is_shown(twokey: Command, idea: Path, workspace: Settings) -> None:
    test = workspace.home / "tests" / "strategies" / "test_my_idea.py"
    test.write_text(test.read_text(encoding="utf-8").replace("== [5]", "== [4]"), encoding="utf-8")
    done = twokey("check-strategy", "my_idea")
    assert done.code == 1
    assert "1 failed" in done.err
    assert "assert [5] == [4]" in done.out


def test_a_bundled_strategy_is_checked_without_a_workspace(twokey: Command, workspace: Settings) -> None:
    done = twokey("check-strategy", "sma_crossover")
    assert done.code == 0
    assert rows(done.out)["look-ahead"] == "passed"
    assert "There is no docs/strategies/sma_crossover.md." in done.out


@pytest.mark.parametrize("option", ["--basetemp=data", "--json", "-k", "--rootdir", "second_name"])
def test_it_takes_a_name_and_nothing_else(twokey: Command, option: str) -> None:
    done = twokey("check-strategy", "sma_crossover", option)
    assert done.code == 2
    assert "look-ahead" not in done.out


@pytest.mark.parametrize("name", ["sma_cross", "../sma_crossover", "tests/strategies", ".", "", "_templates"])
def test_an_unknown_name_is_one_line(twokey: Command, name: str) -> None:
    done = twokey("check-strategy", name)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"Unknown strategy '{name}'." in done.err


def test_a_file_that_cannot_be_imported_is_one_line(twokey: Command, idea: Path) -> None:
    idea.write_text("import nothing_of_this_name\n", encoding="utf-8")
    done = twokey("check-strategy", "my_idea")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "my_idea.py cannot be imported" in done.err


HOOK = ROOT / ".claude" / "hooks" / "strategy-written.sh"


def written(path: str | Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the hook says after `path` was written."""
    event = json.dumps({"hook_event_name": "PostToolUse", "tool_name": "Write", "tool_input": {"file_path": str(path)}})
    known = os.environ | {"TWOKEY_HOME": str(home), "TWOKEY_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        ["sh", str(HOOK)], input=event, env=known | environment, capture_output=True, text=True, check=False, cwd=home
    )


def test_the_hook_reports_look_ahead_of_a_written_strategy_to_the_model(idea: Path, workspace: Settings) -> None:
    make_it_peek(idea)
    done = written(idea, workspace.home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("strategies/my_idea.py: look-ahead: Look-ahead: ")


def test_the_hook_reports_a_file_that_cannot_be_imported_whatever_it_prints(idea: Path, workspace: Settings) -> None:
    idea.write_text("import sys\nprint('a')\nsys.stderr.write('b\\n')\n1 / 0\n", encoding="utf-8")
    done = written(idea, workspace.home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "ZeroDivisionError" in done.stderr


def test_the_hook_is_silent_about_a_clean_strategy_and_any_other_file(idea: Path, workspace: Settings) -> None:
    outside = workspace.home / "other" / "strategies" / "my_idea.py"
    outside.parent.mkdir(parents=True)
    outside.write_text("1 / 0\n", encoding="utf-8")
    for path in (
        idea,
        outside,
        workspace.home / "strategies" / "__init__.py",
        workspace.home / "gone/strategies/a.py",
    ):
        done = written(path, workspace.home)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), path


@pytest.mark.parametrize(
    "event", ["", "{", "[]", '{"tool_input": null}', '{"tool_input": {"file_path": 3}}', '"/strategies/a.py"']
)
def test_the_hook_survives_what_is_no_event(event: str, tmp_path: Path) -> None:
    done = subprocess.run(["sh", str(HOOK)], input=event, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_hook_is_harmless_where_twokey_is_not_installed(idea: Path, tmp_path: Path) -> None:
    copy = tmp_path / "hooks"
    copy.mkdir()
    for name in ("strategy-written.sh", "run-module.sh"):
        (copy / name).write_bytes((HOOK.parent / name).read_bytes())
    event = json.dumps({"tool_input": {"file_path": str(idea)}})
    environment = {"PATH": "/usr/bin:/bin", "CLAUDE_PROJECT_DIR": str(tmp_path)}
    command = ["sh", str(copy / "strategy-written.sh")]
    done = subprocess.run(
        command, input=event, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (0, "")
