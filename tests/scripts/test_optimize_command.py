"""`twokey optimize` and `walk-forward`: results, and one-line errors for invalid input."""

import sys
from pathlib import Path

import pytest

from skills_lib.settings import Settings
from tests.command import Command, report_of

SAMPLE = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-04-01", "--engine", "reference")
SPACE = ("--param", "fast=5:15:5", "--param", "slow=20:40:20")
ENGINES = ("kernel", "reference")
OPTIMIZE = ("optimize", "sma_crossover", "BTC", "1h", *SAMPLE, *SPACE, "--min-trades", "5")
WALK = ("walk-forward", "sma_crossover", "BTC", "1h", *SAMPLE, *SPACE, "--min-trades", "3")
WALK += ("--train", "30d", "--test", "10d", "--step", "10d", "--embargo", "1d")


def test_optimize_prints_exactly_one_object_with_what_programs_need(twokey: Command) -> None:
    done = twokey(*OPTIMIZE, "--json")
    found = done.whole
    assert done.code == 0
    assert done.err.startswith("Drawn in ")
    keys = {"combinations", "evaluated", "best", "recommended", "warnings", "artifacts", "seconds"}
    assert found.keys() >= keys
    assert found["best"].keys() >= {"parameters", "metrics"}
    assert found["recommended"].keys() >= {"parameters", "metrics", "plateau"}
    assert (found["combinations"], found["evaluated"], found["engine"]) == (6, 6, "reference")
    for path in [found["artifacts"]["report"], found["artifacts"]["heatmaps"][0]["png"]]:
        assert Path(path).is_file()


def test_optimize_shows_the_recommended_point_beside_the_maximum_and_says_in_sample(
    twokey: Command, workspace: Settings
) -> None:
    screen = twokey(*OPTIMIZE).out
    assert "in-sample" in screen
    assert "SYNTHETIC" in screen
    assert "recommended" in screen
    assert "raw maximum" in screen
    assert "is inflated by selection" in " ".join(screen.split())
    report = report_of(screen)
    assert report.is_file()
    assert workspace.optimizations_dir in report.parents


def test_constraints_metric_and_method_reach_the_search(twokey: Command) -> None:
    options = ("--constraint", "slow >= 8 * fast", "--maximize", "calmar", "--method", "random", "--trials", "1")
    found = twokey(*OPTIMIZE, *options, "--json").whole
    assert found["combinations"] == 1
    assert found["best"]["parameters"] == {"fast": 5, "slow": 40}
    assert (found["maximize"], found["method"], found["trials"]) == ("calmar", "random", 1)
    assert found["constraints"] == ["fast < slow", "slow >= 8 * fast"]


def test_walk_forward_prints_exactly_one_object_with_what_programs_need(twokey: Command) -> None:
    done = twokey(*WALK, "--json")
    found = done.whole
    assert done.code == 0
    assert done.err.startswith("Drawn in ")
    keys = {"windows", "out_of_sample", "efficiency", "positive_share", "parameter_drift", "artifacts"}
    assert found.keys() >= keys
    assert len(found["windows"]) == 5
    window = {"train_start", "train_end", "test_start", "test_end", "parameters", "train", "test"}
    assert found["windows"][0].keys() >= window
    assert found["windows"][0]["train_end"] == "2023-01-31T00:00:00"
    assert found["windows"][0]["test_start"] == "2023-02-01T00:00:00"
    assert "metrics" in found["out_of_sample"]


def test_walk_forward_shows_windows_efficiency_and_drift(twokey: Command, workspace: Settings) -> None:
    screen = twokey(*WALK, "--anchored", "--pick", "peak").out
    assert "out-of-sample" in screen
    assert "Efficiency" in screen
    assert "Positive windows" in screen
    assert "fast changed in" in screen
    assert "2023-02-01" in screen
    assert workspace.walk_forwards_dir in report_of(screen).parents


def test_the_kernel_sweeps_and_the_reference_finds_the_same(twokey: Command) -> None:
    kernel, reference = (twokey(*OPTIMIZE, "--engine", name, "--json").whole for name in ENGINES)
    assert (kernel["engine"], reference["engine"]) == ENGINES
    assert (kernel["settings"]["engine"], reference["settings"]["engine"]) == ENGINES
    assert kernel["best"]["parameters"] == reference["best"]["parameters"]
    assert kernel["recommended"]["parameters"] == reference["recommended"]["parameters"]
    assert kernel["best"]["metrics"] == pytest.approx(reference["best"]["metrics"])


def test_tpe_without_optuna_is_one_line_that_names_the_extra(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = twokey(*OPTIMIZE, "--method", "tpe", "--trials", "4")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert " install " in done.err
    assert " 'optuna" in done.err


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("optimize", ("sma_crosover", "BTC", "1h"), "Unknown strategy 'sma_crosover'. Did you mean 'sma_crossover'?"),
        ("optimize", ("sma_crossover", "BTC", "1hr"), "Unknown timeframe '1hr'."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--param", "fst=5:60:5"), "Unknown parameter 'fst'."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--param", "fast=60:5:5"), "Range fast=60:5:5 is empty."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--constraint", "fast > slow"), "None of the"),
        ("optimize", ("sma_crossover", "BTC", "1h", "--constraint", "fats < 5"), "Unknown parameter 'fats'"),
        ("optimize", ("sma_crossover", "BTC", "1h", "--constraint", "exit()"), "contains 'exit()'"),
        ("optimize", ("sma_crossover", "BTC", "1h", "--maximize", "sharp"), "Unknown metric 'sharp'."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--method", "genetic"), "Unknown method 'genetic'."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--trials", "5"), "A grid tries every combination"),
        ("optimize", ("sma_crossover", "BTC", "1h", "--engine", "vectorbt"), "Unknown engine 'vectorbt'."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--min-trades", "-1"), "min-trades=-1 is not allowed."),
        ("optimize", ("sma_crossover", "BTC", "1h", "--cluster", "here", "--source", "sample"), "is no address"),
        ("optimize", ("donchian_breakout", "BTC", "1h"), "--method random or tpe"),
        ("optimize", (*OPTIMIZE[1:], "--min-trades", "9999"), "Lower --min-trades"),
        ("walk-forward", (*WALK[1:], "--train", "300d"), "One window needs 311 days"),
        ("walk-forward", ("sma_crossover", "BTC", "1h", "--train", "long"), "--train long is not a duration."),
        ("walk-forward", ("sma_crossover", "BTC", "1h", "--pick", "pek"), "Unknown pick 'pek'. Did you mean 'peak'?"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_exit_code_2(
    twokey: Command, workspace: Settings, verb: str, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey(verb, *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert not list(workspace.home.glob("backtests/*/*/result.json"))
