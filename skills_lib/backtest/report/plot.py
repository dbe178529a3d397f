"""Writes backtesting.py's interactive plot as one file that fetches nothing, for who asks for it.

The page of a run (`page.py`) shows the same and more in a hundredth of the size; this plot can be zoomed.

Left to itself, backtesting.py's plot loads Bokeh from a CDN and adds a hidden frame of a foreign host to the page
(`backtesting._plotting._add_popcon`). Here only its figures are taken; the page around them is ours.
"""

import threading
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from backtesting import Backtest, Strategy, _plotting
from backtesting._util import patch

from skills_lib.backtest.model import MAX_REFERENCE_BARS, BacktestResult
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.report.draw import title_of
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError

_LONGEST_DRAWDOWN = "Max Dd Dur."
_ONE_AT_A_TIME = threading.Lock()
"""Bokeh's current document belongs to the whole process."""


def plot_run(path: Path, strategy: type[Strategy], bars: Bars, result: BacktestResult) -> None:
    """Run the backtest of `result` again on backtesting.py, which trades the same as the kernel, and write its plot.

    Raises:
        InputError: more bars than backtesting.py plots in reasonable time.
    """
    if len(bars) > MAX_REFERENCE_BARS:
        raise InputError(
            f"backtesting.py's plot takes minutes for {len(bars):,} bars; it is written up to {MAX_REFERENCE_BARS:,}. "
            f"Use {result.artifacts.page}, or a shorter span."
        )
    write_plot(path, run_reference(strategy, bars, result.parameters, result.settings).backtest, title_of(result))


def write_plot(path: Path, backtest: Backtest, title: str) -> None:
    """Write the plot of the last run of `backtest` as a self-contained page called `title`."""
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    results, has_drawdown = _with_a_drawdown(backtest._results)
    with _ONE_AT_A_TIME:
        layout = _layout_of(backtest, results, path)
        if not has_drawdown:
            _remove_drawdown(layout)
        page = file_html(layout, INLINE, title)
    path.write_text(page, encoding="utf-8")


def _layout_of(backtest: Backtest, results: "pd.Series[Any]", path: Path) -> Any:
    from bokeh.io import reset_output

    try:
        with warnings.catch_warnings(), patch(_plotting, "show", _show_nothing):
            warnings.simplefilter("ignore", UserWarning)  # long runs are plotted with coarser candles, as the axis says
            return backtest.plot(results=results, filename=str(path), open_browser=False)
    finally:
        reset_output()  # the hidden frame is in Bokeh's current document, from which every later page would copy it


def _show_nothing(*_: object, **__: object) -> None:
    """backtesting.py would write its own page here."""


def _with_a_drawdown(results: "pd.Series[Any]") -> "tuple[pd.Series[Any], bool]":
    """Results that can be plotted, and whether there is a drawdown: without one, backtesting.py's plot raises.

    The last bar then gets a drawdown of no length, whose line is removed again.
    """
    curve = results["_equity_curve"]
    if curve["DrawdownDuration"].notna().any():
        return results, True
    lengths = pd.Series(pd.NaT, index=curve.index, dtype="timedelta64[ns]")
    lengths.iloc[-1] = pd.Timedelta(0)
    plottable = results.copy()
    plottable["_equity_curve"] = curve.assign(DrawdownDuration=lengths)
    return plottable, False


def _remove_drawdown(layout: Any) -> None:
    from bokeh.models.annotations import Legend

    for legend in layout.select({"type": Legend}):
        for item in [one for one in legend.items if _LONGEST_DRAWDOWN in str(one.label)]:
            for line in item.renderers:
                line.visible = False
            legend.items = [one for one in legend.items if one is not item]
