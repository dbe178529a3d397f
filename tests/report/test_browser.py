"""Every page in a real browser whose network is cut: no request, no error, nothing cut off, and a slider that works."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skills_lib.backtest.report.page import held_curve
from skills_lib.backtest.report.series import RunSeries
from skills_lib.domain.time import utc
from tests.report.browser import chromium, faults_of, opened
from tests.report.pages import CASES, HOSTILE, run_case

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MARKET = ("BTC", "1h", "--source", "sample")
SPACE = ("--param", "fast=5,10,20", "--param", "slow=40,80,160", "--until", "2023-09-01")
VERBS = {
    "test-strategy": ("test-strategy", *MARKET[:2], "sma_crossover", *MARKET[2:]),
    "optimize": ("optimize", "sma_crossover", *MARKET, *SPACE),
    "optimize, one parameter": ("optimize", "sma_crossover", *MARKET, "--param", "fast=5:25:5", "--param", "slow=50"),
    "optimize, more values than cells": ("optimize", "sma_crossover", *MARKET, "--method", "random", "--trials", "300",
        "--until", "2023-03-01", "--min-trades", "1"),
    "walk-forward": ("walk-forward", "sma_crossover", *MARKET, *SPACE, "--train", "60d", "--test", "30d"),
    "validate": ("validate", "sma_crossover", *MARKET, *SPACE, "--timeframes", "4h"),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_HOME", str(folder))
        patch.setenv("TWOKEY_LEDGER_DIR", str(folder / "user"))
        yield folder


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_of_a_verb_stands_alone_and_is_readable(browser: "Browser", home: Path, verb: str) -> None:
    from scripts.cli import make_app

    before = set(home.rglob("report.html"))
    make_app()(list(VERBS[verb]), standalone_mode=False)
    (page,) = set(home.rglob("report.html")) - before
    assert faults_of(browser, page) == []


@pytest.mark.parametrize("name", CASES)
def test_the_page_of_a_run_at_the_edge_is_readable(browser: "Browser", tmp_path: Path, name: str) -> None:
    assert faults_of(browser, run_case(name, tmp_path).artifacts.page) == []


def test_a_hostile_name_is_text(browser: "Browser", tmp_path: Path) -> None:
    with opened(browser, run_case("one trade", tmp_path, HOSTILE).artifacts.page) as found:
        assert found.evaluate("window.hit") is None
        assert HOSTILE in found.evaluate("document.querySelector('h1').textContent")
        assert HOSTILE in found.page.title()


def test_the_slider_shows_where_the_edge_ends(browser: "Browser", tmp_path: Path) -> None:
    result = run_case("many trades", tmp_path)
    even = result.metrics["break_even_cost_bps"]
    with opened(browser, result.artifacts.page) as found:
        answer = found.page.locator("#cost-answer")
        assert "as charged in this run" in answer.inner_text()
        assert f"net profit {result.metrics['net_pnl']:,.0f}" in answer.inner_text()
        lines = set()
        slider = found.page.locator("#cost-bps")
        highest = float(slider.get_attribute("max") or 0)
        for cost in (0.0, highest / 2, highest):
            slider.fill(f"{cost:g}")
            gone = even is None or cost > even
            assert ("The edge is gone." if gone else "The edge is alive.") in answer.inner_text()
            assert answer.inner_text().startswith(f"{cost:,.1f} bps per side")
            lines.add(found.page.locator("#cost-line").get_attribute("x1"))
        assert lines == {"0%", "50%", "100%"}
        slider.press("ArrowLeft")
        assert not answer.inner_text().startswith(f"{highest:,.1f} bps")
        assert found.said == []


def test_the_pointer_reads_the_lines_of_a_chart(browser: "Browser", tmp_path: Path) -> None:
    result = run_case("many trades", tmp_path)
    series, bars = RunSeries.read(result.artifacts, result.settings.cash, result.costs), result.bars
    held_by_bar = held_curve(series.close, result.settings.cash, result.metrics["buy_hold_return_pct"] or 0.0)
    with opened(browser, result.artifacts.page) as found:
        plot = found.page.locator(".plot").first
        assert plot.locator(".readout").is_hidden()
        plot.scroll_into_view_if_needed()
        box = plot.locator("svg").first.bounding_box()
        assert box
        for share in (0.25, 0.75):
            found.page.mouse.move(box["x"] + share * box["width"], box["y"] + 50)
            time, held, own = plot.locator(".readout").inner_text().splitlines()
            near = slice(round(share * bars) - bars // 100, round(share * bars) + bars // 100)
            days = {utc(series.open_time_ns[near][end])[:10] for end in (0, -1)}
            assert min(days) <= time <= max(days)
            for line, name, values in (
                (held, "Buy and hold, no costs", held_by_bar[near]),
                (own, "Strategy, after costs", series.equity[near]),
            ):
                label, _, value = line.partition(": ≈ ")
                assert label == name
                assert values.min() * 0.998 <= float(value.replace(",", "")) <= values.max() * 1.002
        found.page.mouse.move(0, 0)
        assert plot.locator(".readout").is_hidden()
        assert found.said == []


def test_a_page_that_fetches_is_found_out(browser: "Browser", tmp_path: Path) -> None:
    page = tmp_path / "foreign.html"
    page.write_text(
        '<img src="http://foreign.example/pixel.gif"><link rel=stylesheet href="https://cdn.example/a.css">'
    )
    with opened(browser, page) as found:
        assert {url for url in found.requests if not url.startswith("file:")} == {
            "http://foreign.example/pixel.gif", "https://cdn.example/a.css",
        }  # fmt: skip
        assert found.said


def test_the_policy_of_a_page_stops_what_a_mistake_would_fetch(browser: "Browser", tmp_path: Path) -> None:
    page = run_case("one trade", tmp_path).artifacts.page
    page.write_text(page.read_text().replace("<main>", '<main><img src="http://foreign.example/pixel.gif">'))
    with opened(browser, page) as found:
        assert any("Content Security Policy" in text for text in found.said)
