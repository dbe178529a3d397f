"""`twokey ledger`, and that every verb that evaluates is in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from skills_lib.settings import Settings
from tests.command import Command

SAMPLE = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01")
SPACE = ("--param", "fast=5:15:5", "--param", "slow=20:40:20", "--engine", "reference")
RUN = ("test-strategy", "BTC", "1h", "sma_crossover", *SAMPLE)
OPTIMIZE = ("optimize", "sma_crossover", "BTC", "1h", *SAMPLE, *SPACE, "--min-trades", "1")
WALK = ("walk-forward", "sma_crossover", "BTC", "1h", *SAMPLE, *SPACE, "--min-trades", "1")
WALK += ("--train", "20d", "--test", "10d", "--step", "10d")


def ledger(twokey: Command) -> dict[str, Any]:
    done = twokey("ledger", "--json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def files(workspace: Settings) -> list[Path]:
    return [workspace.ledger_dir / "trials.sqlite", workspace.home / "backtests" / "ledger.sqlite"]


@pytest.mark.parametrize(
    ("command", "configurations"), [(RUN, 1), (OPTIMIZE, 6), (WALK, 6)], ids=["run", "sweep", "walk-forward"]
)
def test_every_verb_that_evaluates_is_counted_with_its_name(
    twokey: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], configurations: int
) -> None:
    monkeypatch.delenv("CLAUDECODE", raising=False)
    assert twokey(*command, "--json").code == 0
    found = ledger(twokey)
    assert (found["configurations"], found["evaluated"], found["notices"]) == (configurations, configurations, [])
    (line,) = found["lines"]
    assert (line["origin"], line["strategy"]) == (f"twokey {command[0]}", "sma_crossover")
    assert (line["symbol"], line["timeframe"], line["synthetic"]) == ("BTCUSDT", "1h", True)
    (market,) = found["markets"]
    assert (market["start"], market["end"]) == ("2023-01-01T00:00:00", "2023-03-01T00:00:00")


def test_requests_of_agents_are_marked_as_such(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    twokey(*RUN, "--json")
    assert [line["origin"] for line in ledger(twokey)["lines"]] == ["twokey test-strategy (agent)"]


def test_equal_trials_of_different_commands_count_once_and_stored_results_not_at_all(
    twokey: Command, workspace: Settings
) -> None:
    for command in (RUN, OPTIMIZE, WALK):
        twokey(*command, "--json")
    assert ledger(twokey)["configurations"] == 7  # 5 and 40 are not the defaults of the single run
    before = [path.read_bytes() for path in files(workspace)]
    for command in (RUN, OPTIMIZE, WALK):
        assert twokey(*command, "--json").code == 0
    assert [path.read_bytes() for path in files(workspace)] == before


def test_an_empty_ledger_is_read_without_making_one(twokey: Command, workspace: Settings) -> None:
    found = ledger(twokey)
    assert (found["configurations"], found["lines"], found["began_at"]) == (0, [], None)
    assert "Nothing has been tried yet" in twokey("ledger").out
    assert not any(path.exists() for path in files(workspace))


def test_the_screen_shows_markets_strategies_origins_and_counts(twokey: Command) -> None:
    twokey(*OPTIMIZE)
    screen = twokey("ledger").out
    for text in ("6 configurations", "BTCUSDT (synthetic)", "sma_crossover", "twokey optimize", "2023-01-01"):
        assert text in screen


def test_a_reset_is_reported_by_the_ledger_and_by_the_next_result(twokey: Command, workspace: Settings) -> None:
    twokey(*RUN, "--json")
    files(workspace)[1].unlink()
    assert "it was reset after" in " ".join(twokey("ledger").out.split())
    swept = json.loads(twokey(*OPTIMIZE, "--json").out)
    assert any("was reset at some time" in warning for warning in swept["warnings"])
    single = json.loads(twokey(*RUN, "--param", "fast=11", "--json").out)
    assert any("was reset at some time" in warning for warning in single["warnings"])
    assert ledger(twokey)["configurations"] == 8


def test_an_unwritable_ledger_is_a_one_line_error_and_nothing_is_stored(
    twokey: Command, workspace: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path / "file" / "ledger"))
    for command in (RUN, OPTIMIZE, WALK):
        done = twokey(*command)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "nothing is evaluated without being counted" in done.err
    assert not list(workspace.home.glob("backtests/*/*/result.json"))
