"""Trades on price: entries and exits, longs and shorts, and what lies between them."""

from typing import cast

import numpy as np

from skills_lib.backtest.report.series import RunSeries, TradeSeries
from skills_lib.domain.bars import IntArray
from skills_lib.domain.time import utc
from skills_lib.report.charts import TIME, Axis, Chart
from skills_lib.report.layers import Layer, Marks, Polyline, Segments, Symbol
from skills_lib.report.thinning import thin

MAX_MARKED = 150
LAST_SHOWN = 25
_LOGARITHMIC_FROM = 3.0


def trade_charts(series: RunSeries) -> list[Chart]:
    """The whole span, and below it the last trades enlarged if there are more than they."""
    count = len(series.trades)
    shown = np.unique(np.linspace(0, count - 1, min(count, MAX_MARKED)).astype(np.int64)) if count else np.arange(0)
    note = f"{len(shown)} of {count:,} trades are marked, evenly spaced." if len(shown) < count else ""
    whole = _chart("Trades on price", series, shown, slice(None), note)
    if count <= LAST_SHOWN:
        return [whole]
    last = np.arange(count - LAST_SHOWN, count, dtype=np.int64)
    first, end = series.trades.entry_ns[last].min(), series.trades.exit_ns[last].max()
    start, stop = np.searchsorted(series.open_time_ns, [first, end])
    span = slice(max(int(start) - 5, 0), int(stop) + 5)
    return [whole, _chart(f"The last {LAST_SHOWN} trades", series, last, span, "")]


def _chart(title: str, series: RunSeries, shown: IntArray, span: slice, note: str) -> Chart:
    times, close = series.open_time_ns[span], series.close[span]
    places = thin(close)
    line = Polyline(times[places].astype(np.float64), close[places], "Close", "market")
    ratio = close.max() / close.min() if close.min() > 0 else 1.0
    kind, scale = ("logarithmic", ", log axis") if ratio > _LOGARITHMIC_FROM else ("linear", "")
    trades = series.trades
    longs = int((trades.side[shown] > 0).sum())
    text = (
        f"Close from {utc(times[0])[:10]} to {utc(times[-1])[:10]}; {longs} long and {len(shown) - longs} short trades "
        "are marked: triangles that point up are long, down short, filled ones are entries, hollow ones exits."
    )
    layers: list[Layer] = [line, *_connections(trades, shown), *_marks(trades, shown)]
    return Chart(title, text, layers, TIME, Axis(kind, f"quote{scale}"), 300, note)  # type: ignore[arg-type]


def _connections(trades: TradeSeries, shown: IntArray) -> list[Layer]:
    """A line from entry to exit, broken where the trade lost."""
    kinds = ((trades.pnl[shown] > 0, "Gain", "gain"), (trades.pnl[shown] <= 0, "Loss", "loss"))
    return [
        Segments(
            trades.entry_ns[rows].astype(np.float64),
            trades.entry_price[rows],
            trades.exit_ns[rows].astype(np.float64),
            trades.exit_price[rows],
            label,
            style,  # type: ignore[arg-type]
        )
        for chosen, label, style in kinds
        if len(rows := shown[chosen])
    ]


def _marks(trades: TradeSeries, shown: IntArray) -> list[Layer]:
    found: list[Layer] = []
    for side, name in ((1, "long"), (-1, "short")):
        rows = shown[trades.side[shown] == side]
        if not len(rows):
            continue
        for what, times, prices in (
            ("entry", trades.entry_ns, trades.entry_price),
            ("exit", trades.exit_ns, trades.exit_price),
        ):
            symbol = cast(Symbol, f"{name}-{what}")
            label = f"{name.capitalize()} {what}"
            found.append(Marks(times[rows].astype(np.float64), prices[rows], label, symbol))
    return found
