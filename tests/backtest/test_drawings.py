"""Pages and pictures come after the result is safe, and what they leave behind fetches nothing."""

import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from skills_lib.backtest.model import BacktestResult, BacktestSettings, EngineName
from skills_lib.backtest.pipeline import run_backtest
from skills_lib.backtest.reference.run import reference_backtest
from skills_lib.backtest.report.draw import drawings
from skills_lib.backtest.report.plot import plot_run, write_plot
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import preset
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, never
from skills_lib.report.drawings import Outcome, draw_missing
from tests.backtest.market import candles_of, hourly_bars, random_walk
from tests.command import Command
from tests.counting import counter_beside
from tests.html import fetched, title_of

ENGINES: tuple[EngineName, ...] = ("reference", "kernel")
SHORT = (
    "test-strategy",
    "BTC",
    "1h",
    "sma_crossover",
    "--source",
    "sample",
    "--since",
    "2024-01-01",
    "--until",
    "2024-02-01",
)
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


class Alternates(SignalStrategy):
    """Long and short by turns, twelve bars each."""

    def signals(self, bars: Bars) -> Signals:
        turn = np.arange(len(bars)) % 24
        none = never(len(bars))
        return Signals(turn == 1, turn == 13, none, none)


def run(
    store: RunStore, strategy: type[SignalStrategy], bars: Bars, engine: EngineName = "reference", **settings: object
) -> BacktestResult:
    subject = LoadedStrategy("held", strategy, Path(__file__))
    given = {"costs": preset("free"), "cash": 1_000, "engine": engine} | settings
    return run_backtest(subject, candles_of(bars), {}, BacktestSettings(**given), store, counter_beside(store.root))


def plot_of(strategy: type[SignalStrategy], bars: Bars, found: BacktestResult) -> str:
    path = found.artifacts.result.parent / "plot.html"
    assert draw_missing({path: lambda made: plot_run(made, strategy, bars, found)}) == Outcome([path])
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_without_a_drawdown_is_answered_and_plotted(store: RunStore, engine: EngineName) -> None:
    found = run(store, HoldFromTheStart, RISING, engine)
    assert found.metrics["max_drawdown_pct"] == 0
    assert found.metrics["final_equity"] == pytest.approx(float(Fraction(1_000, 102) * 139), rel=1e-6)  # 102 to 139
    assert found.warnings == []
    page = plot_of(HoldFromTheStart, RISING, found)
    assert "Max Dd Dur." not in page
    assert "Final (" in page


def test_a_long_run_without_a_drawdown_is_plotted_on_coarser_candles(store: RunStore) -> None:
    bars = hourly_bars(np.linspace(100, 200, 12_000).tolist())
    found = run(store, HoldFromTheStart, bars, "kernel")
    assert found.warnings == []
    assert "Max Dd Dur." not in plot_of(HoldFromTheStart, bars, found)


def test_a_run_without_a_trade_is_plotted(store: RunStore) -> None:
    bars = random_walk(50, seed=1)
    assert fetched(plot_of(NeverTrades, bars, run(store, NeverTrades, bars))) == []


def test_the_plot_fetches_nothing_and_says_what_it_shows(store: RunStore) -> None:
    bars = random_walk(300, seed=2)
    page = plot_of(HoldFromTheStart, bars, run(store, HoldFromTheStart, bars))
    assert fetched(page) == []
    assert title_of(page) == "held · BTCUSDT 1h · in-sample"
    assert "plx.gif" not in page
    assert "Max Dd Dur." in page
    assert "Bokeh" in page


def test_a_plot_of_too_many_bars_is_refused_with_what_to_do(store: RunStore) -> None:
    found, bars = run(store, NeverTrades, random_walk(50, seed=1)), random_walk(50_001, seed=1)
    with pytest.raises(InputError, match=r"50,001 bars.*up to 50,000.*shorter span"):
        plot_run(store.root / "plot.html", NeverTrades, bars, found)


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

    bars = random_walk(50, seed=1)
    plot_of(HoldFromTheStart, bars, run(store, HoldFromTheStart, bars))
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


@pytest.mark.parametrize("engine", ENGINES)
def test_a_page_of_the_stored_files_is_the_page_of_the_run(store: RunStore, engine: EngineName) -> None:
    for strategy, bars in (
        (Alternates, random_walk(2_000, seed=3)),
        (HoldFromTheStart, RISING),
        (NeverTrades, random_walk(50, seed=1)),
    ):
        found = run(store, strategy, bars, engine, costs=preset("usdm-taker"))
        page = found.artifacts.page.read_text()
        assert fetched(page) == []
        found.artifacts.page.unlink()
        assert draw_missing(drawings(found)) == Outcome([found.artifacts.page, found.artifacts.picture])
        assert found.artifacts.page.read_text() == page


