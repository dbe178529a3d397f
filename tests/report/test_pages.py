"""Pages of runs at the edges: written without a warning, well formed, escaped, and bounded in size."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from skills_lib.backtest.model import BacktestResult
from skills_lib.backtest.report.draw import drawings
from skills_lib.backtest.report.page import backtest_page
from skills_lib.backtest.report.series import RunSeries
from skills_lib.report.drawings import draw_missing
from skills_lib.report.page import render
from tests.html import fetched
from tests.report.pages import CASES, HOSTILE, TRADES, run_case

_VOID = {"meta", "br", "img", "input", "link", "hr"}
MAX_BYTES = 1_500_000


class _Nesting(HTMLParser):
    """Checks that every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(page: str) -> None:
    """Well formed, fetches nothing, and has no number that is none."""
    parser = _Nesting()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert fetched(page) == []
    assert not re.search(r'="[^"]*\b(?:nan|inf)\b', page)
    assert not re.search(r">[^<]*\b(?:nan|None|inf)\b[^<]*<", page.split("<body>")[1].split("<script>")[0])
    assert len(page) < MAX_BYTES


@pytest.mark.parametrize("name", CASES)
def test_a_page_at_the_edge_is_whole(tmp_path: Path, name: str) -> None:
    found = run_case(name, tmp_path)
    assert not [text for text in found.warnings if "could not be written" in text]
    assert found.metrics["trades"] == TRADES.get(name, found.metrics["trades"])
    if name == "ruined":
        assert found.metrics["return_pct"] == pytest.approx(-100)
    check(found.artifacts.page.read_text())
    outcome = draw_missing(drawings(found))
    assert (outcome.files, outcome.problems) == ([found.artifacts.picture], [])


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> BacktestResult:
    return run_case("many trades", tmp_path_factory.mktemp("ordinary"))


def series_of(result: BacktestResult) -> RunSeries:
    return RunSeries.read(result.artifacts, result.settings.cash, result.costs)


def test_names_and_texts_are_escaped(ordinary: BacktestResult) -> None:
    verdict = ordinary.verdict.model_copy(update={"reasons": [HOSTILE]})
    changed = {"strategy": HOSTILE, "source": HOSTILE, "symbol": HOSTILE, "warnings": [HOSTILE], "verdict": verdict}
    page = render(backtest_page(ordinary.model_copy(update=changed), series_of(ordinary)))
    check(page)
    assert "window.hit=1</script>" not in page
    assert page.count("</style>") == 1
    assert "{{7*7}}" in page


def test_the_sentence_says_what_happened_after_which_costs_and_beside_what(ordinary: BacktestResult) -> None:
    def lead(**figures: float | None) -> str:
        changed = ordinary.model_copy(update={"metrics": ordinary.metrics | figures})
        return backtest_page(changed, series_of(ordinary)).lead

    better = lead(return_pct=12.0, buy_hold_return_pct=-3.0)
    assert "gained 12.0 % after costs (default: 20 bps commission per side): better than holding" in better
    assert "worse than holding, which gained 20.0 % without costs" in lead(return_pct=12.0, buy_hold_return_pct=20.0)
    assert "about as much as holding" in lead(return_pct=12.0, buy_hold_return_pct=12.01)
    assert "lost everything" in lead(return_pct=-100.0, buy_hold_return_pct=1.0)
    assert "never traded, so nothing was tested" in lead(trades=0, return_pct=0.0)
    assert all("This is in-sample" in lead(return_pct=value) for value in (-5.0, 0.0, 5.0))


def test_the_slider_gives_the_net_profit_of_the_run_at_its_own_cost(ordinary: BacktestResult) -> None:
    page = ordinary.artifacts.page.read_text()
    (slider,) = re.findall(r'<div class="slider"[^>]*>', page)
    given = {name: float(value) for name, value in re.findall(r'data-(\w+)="([^"]+)"', slider)}
    net = given["gross"] - given["funding"] - given["charged"] / 1e4 * given["notional"]
    assert net == pytest.approx(ordinary.metrics["net_pnl"])
    assert given["charged"] == pytest.approx(20)
    ends = re.search(r"The edge ends at ([\d.]+) bps|There is no edge to lose", page)
    assert ends
    if ends[1]:
        assert float(ends[1]) == pytest.approx(ordinary.metrics["break_even_cost_bps"], abs=0.05)


@pytest.mark.parametrize("trades", [0, 100_000])
def test_a_page_of_two_years_of_minutes_is_small(ordinary: BacktestResult, trades: int) -> None:
    count = 1_051_200
    rng, series = np.random.default_rng(1), series_of(ordinary)
    times = series.open_time_ns[0] + 60_000_000_000 * np.arange(count, dtype=np.int64)
    close = 100 * np.exp(rng.normal(0, 1e-4, count).cumsum())
    at = np.sort(rng.integers(0, count, trades))
    columns = {name: np.resize(getattr(series.trades, name), trades) for name in ("pnl", "notional", "entry_notional")}
    many = replace(
        series.trades,
        entry_ns=times[at],
        exit_ns=times[at],
        side=np.where(at % 2, 1.0, -1.0),
        entry_price=close[at],
        exit_price=close[at],
        **columns,
    )
    whole = RunSeries(times, close, close * 1_000, np.zeros(count), many)
    page = render(backtest_page(ordinary.model_copy(update={"timeframe": "1m"}), whole))
    check(page)
    assert ("150 of 100,000 trades are marked" in page) == bool(trades)
