"""Every verb ends with a command that runs as printed, and after a bad result none that searches for a better one."""

import inspect
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.invocation import command_name
from scripts.next_step import carried, new_idea
from scripts.optimize import optimize
from scripts.validate import validate
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.settings import Settings
from tests.command import Command, Done, make_command
from tests.market.candles.local_venue import span
from tests.market.depth.generated_tape import generated_tape
from tests.test_docs import VERBS, verb_of

WEAK = ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample", "--since", "2024-09-01")
LUCKY = (*WEAK[:6], "--until", "2024-05-27", "--param", "fast=92", "--param", "slow=280")
"""The splendid in-sample span of `twokey demo`."""
SHORT = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-04-01", "--param", "fast=5,10", "--min-trades")
FISHING = ("--costs", "--param", "--leverage", "optimize", "walk-forward", "test-strategy", "validate")


Runs = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose stored runs several tests share."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("TWOKEY_HOME", str(folder))
        patch.setenv("TWOKEY_LEDGER_DIR", str(folder.with_name("ledger-of-next")))
        patch.setenv("COLUMNS", "200")
        yield folder


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return make_command(monkeypatch, capsys)


@pytest.fixture
def stored(here: Command) -> Runs:
    """Two weak runs and a splendid one, in this order; computed once."""
    asked = {"weak": WEAK, "weaker": (*WEAK, "--param", "fast=4"), "lucky": LUCKY}
    return {name: here(*words, "--json").answer for name, words in asked.items()}


def next_of(done: Done) -> list[str]:
    """The words after `next: twokey` on the last line, which parse against the real command."""
    assert done.code == 0, done.err
    last, begin = done.out.splitlines()[-1], f"next: {command_name()} "
    assert last.startswith(begin), done.out
    words = shlex.split(last.removeprefix(begin))
    verb = verb_of(words)
    VERBS[verb].make_context(" ".join(verb), words[len(verb) :])
    return words


