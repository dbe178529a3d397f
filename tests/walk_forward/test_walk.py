"""Whole walk-forwards on the reference engine, from request to stored result."""

import csv
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import strategies
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.spans import run_span
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.optimize.checkpoint import Checkpoint
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective
from skills_lib.report.drawings import draw_missing
from skills_lib.walk_forward.model import WalkForwardResult
from skills_lib.walk_forward.pipeline import walk_forward
from skills_lib.walk_forward.report.draw import drawings
from skills_lib.walk_forward.request import WalkForwardRequest
from skills_lib.walk_forward.stitch import run_windows, stitch
from skills_lib.walk_forward.walk import ChosenPoint, WalkForward, WindowChoice, efficiency, positive_share
from skills_lib.walk_forward.windows import Window, WindowPlan, make_windows
from tests.counting import counter_beside
from tests.html import fetched
from tests.validate.markets import candles_of, random_walk

BARS = random_walk(24 * 60, seed=5)
SMA = strategies.load("sma_crossover")
PLAN = WindowPlan.parse("20d", "10d", "5d", "1d", anchored=False)
KEYS = {"windows", "out_of_sample", "efficiency", "positive_share", "parameter_drift", "artifacts"}
SETTINGS = BacktestSettings()


def run(
    root: Path,
    bars: Bars = BARS,
    plan: WindowPlan = PLAN,
    pick: str = "plateau",
    min_trades: int = 3,
    search: SearchPlan = SearchPlan(),
) -> WalkForwardResult:
    space = make_space(parameter_space(SMA), ("fast=5,10", "slow=20:40:10"))
    request = WalkForwardRequest(SearchRequest(space, search, Objective("sharpe", min_trades), "reference"), plan, pick)
    return walk_forward(
        LoadedStrategy("sma_crossover", SMA, strategies.source_file("sma_crossover")),
        candles_of(bars),
        request,
        SETTINGS,
        SweepStore(root, WalkForwardResult),
        lambda: open_evaluator("reference", SMA, bars, SETTINGS),
        counter_beside(root),
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> WalkForwardResult:
    return run(tmp_path_factory.mktemp("walk-forward"))


@pytest.fixture(scope="module")
def equity(result: WalkForwardResult) -> pd.DataFrame:
    return pd.read_csv(result.artifacts.equity, parse_dates=["open_time"])


def test_json_has_what_programs_need(result: WalkForwardResult) -> None:
    plain = json.loads(result.artifacts.result.read_text())
    assert plain.keys() >= KEYS
    window = {"train_start", "train_end", "test_start", "test_end", "parameters", "train", "test"}
    assert all(entry.keys() >= window for entry in plain["windows"])
    assert "metrics" in plain["out_of_sample"]
    assert len(plain["windows"]) == 6
    assert plain["sample"] == "out-of-sample"


def test_each_window_chooses_on_its_train_span_and_tests_on_its_test_span(result: WalkForwardResult) -> None:
    window = result.windows[2]
    first = 10 * 24
    sweep = ReferenceSweep(ReferenceTask(SMA, BARS[: first + 21 * 24 + 10 * 24], SETTINGS))
    train, test = Span(first, first + 20 * 24), Span(first + 21 * 24, first + 31 * 24)
    assert window.parameters is not None
    for span, figures in ((train, window.train), (test, window.test)):
        row = sweep.evaluate([window.parameters], span)[0]
        assert figures is not None
        assert figures["sharpe"] == row[COLUMNS["sharpe"]]
        assert figures["final_equity"] == row[COLUMNS["final_equity"]]


def test_the_future_changes_no_earlier_choice(result: WalkForwardResult, tmp_path: Path) -> None:
    cut = 24 * 45
    crash = replace(BARS, close=np.where(np.arange(len(BARS)) < cut, BARS.close, BARS.close / 3))
    crash = replace(crash, low=np.minimum(BARS.low, crash.close))
    other = run(tmp_path, bars=crash)
    unaffected = [w for w in result.windows if pd.Timestamp(w.test_end) <= pd.Timestamp(crash.open_time_ns[cut])]
    assert 1 < len(unaffected) < len(result.windows)
    assert other.windows[: len(unaffected)] == unaffected


def test_the_stitched_run_uses_each_bar_once_and_carries_equity_over(
    result: WalkForwardResult, equity: pd.DataFrame
) -> None:
    assert equity["open_time"].is_unique
    assert equity["open_time"].diff().dropna().eq(pd.Timedelta("1h")).all()
    assert equity["window"].value_counts().sort_index().tolist() == [120] * 5 + [240]
    first = equity.groupby("window")["equity"].first().to_numpy()
    last = equity.groupby("window")["equity"].last().to_numpy()
    assert first[0] == 100_000
    assert np.array_equal(first[1:], last[:-1])
    assert result.out_of_sample.metrics["final_equity"] == equity["equity"].iloc[-1]


def test_stitched_trades_add_up_to_the_stitched_equity(result: WalkForwardResult) -> None:
    trades = pd.read_csv(result.artifacts.trades)
    metrics = result.out_of_sample.metrics
    assert len(trades) == metrics["trades"]
    assert metrics["final_equity"] == pytest.approx(100_000 + trades["pnl"].sum(), rel=1e-9)


def test_the_halves_are_the_stitched_run_cut_between_windows(result: WalkForwardResult) -> None:
    first, second = result.halves.first, result.halves.second
    assert first is not None
    assert second is not None
    assert (first.windows, second.windows) == (3, 3)
    assert first.bars + second.bars == result.out_of_sample.bars
    assert first.metrics["trades"] + second.metrics["trades"] == result.out_of_sample.metrics["trades"]
    whole = (1 + first.metrics["return_pct"] / 100) * (1 + second.metrics["return_pct"] / 100)
    assert whole == pytest.approx(1 + result.out_of_sample.metrics["return_pct"] / 100)


def test_each_part_is_the_run_of_its_choice_on_its_own_bars(result: WalkForwardResult, equity: pd.DataFrame) -> None:
    start = 21 * 24
    part = run_span(SMA, BARS, result.windows[0].parameters, SETTINGS, Span(start, start + 120))
    assert np.array_equal(equity["equity"].to_numpy()[:120], part.equity)


def test_drift_measures_how_parameters_changed(result: WalkForwardResult) -> None:
    drift = result.parameter_drift["slow"]
    values = [window.parameters["slow"] for window in result.windows]
    assert drift.values == values
    changes = [abs(a - b) / 20 for a, b in itertools.pairwise(values)]
    assert drift.mean_step == pytest.approx(np.mean(changes))
    assert drift.changed_share == pytest.approx(np.mean(np.array(changes) > 0))


def test_the_raw_maximum_can_be_tried_instead_of_the_plateau(tmp_path: Path, result: WalkForwardResult) -> None:
    peaks = run(tmp_path, pick="peak")
    assert peaks.id != result.id
    for plateau, peak in zip(result.windows, peaks.windows, strict=True):
        assert peak.train["sharpe"] >= plateau.train["sharpe"]


def test_sampling_walks_forward_too(tmp_path: Path) -> None:
    found = run(tmp_path, search=SearchPlan(method="tpe", trials=4, seed=1))
    assert all(window.parameters for window in found.windows)
    assert found.evaluated < 6 * 6


def test_all_spans_at_once_give_the_same_rows_as_window_by_window(tmp_path: Path) -> None:
    space = make_space(parameter_space(SMA), ("fast=5,10", "slow=20:40:10"))
    windows, search = make_windows(BARS, PLAN), (space, SearchPlan(), Objective("sharpe", 3))
    single = KernelSweep(SMA, BARS, SETTINGS)
    single.batch_size = 1
    expected = WalkForward(single, *search).run(windows)
    for known in (0, 3, len(windows)):
        with Checkpoint(tmp_path / str(known)) as checkpoint:
            WalkForward(KernelSweep(SMA, BARS, SETTINGS), *search).run(windows[:known], checkpoint)
        with Checkpoint(tmp_path / str(known)) as checkpoint:
            assert len(checkpoint) == known * (len(space.admissible) + 1)
            found = WalkForward(KernelSweep(SMA, BARS, SETTINGS), *search).run(windows, checkpoint)
        for one, other in zip(found, expected, strict=True):
            assert one.chosen is not None
            assert other.chosen is not None
            assert (one.chosen.index, one.evaluated) == (other.chosen.index, other.evaluated)
            assert np.array_equal(one.chosen.train, other.chosen.train, equal_nan=True)
            assert np.array_equal(one.chosen.test, other.chosen.test, equal_nan=True)


def test_windows_without_enough_trades_choose_nothing_and_stay_flat(tmp_path: Path) -> None:
    found = run(tmp_path, min_trades=10_000)
    assert all(window.parameters is None and window.test is None for window in found.windows)
    assert found.out_of_sample.metrics["return_pct"] == 0
    assert found.out_of_sample.metrics["trades"] == 0
    assert (found.efficiency, found.positive_share) == (None, 0)
    assert any("6 windows chose nothing" in text for text in found.warnings)


def test_steps_longer_than_tests_leave_bars_out_and_warn(tmp_path: Path) -> None:
    found = run(tmp_path, plan=WindowPlan.parse("20d", "5d", "10d", "0", anchored=True))
    assert found.out_of_sample.bars == len(found.windows) * 5 * 24
    assert any("the bars between tests are not tested" in text for text in found.warnings)
    assert len({window.train_start for window in found.windows}) == 1


def test_windows_longer_than_the_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="One window needs 240 days"):
        run(tmp_path, plan=WindowPlan.parse("180d", "60d", "30d", "0", anchored=False))
    assert not list(tmp_path.iterdir())


