"""`twokey demo`: a search that looks splendid is shown to be luck; `--liar` judges planted cases and stores nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.invocation import command_name
from skills_lib.calibrate import planted_cases
from skills_lib.calibrate.planted_cases import EDGE
from skills_lib.settings import Settings
from tests.command import Command, make_command


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace in which the demonstration is stored."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("demo")
        patch.setenv("TWOKEY_HOME", str(folder))
        patch.setenv("TWOKEY_LEDGER_DIR", str(folder / "user"))
        patch.setenv("COLUMNS", "80")
        yield folder


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return make_command(monkeypatch, capsys)


@pytest.fixture
def found(here: Command) -> dict[str, Any]:
    done = here("demo", "--json")
    assert (done.code, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def test_the_claim_is_splendid_and_no_better_than_luck(found: dict[str, Any]) -> None:
    assert found["synthetic"] is True
    assert found["in_sample"]["return_pct"] > 200
    assert 1.9 < found["in_sample"]["sharpe"] < found["luck_sharpe"]
    assert found["tries"] == 93


def test_later_bars_and_the_verdict_say_that_it_was_luck(found: dict[str, Any]) -> None:
    assert found["out_of_sample"]["return_pct"] < 0
    assert found["walk_forward"]["return_pct"] < 0
    assert found["verdict"]["label"] == "FAIL"
    missed = {rule["name"] for rule in found["verdict"]["rules"] if not rule["passed"]}
    assert missed >= {"Random-entry p", "Deflated Sharpe ratio", "Walk-forward mean Sharpe"}


def test_it_is_what_validate_answers_and_its_trials_are_counted(here: Command, found: dict[str, Any]) -> None:
    stored = json.loads(here("validate", "sma_crossover", "BTC", "1h", "--source", "sample", "--json").out)
    assert (stored["id"], stored["trial_meter"]["attempts"]) == (found["id"], 93)
    (line,) = here("ledger", "--json").whole["lines"]
    assert (line["origin"].removesuffix(" (agent)"), line["synthetic"]) == ("twokey demo", True)


def test_the_screen_shows_five_steps_in_eighty_columns_and_the_next_command(
    here: Command, found: dict[str, Any]
) -> None:
    lines = [line.rstrip() for line in here("demo").out.splitlines()]
    steps = ("1 Claim", "2 Luck", "3 Later bars", "4 Repeated", "5 Verdict")
    places = [next(i for i, line in enumerate(lines) if line.startswith(step)) for step in steps]
    assert places == sorted(places)
    assert max(map(len, lines[: places[-1] + 3])) <= 80
    screen = " ".join(lines)
    for text in ("SYNTHETIC DATA", "no edge", "272.96 %", f"Sharpe {found['luck_sharpe']:.2f}", "FAIL"):
        assert text in screen
    assert lines[-1] == f"next: {command_name()} demo --liar"


def test_the_three_cases_are_judged_rightly_and_nothing_is_stored(twokey: Command, workspace: Settings) -> None:
    done = twokey("demo", "--liar", "--json")
    answer = json.loads(done.out)
    assert (done.code, done.err, answer["counted_in_ledger"]) == (0, "", False)
    labels = {case["name"]: case["label"] for case in answer["cases"]}
    assert labels["look-ahead"] == "FAIL"
    assert labels["luck"] in ("FAIL", "CAUTION")
    assert labels["edge"] == "PASS"
    assert all(case["judged_rightly"] for case in answer["cases"])
    assert {case["name"]: case["tries"] for case in answer["cases"]}["luck"] == 200
    assert not list(workspace.home.iterdir())
    assert not workspace.ledger_dir.exists()


def test_a_case_judged_wrongly_is_shown_with_exit_code_1(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted_cases, "CASES", (EDGE._replace(drift=0.005),))
    done = twokey("demo", "--liar")
    assert done.code == 1
    assert "JUDGED WRONGLY, right is PASS" in " ".join(done.out.split())
    assert "no trial is counted in your ledger" in " ".join(done.out.split())
