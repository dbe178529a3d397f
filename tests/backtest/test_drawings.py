"""Pictures and plots come after the result is safe, and what they leave behind fetches nothing."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from backtesting import Backtest

from skills_lib.backtest.model import BacktestResult, BacktestSettings, EngineName
from skills_lib.backtest.pipeline import run_backtest
from skills_lib.backtest.reference.run import reference_backtest
from skills_lib.backtest.report.plot import write_plot
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import preset
from skills_lib.domain.signals import Signals, never
from tests.backtest.market import candles_of, hourly_bars, random_walk
from tests.command import Command
from tests.counting import counter_beside
from tests.html import fetched, title_of

ENGINES: tuple[EngineName, ...] = ("reference", "kernel")
RISING = hourly_bars([100.0 + bar for bar in range(40)])


class HoldFromTheStart(SignalStrategy):
    """Buys at the third open and holds; on rising bars it has no drawdown."""

    def signals(self, bars: Bars) -> Signals:
        entry = never(len(bars)).copy()
        entry[1] = True
        none = never(len(bars))
        return Signals(entry, none, none, none)


class NeverTrades(SignalStrategy):
    """Has no signal."""

    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(none, none, none, none)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "results")


def run(
    store: RunStore, strategy: type[SignalStrategy], bars: Bars, engine: EngineName = "reference"
) -> BacktestResult:
    subject = LoadedStrategy("held", strategy, Path(__file__))
    settings = BacktestSettings(costs=preset("free"), cash=1_000, engine=engine)
    return run_backtest(subject, candles_of(bars), {}, settings, store, counter_beside(store.root))


def plot_of(result: BacktestResult) -> str:
    assert result.artifacts.plot is not None
    return result.artifacts.plot.read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_without_a_drawdown_is_answered_and_plotted(store: RunStore, engine: EngineName) -> None:
    found = run(store, HoldFromTheStart, RISING, engine)
    assert found.metrics["max_drawdown_pct"] == 0
    assert found.metrics["final_equity"] == pytest.approx(float(Fraction(1_000, 102) * 139), rel=1e-6)  # 102 to 139
    assert found.warnings == []
    page = plot_of(found)
    assert "Max Dd Dur." not in page
    assert "Final (" in page
    assert found.artifacts.picture is not None
    assert found.artifacts.picture.is_file()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_run_without_a_drawdown_is_plotted_on_coarser_candles(store: RunStore, engine: EngineName) -> None:
    found = run(store, HoldFromTheStart, hourly_bars(np.linspace(100, 200, 12_000).tolist()), engine)
    assert found.warnings == []
    assert "Max Dd Dur." not in plot_of(found)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_without_a_trade_is_answered_and_plotted(store: RunStore, engine: EngineName) -> None:
    found = run(store, NeverTrades, random_walk(50, seed=1), engine)
    assert (found.metrics["trades"], found.warnings) == (0, [])
    assert fetched(plot_of(found)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_plot_fetches_nothing_and_says_what_it_shows(store: RunStore, engine: EngineName) -> None:
    page = plot_of(run(store, HoldFromTheStart, random_walk(300, seed=2), engine))
    assert fetched(page) == []
    assert title_of(page) == "held · BTCUSDT 1h · in-sample"
    assert "plx.gif" not in page
    assert "Max Dd Dur." in page
    assert "Bokeh" in page


def test_a_page_of_bare_backtesting_py_does_fetch(tmp_path: Path) -> None:
    backtest = reference_backtest(HoldFromTheStart, random_walk(50, seed=1), BacktestSettings())
    backtest.run()
    backtest.plot(filename=str(tmp_path / "bare.html"), open_browser=False)
    found = fetched((tmp_path / "bare.html").read_text())
    assert any("cdn.bokeh.org" in text for text in found)
    assert any("plx.gif" in text for text in found)


def test_a_page_written_after_a_plot_has_none_of_its_frame(store: RunStore) -> None:
    from bokeh.embed import file_html
    from bokeh.plotting import figure
    from bokeh.resources import INLINE

    run(store, HoldFromTheStart, random_walk(50, seed=1))
    assert fetched(file_html(figure(), INLINE, "another page of the same process")) == []


def test_plots_of_several_threads_have_no_frame_either(tmp_path: Path) -> None:
    backtest = reference_backtest(HoldFromTheStart, random_walk(50, seed=1), BacktestSettings())
    backtest.run()
    paths = [tmp_path / f"{number}.html" for number in range(6)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda path: write_plot(path, backtest, "<one of six>"), paths))
    for path in paths:
        assert fetched(path.read_text()) == []
        assert title_of(path.read_text()) == "&lt;one of six&gt;"


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("no drawing today\nsecond line")


def test_a_plot_that_fails_is_a_warning(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backtest, "plot", broken)
    found = run(store, HoldFromTheStart, RISING)
    (warning,) = found.warnings
    assert warning.startswith("plot.html could not be written: ZeroDivisionError: no drawing today. All figures")
    assert found.artifacts.plot is None
    assert found.artifacts.picture is not None
    assert store.find(found.run_id) == store.get(found.run_id) == found
    assert run(store, HoldFromTheStart, RISING) == found
    report = found.artifacts.report.read_text()
    assert warning in report
    assert "plot.html)" not in report
    assert {path.name for path in found.artifacts.result.parent.iterdir()} == {
        "equity.csv", "equity.png", "report.md", "result.json", "trades.csv",
    }  # fmt: skip


def test_a_picture_that_cannot_even_start_is_a_warning(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = run(store, HoldFromTheStart, RISING)
    assert [text.split(":")[0] for text in found.warnings] == ["equity.png could not be written"]
    assert found.artifacts.picture is None
    assert "equity.png)" not in found.artifacts.report.read_text()
    assert store.get(found.run_id) == found


def test_a_picture_whose_process_fails_is_a_warning(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    found = run(store, HoldFromTheStart, RISING)
    assert [text.split(":")[0] for text in found.warnings] == ["equity.png could not be written"]
    assert store.get(found.run_id).metrics == found.metrics


def test_a_process_killed_by_its_drawing_has_stored_the_run(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom backtesting import Backtest\n"
        "Backtest.plot = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['twokey', 'test-strategy', 'BTC', '1h', 'sma_crossover', '--source', 'sample',"
        " '--since', '2024-01-01', '--until', '2024-02-01']\n"
        "from scripts.cli import main\nmain()\n"
    )
    environment = dict(os.environ) | {"TWOKEY_HOME": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    (stored,) = RunStore(tmp_path / "backtests" / "results").runs()
    assert stored.metrics["trades"]
    assert len(RunStore(tmp_path / "backtests" / "results").trades(stored.run_id)) == stored.metrics["trades"]
    assert "Drawings are missing" in stored.warnings[0]
    assert (stored.artifacts.plot, stored.artifacts.picture) == (None, None)


def test_the_command_prints_the_answer_and_the_warning(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backtest, "plot", broken)
    done = twokey("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample", "--until", "2024-02-01")
    assert done.code == 0
    assert "! plot.html could not be written" in done.out
    assert "Traceback" not in done.err


def test_a_short_market_that_falls_and_never_recovers_is_answered(shared_data: Path, twokey: Command) -> None:
    file = shared_data / "candles" / "binance_spot_SOLUSDT_1d_20200920_20240630.csv.gz"
    span = ("--since", "2020-12-07", "--until", "2021-03-27")
    done = twokey("test-strategy", "SOL", "1d", "sma_crossover", "--data", str(file), *span, "--json")
    assert done.code == 0
    assert done.answer["metrics"]["trades"] == 1
