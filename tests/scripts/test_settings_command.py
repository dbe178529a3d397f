"""Settings of the workspace and the command: a setting changes a run exactly as its option would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.settings import Settings
from tests.command import Command
from tests.repository import ROOT

RUN = ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample", "--since", "2024-11-01", "--json")


def help_of(twokey: Command, verb: str) -> str:
    """The help of a verb, without line breaks."""
    return " ".join(twokey(verb, "--help").out.split())


def toml(workspace: Settings, text: str) -> None:
    (workspace.home / "twokey.toml").write_text(text, encoding="utf-8")


def test_settings_give_the_run_that_the_options_give(
    twokey: Command, workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--cash", "25000", "--costs", "usdm-taker", "--leverage", "3", "--exchange", "kraken")
    given = json.loads(twokey(*RUN, *options).out)
    toml(workspace, 'cash = 25000\nleverage = 3\nexchange = "kraken"\ncosts = "free"\nsource = "sample"')
    monkeypatch.setenv("TWOKEY_COSTS", "usdm-taker")
    without_source = [word for word in RUN if word not in ("--source", "sample")]
    assert json.loads(twokey(*without_source).out) == given
    assert given["benchmark"] is None
    held = json.loads(twokey(*RUN, *options, "--benchmark", "ETH").out)
    assert held["run_id"] == given["run_id"], "a benchmark changes no run"
    (workspace.home / ".env").write_text("TWOKEY_BENCHMARK=ETH\n", encoding="utf-8")
    assert held["benchmark"]["return_pct"]
    assert json.loads(twokey(*RUN).out)["benchmark"] == held["benchmark"]
    stored = json.loads(twokey(*RUN, "--cash", "26000").out)["path"]
    assert json.loads(Path(stored).read_text(encoding="utf-8"))["settings"]["cash"] == 26_000


def test_the_environment_is_stronger_than_env_and_that_than_toml(
    twokey: Command, workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(workspace, "cash = 1001")
    assert "[default: 1001" in help_of(twokey, "test-strategy")
    (workspace.home / ".env").write_text("TWOKEY_CASH=2001\n", encoding="utf-8")
    assert "[default: 2001" in help_of(twokey, "test-strategy")
    monkeypatch.setenv("TWOKEY_CASH", "3001")
    assert "[default: 3001" in help_of(twokey, "test-strategy")


def test_window_lengths_and_searches_are_taken_from_the_settings(twokey: Command, workspace: Settings) -> None:
    toml(
        workspace, 'train = "60d"\ntest = "20d"\nstep = "20d"\nmin_trades = 1\nmethod = "random"\ntrials = 5\nseed = 3'
    )
    where = ("sma_crossover", "BTC", "1h", "--source", "sample", "--since", "2024-08-01", "--json")
    from_file = json.loads(twokey("walk-forward", *where).out)
    toml(workspace, "")
    options = ("--train", "60d", "--test", "20d", "--step", "20d", "--min-trades", "1", "--method", "random")
    by_options = json.loads(twokey("walk-forward", *where, *options, "--trials", "5", "--seed", "3").out)
    assert from_file["windows"]
    assert from_file == by_options


@pytest.mark.parametrize("verb", ["test-strategy", "optimize", "walk-forward", "validate"])
def test_help_shows_the_default_that_holds(twokey: Command, workspace: Settings, verb: str) -> None:
    assert "[default: 100000]" in help_of(twokey, verb)
    toml(workspace, 'cash = 4321\ncosts = "free"')
    helped = help_of(twokey, verb)
    assert "[default: 4321]" in helped
    assert "[default: free]" in helped


def test_help_says_which_setting_a_default_comes_from(twokey: Command, workspace: Settings) -> None:
    assert "setting train, or four elevenths" in help_of(twokey, "validate")


@pytest.mark.parametrize(
    "arguments", [("test-strategy", "--help"), ("optimize", "sma_crossover", "BTC", "1h"), ("runs",), ("data", "list")]
)
def test_a_wrong_file_is_one_line_and_exit_code_2(
    twokey: Command, workspace: Settings, arguments: tuple[str, ...]
) -> None:
    toml(workspace, "csah = 1")
    done = twokey(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"Unknown setting csah in {workspace.home}/twokey.toml. Did you mean 'cash'? docs/settings.md lists all.\n"
    )


def test_the_help_of_the_command_needs_no_settings(twokey: Command, workspace: Settings) -> None:
    toml(workspace, "csah = 1")
    assert "test-strategy" in twokey("--help").out


def test_the_same_command_in_two_folders_counts_in_one_ledger(tmp_path: Path) -> None:
    home, folders = tmp_path / "home", [tmp_path / "a", tmp_path / "b"]
    for folder in (home / "ws", *folders):
        folder.mkdir(parents=True)
    (tmp_path / "a" / ".env").write_text("TWOKEY_LEDGER_DIR=count\nTWOKEY_CASH=5\n", encoding="utf-8")
    (home / "ws" / ".env").write_text("TWOKEY_LEDGER_DIR=~/count\n", encoding="utf-8")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("TWOKEY_")}
    environment = inherited | {"HOME": str(home), "TWOKEY_HOME": "~/ws", "PYTHONPATH": str(ROOT)}
    for folder, arguments in zip(folders, (RUN, ("ledger", "--json")), strict=True):
        start = [sys.executable, "-c", "from scripts.cli import main; main()", *arguments]
        done = subprocess.run(start, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["configurations"] == 1
    assert (home / "count" / "trials.sqlite").is_file()
    assert {path.name for folder in folders for path in folder.iterdir()} == {".env"}


def test_workers_are_a_limit_and_change_no_figure(twokey: Command, workspace: Settings) -> None:
    from joblib import cpu_count

    from skills_lib.backtest.sweep.local_workers import Loky
    from skills_lib.backtest.sweep.processors import limited

    assert (limited(4), Loky().slots) == (4, cpu_count())
    search = ("optimize", "sma_crossover", "BTC", "1h", "--source", "sample", "--since", "2024-11-01", "--json")
    every = json.loads(twokey(*search, "--min-trades", "1").out)
    toml(workspace, "workers = 1")
    assert (limited(4), limited(1), Loky().slots) == (1, 1, 1)
    for folder in workspace.optimizations_dir.iterdir():
        folder.rename(folder.with_name("kept"))
    single = json.loads(twokey(*search, "--min-trades", "1").out)
    assert single["recommended"] == every["recommended"]
