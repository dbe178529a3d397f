"""Draws a heatmap for each pair of parameters, as PNG and in one interactive page.

A cell is the median metric over all other parameters of the eligible combinations tried; empty cells were not tried,
not admissible or not eligible. A cell whose median is perfect has the colour of the best number.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skills_lib.backtest.figures import METRICS, PERFECT
from skills_lib.backtest.report.markdown import format_figure
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.optimize.stability import Peaks
from skills_lib.optimize.table import SearchTable, is_eligible, sign_of

_INK, _LINE = "#24292f", "#0969da"
_MAX_TICKS = 12


@dataclass(frozen=True, slots=True)
class Landscape:
    """A search table, its scores, and the two points to mark."""

    table: SearchTable
    scores: FloatArray
    metric: str
    peaks: Peaks

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs of varied parameters, in the strategy's order."""
        return list(itertools.combinations(self.table.space.varied, 2))

    @property
    def values(self) -> FloatArray:
        """The metric of each row: its score, or minus that where less is better."""
        return sign_of(self.metric) * self.scores

    @property
    def label(self) -> str:
        return METRICS[self.metric].label

    def cells(self, x: str, y: str) -> FloatArray:
        """float64[y values, x values] of medians; nan for empty cells, inf for perfect ones."""
        space, eligible = self.table.space, is_eligible(self.scores)
        places = space.positions(self.table.indices)[eligible]
        rows, columns = places[:, space.varied[y]], places[:, space.varied[x]]
        shape = (len(space.values[y]), len(space.values[x]))
        return _medians(rows * shape[1] + columns, self.values[eligible], shape[0] * shape[1]).reshape(shape)

    def marks(self, x: str, y: str) -> dict[str, tuple[int, int]]:
        """Positions of the raw maximum and the recommended point on the axes."""
        space = self.table.space
        rows = {"maximum": self.peaks.best.row, "recommended": self.peaks.recommended.row}
        places = {name: space.positions(self.table.indices[row : row + 1])[0] for name, row in rows.items()}
        return {name: (int(p[space.varied[x]]), int(p[space.varied[y]])) for name, p in places.items()}


def draw_heatmap(path: Path, landscape: Landscape, x: str, y: str | None) -> None:
    """Write a PNG of one pair, or a line chart where `y` is None."""
    if y is None:
        _draw_line(path, landscape, x)
    else:
        _draw_pair(path, landscape, x, y)


def write_interactive(path: Path, landscape: Landscape) -> None:
    """Write a self-contained page with all pairs; hovering shows the figure of a cell."""
    from bokeh.embed import file_html
    from bokeh.layouts import gridplot
    from bokeh.resources import INLINE

    figures = [_interactive(landscape, x, y) for x, y in landscape.pairs]
    grid = gridplot(figures, ncols=2, toolbar_options={"logo": None})
    path.write_text(file_html(grid, INLINE, f"{landscape.label}, in-sample"), encoding="utf-8")


def _medians(cells: IntArray, scores: FloatArray, count: int) -> FloatArray:
    out = np.full(count, np.nan)
    order = np.lexsort((scores, cells))
    found, first, sizes = np.unique(cells[order], return_index=True, return_counts=True)
    ranked = scores[order]
    out[found] = (ranked[first + (sizes - 1) // 2] + ranked[first + sizes // 2]) / 2
    return out


def coloured(values: FloatArray) -> FloatArray:
    """Values to draw: the largest number, or 1 without one, in place of inf, which has no colour."""
    numbers = values[np.isfinite(values)]
    return np.where(np.isposinf(values), numbers.max() if len(numbers) else 1.0, values)


def _axes() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.75), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _draw_pair(path: Path, landscape: Landscape, x: str, y: str) -> None:
    figure, axes = _axes()
    image = axes.imshow(
        coloured(landscape.cells(x, y)), origin="lower", aspect="auto", cmap="viridis", interpolation="nearest"
    )
    figure.colorbar(image, ax=axes, label=f"{landscape.label}, in-sample")
    for (name, (column, row)), marker in zip(landscape.marks(x, y).items(), ("x", "o"), strict=True):
        axes.plot(
            column, row, marker, markersize=13, markeredgewidth=2.5, fillstyle="none", color="#cf222e", label=name
        )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    _ticks(axes.set_xticks, landscape, x)
    _ticks(axes.set_yticks, landscape, y)
    _title(axes, landscape, {x, y})
    axes.set(xlabel=x, ylabel=y)
    figure.savefig(path, dpi=100)


def _draw_line(path: Path, landscape: Landscape, name: str) -> None:
    figure, axes = _axes()
    space = landscape.table.space
    places = space.positions(landscape.table.indices)[:, space.varied[name]]
    shown, values = is_eligible(landscape.scores), coloured(landscape.values)
    axes.plot(places[shown], values[shown], "o-", color=_LINE)
    for row, label in ((landscape.peaks.best.row, "maximum"), (landscape.peaks.recommended.row, "recommended")):
        axes.annotate(label, (places[row], values[row]), xytext=(0, 8), textcoords="offset points")
    _ticks(axes.set_xticks, landscape, name)
    _title(axes, landscape, {name})
    axes.set(xlabel=name, ylabel=f"{landscape.label}, in-sample")
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=100)


def _ticks(place: Any, landscape: Landscape, name: str) -> None:
    values = landscape.table.space.values[name]
    shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MAX_TICKS)).astype(int))
    place(shown, [str(values[i]) for i in shown])


def _title(axes: Any, landscape: Landscape, shown: set[str]) -> None:
    rest = [name for name in landscape.table.space.varied if name not in shown]
    over = f", median over {', '.join(rest)}" if rest else ""
    axes.set_title(f"{landscape.label}{over} · in-sample", loc="left", color=_INK, fontsize=12)


def _cell_text(metric: str, value: float) -> str:
    return PERFECT.get(metric, "too large") if np.isinf(value) else format_figure(metric, value)


def _interactive(landscape: Landscape, x: str, y: str) -> Any:
    from bokeh.models import FactorRange, HoverTool
    from bokeh.plotting import figure
    from bokeh.transform import linear_cmap

    xs, ys = ([str(value) for value in landscape.table.space.values[name]] for name in (x, y))
    title = f"{landscape.label} by {x} and {y}, in-sample"
    plot = figure(x_range=FactorRange(factors=xs), y_range=FactorRange(factors=ys), width=560, height=460, title=title)
    plot.xaxis.axis_label, plot.yaxis.axis_label, plot.xaxis.major_label_orientation = x, y, 1.0
    cells = landscape.cells(x, y)
    rows, columns = np.nonzero(~np.isnan(cells))
    colours = coloured(cells)[rows, columns]
    texts = [_cell_text(landscape.metric, value) for value in cells[rows, columns].tolist()]
    data = {x: [xs[i] for i in columns], y: [ys[i] for i in rows], landscape.metric: texts, "colour": colours.tolist()}
    colour = linear_cmap("colour", "Viridis256", colours.min(), colours.max())
    glyph = plot.rect(x, y, width=1, height=1, source=data, fill_color=colour, line_color=None)
    plot.add_tools(HoverTool(renderers=[glyph], tooltips=[(name, f"@{{{name}}}") for name in (x, y, landscape.metric)]))
    for name, (column, row) in landscape.marks(x, y).items():
        marker = "x" if name == "maximum" else "circle"
        plot.scatter([xs[column]], [ys[row]], marker=marker, size=16, line_width=3, color="#cf222e", fill_alpha=0)
    return plot
