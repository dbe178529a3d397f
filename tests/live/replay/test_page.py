"""The page of a replay in a real browser, and what it says where there is little to say."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live.enums import Side
from live.replay.figures.intervals import Interval
from live.replay.figures.trades import TapeTrades, trade_figures
from live.replay.report.draw import drawings
from live.replay.report.method import METHOD_LIMITS
from live.replay.study.model import ReplayReport, SweepPoint
from skills_lib.report.drawings import draw_missing
from tests.live.replay.test_study import EDGE, studied
from tests.live.replay.trips import SECOND, maker_fill
from tests.report.browser import chromium, faults_of, opened
from tests.report.pages import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


def page_of(folder: Path, report: ReplayReport) -> Path:
    outcome = draw_missing(drawings(folder, report))
    assert outcome.problems == []
    return outcome.files[0]


def with_makers(report: ReplayReport) -> ReplayReport:
    """The report with maker fills, of which the last have no mid a minute later."""
    fills = tuple(
        maker_fill(60_000, (60_001, 60_000 - n % 7, 59_990, 59_980 if n < 30 else 0), Side.BUY, 20 * n)
        for n in range(40)
    )
    makers = trade_figures([TapeTrades((), fills, 900 * SECOND)], seed=1)
    shown = {"maker_fills": makers.maker_fills, "markouts": makers.markouts}
    return report.model_copy(update={"figures": report.figures.model_copy(update=shown)})


def test_the_page_of_a_sweep_with_makers_is_readable(browser: "Browser", tmp_path: Path) -> None:
    report = with_makers(studied(tmp_path, [EDGE, (0.5, 40, 3)], ["2", "2.5", "3", "3.5", "4"]))
    page = page_of(tmp_path, report)
    assert faults_of(browser, page) == []
    text = page.read_text(encoding="utf-8")
    assert all(title in text for title in ("<h2>Sweep</h2>", "<h2>Maker fills</h2>", "<h2>Tapes</h2>"))
    assert "buy_ratio=3 " in text or "buy_ratio=3<" in text


def swept_over(report: ReplayReport, names: Sequence[str], *values: Sequence[str]) -> ReplayReport:
    """The report as if its best figures were those of a sweep over these parameters."""
    points = []
    for number, combination in enumerate(product(*values)):
        parameters = dict(zip(names, combination, strict=True))
        mean = Interval(mean=number - 5.0, ci95=(number - 7.0, number - 3.0), error=1.0) if number % 4 else Interval()
        points.append(
            SweepPoint(parameters=parameters, trades=40, gross_bps=mean, net_bps=mean, t=mean.t, chosen=number == 5)
        )
    return report.model_copy(update={"swept": tuple(points)})


@pytest.mark.parametrize(
    ("names", "values", "picture"),
    [
        (("buy_ratio", "depth"), (("2", "3", "4", "10"), ("3", "5", "20")), "by buy_ratio and depth"),
        (("entry",), (("taker", "post-only", "c", "d", "e", "f"),), "By entry"),
        (("depth", "entry"), (("1", "20", "3"), ("taker", "post-only")), "by depth and entry"),
        (("a", "b", "c"), (("1", "2"), ("1", "2"), ("1", "2")), ""),
    ],
)
def test_sweeps_over_numbers_and_words_have_a_readable_picture(
    browser: "Browser", tmp_path: Path, names: tuple[str, ...], values: tuple[tuple[str, ...], ...], picture: str
) -> None:
    page = page_of(tmp_path, swept_over(studied(tmp_path, [(1.0, 2, 1)]), names, *values))
    assert faults_of(browser, page) == []
    assert picture in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("episodes", [0, 1, 4])
def test_the_page_of_few_trades_is_readable_and_claims_nothing(
    browser: "Browser", tmp_path: Path, episodes: int
) -> None:
    report = studied(tmp_path, [(1.0, episodes, 1)])
    page = page_of(tmp_path, report)
    assert faults_of(browser, page) == []
    text = page.read_text(encoding="utf-8")
    assert "TOO FEW TRADES" in text
    assert "no conclusion" in text


def test_the_limits_of_the_method_are_on_the_page(tmp_path: Path) -> None:
    text = page_of(tmp_path, studied(tmp_path, [(1.0, 2, 1)])).read_text(encoding="utf-8")
    assert all(limit.split(";")[0] in text for limit in METHOD_LIMITS)


def test_a_hostile_name_of_a_tape_is_text(browser: "Browser", tmp_path: Path) -> None:
    report = studied(tmp_path, [(1.0, 2, 1)])
    named = report.model_copy(update={"tapes": (report.tapes[0].model_copy(update={"tape": HOSTILE}),)})
    with opened(browser, page_of(tmp_path, named)) as found:
        assert found.evaluate("window.hit") is None
        assert HOSTILE in found.evaluate("document.body.textContent")
        assert found.said == []