def test_the_report_warns_of_overlap_and_of_changes_after_reading_it(result: WalkForwardResult) -> None:
    report = result.artifacts.report.read_text()
    assert "Test spans overlap" in report
    assert "uses each bar once" in report
    assert "turns the out-of-sample bars into in-sample bars" in report
    draw_missing(drawings(result))
    assert np.asarray(Image.open(result.artifacts.picture).convert("RGB")).std() > 10
    with result.artifacts.windows.open() as file:
        assert len(list(csv.DictReader(file))) == 6


def test_a_picture_that_fails_is_reported_and_the_windows_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no drawing today")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    found = run(tmp_path)
    (problem,) = draw_missing(drawings(found)).problems
    assert problem.startswith("windows.png could not be written: ValueError: no drawing today")
    assert run(tmp_path) == found


def test_a_page_of_the_stored_series_is_the_page_of_the_walk(result: WalkForwardResult) -> None:
    page = result.artifacts.page.read_text()
    assert fetched(page) == []
    result.artifacts.page.unlink()
    assert result.artifacts.page in draw_missing(drawings(result)).files
    assert result.artifacts.page.read_text() == page


def test_an_equal_request_returns_the_stored_result(tmp_path: Path) -> None:
    assert run(tmp_path) == run(tmp_path)
    assert not list(tmp_path.glob(".*"))


