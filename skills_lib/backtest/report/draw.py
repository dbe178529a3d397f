"""The drawings of a run: its page, and its picture for Markdown and for clients that show images.

Nothing heavy is imported before something is drawn: most answers have all their drawings.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.backtest.model import BacktestResult
from skills_lib.report.drawings import Drawings

if TYPE_CHECKING:
    from skills_lib.backtest.report.series import RunSeries


def drawings(result: BacktestResult) -> Drawings:
    """Page and picture of a stored run by path, drawn from the files of the run."""
    files = result.artifacts
    return {files.page: partial(_draw_page, result=result), files.picture: partial(_draw_picture, result=result)}


def page_of(result: BacktestResult, series: "RunSeries") -> Drawings:
    """The page alone, of a run whose series are in memory."""
    return {result.artifacts.page: partial(_draw_page, result=result, series=series)}


def title_of(result: BacktestResult) -> str:
    """The title of a picture: strategy, parameters, market, and that it is in-sample."""
    listed = ", ".join(f"{name} {value}" for name, value in result.parameters.items())
    parameters = f" ({listed})" if listed else ""
    label = "SYNTHETIC DATA, in-sample" if result.synthetic else "in-sample"
    return f"{result.strategy}{parameters} · {result.symbol} {result.timeframe} · {label}"


def _draw_page(path: Path, result: BacktestResult, series: "RunSeries | None" = None) -> None:
    from skills_lib.backtest.report.page import backtest_page
    from skills_lib.report.page import render

    path.write_text(render(backtest_page(result, series or _read(result))), encoding="utf-8")


def _draw_picture(path: Path, result: BacktestResult) -> None:
    from skills_lib.backtest.report.page import held_curve
    from skills_lib.backtest.report.picture import EquityCurve, draw_equity

    series, held = _read(result), result.metrics["buy_hold_return_pct"] or 0.0
    market = held_curve(series.close, result.settings.cash, held)
    draw_equity(path, EquityCurve(title_of(result), series.open_time_ns, series.equity, market, series.drawdown_pct))


def _read(result: BacktestResult) -> "RunSeries":
    from skills_lib.backtest.report.series import RunSeries

    return RunSeries.read(result.artifacts, result.settings.cash, result.costs)
