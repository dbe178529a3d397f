"""Charts of a replay: cumulative trades, means along an axis, and the controls side by side."""

from collections.abc import Mapping, Sequence

import numpy as np

from live.replay.figures.intervals import Interval
from live.replay.figures.trades import Markout
from live.replay.study.model import AxisPoint, Controls, VariantLine
from skills_lib.domain.bars import FloatArray
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Area, Layer, Limit, Marks, Polyline, Segments, Style
from skills_lib.report.scales import Tick
from skills_lib.report.thinning import thin

BPS = "bp a trade"


def cumulative_chart(gross_bps: FloatArray, net_bps: FloatArray) -> Chart:
    """Sums of the trades in order, before and after costs."""
    number = np.arange(len(net_bps) + 1, dtype=np.float64)
    gross, net = (np.concatenate([[0.0], np.cumsum(values)]) for values in (gross_bps, net_bps))
    layers: list[Layer] = [
        Limit(0.0, "y", ""),
        _thinned(number, gross, "Before costs", "market"),
        _thinned(number, net, "After costs", "strategy"),
    ]
    text = f"After {len(net_bps):,} trades the sum is {gross[-1]:,.0f} bp before and {net[-1]:,.0f} bp after costs."
    return Chart("Sum of the trades", text, layers, Axis("linear", "trade"), Axis("linear", "bp"), 240)


def means_chart(title: str, unit: str, points: Sequence[AxisPoint], ticks: Sequence[Tick] | None = None) -> Chart:
    """Gross and net means along an axis, with the 95 % interval of the net one."""
    x = np.array([point.x for point in points], dtype=np.float64)
    low, high = _edges([point.net_bps for point in points])
    layers: list[Layer] = [
        Area(x, low, high, "95 % interval", "strategy", faint=True),
        Limit(0.0, "y", ""),
        Polyline(x, _means([point.gross_bps for point in points]), "Before costs", "market"),
        Polyline(x, _means([point.net_bps for point in points]), "After costs", "strategy", dots=True),
        *(Limit(point.x, "x", "As replayed") for point in points if point.chosen),
    ]
    text = "; ".join(f"{point.text}: {point.trades} trades, net {_short(point.net_bps.mean)} bp" for point in points)
    return Chart(title, text, layers, Axis("linear", unit, ticks, include=_margin(x)), Axis("linear", BPS), 220)


def fee_chart(points: Sequence[AxisPoint], charged_bps: float | None) -> Chart:
    """Net mean at other fees, of the same trades. charged_bps: what this replay paid a side."""
    x = np.array([point.x for point in points], dtype=np.float64)
    low, high = _edges([point.net_bps for point in points])
    layers: list[Layer] = [
        Area(x, low, high, "95 % interval", "strategy", faint=True),
        Limit(0.0, "y", ""),
        Polyline(x, _means([point.net_bps for point in points]), "After costs", "strategy"),
    ]
    if charged_bps is not None:
        layers.append(Limit(charged_bps, "x", f"Charged here, {charged_bps:.1f} bp", "bad"))
    text = f"From {_short(points[0].net_bps.mean)} bp without fees to {_short(points[-1].net_bps.mean)} bp."
    return Chart("By fee", text, layers, Axis("linear", "fee a side, bp"), Axis("linear", BPS), 220)


def controls_chart(controls: Controls, fills: str) -> Chart:
    """Net means of the strategy and its controls under one fill model, with intervals; each random run is a cross."""
    lines: Mapping[str, VariantLine] = {name: by_model[fills] for name, by_model in controls.lines.items()}
    places = np.arange(len(lines), dtype=np.float64)[::-1]
    means = _means([line.net_bps for line in lines.values()])
    low, high = _edges([line.net_bps for line in lines.values()])
    runs = np.array([mean for mean in controls.random_net_bps if mean is not None], dtype=np.float64)
    height, has_mean, has_edges = places[list(lines).index("random")], np.isfinite(means), np.isfinite(low)
    layers: list[Layer] = [
        Limit(0.0, "x", ""),
        Marks(runs, np.full(len(runs), height), "Single random runs", "cross"),
        Segments(low[has_edges], places[has_edges], high[has_edges], places[has_edges], "95 % interval", "plain"),
        Marks(means[has_mean], places[has_mean], "Mean", "circle"),
    ]
    ticks = [(float(place), name) for place, name in zip(places, lines, strict=True)]
    text = "; ".join(f"{name} {_short(line.net_bps.mean)} bp" for name, line in lines.items())
    y = Axis("linear", "", ticks, include=(-0.5, len(lines) - 0.5))
    return Chart("After costs", text, layers, Axis("linear", BPS), y, 160)


def markout_chart(markouts: Sequence[Markout]) -> Chart:
    """Markout of maker fills by horizon."""
    places = np.arange(len(markouts), dtype=np.float64)
    low, high = _edges([one.bps for one in markouts])
    layers: list[Layer] = [
        Area(places, low, high, "95 % interval", "strategy", faint=True),
        Limit(0.0, "y", ""),
        Polyline(places, _means([one.bps for one in markouts]), "Mean", "strategy", dots=True),
    ]
    ticks = [(float(place), f"{one.seconds:g} s") for place, one in enumerate(markouts)]
    text = "; ".join(f"{one.seconds:g} s: {_short(one.bps.mean)} bp" for one in markouts)
    x = Axis("linear", "after the fill", ticks, include=(-0.3, len(markouts) - 0.7))
    return Chart("Markout of maker fills", text, layers, x, Axis("linear", "bp"), 200)


def _thinned(x: FloatArray, y: FloatArray, label: str, style: Style) -> Polyline:
    kept = thin(y)
    return Polyline(x[kept], y[kept], label, style)


def _means(found: Sequence[Interval]) -> FloatArray:
    return np.array([np.nan if one.mean is None else one.mean for one in found], dtype=np.float64)


def _edges(found: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
    edges = np.array([one.ci95 or (np.nan, np.nan) for one in found], dtype=np.float64).reshape(-1, 2)
    return edges[:, 0], edges[:, 1]


def _margin(x: FloatArray) -> tuple[float, float]:
    """A little room beside the first and the last point."""
    width = float(x.max() - x.min()) if len(x) else 0.0
    return float(x.min() - 0.04 * width), float(x.max() + 0.04 * width)


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f}"