def outcome(train_pct: float, test_pct: float) -> WindowChoice:
    rows = np.zeros((2, len(COLUMNS)))
    rows[:, COLUMNS["return_pct"]] = train_pct, test_pct
    day = 86_400 * 10**9
    window = Window(Span(0, 2), Span(2, 4), 0, 180 * day, 180 * day, 240 * day)
    return WindowChoice(window, ChosenPoint(0, {}, "plateau", rows[0], rows[1]), 1)


def test_efficiency_compares_returns_per_day() -> None:
    # 0.1 % on each of 180 and of 60 days: every day is alike, though 19.7 % is less than three times 6.2 %.
    alike = outcome((1.001**180 - 1) * 100, (1.001**60 - 1) * 100)
    assert efficiency([alike, alike]) == pytest.approx(1.0)
    trained, tested = (1.3 * 1.06) ** (1 / 360) - 1, (1.02 * 0.99) ** (1 / 120) - 1
    assert efficiency([outcome(30, 2), outcome(6, -1)]) == pytest.approx(tested / trained)
    assert efficiency([outcome(30, -100)]) == pytest.approx(-1 / (1.3 ** (1 / 180) - 1))  # all lost: -100 % a day
    assert efficiency([outcome(-5, 5)]) is None
    assert positive_share([outcome(1, 1e-13)]) == 0  # rounding is no gain
    assert positive_share([outcome(1, 1), outcome(1, 0), outcome(1, -1), outcome(-1, 1)]) == 0.5


def test_after_ruin_equity_stays_zero() -> None:
    falling = np.concatenate([BARS.close[:30], np.geomspace(BARS.close[29], 1e-6, len(BARS) - 30)])
    bars = replace(BARS, open=falling, high=falling, low=falling, close=falling)
    settings = BacktestSettings(leverage=100)
    sweep = ReferenceSweep(ReferenceTask(strategies.load("rsi_reversion"), bars, settings))
    point = {"period": 2, "oversold": 30, "overbought": 70, "exit_level": 50, "direction": "long"}
    parts = run_windows(sweep, [Span(20, 200), Span(200, 400)], [point, point], 1_000.0)
    execution, _ = stitch(parts, bars)
    assert (execution.equity >= 0).all()
    assert (execution.equity[180:] == 0).all()
    assert len(parts[0].execution.trades) > 0
    assert len(parts[1].execution.trades) == 0


def test_the_stitched_run_tells_of_liquidations_in_its_windows() -> None:
    falling = np.concatenate([BARS.close[:60], np.geomspace(BARS.close[59], 1.0, len(BARS) - 60)])
    bars = replace(BARS, open=falling, high=falling, low=falling, close=falling)
    sweep = ReferenceSweep(ReferenceTask(strategies.load("rsi_reversion"), bars, BacktestSettings(leverage=20)))
    point = {"period": 2, "oversold": 30, "overbought": 70, "exit_level": 50, "direction": "long"}
    execution, _ = stitch(run_windows(sweep, [Span(20, 200), Span(200, 400)], [point, point], 1_000.0), bars)
    assert any("were liquidated" in text for text in execution.warnings)
