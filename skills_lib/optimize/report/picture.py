"""Draws a heatmap for each pair of parameters as PNG, or a line where a single one varies.

A cell is the median metric over all other parameters of the eligible combinations tried; empty cells were not tried,
not admissible or not eligible. A cell whose median is perfect has the colour of the best number.
"""

from pathlib import Path
from typing import Any

import numpy as np

from skills_lib.optimize.report.landscape import Landscape, centre_of, coloured, group_starts
from skills_lib.optimize.table import sign_of
from skills_lib.report.heatmap import colour, reach

_INK, _LINE, _WIDEST, _MAX_TICKS = "#24292f", "#0969da", 400, 12
_MARKERS = ("x", "o")


def draw_heatmap(path: Path, landscape: Landscape, x: str, y: str | None, about: str) -> None:
    """Write a PNG of one pair, or a line chart where `y` is None. `about`: whose space it is, for the title."""
    if y is None:
        _draw_line(path, landscape, x, about)
    else:
        _draw_pair(path, landscape, x, y, about)


def _axes() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.75), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _draw_pair(path: Path, landscape: Landscape, x: str, y: str, about: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    figure, axes = _axes()
    cells, centre = landscape.cells(x, y, _WIDEST), centre_of(landscape.metric)
    values = coloured(cells.values)
    side = reach(values, centre)
    ends = np.linspace(-1, 1, 51) * sign_of(landscape.metric)
    image = axes.imshow(
        values,
        origin="lower",
        aspect="auto",
        cmap=LinearSegmentedColormap.from_list("better", [colour(end) for end in ends]),
        vmin=centre - side,
        vmax=centre + side,
        interpolation="nearest",
    )
    figure.colorbar(image, ax=axes, extend="both", label=f"{landscape.label}, in-sample")
    for (label, place), marker in zip(cells.marks.items(), _MARKERS, strict=True):
        for width, ink in ((5.5, "white"), (2.5, "black")):
            shown = label if ink == "black" else None
            axes.plot(*place, marker, ms=13, mew=width, fillstyle="none", color=ink, label=shown, linestyle="none")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    _ticks(axes.set_xticks, group_starts(cells.columns))
    _ticks(axes.set_yticks, group_starts(cells.rows))
    _title(axes, landscape, {x, y}, about)
    axes.set(xlabel=x, ylabel=y)
    figure.savefig(path, dpi=100)


def _draw_line(path: Path, landscape: Landscape, name: str, about: str) -> None:
    figure, axes = _axes()
    places, values = landscape.profile(name)
    values = coloured(values)
    axes.plot(places, values, "o-", color=_LINE)
    for (label, place), marker in zip(landscape.marks.items(), _MARKERS, strict=True):
        at = np.searchsorted(places, place[0])
        axes.plot(
            place[0], values[at], marker, ms=13, mew=2.5, fillstyle="none", color=_INK, label=label, linestyle="none"
        )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    _ticks(axes.set_xticks, [str(value) for value in landscape.values[name]])
    _title(axes, landscape, {name}, about)
    axes.set(xlabel=name, ylabel=f"{landscape.label}, in-sample")
    axes.axhline(centre_of(landscape.metric), color=_INK, linewidth=0.8)
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=100)


def _ticks(place: Any, names: list[str]) -> None:
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), _MAX_TICKS)).astype(int))
    place(shown, [names[i] for i in shown])


def _title(axes: Any, landscape: Landscape, shown: set[str], about: str) -> None:
    rest = [name for name in landscape.values if name not in shown]
    over = f", median over {', '.join(rest)}" if rest else ""
    axes.set_title(f"{about}\n{landscape.label}{over} · in-sample", loc="left", color=_INK, fontsize=12)
