"""README shows the exact output of the program."""

import json
import re
from pathlib import Path

import pytest

from scripts.invocation import command_name
from skills_lib.settings import Settings
from tests.command import Command

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_demo_in_readme_is_what_make_demo_prints(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(r"output of make demo: begin -->\n```\n(.*?)\n```", README, re.DOTALL)
    monkeypatch.setenv("COLUMNS", "88")
    lines = twokey("demo").out.replace(command_name(), "twokey").splitlines()
    assert shown is not None
    described = shown[1].replace(".venv/bin/twokey", "twokey").splitlines()
    assert [line for line in described if not line.startswith("Report ")] == [
        line for line in lines if not line.startswith("Report ")
    ]
    assert sum(line.startswith("Report ") for line in lines) == 1


def test_the_strategy_in_readme_runs_as_it_is_shown(twokey: Command, workspace: Settings) -> None:
    shown = re.search(r"```python\n# strategies/(\w+)\.py\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    name, code = shown.groups()
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    workspace.strategies_dir.mkdir(parents=True, exist_ok=True)
    (workspace.strategies_dir / f"{name}.py").write_text(code, encoding="utf-8")
    answer = json.loads(twokey("test-strategy", "BTC", "1h", name, "--source", "sample", "--json").out)
    assert answer["strategy"] == name
    assert answer["metrics"]["trades"] > 50
