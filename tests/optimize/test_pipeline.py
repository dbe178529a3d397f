"""Whole optimisations on the reference engine, from request to stored result."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import strategies
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.optimize.model import OptimizationResult
from skills_lib.optimize.pipeline import optimize
from skills_lib.optimize.report.draw import drawings
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective
from skills_lib.report.drawings import Outcome, draw_missing
from tests.counting import counter_beside
from tests.html import fetched
from tests.validate.markets import candles_of, random_walk

BARS = random_walk(700, seed=11)
KEYS = {"combinations", "evaluated", "best", "recommended", "warnings", "artifacts", "seconds"}


def run(
    root: Path,
    name: str = "sma_crossover",
    ranges: tuple[str, ...] = ("fast=5:15:5", "slow=20:40:10"),
    objective: Objective = Objective("sharpe", 3),
    plan: SearchPlan = SearchPlan(),
    synthetic: bool = False,
    bars: Bars = BARS,
) -> OptimizationResult:
    strategy, settings = strategies.load(name), BacktestSettings()
    request = SearchRequest(make_space(parameter_space(strategy), ranges), plan, objective, "reference")
    return optimize(
        LoadedStrategy(name, strategy, strategies.source_file(name)),
        candles_of(bars, synthetic),
        request,
        settings,
        SweepStore(root, OptimizationResult),
        lambda: open_evaluator("reference", strategy, bars, settings),
        counter_beside(root),
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> OptimizationResult:
    return run(tmp_path_factory.mktemp("optimizations"))


def test_the_best_is_the_combination_a_loop_over_backtests_finds(result: OptimizationResult) -> None:
    strategy, found = strategies.load("sma_crossover"), {}
    for fast in (5, 10, 15):
        for slow in (20, 30, 40):
            execution = run_reference(strategy, BARS, {"fast": fast, "slow": slow}, BacktestSettings()).execution
            found[fast, slow] = compute_metrics(execution, BARS, BacktestSettings().costs)
    best = max(found, key=lambda point: found[point]["sharpe"])
    assert tuple(result.best.parameters.values()) == best
    assert result.best.metrics == found[best]
    assert result.recommended.metrics == found[tuple(result.recommended.parameters.values())]


def test_json_has_what_programs_need(result: OptimizationResult) -> None:
    plain = json.loads(result.artifacts.result.read_text())
    assert plain.keys() >= KEYS
    assert plain["best"].keys() >= {"parameters", "metrics"}
    assert plain["recommended"].keys() >= {"parameters", "metrics", "plateau"}
    assert (plain["combinations"], plain["evaluated"]) == (9, 9)
    assert plain["best"]["metrics"].keys() == METRICS.keys()
    assert plain["sample"] == "in-sample"


def test_the_table_holds_every_metric_of_every_combination(result: OptimizationResult) -> None:
    with result.artifacts.table.open() as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["fast"]), int(row["slow"])) for row in rows] == [(f, s) for f in (5, 10, 15) for s in (20, 30, 40)]
    assert set(METRICS) <= rows[0].keys()
    best = next(row for row in rows if {"fast": int(row["fast"]), "slow": int(row["slow"])} == result.best.parameters)
    assert float(best["sharpe"]) == result.best.metrics["sharpe"]


def test_the_report_says_in_sample_and_that_the_best_of_many_is_lucky(result: OptimizationResult) -> None:
    report = result.artifacts.report.read_text()
    assert "**In-sample.** The best of 9 combinations is inflated by luck" in report
    assert "walk-forward" in result.warnings[0]
    assert "SYNTHETIC" not in report


def test_synthetic_data_is_marked_as_synthetic(tmp_path: Path) -> None:
    found = run(tmp_path, ranges=("fast=5,10", "slow=30"), synthetic=True)
    assert found.synthetic
    assert "SYNTHETIC DATA" in found.artifacts.report.read_text()


def test_each_pair_has_a_heatmap_and_the_page_needs_no_network(tmp_path: Path) -> None:
    found = run(tmp_path, "mean_reversion", ("period=10,20", "band_std=1,1.5", "direction=both,long"))
    pairs = [(shown.x, shown.y) for shown in found.artifacts.heatmaps]
    assert pairs == [("period", "band_std"), ("period", "direction"), ("band_std", "direction")]
    assert draw_missing(drawings(found)) == Outcome([shown.png for shown in found.artifacts.heatmaps])
    for shown in found.artifacts.heatmaps:
        assert np.asarray(Image.open(shown.png).convert("RGB")).std() > 10
    page = found.artifacts.page.read_text()
    assert fetched(page) == []
    assert "Sharpe by period and direction" in page


def test_a_page_of_the_stored_table_is_the_page_of_the_search(tmp_path: Path) -> None:
    for ranges in (("fast=5:15:5",), ("fast=5:15:5", "slow=30,50"), ("fast=5", "slow=30")):
        found = run(tmp_path / str(len(ranges[0])), ranges=ranges)
        page = found.artifacts.page.read_text()
        found.artifacts.page.unlink()
        assert found.artifacts.page in draw_missing(drawings(found)).files
        assert found.artifacts.page.read_text() == page


def test_drawings_that_fail_are_reported_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no drawing today")

    with monkeypatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", broken)
        patch.setattr("jinja2.environment.Template.render", broken)
        found = run(tmp_path)
        assert found.warnings[-1].startswith("report.html could not be written: MemoryError: no drawing today")
        problems = draw_missing(drawings(found)).problems
        assert [text.split(" ")[0] for text in problems] == ["report.html", "fast-slow.png"]
    assert len(found.artifacts.table.read_text().splitlines()) == 10
    again = run(tmp_path)
    assert again.warnings == found.warnings[:-1]
    assert draw_missing(drawings(again)).files == [again.artifacts.page, again.artifacts.heatmaps[0].png]


def test_one_parameter_is_drawn_as_a_line(tmp_path: Path) -> None:
    found = run(tmp_path, ranges=("fast=5:15:5",))
    assert [(shown.x, shown.y) for shown in found.artifacts.heatmaps] == [("fast", None)]
    assert draw_missing(drawings(found)).files == [found.artifacts.heatmaps[0].png]
    assert 'href="#circle"' in found.artifacts.page.read_text()


def test_an_equal_request_returns_the_stored_result_and_another_does_not(tmp_path: Path) -> None:
    first, again = run(tmp_path), run(tmp_path)
    assert again == first
    assert run(tmp_path, objective=Objective("calmar", 3)).id != first.id
    assert [folder.name for folder in sorted(tmp_path.glob(f"*{first.id}"))] == [first.artifacts.folder.name]
    assert first.artifacts.folder.name.startswith("sma_crossover-20")


def test_nothing_unfinished_is_left_behind(tmp_path: Path) -> None:
    run(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_combinations_with_too_few_trades_are_counted_and_never_best(tmp_path: Path) -> None:
    loose, strict = run(tmp_path), run(tmp_path, objective=Objective("sharpe", 25))
    assert loose.eligible == 9
    assert 0 < strict.eligible < 9
    assert strict.best.metrics["trades"] >= 25
    assert any("have under 25 trades or no defined metric" in text for text in strict.warnings)
    assert strict.evaluated == 9


def test_no_combination_with_enough_trades_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"None of 9 combinations has 5000 trades .* the largest number of trades is \d+"
    ):
        run(tmp_path, objective=Objective("sharpe", 5_000))


def test_combinations_that_can_never_run_are_reported_with_the_reason(tmp_path: Path) -> None:
    ranges = ("period=200", "band_std=1,2")
    with pytest.raises(InputError, match=r"No combination could run\. .* 150 bars are fewer than the warm-up"):
        run(tmp_path, "mean_reversion", ranges, bars=BARS[:150])


def test_a_point_at_the_edge_is_warned_of(tmp_path: Path) -> None:
    found = run(tmp_path, ranges=("fast=5", "slow=20,30"))
    assert any("at the edge of the space: slow=" in text for text in found.warnings)


def test_the_same_sweep_twice_at_once_is_refused(tmp_path: Path) -> None:
    store = SweepStore(tmp_path, OptimizationResult)
    with store.checkpoint("abc"), pytest.raises(TwokeyError, match="already running"), store.checkpoint("abc"):
        pass
