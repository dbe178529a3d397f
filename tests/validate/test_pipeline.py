"""Whole validations: the bars of each figure, the verdict's figures, and what is stored and counted."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy, parameter_space
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.calibrate.planted import planted_market
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Choice, Integer, ParameterSpace, Real
from skills_lib.domain.signals import Signals, never
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.ledger.holdout_seal import LedgerHoldoutSeal
from skills_lib.market.candles import Candles
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import draw_missing
from skills_lib.validate.examination import examine
from skills_lib.validate.model import Examination, ValidationResult
from skills_lib.validate.other_markets import OtherMarket, file_for, find_other_markets
from skills_lib.validate.pipeline import validate
from skills_lib.validate.plan import REDUCED_SAMPLES, Plan, default_windows, validation_space
from skills_lib.validate.report.draw import drawings
from skills_lib.validate.request import Services, ValidationRequest, sealed_from, unsealed
from skills_lib.validate.single_stages import parse_stages, validate_stages
from skills_lib.walk_forward.windows import make_windows, stitched_spans
from tests.counting import counter_beside, ledger_beside
from tests.html import fetched
from tests.validate.markets import candles_of, random_walk
from tests.validate.stages.cheats import PeeksOneBarAndRepeatsTheLast

SMA = strategies.load("sma_crossover")
SUBJECT = LoadedStrategy("sma_crossover", SMA, strategies.source_file("sma_crossover"))
SETTINGS = BacktestSettings(costs=PRESETS["binance-spot"])
BARS = random_walk(24 * 400, seed=3)
SEALED = round(len(BARS) * 0.9)
RANGES = ("fast=5,10,20", "slow=40:160:40")


def plan_of(ranges: tuple[str, ...] = RANGES, seed: int = 7, strategy: type[SignalStrategy] = SMA) -> Plan:
    space = validation_space(parameter_space(strategy), ranges)
    return Plan(
        SearchRequest(space, SearchPlan(), Objective("sharpe", 20), "kernel"), seed=seed, samples=REDUCED_SAMPLES
    )


@pytest.fixture(scope="module")
def examined() -> Examination:
    return examine(SUBJECT, candles_of(BARS), plan_of(), SETTINGS)


def crashed(bars: Bars, start: int) -> Bars:
    """The same bars with two fifths of the price from `start` on: a crash, but one after which the price continues."""
    share = np.where(np.arange(len(bars)) < start, 1.0, 0.4)
    return replace(bars, **{name: getattr(bars, name) * share for name in ("open", "high", "low", "close")})


def test_only_the_audit_uses_the_sealed_bars(examined: Examination) -> None:
    other = examine(SUBJECT, candles_of(crashed(BARS, SEALED)), plan_of(), SETTINGS)
    assert other.model_dump(exclude={"audit"}) == examined.model_dump(exclude={"audit"})
    earlier = examine(SUBJECT, candles_of(crashed(BARS, SEALED - 1)), plan_of(), SETTINGS)
    assert earlier.out_of_sample.metrics != examined.out_of_sample.metrics


def test_parameters_are_chosen_on_the_first_seventy_percent_alone(examined: Examination) -> None:
    cut = round(len(BARS) * 0.7)
    other = examine(SUBJECT, candles_of(crashed(BARS, cut)), plan_of(), SETTINGS)
    assert other.in_sample == examined.in_sample
    assert other.out_of_sample.metrics != examined.out_of_sample.metrics
    assert (examined.in_sample.bars, examined.out_of_sample.bars) == (cut, SEALED - cut)
    assert examined.in_sample.evaluated == 12
    assert "in-sample" in examined.in_sample.sample


def test_out_of_sample_is_one_run_of_the_chosen_parameters_on_the_next_twenty_percent(examined: Examination) -> None:
    engine = KernelSweep(SMA, BARS[:SEALED], SETTINGS)
    (row,) = engine.evaluate([examined.parameters], Span(round(len(BARS) * 0.7), SEALED))
    for name in ("return_pct", "sharpe", "trades", "max_drawdown_pct"):
        assert examined.out_of_sample.metrics[name] == pytest.approx(row[COLUMNS[name]])


def test_the_verdict_uses_the_walk_forward_not_the_in_sample(examined: Examination) -> None:
    walked, judged = examined.walk_forward, examined.judged
    sharpes = [window.test["sharpe"] if window.test else 0.0 for window in walked.windows]
    assert judged.walk_forward_sharpe == pytest.approx(np.mean([sharpe or 0.0 for sharpe in sharpes]))
    assert judged.trades == walked.stitched.metrics["trades"]
    assert judged.max_drawdown_pct == walked.stitched.metrics["max_drawdown_pct"]
    assert judged.positive_windows_pct == pytest.approx(
        100 * np.mean([window.test is not None and window.test["return_pct"] > 0 for window in walked.windows])
    )
    double = next(level for level in examined.costs.stitched if level.multiple == 2)
    once = next(level for level in examined.costs.stitched if level.multiple == 1)
    assert judged.double_cost_return_pct == double.metrics["return_pct"]
    assert once.metrics == walked.stitched.metrics
    assert double.metrics["return_pct"] < once.metrics["return_pct"]
    assert judged.deflated_sharpe == examined.overfitting.dsr
    assert examined.overfitting.trials == 12


def test_every_window_ends_before_the_sealed_bars_and_no_test_bar_is_used_twice() -> None:
    open_bars = BARS[:SEALED]
    windows = make_windows(open_bars, default_windows(open_bars))
    assert len(windows) == 7
    assert windows[-1].test.stop <= SEALED
    spans = stitched_spans(windows)
    assert all(span == window.test for span, window in zip(spans, windows, strict=True))
    train, test = windows[0].train_days, windows[0].test_days
    assert (train, test) == (360 - 7 * 32, 32)


@pytest.mark.parametrize("days", [14, 60, 4000])
def test_usual_windows_fit_any_length_of_at_least_fourteen_days(days: int) -> None:
    bars = random_walk(24 * days, seed=1)[: round(24 * days * 0.9)]
    assert len(make_windows(bars, default_windows(bars))) == 7


def test_too_short_a_history_is_refused_with_the_length_it_needs() -> None:
    with pytest.raises(InputError, match=r"span 10 days; a validation needs at least 14"):
        examine(SUBJECT, candles_of(random_walk(240, seed=1)), plan_of(), SETTINGS)


def test_the_same_seed_gives_the_same_result_and_another_one_other_samples(examined: Examination) -> None:
    assert examine(SUBJECT, candles_of(BARS), plan_of(), SETTINGS) == examined
    other = examine(SUBJECT, candles_of(BARS), plan_of(seed=8), SETTINGS)
    assert other.monte_carlo.trades != examined.monte_carlo.trades
    assert other.walk_forward == examined.walk_forward


class Quarter(SMA):  # type: ignore[valid-type, misc]
    """A quarter of equity per position: with all of it the drawdown exceeds the rule whatever the edge."""

    def signals(self, bars: Bars) -> Signals:
        return replace(super().signals(bars), size=0.25)


def test_a_strong_planted_edge_passes_and_a_null_market_does_not(examined: Examination) -> None:
    market = candles_of(planted_market(0.12, np.random.default_rng(1)))
    found = examine(
        LoadedStrategy("quarter", Quarter, SUBJECT.source_file), market, plan_of((), strategy=Quarter), SETTINGS
    )
    assert [rule.name for rule in found.verdict.rules if not rule.passed] == []
    assert found.verdict.label == "PASS"
    assert examined.verdict.label == "FAIL"


def test_a_strategy_with_look_ahead_fails_however_good_its_figures() -> None:
    subject = LoadedStrategy("peeks", PeeksOneBarAndRepeatsTheLast, Path(__file__).with_name("cheats.py"))
    found = examine(subject, candles_of(BARS), plan_of((), strategy=PeeksOneBarAndRepeatsTheLast), SETTINGS)
    assert found.walk_forward.mean_sharpe > 1
    assert found.verdict.label == "FAIL"
    assert not next(rule for rule in found.verdict.rules if rule.name == "No look-ahead").passed


def test_given_parameters_are_one_trial_and_nothing_is_deflated() -> None:
    found = examine(SUBJECT, candles_of(BARS), plan_of(("fast=10", "slow=80")), SETTINGS)
    assert (found.in_sample.chosen_by, found.parameters) == ("given", {"fast": 10, "slow": 80})
    assert (found.overfitting.trials, found.overfitting.pbo) == (1, None)
    assert found.overfitting.dsr == found.overfitting.psr
    assert {str(window.parameters) for window in found.walk_forward.windows} == {"{'fast': 10, 'slow': 80}"}


def test_a_strategy_that_never_trades_is_refused_in_one_line() -> None:
    class NeverTrades(SMA):  # type: ignore[valid-type, misc]
        def signals(self, bars: Bars) -> Signals:
            return replace(super().signals(bars), long_entry=never(len(bars)), short_entry=never(len(bars)))

    with pytest.raises(InputError, match="None of 12 combinations traded in-sample"):
        examine(LoadedStrategy("never_trades", NeverTrades, SUBJECT.source_file), candles_of(BARS), plan_of(), SETTINGS)


@pytest.mark.parametrize("name", [*strategies.available()])
def test_without_ranges_a_coarse_grid_of_at_most_a_hundred_points_is_searched(name: str) -> None:
    declared = parameter_space(strategies.load(name))
    space = validation_space(declared)
    assert 1 < len(space.admissible) <= 100
    for parameter, values in space.values.items():
        assert set(values) <= set(declared.parameters[parameter].values())


def test_non_numeric_parameters_keep_their_defaults_in_a_coarse_grid() -> None:
    declared = ParameterSpace(
        {"length": Integer(10, low=2, high=200), "side": Choice("both", ("both", "long")), "k": Real(1.0, 0, 3, 0.5)}
    )
    space = validation_space(declared)
    assert space.values["side"] == ("both",)
    lengths = space.values["length"]
    assert (lengths[0], lengths[-1]) == (2, 200)
    assert lengths[len(lengths) // 2] < 50  # by equal ratios, not by equal steps
    assert space.values["k"][-1] == 3
    assert validation_space(ParameterSpace({"side": Choice("both", ("both", "long"))})).size == 1


def services(root: Path, candles: Candles) -> Services:
    """The services of a separate workspace, with its ledger in the same folder."""
    count = counter_beside(root)
    sealed = replace(candles, bars=candles.bars[sealed_from(candles) :])
    seal = LedgerHoldoutSeal(ledger_beside(root), count(SUBJECT.source, sealed, SETTINGS).context)
    return Services(count, seal, SweepStore(root, ValidationResult))


def run(
    root: Path,
    bars: Bars = BARS,
    plan: Plan | None = None,
    other_markets: tuple[OtherMarket, ...] = (),
    opening: str | None = None,
    progress: Progress = no_progress,
) -> ValidationResult:
    candles = candles_of(bars)
    root.mkdir(exist_ok=True)
    request = ValidationRequest(plan or plan_of(), SETTINGS, other_markets, opening)
    return validate(SUBJECT, candles, request, services(root, candles), progress)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> ValidationResult:
    return run(tmp_path_factory.mktemp("reports") / "here")


def test_json_has_what_programs_need(stored: ValidationResult) -> None:
    plain = json.loads(stored.artifacts.result.read_text())
    keys = {"verdict", "in_sample", "out_of_sample", "walk_forward", "timeframes", "assets", "monte_carlo"}
    assert plain.keys() >= keys | {"overfitting", "costs", "regimes", "sealed", "artifacts", "seconds"}
    assert plain["overfitting"].keys() >= {"trials", "dsr", "psr", "pbo", "spa_p"}
    assert all(rule.keys() >= {"name", "threshold", "value", "passed"} for rule in plain["verdict"]["rules"])
    assert plain["sealed"]["opened"] is False


def test_the_page_has_a_chart_for_each_stage_and_fetches_nothing(stored: ValidationResult) -> None:
    page = stored.artifacts.page.read_text()
    assert page.count("<figure") == 7
    assert fetched(page) == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", page) == []


def test_a_page_of_the_stored_curves_is_the_page_of_the_runs(stored: ValidationResult) -> None:
    page = stored.artifacts.page.read_text()
    stored.artifacts.page.unlink()
    assert stored.artifacts.page in draw_missing(drawings(stored)).files
    assert stored.artifacts.page.read_text() == page


def test_a_picture_that_fails_is_reported_and_the_verdict_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no drawing today")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    found = run(tmp_path / "here")
    (problem,) = draw_missing(drawings(found)).problems
    assert problem.startswith("validation.png could not be written: ValueError: no drawing today")
    assert found.artifacts.page.is_file()
    assert run(tmp_path / "here") == found


def test_the_report_gives_the_verdict_first_and_never_calls_in_sample_a_performance(stored: ValidationResult) -> None:
    report = stored.artifacts.report.read_text()
    assert report.splitlines()[2] == f"**{stored.verdict.label}**"
    assert "It is not performance." in report
    assert "](validation.png)" in report


def without_times(path: Path) -> str:
    text = re.sub(r'"(seconds|created_at)": [^\n]*', "", path.read_text())
    return text.replace(str(path.parent.parent), "")


def test_the_same_seed_writes_the_same_bytes(stored: ValidationResult, tmp_path: Path) -> None:
    again = run(tmp_path / "another")
    assert without_times(again.artifacts.result) == without_times(stored.artifacts.result)
    for result in (again, stored):
        draw_missing(drawings(result))
    assert again.artifacts.picture.read_bytes() == stored.artifacts.picture.read_bytes()


def test_an_equal_request_returns_the_stored_result_until_more_is_tried(tmp_path: Path) -> None:
    root = tmp_path / "here"
    first = run(root)
    assert run(root) == first
    assert not list(root.glob(".*"))
    run(root, plan=plan_of(("fast=6,12", "slow=50,100")))
    later = run(root)
    assert later.id == first.id
    assert (first.overfitting.trials, later.overfitting.trials) == (12, 16)
    assert later.artifacts.folder == first.artifacts.folder
    assert len(list(root.glob("*/result.json"))) == 2


def test_other_candles_end_where_the_seal_begins_and_missing_ones_are_reported(tmp_path: Path) -> None:
    main = candles_of(BARS)
    requested: list[tuple[str, str]] = []

    def find(symbol: str, timeframe: str) -> Candles:
        requested.append((symbol, timeframe))
        if symbol == "SOLUSDT":
            raise InputError("No file named like SOLUSDT_1h.")
        if symbol == "BNBUSDT":
            return replace(main, bars=BARS[SEALED:])
        return replace(main, bars=crashed(BARS, SEALED), timeframe=Timeframe(timeframe))

    pairs = [("BTC", "1h"), ("BTC", "30m"), ("BNB", "1h"), ("SOL", "1h")]
    other_markets = find_other_markets(main, SEALED, pairs, find)
    assert requested == [("BTCUSDT", "30m"), ("BNBUSDT", "1h"), ("SOLUSDT", "1h")]
    result = run(tmp_path / "here", other_markets=other_markets)
    (cross_market,) = result.timeframes
    assert (cross_market.symbol, cross_market.timeframe, cross_market.bars) == ("BTCUSDT", "30m", SEALED)
    assert result.assets == []
    assert [text.split(":")[0] for text in result.missing] == ["BNBUSDT 1h", "SOLUSDT 1h"]
    assert "No file named like SOLUSDT_1h" in result.artifacts.report.read_text()
    assert result.overfitting.trials == 12 + 1


def test_candle_files_are_found_by_symbol_and_timeframe(tmp_path: Path) -> None:
    for name, size in (("binance_spot_ETHUSDT_1h_2020.csv.gz", 9), ("ETHUSDT_1h.csv", 3), ("ETHUSDT_15m_1h.csv", 99)):
        (tmp_path / name).write_bytes(b"x" * size)
    assert file_for(tmp_path, "ETH", "1h").name == "binance_spot_ETHUSDT_1h_2020.csv.gz"
    assert file_for(tmp_path, "ETH", "15m").name == "ETHUSDT_15m_1h.csv"
    with pytest.raises(InputError, match="No file named like ETHUSDT_4h"):
        file_for(tmp_path, "ETH", "4h")


def test_sealed_bars_are_opened_once_with_a_reason_and_later_reports_say_so(tmp_path: Path) -> None:
    root = tmp_path / "here"
    closed = run(root)
    opened = run(root, opening="deployment to paper")
    assert (closed.sealed.opened, opened.sealed.opened) == (False, True)
    assert opened.sealed.metrics is not None
    assert (opened.sealed.reason, opened.sealed.openings) == ("deployment to paper", 1)
    assert opened.judged.sealed_opened
    assert opened.sealed.tried_before == 0
    (row,) = KernelSweep(SMA, BARS, SETTINGS).evaluate([opened.parameters], Span(SEALED, len(BARS)))
    assert opened.sealed.metrics["sharpe"] == pytest.approx(row[COLUMNS["sharpe"]])
    sealed = replace(candles_of(BARS), bars=BARS[SEALED:])
    assert counter_beside(root)(SUBJECT.source, sealed, SETTINGS).count().configurations == 1
    assert run(root, opening="deployment to paper") == opened
    assert run(root).sealed.opened
    with pytest.raises(InputError, match="each strategy gets one opening"):
        run(root, plan=plan_of(("fast=7", "slow=90")), opening="another try")


class StopError(Exception):
    """Raised by a progress callback to cancel the work."""


def test_an_interrupted_validation_resumes_from_its_checkpoint(tmp_path: Path, stored: ValidationResult) -> None:
    root = tmp_path / "here"

    def stop(done: int, total: int, message: str) -> None:
        if "windows" in message and done > 0:
            raise StopError

    with pytest.raises(StopError):
        run(root, progress=stop)
    (unfinished,) = root.glob(".unfinished-*")
    assert (unfinished / "rows.bin").stat().st_size > 0
    assert without_times(run(root).artifacts.result) == without_times(stored.artifacts.result)
    assert not list(root.glob(".*"))


def test_single_stages_give_no_verdict_and_no_file(tmp_path: Path) -> None:
    candles, count = candles_of(BARS), counter_beside(tmp_path / "here")
    names = parse_stages("lookahead, in-sample,audit")
    found = validate_stages(SUBJECT, candles, ValidationRequest(plan_of(), SETTINGS), count, names)
    assert list(found.stages) == ["lookahead", "in_sample", "audit"]
    assert found.stages["in_sample"]["evaluated"] == 12
    assert count(SUBJECT.source, unsealed(candles), SETTINGS).count().configurations == 12
    audited = validate_stages(SUBJECT, candles, ValidationRequest(plan_of(), SETTINGS), count, ("audit",))
    assert audited.parameters == {}
    with pytest.raises(InputError, match="Did you mean 'costs'"):
        parse_stages("cost")


def test_days_of_the_seal_are_a_tenth() -> None:
    assert sealed_from(candles_of(BARS)) == SEALED
    assert (BARS.open_time_ns[-1] - BARS.open_time_ns[SEALED]) / DAY_NS == pytest.approx(40, abs=0.1)
