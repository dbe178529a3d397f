"""`twokey test-strategy`, `runs`, `compare`: results, and one-line errors for invalid input."""

import json
from pathlib import Path

import pytest

from skills_lib.market import candles
from skills_lib.settings import Settings
from tests.command import Command, report_of

KEYS = {
    "run_id",
    "strategy",
    "symbol",
    "timeframe",
    "source",
    "bars",
    "start",
    "end",
    "parameters",
    "costs",
    "metrics",
    "verdict",
    "artifacts",
}
FIGURES = {
    "return_pct",
    "buy_hold_return_pct",
    "cagr_pct",
    "sharpe",
    "sortino",
    "max_drawdown_pct",
    "win_rate_pct",
    "profit_factor",
    "trades",
    "exposure_pct",
    "fees_paid",
    "break_even_cost_bps",
}
SAMPLE = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01")
MAIN_JOB = ("test-strategy", "BTC", "1h", "sma_crossover", *SAMPLE)


def test_json_is_exactly_one_object_with_what_programs_need(twokey: Command) -> None:
    done = twokey(*MAIN_JOB, "--json")
    result = json.loads(done.out)
    assert done.code == 0
    assert result.keys() >= KEYS
    assert result["metrics"].keys() >= FIGURES
    assert result["verdict"].keys() == {"label", "reasons"}
    assert result["symbol"] == "BTCUSDT"
    assert result["bars"] == 59 * 24


def test_the_sample_is_called_synthetic_on_every_output(twokey: Command) -> None:
    screen = twokey(*MAIN_JOB).out
    result = json.loads(twokey(*MAIN_JOB, "--json").out)
    assert "SYNTHETIC" in screen
    assert result["synthetic"] is True
    assert "synthetic" in result["source"]
    assert "SYNTHETIC" in Path(result["artifacts"]["report"]).read_text()
    assert "synthetic" in twokey("runs").out


def test_the_screen_shows_verdict_costs_and_where_the_report_is(twokey: Command, workspace: Settings) -> None:
    screen = twokey(*MAIN_JOB).out
    assert "in-sample" in screen
    assert "Break-even cost per side" in screen
    assert any(label in screen for label in ("SOLID", "MIXED", "WEAK"))
    report = report_of(screen)
    assert report.is_file()
    assert workspace.results_dir in report.parents


def test_parameters_and_costs_reach_the_run(twokey: Command) -> None:
    options = ("--param", "fast=12", "--param", "slow=40", "--costs", "usdm-taker", "--slippage-bps", "1")
    result = json.loads(twokey(*MAIN_JOB, *options, "--json").out)
    assert result["parameters"] == {"fast": 12, "slow": 40}
    assert result["costs"]["commission_bps"] == 5
    assert result["costs"]["slippage_bps"] == 1
    assert result["costs"]["name"] == "usdm-taker, adjusted"


def test_a_file_of_candles_is_tested_as_it_is(twokey: Command, tmp_path: Path) -> None:
    file = write_candles(tmp_path / "btc.csv", rows=200)
    result = json.loads(twokey("test-strategy", "BTC", "1h", "sma_crossover", "--data", str(file), "--json").out)
    assert result["bars"] == 200
    assert "btc.csv" in result["source"]
    assert result["synthetic"] is False


def test_runs_lists_the_newest_first_and_compare_shows_two_side_by_side(twokey: Command) -> None:
    first = json.loads(twokey(*MAIN_JOB, "--json").out)["run_id"]
    second = json.loads(twokey(*MAIN_JOB, "--param", "fast=14", "--json").out)["run_id"]
    listed = json.loads(twokey("runs", "--json").out)
    assert [run["run_id"] for run in listed["runs"]] == [second, first]
    compared = json.loads(twokey("compare", first[:8], second[:8], "--json").out)
    assert [run["run_id"] for run in compared["runs"]] == [first, second]
    assert "overfitting" in compared["warnings"][-1]
    assert "sma_crossover" in twokey("compare", first, second).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("BTC", "1h", "sma_crosover", *SAMPLE), "Unknown strategy 'sma_crosover'. Did you mean 'sma_crossover'?"),
        (("BTC", "1hr", "sma_crossover", *SAMPLE), "Unknown timeframe '1hr'."),
        (("B T C", "1h", "sma_crossover", *SAMPLE), "'B T C' is not a symbol."),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--param", "fast=900"), "Parameter fast=900 is not allowed."),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--param", "fast=ten"), "Parameter fast=ten is not allowed."),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--param", "fst=9"), "Unknown parameter 'fst'. Did you mean 'fast'?"),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--param", "fast=50"), "fast=50, slow=30 violates the constraint"),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--param", "fast"), "--param fast is not NAME=VALUE."),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--costs", "binance"), "Unknown costs 'binance'."),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--cash", "-5"), "cash=-5.0 is not allowed"),
        (("BTC", "1h", "sma_crossover", *SAMPLE, "--leverage", "500"), "leverage=500.0 is not allowed"),
        (("BTC", "1h", "sma_crossover", "--source", "sampel"), "Unknown source 'sampel'. Did you mean 'sample'?"),
        (("BTC", "1h", "sma_crossover", "--since", "2024-01-01", "--until", "2023-01-01"), "is not before"),
        (("BTC", "1h", "sma_crossover", "--since", "yesterdayish"), "yesterdayish"),
        (("BTC", "1h", "sma_crossover", "--data", "nowhere.csv"), "nowhere.csv"),
        (
            ("BTC", "1h", "sma_crossover", "--source", "sample", "--since", "2023-01-01", "--until", "2023-01-02"),
            "24 bars are fewer than the warm-up",
        ),
    ],
)
def test_bad_input_is_refused_in_one_line_with_exit_code_2(
    twokey: Command, workspace: Settings, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey("test-strategy", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert not list(workspace.results_dir.glob("*/result.json"))


def test_an_unknown_run_is_refused(twokey: Command) -> None:
    done = twokey("compare", "abc", "def")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "Unknown run 'abc'" in done.err


def test_a_plain_backtesting_strategy_dropped_into_the_workspace_is_tested(
    twokey: Command, workspace: Settings
) -> None:
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "every_day.py").write_text(
        "from backtesting import Strategy\n\n\nclass EveryDay(Strategy):\n    hour = 3\n\n"
        "    def init(self):\n        pass\n\n    def next(self):\n"
        "        if self.data.index[-1].hour == self.hour:\n            self.buy()\n"
    )
    result = json.loads(twokey("test-strategy", "BTC", "1h", "every_day", *SAMPLE, "--param", "hour=5", "--json").out)
    assert result["parameters"] == {"hour": 5}
    assert result["metrics"]["trades"] == 59


def write_candles(path: Path, rows: int) -> Path:
    """A realistic CSV, cut from the deterministic sample."""
    from skills_lib.domain.instruments import Instrument
    from skills_lib.domain.timeframes import Timeframe

    request = candles.CandleRequest(Instrument("BTC"), Timeframe.H1, source=candles.Source.SAMPLE)
    frame = candles.load(request, Settings()).bars.to_frame()[:rows].rename(columns=str.lower)
    frame.to_csv(path, date_format="%Y-%m-%dT%H:%M:%SZ")
    return path
