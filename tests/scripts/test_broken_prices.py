"""What the commands say of candles whose price does not continue, and of gaps and spikes."""

import json
from pathlib import Path

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.continuity import is_break_line
from tests.command import Command
from tests.domain.test_continuity import spliced
from tests.strategies.generated_bars import pick

SEARCH = ("--param", "fast=5,10", "--param", "slow=20,30", "--min-trades", "1")
WINDOWS = ("--train", "6d", "--test", "3d", "--step", "3d")
COMMANDS = [
    ("test-strategy", "LUNA", "1h", "sma_crossover"),
    ("optimize", "sma_crossover", "LUNA", "1h", *SEARCH),
    ("walk-forward", "sma_crossover", "LUNA", "1h", *SEARCH, *WINDOWS),
]


def write(bars: Bars, path: Path) -> Path:
    bars.to_frame().tz_localize("UTC").to_csv(path)
    return path


@pytest.fixture
def relisted(tmp_path: Path) -> Path:
    return write(spliced(250, 408, 20.0, volatility=0.001), tmp_path / "relisted.csv")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_break_is_the_first_line_and_the_first_warning(
    command: tuple[str, ...], relisted: Path, twokey: Command
) -> None:
    shown = twokey(*command, "--data", str(relisted))
    assert shown.code == 0, shown.err
    assert shown.out.splitlines()[0].startswith("! The price does not continue: × ")
    assert shown.out.count("The price does not continue") == 1
    found = twokey(*command, "--data", str(relisted), "--json").answer
    assert is_break_line(found["warnings"][0])
    assert found["quality"]["breaks"] == 1


def test_a_search_without_a_result_names_the_break(relisted: Path, twokey: Command) -> None:
    few = (*COMMANDS[1][:-1], "1000")
    done = twokey(*few, "--data", str(relisted))
    assert done.code == 2
    assert "Lower --min-trades or extend the span. The price does not continue: × " in done.err


@pytest.mark.parametrize("only", [(), ("--only", "costs")])
def test_validate_stops_in_one_line(only: tuple[str, ...], relisted: Path, twokey: Command) -> None:
    done = twokey("validate", "sma_crossover", "LUNA", "1h", "--data", str(relisted), *only)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("LUNAUSDT 1h: The price does not continue: × ")
    assert "408 missing bars" in line


def test_the_audit_alone_answers_with_the_finding(relisted: Path, twokey: Command) -> None:
    done = twokey("validate", "sma_crossover", "LUNA", "1h", "--data", str(relisted), "--only", "audit", "--json")
    audit = json.loads(done.out)["stages"]["audit"]
    assert (audit["passed"], audit["breaks"]) == (False, 1)
    assert any(is_break_line(text) for text in audit["fatal"])


def test_the_check_of_data_tells_it_first(relisted: Path, twokey: Command) -> None:
    done = twokey("data", "check", "LUNA", "1h", "--data", str(relisted))
    assert done.out.splitlines()[0].startswith("! The price does not continue")
    assert "breaks 1" in done.out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_gaps_and_spikes_are_on_screen(command: tuple[str, ...], tmp_path: Path, twokey: Command) -> None:
    bars = spliced(250, 7, 1.0, volatility=0.002)
    for name in ("high", "close"):
        getattr(bars, name)[100] *= 1.5
    done = twokey(*command, "--data", str(write(bars, tmp_path / "rough.csv")))
    assert "Data   gaps 1, missing bars 7, spikes 1" in done.out
    assert "does not continue" not in done.out


def test_a_complete_market_has_no_such_line(tmp_path: Path, twokey: Command) -> None:
    file = write(pick(spliced(250, 0, 1.0), slice(None)), tmp_path / "whole.csv")
    done = twokey(*COMMANDS[0], "--data", str(file))
    assert not any(line.startswith("Data") for line in done.out.splitlines())
