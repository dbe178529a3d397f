"""`twokey new-strategy`: what it writes passes the linters and tests unchanged, and nothing is overwritten."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import strategies
from scripts.new_strategy import KINDS, class_name, render, write_all
from skills_lib.backtest.report.describe import describe
from skills_lib.domain.errors import InputError
from skills_lib.domain.strategy_names import MAX_NAME_LENGTH
from skills_lib.settings import Settings
from tests.command import Command

ROOT = Path(__file__).resolve().parents[2]
MADE = {"trend": "x9", "reversion": "n" * MAX_NAME_LENGTH, "breakout": "my_idea", "momentum": "momentum"}


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment, reading the packages in `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TWOKEY_", "PYTEST_"))}
    command = [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def written(folder: Path) -> dict[str, str]:
    """Contents of every file below `folder`, by path."""
    return {str(p.relative_to(folder)): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


def own_tests(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a workspace outside the checkout; `TWOKEY_HOME` points to it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a new strategy of each kind, one of them with the longest name allowed."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("skills_lib", "strategies", "scripts", "tests", "docs"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for kind, name in MADE.items():
        start = "from scripts.cli import main; main()"
        done = run_in(folder, "python", "-c", start, "new-strategy", name, "--kind", kind)
        assert done.returncode == 0, done.stderr
    return folder


def made_files(checkout: Path) -> list[str]:
    return [str(place) for kind, name in MADE.items() for place in render(name, kind) if (checkout / place).is_file()]


def test_three_files_are_made_for_each_kind(checkout: Path) -> None:
    assert len(made_files(checkout)) == 3 * len(KINDS)
    assert sorted(MADE) == sorted(KINDS)


def test_what_is_written_passes_the_linter_and_formatter(checkout: Path) -> None:
    files = [file for file in made_files(checkout) if file.endswith(".py")]
    for arguments in (["check"], ["format", "--check"]):
        done = run_in(checkout, "ruff", *arguments, "--no-cache", *files)
        assert done.returncode == 0, done.stdout
    assert all(
        len(line) <= 120 for file in made_files(checkout) for line in (checkout / file).read_text("utf-8").split("\n")
    )


def test_what_is_written_is_typed(checkout: Path) -> None:
    modules = [word for name in MADE.values() for word in ("-m", f"strategies.{name}")]
    done = run_in(checkout, "mypy", *modules)
    assert done.returncode == 0, done.stdout


def test_new_files_pass_their_own_tests_and_those_of_every_strategy(checkout: Path) -> None:
    chosen = " or ".join(["no_strategy", "bundled", *(f"test_{name} or [{name}" for name in MADE.values())])
    done = run_in(checkout, "pytest", "tests/strategies", "-k", chosen, "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 50


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_trades_on_the_sample_with_equal_trades_on_both_engines(
    twokey: Command, workspace: Settings, kind: str
) -> None:
    from skills_lib.backtest.kernel.run import run_kernel
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.reference.run import run_reference
    from skills_lib.domain.timeframes import Timeframe
    from skills_lib.market.candles.sample import sample_bars
    from tests.backtest.kernel.test_identity import assert_identical

    twokey("new-strategy", "my_idea", "--kind", kind)
    strategy, bars = strategies.load("my_idea"), sample_bars("BTCUSDT", Timeframe.H1)[-4_000:]
    reference = run_reference(strategy, bars, {}, BacktestSettings()).execution
    assert len(reference.trades) > 10
    assert_identical(run_kernel(strategy, bars, {}, BacktestSettings()), reference)


def test_a_new_strategy_can_be_backtested_and_optimised(twokey: Command, workspace: Settings) -> None:
    twokey("new-strategy", "my_idea", "--kind", "breakout")
    where = ("--source", "sample", "--since", "2024-06-01", "--json")
    run = json.loads(twokey("test-strategy", "BTC", "1h", "my_idea", *where).out)
    assert run["metrics"]["trades"] > 10
    sweep = json.loads(twokey("optimize", "my_idea", "BTC", "1h", "--method", "random", "--trials", "12", *where).out)
    assert sweep["evaluated"] >= 12


@pytest.mark.parametrize("kind", KINDS)
def test_the_space_has_a_constraint_and_is_small_enough_to_walk(
    twokey: Command, workspace: Settings, kind: str
) -> None:
    from skills_lib.backtest.strategy import parameter_space

    twokey("new-strategy", "my_idea", "--kind", kind)
    strategy = strategies.load("my_idea")
    assert strategy.__name__ == "MyIdea"
    assert describe("my_idea", strategy).constraints
    assert 100 < len(list(parameter_space(strategy).combinations())) < 3_000


def test_another_workspace_gets_the_files_and_its_test_runs_there(twokey: Command, workspace: Settings) -> None:
    done = twokey("new-strategy", "my_idea", "--kind", "breakout", "--json")
    files = ["docs/strategies/my_idea.md", "strategies/my_idea.py", "tests/strategies/test_my_idea.py"]
    message = json.loads(done.out)
    answer = str(Path(message["path"]).relative_to(workspace.home))
    assert sorted(written(workspace.home)) == [answer, *files]
    assert (message["strategy"], message["kind"]) == ("my_idea", "breakout")
    assert sorted(message["files"]) == [str(workspace.home / file) for file in files]
    ran = own_tests(workspace.home)
    assert ran.returncode == 0, ran.stdout


def test_look_ahead_added_to_a_new_strategy_fails_its_test(twokey: Command, workspace: Settings) -> None:
    start = "def signals(self, bars: Bars) -> Signals:\n"
    peek = "        bars = dataclasses.replace(bars, close=np.append(bars.close[1:], bars.close[-1]))\n"
    for kind in KINDS:
        twokey("new-strategy", f"idea_{kind}", "--kind", kind)
        path = workspace.strategies_dir / f"idea_{kind}.py"
        text = path.read_text(encoding="utf-8").replace("from skills_lib", "import dataclasses\nfrom skills_lib", 1)
        path.write_text("import numpy as np\n" + text.replace(start, start + peek), encoding="utf-8")
    ran = own_tests(workspace.home, "-k", "check_look_ahead")
    assert ran.returncode == 1
    assert f"{len(KINDS)} failed" in ran.stdout


def test_the_screen_names_the_files_and_the_next_two_commands(twokey: Command, workspace: Settings) -> None:
    screen = twokey("new-strategy", "my_idea", "--kind", "momentum").out
    for text in ("my_idea.py", "my_idea.md", "twokey check-strategy my_idea", "twokey test-strategy BTC 1h my_idea"):
        assert text in screen


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("My-Idea", "cannot name a strategy"),
        ("MyIdea", "cannot name a strategy"),
        ("9lives", "cannot name a strategy"),
        ("_hidden", "cannot name a strategy"),
        ("my__idea", "cannot name a strategy"),
        ("idea_", "cannot name a strategy"),
        ("idee_ä", "cannot name a strategy"),
        ("class", "cannot name a strategy"),
        ("test_idea", "cannot name a strategy"),
        ("", "cannot name a strategy"),
        ("idea\n", "cannot name a strategy"),
        ("../idea", "cannot name a strategy"),
        ("a/b", "cannot name a strategy"),
        ("a\\b", "cannot name a strategy"),
        ("/etc/idea", "cannot name a strategy"),
        ("n" * (MAX_NAME_LENGTH + 1), "at most 40 characters"),
        ("bars", "would define class Bars, a name that is in use"),
        ("signal_strategy", "would define class SignalStrategy"),
        ("none", "would define class None"),
        ("sma_crossover", "Strategy 'sma_crossover' already exists"),
    ],
)
def test_a_bad_name_is_one_line_and_writes_nothing(
    twokey: Command, workspace: Settings, name: str, reason: str
) -> None:
    done = twokey("new-strategy", name, "--kind", "trend")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert reason in done.err
    assert written(workspace.home) == {}


def test_an_unknown_kind_is_one_line_that_suggests_the_closest(twokey: Command, workspace: Settings) -> None:
    done = twokey("new-strategy", "my_idea", "--kind", "reversal")
    allowed = "Did you mean 'reversion'? Allowed: trend, reversion, breakout, momentum."
    assert (done.code, done.err) == (2, f"Unknown kind 'reversal'. {allowed}\n")
    assert written(workspace.home) == {}


@pytest.mark.parametrize("file", list(render("my_idea", "trend")), ids=str)
def test_an_existing_file_is_unchanged_and_nothing_else_is_written(
    twokey: Command, workspace: Settings, file: Path
) -> None:
    (workspace.home / file).parent.mkdir(parents=True)
    (workspace.home / file).write_text("mine", encoding="utf-8")
    done = twokey("new-strategy", "my_idea", "--kind", "trend")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "already" in done.err
    assert written(workspace.home) == {str(file): "mine"}


def test_a_second_call_is_refused_and_an_edit_survives(twokey: Command, workspace: Settings) -> None:
    twokey("new-strategy", "my_idea", "--kind", "trend")
    path = workspace.strategies_dir / "my_idea.py"
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    before = written(workspace.home)
    assert twokey("new-strategy", "my_idea", "--kind", "momentum").code == 2
    assert written(workspace.home) == before


def test_where_one_file_cannot_be_written_none_is_left(twokey: Command, workspace: Settings) -> None:
    (workspace.home / "docs").write_text("a file, not a folder", encoding="utf-8")
    done = twokey("new-strategy", "my_idea", "--kind", "trend")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert written(workspace.home) == {"docs": "a file, not a folder"}


def test_a_file_created_meanwhile_is_kept_and_the_others_are_removed(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    second.write_text("somebody else's", encoding="utf-8")
    with pytest.raises(InputError, match=r"second\.py already exists and is not overwritten"):
        write_all({first: "mine", second: "mine"})
    assert written(tmp_path) == {"second.py": "somebody else's"}


def test_a_name_becomes_a_class() -> None:
    assert [class_name(name) for name in ("my_idea", "x9", "a_1_b")] == ["MyIdea", "X9", "A1B"]