@pytest.fixture
def tape(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A recording in a folder whose name has a space."""
    return str(generated_tape(tmp_path_factory.mktemp("my tapes") / "btc usdt.ts_jsonl.gz", count=30))


@pytest.fixture
def candles(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of candles."""
    path = tmp_path_factory.mktemp("candles") / "mine.csv"
    sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2024-02-01")).to_frame().to_csv(path)
    return str(path)


def test_after_a_weak_run_comes_another_idea_and_never_a_cheaper_or_other_try(here: Command, stored: Runs) -> None:
    assert stored["weak"]["verdict"]["label"] == "WEAK"
    words = next_of(here(*WEAK))
    assert words[0] == "new-strategy"
    assert not set(words) & set(FISHING)
    tested = next_of(here(*words))
    assert tested == ["test-strategy", "BTC", "1h", words[1]]
    assert next_of(here("check-strategy", words[1])) == tested
    assert next_of(here(*WEAK))[1] == "my_idea_2", "a name that is in use is not proposed"


def test_after_a_run_with_an_edge_comes_its_validation_with_the_same_options(here: Command, stored: Runs) -> None:
    assert stored["lucky"]["verdict"]["label"] == "MIXED"
    assert next_of(here(*LUCKY)) == [
        *("validate", "sma_crossover", "BTCUSDT", "1h"),
        *("--param", "fast=92", "--param", "slow=280", "--until", "2024-05-27", "--source", "sample"),
    ]


def test_costs_that_validate_lacks_are_not_dropped_for_lower_ones(here: Command) -> None:
    words = next_of(here(*LUCKY, "--commission-bps", "21"))
    run = here(*LUCKY, "--commission-bps", "21", "--json").answer["run_id"]
    assert words == ["monte-carlo", run]
    assert next_of(here(*words, "--samples", "20"))[:2] == ["validate", "sma_crossover"]


@pytest.mark.parametrize("verb", ["optimize", "walk-forward"])
def test_a_search_leads_to_its_validation_or_to_another_idea(twokey: Command, verb: str) -> None:
    windows = ("--train", "30d", "--test", "10d", "--step", "10d") if verb == "walk-forward" else ()
    asked = (verb, "sma_crossover", "BTC", "1h", *SHORT, "1", *windows)
    found = twokey(*asked, "--json").answer
    figures = found["out_of_sample"] if windows else found["recommended"]["metrics"]
    words = next_of(twokey(*asked))
    assert found["next"] == f"{command_name()} {shlex.join(words)}"
    if figures["return_pct"] > 0:
        assert words[:6] == ["validate", "sma_crossover", "BTCUSDT", "1h", "--param", "fast=5,10"]
    else:
        assert words[0] == "new-strategy"


def test_after_fail_comes_another_idea(twokey: Command) -> None:
    asked = ("validate", "sma_crossover", "BTC", "1h", *SHORT, "1", "--until", "2023-09-01")
    found = twokey(*asked, "--json").answer
    words = next_of(twokey(*asked))
    assert (found["verdict"]["label"], words[0]) == ("FAIL", "new-strategy")
    assert not set(words) & set(FISHING)
    single = next_of(twokey(*asked, "--only", "costs"))
    assert single[0] == "validate"
    assert "--only" not in single


def test_stored_runs_lead_from_one_to_the_next(here: Command, stored: Runs) -> None:
    words = next_of(here("runs"))
    assert words[0] == "compare"
    assert len(words) == 3
    mixed = next_of(here("compare", stored["weak"]["run_id"], stored["lucky"]["run_id"]))
    assert mixed[:4] == ["validate", "sma_crossover", "BTCUSDT", "1h"]
    assert mixed[-4:] == ["--param", "fast=92", "--param", "slow=280"]
    assert next_of(here("compare", stored["weak"]["run_id"], stored["weaker"]["run_id"]))[0] == "new-strategy"
    assert next_of(here("ledger")) == ["runs"]


def test_without_a_run_the_list_leads_to_the_first_one(twokey: Command) -> None:
    assert next_of(twokey("runs"))[:2] == ["test-strategy", "BTC"]


def test_candles_lead_to_a_check_and_a_backtest_of_the_same_file(twokey: Command, candles: str) -> None:
    assert next_of(twokey("data", "list")) == ["data", "fetch", "BTC", "1h"]
    words = next_of(twokey("data", "check", "--data", candles))
    assert words == ["test-strategy", "BTC", "1h", "sma_crossover", "--data", candles]
    assert next_of(twokey(*words))
    words = next_of(twokey("data", "import", candles, "--symbol", "BTC", "--timeframe", "1h"))
    assert words == ["test-strategy", "BTCUSDT", "1h", "sma_crossover"]
    listed = next_of(twokey("data", "list"))
    assert listed == ["data", "check", "BTCUSDT", "1h", "--exchange", "binance"]
    assert next_of(twokey(*listed))[0] == "test-strategy"


def test_a_tape_leads_to_its_check_and_a_scan_also_where_its_name_has_spaces(
    twokey: Command, tape: str, tmp_path: Path
) -> None:
    words = next_of(twokey("tape", "info", tape))
    assert words == ["tape", "check", tape]
    words = next_of(twokey(*words))
    assert words == ["scan", "--tape", tape]
    assert next_of(twokey(*words)) == ["record", "BTCUSDT", "--venue", "usdm"]
    done = twokey("tape", "import", tape, "--symbol", "BTCUSDT", "--venue", "usdm")
    assert next_of(twokey(*next_of(done)))[0] == "record"
    exported = twokey("tape", "export", tape, "--out", str(tmp_path / "a.parquet"))
    assert next_of(exported) == ["tape", "info", tape]


def test_the_lists_lead_to_a_backtest(twokey: Command) -> None:
    assert next_of(twokey("ledger"))[0] == next_of(twokey("strategies"))[0] == "test-strategy"


def test_json_has_the_same_command_as_the_screen(twokey: Command, candles: str, tape: str) -> None:
    verbs = [("runs",), ("ledger",), ("strategies",), ("data", "list"), ("data", "check", "--data", candles)]
    for asked in [*verbs, ("tape", "info", tape), ("tape", "check", tape), ("scan", "--tape", tape)]:
        assert twokey(*asked, "--json").answer["next"] == f"{command_name()} {shlex.join(next_of(twokey(*asked)))}"


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_module_of_each_verb_prints_an_ending(verb: tuple[str, ...]) -> None:
    callback = VERBS[verb].callback
    assert callback is not None
    module = sys.modules[callback.__module__]
    assert "print_ending(" in Path(str(module.__file__)).read_text(encoding="utf-8")


def test_search_outputs_show_the_trial_meter_on_screen_and_in_json(twokey: Command) -> None:
    for verb, windows in (("optimize", ()), ("walk-forward", ("--train", "30d", "--test", "10d")), ("validate", ())):
        until = ("--until", "2023-09-01") if verb == "validate" else ()
        asked = (verb, "sma_crossover", "BTC", "1h", *SHORT, "1", *windows, *until)
        screen = " ".join(twokey(*asked).out.split())
        meter = twokey(*asked, "--json").answer["trial_meter"]
        assert (meter["attempts"], meter["symbol"], meter["timeframe"]) == (2, "BTCUSDT", "1h")
        assert meter["text"] in screen
    stages = twokey(*asked, "--only", "costs", "--json").answer
    assert stages["trial_meter"]["attempts"] == 2


def test_a_stored_answer_shows_the_attempts_that_were_made_since(here: Command, stored: Runs) -> None:
    before = here(*WEAK, "--json").answer
    here("optimize", "sma_crossover", "BTC", "1h", *WEAK[4:], "--param", "fast=2:8:2", "--min-trades", "1")
    after = here(*WEAK, "--json").answer
    assert before["run_id"] == after["run_id"] == stored["weak"]["run_id"]
    assert after["trial_meter"]["attempts"] == before["trial_meter"]["attempts"] + 3, "fast=4 was counted before"
    assert after["trial_meter"]["luck_sharpe"] > before["trial_meter"]["luck_sharpe"]


def test_options_are_carried_only_where_they_were_given_and_exist_in_the_other_verb() -> None:
    given = {name: option.default for name, option in inspect.signature(optimize).parameters.items()}
    given |= {"cash": 5_000, "param": ["fast=5,10", "slow=20"], "cluster": "tcp://a:1", "constraint": ["fast < slow"]}
    assert carried(optimize, given, validate) == [
        *("--param", "fast=5,10", "--param", "slow=20", "--constraint", "fast < slow", "--cash", "5000")
    ]


def test_what_a_setting_says_is_not_repeated_and_an_option_against_it_is(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOKEY_CASH", "5000")
    given = {name: option.default for name, option in inspect.signature(optimize).parameters.items()}
    assert carried(optimize, given | {"cash": 5_000.0}, validate) == []
    assert carried(optimize, given | {"cash": 100_000}, validate) == ["--cash", "100000"]


def installed() -> Path:
    """The command beside the interpreter."""
    found = shutil.which("twokey", path=str(Path(sys.executable).parent))
    assert found, "twokey is not installed beside the interpreter: run `make setup`"
    return Path(found)


@pytest.mark.parametrize("called", ["on PATH", "from its folder", "by its whole path", "from another folder"])
def test_the_command_is_printed_as_it_was_called_and_runs(called: str, workspace: Settings, tmp_path: Path) -> None:
    path, folder = installed(), installed().parents[2]
    typed, cwd, shown = {
        "on PATH": ("twokey", tmp_path, "twokey"),
        "from its folder": (str(path.relative_to(folder)), folder, str(path.relative_to(folder))),
        "by its whole path": (str(path), folder, str(path.relative_to(folder))),
        "from another folder": (str(path), tmp_path, str(path)),
    }[called]
    search = f"{path.parent}{os.pathsep}" if called == "on PATH" else ""
    environment = os.environ | {"PATH": search + "/usr/bin:/bin"}

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", line], cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    done = shell(f"{typed} data list")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"next: {shown} data fetch BTC 1h"
    refused = shell(f"{typed} compare abc def")
    assert f"`{shown} runs`" in refused.stderr
    assert shell(f"{shown} runs").returncode == 0


def test_another_idea_has_a_name_that_no_file_has(workspace: Settings) -> None:
    assert shlex.split(new_idea())[2] == "my_idea"
    page = workspace.home / "docs" / "strategies" / "my_idea.md"
    page.parent.mkdir(parents=True)
    page.touch()
    assert shlex.split(new_idea())[2] == "my_idea_2"