def test_a_page_that_fails_is_a_warning_of_one_answer_and_drawn_with_the_next(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("jinja2.environment.Template.render", broken)
        found = run(store, HoldFromTheStart, RISING)
    (warning,) = found.warnings
    assert warning == "report.html could not be written: ZeroDivisionError: no drawing today. All figures are complete."
    assert {path.name for path in found.artifacts.result.parent.iterdir()} == {
        "equity.csv", "report.md", "result.json", "trades.csv",
    }  # fmt: skip
    again = run(store, HoldFromTheStart, RISING)
    assert again == store.get(found.run_id) == found.model_copy(update={"warnings": []})
    assert draw_missing(drawings(again)) == Outcome([found.artifacts.page, found.artifacts.picture])


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_answers_before_it_draws_and_a_drawing_that_fails_is_a_line_after_the_answer(
    twokey: Command, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    done = twokey(*SHORT, *(["--json"] if as_json else []))
    assert done.code == 0
    assert (
        done.err
        == "! equity.png could not be written: ZeroDivisionError: no drawing today. All figures are complete.\n"
    )
    if as_json:
        assert Path(json.loads(done.out)["artifacts"]["page"]).is_file()
    else:
        assert "report.html\n" in done.out
        assert done.out.splitlines()[-1].startswith("next: ")


def test_what_is_missing_is_drawn_by_the_next_call_and_nothing_else(twokey: Command) -> None:
    first = json.loads(twokey(*SHORT, "--json").out)
    page, picture = (Path(first["artifacts"][name]) for name in ("page", "picture"))
    written = page.stat().st_mtime_ns
    picture.unlink()
    again = twokey(*SHORT, "--json")
    assert json.loads(again.out) == first
    assert re.fullmatch(r"Drawn in \d+\.\d s: equity\.png in \S+\n", again.err)
    assert page.stat().st_mtime_ns == written
    assert twokey(*SHORT, "--json").err == ""


def test_the_plot_is_written_when_it_is_asked_for(twokey: Command) -> None:
    found = json.loads(twokey(*SHORT, "--json").out)
    plot = Path(found["artifacts"]["result"]).parent / "plot.html"
    assert not plot.exists()
    assert "plot.html" in twokey(*SHORT, "--plot").err
    assert fetched(plot.read_text()) == []


def whole_command(home: Path, patch: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with some of its code replaced."""
    code = f"import os, signal, sys\n{patch}\nsys.argv = {['twokey', *SHORT]!r}\nfrom scripts.cli import main\nmain()\n"
    environment = dict(os.environ) | {"TWOKEY_HOME": str(home)}
    return subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("sent", ["SIGKILL", "SIGINT"])
def test_a_process_that_ends_while_it_draws_has_answered_and_stored_the_run(tmp_path: Path, sent: str) -> None:
    patch = (
        f"from matplotlib.figure import Figure\nFigure.savefig = lambda *_, **__: os.kill(os.getpid(), signal.{sent})"
    )
    done = whole_command(tmp_path, patch)
    assert done.returncode == (-signal.SIGKILL if sent == "SIGKILL" else 130)
    assert "in-sample" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("next: ")
    if sent == "SIGINT":
        assert "The answer is complete and stored" in done.stderr
    store = RunStore(tmp_path / "backtests" / "results")
    (stored,) = store.runs()
    assert len(store.trades(stored.run_id)) == stored.metrics["trades"] > 0
    assert stored.artifacts.page.is_file()
    assert not stored.artifacts.picture.exists()
    again = whole_command(tmp_path, "")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert "equity.png" in again.stderr
    assert stored.artifacts.picture.read_bytes().startswith(b"\x89PNG")


def test_a_short_market_that_falls_and_never_recovers_is_answered(shared_data: Path, twokey: Command) -> None:
    file = shared_data / "candles" / "binance_spot_SOLUSDT_1d_20200920_20240630.csv.gz"
    span = ("--since", "2020-12-07", "--until", "2021-03-27")
    done = twokey("test-strategy", "SOL", "1d", "sma_crossover", "--data", str(file), *span, "--json")
    assert done.code == 0
    assert done.answer["metrics"]["trades"] == 1
