"""README shows what the program prints, to the letter."""

import re
from pathlib import Path

import pytest

from tests.command import Command

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_demo_in_readme_is_what_make_demo_prints(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(r"output of make demo: begin -->\n```\n(.*?)\n```", README, re.DOTALL)
    monkeypatch.setenv("COLUMNS", "96")
    printed = twokey("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample").out
    lines = [line.rstrip() for line in printed.splitlines()]
    assert shown is not None
    assert shown[1].splitlines()[:-1] == lines[:-1]
    assert lines[-1].startswith("Report ")
