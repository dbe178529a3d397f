"""`twokey calibrate`: a small calibration, killed and resumed, with the same result on one process as on all."""

import os
import shutil
import signal
from pathlib import Path

import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.calibrate.family import SHARE
from skills_lib.calibrate.histories import find_histories
from skills_lib.calibrate.market_run import MarketTask, StudyInputs, run_market
from skills_lib.calibrate.model import Calibration, MarketResult
from skills_lib.calibrate.pipeline import plan_of
from skills_lib.settings import Settings
from tests.backtest.sweep.processes import start, wait_until
from tests.command import Command
from tests.html import fetched
from tests.report.browser import chromium, faults_of

SMALL = ("calibrate", "--markets", "6", "--planted", "1", "--sharpe", "2.5", "--seed", "3", "--json")
SHOWN_ONLY = {"artifacts", "seconds", "created_at"}


def saved_markets(home: Path) -> int:
    return sum(log.read_bytes().count(b"\n") for log in home.glob("backtests/calibrations/.unfinished-*/markets.jsonl"))


def test_a_killed_calibration_resumes_to_the_same_result(
    twokey: Command, workspace: Settings, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = twokey(*SMALL)
    assert done.code == 0
    assert done.err.startswith("Drawn in ")
    through = done.whole

    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    first = start(other, *SMALL)
    wait_until(lambda: saved_markets(other) > 0, process=first)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    (log,) = other.glob("backtests/calibrations/.unfinished-*/markets.jsonl")
    before = log.read_text().splitlines()
    assert 0 < len(before) < 7
    with log.open("a") as file:
        file.write('{"kind":"garch","numb')

    monkeypatch.setenv("TWOKEY_HOME", str(other))
    resumed = twokey(*SMALL).whole
    assert {name for name in through if resumed[name] != through[name]} <= SHOWN_ONLY
    after = Path(resumed["artifacts"]["markets"]).read_text()
    assert after == Path(through["artifacts"]["markets"]).read_text()
    assert set(before) <= set(after.splitlines())
    assert not list(other.glob("backtests/calibrations/.unfinished-*"))

    _is_complete(through)
    _is_stored(twokey, resumed)
    _is_what_one_market_gives(through, workspace)


def _is_complete(found: dict[str, object]) -> None:
    """The fields that programs read."""
    result = Calibration.model_validate(found)
    assert (result.null.markets, result.null.ci95[0]) == (6, 0.0)
    assert {kind: share.markets for kind, share in result.null.kinds.items()} == {
        "garch": 2,
        "bootstrap": 2,
        "flipped": 2,
    }
    (power,) = result.planted
    assert (power.sharpe, power.markets, power.passes) == (2.5, 1, round(power.power))
    assert result.naive.keys() == {"in_sample_sharpe", "walk_forward"}
    assert "sample" in result.source
    assert result.synthetic
    assert any("cannot show a false-PASS rate below" in text for text in result.warnings)
    assert not result.errors
    assert result.artifacts.picture.read_bytes().startswith(b"\x89PNG")
    page = result.artifacts.page.read_text()
    assert fetched(page) == []
    if shutil.which("chromium"):  # what it shows is checked above; tests/report says why it skips without a browser
        with chromium() as browser:
            assert faults_of(browser, result.artifacts.page) == []
    assert "## Pass rates" in result.artifacts.report.read_text()


def _is_stored(twokey: Command, found: dict[str, object]) -> None:
    """An identical request returns the stored result, without running a market."""
    assert twokey(*SMALL).whole == found


def _is_what_one_market_gives(found: dict[str, object], workspace: Settings) -> None:
    """A record depends on nothing but the seed and which market it is."""
    subject = LoadedStrategy("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
    histories = find_histories(workspace).found
    job = StudyInputs(subject, SHARE, plan_of(subject), BacktestSettings(), histories, seed=3)
    lines = Path(found["artifacts"]["markets"]).read_text().splitlines()  # type: ignore[index]
    records = [MarketResult.model_validate_json(line) for line in lines]
    wanted = {MarketTask("flipped", 1, None), MarketTask("planted", 0, 2.5)}
    for record in records:
        task = MarketTask(record.kind, record.number, record.sharpe)
        if task in wanted:
            assert run_market(job, task) == record


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--markets", "0"), "markets=0 is not allowed. Give 1 to 1,000,000."),
        (("--sharpe", "2.4"), "Planted Sharpe 2.4 is not available. Allowed: 0.5, 1, 1.5, 2, 2.5, 3."),
        (("--data-dir", "nowhere"), "No folder 'nowhere'."),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_one_line(
    twokey: Command, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey("calibrate", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_table_shows_rates_beside_the_naive_rules(
    twokey: Command, workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    done = twokey("calibrate", "--markets", "1", "--sharpe", "3")
    assert done.code == 0
    assert "naive: in-sample Sharpe > 1" in done.out
    assert "False PASS: 0 of 1, 95 % interval 0 % to 98 %" in done.out
    assert list((workspace.home / "backtests" / "calibrations").glob("*/report.md"))
