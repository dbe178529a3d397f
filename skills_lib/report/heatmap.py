"""Heatmaps as SVG: colours centred on a neutral value, a bar that explains them, and marked cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.report.charts import hidden_when_narrow, left_px
from skills_lib.report.layers import Symbol
from skills_lib.report.numbers import tick_texts

_BAD, _NEUTRAL, _GOOD = (178, 24, 43), (244, 243, 240), (33, 102, 172)
_LABELS = 8
_LEVELS = 25


@dataclass(frozen=True, slots=True)
class HeatmapChart:
    """float64[rows, columns] `values`, row 0 at the bottom; nan is empty.

    `texts`: figures of the cells; `columns`, `rows`: name of an axis, names of its values, and short ones for the axis.
    `centre`: the neutral value; `better`: 1 where more is better, else -1. `marks`: symbol and cell (column, row) by
    label.
    """

    title: str
    text: str
    values: FloatArray
    texts: Sequence[Sequence[str]]
    columns: tuple[str, Sequence[str], Sequence[str]]
    rows: tuple[str, Sequence[str], Sequence[str]]
    centre: float
    better: float
    marks: Mapping[str, tuple[Symbol, tuple[int, int]]]


def colour(share: float) -> str:
    """The colour of a value from -1, bad, over 0, neutral, to 1, good; in steps, as `#rrggbb`."""
    share = round(float(np.clip(share, -1, 1)) * _LEVELS) / _LEVELS
    end = _GOOD if share > 0 else _BAD
    return "#" + "".join(f"{round(a + (b - a) * abs(share)):02x}" for a, b in zip(_NEUTRAL, end, strict=True))


def reach(values: FloatArray, centre: float) -> float:
    """The distance from `centre` at which colours end: 98 % of the cells lie within it.

    A few extreme cells would otherwise leave all others pale.
    """
    distances = np.abs(values[np.isfinite(values)] - centre)
    if not len(distances):
        return 1.0
    return float(np.percentile(distances, 98)) or float(distances.max()) or 1.0


def heatmap_html(chart: HeatmapChart) -> str:
    """The heatmap as a figure with colour bar and legend."""
    return "".join(
        [
            f'<figure class="chart"><figcaption>{escape(chart.title)}{_legend(chart)}</figcaption>',
            '<div class="heat"><div class="plot named" ',
            f'style="padding-left:{left_px([*chart.rows[2], chart.rows[0]])}px">',
            '<svg role="img" width="100%" height="100%" ',
            f'aria-label="{escape(f"{chart.title}. {chart.text}")}">',
            f"{_cells(chart)}{_marks(chart)}{_labels(chart)}</svg>",
            f'<span class="axis">{escape(chart.columns[0])}</span></div>{_bar(chart)}</div></figure>',
        ]
    )


def _cells(chart: HeatmapChart) -> str:
    rows, columns = chart.values.shape
    widest = reach(chart.values, chart.centre)
    cells = []
    for row, column in np.argwhere(~np.isnan(chart.values)).tolist():
        share = chart.better * (chart.values[row, column] - chart.centre) / widest
        name = f"{chart.columns[0]} {chart.columns[1][column]}, {chart.rows[0]} {chart.rows[1][row]}"
        cells.append(
            f'<rect x="{column}" y="{rows - 1 - row}" width="1" height="1" fill="{colour(share)}">'
            f"<title>{escape(f'{name}: {chart.texts[row][column]}')}</title></rect>"
        )
    return (
        '<rect class="frame" width="100%" height="100%"/>'
        f'<svg class="cells" viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" width="100%" height="100%">'
        f"{''.join(cells)}</svg>"
    )


def _marks(chart: HeatmapChart) -> str:
    rows, columns = chart.values.shape
    return "".join(
        f'<use href="#{symbol}" x="{(column + 0.5) / columns:.2%}" y="{1 - (row + 0.5) / rows:.2%}"/>'
        for symbol, (column, row) in chart.marks.values()
    )


def _labels(chart: HeatmapChart) -> str:
    columns, rows = chart.columns[2], chart.rows[2]
    shown = _shown(len(columns))
    across = [
        f'<text class="{"other" if is_hidden else "tick"}" x="{(n + 0.5) / len(columns):.2%}" y="100%" '
        f'dy="1.5em" text-anchor="middle">{escape(columns[n])}</text>'
        for n, is_hidden in zip(shown, hidden_when_narrow([columns[n] for n in shown]), strict=True)
    ]
    up = [
        f'<text x="0" y="{1 - (n + 0.5) / len(rows):.2%}" dx="-8" dy=".32em" text-anchor="end">{escape(rows[n])}</text>'
        for n in _shown(len(rows))
    ]
    name = f'<text class="tick" x="0" y="0" dx="-8" dy="-.9em" text-anchor="end">{escape(chart.rows[0])}</text>'
    return "".join([*across, *up, name])


def _shown(count: int) -> list[int]:
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(count, _LABELS)).astype(int))]


def _bar(chart: HeatmapChart) -> str:
    widest, values = reach(chart.values, chart.centre), chart.values[np.isfinite(chart.values)]
    ends = [_short(chart.centre + chart.better * share * widest) for share in (1.0, 0.5, 0.0, -0.5, -1.0)]
    stops = ",".join(colour(share) for share in np.linspace(1, -1, 11))
    texts = tick_texts(ends)
    for place in (0, -1):
        is_high = ends[place] > chart.centre
        outside = values.max(initial=-np.inf) > ends[place] if is_high else values.min(initial=np.inf) < ends[place]
        texts[place] = f"{'≥' if is_high else '≤'} {texts[place]}" if outside else texts[place]
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return (
        f'<div class="bar" role="img" aria-label="Colours from {escape(texts[-1])}, worst, over {chart.centre:g}, '
        f'neutral, to {escape(texts[0])}, best"><span style="background:linear-gradient({stops})"></span>'
        f"<ul>{items}</ul></div>"
    )


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _legend(chart: HeatmapChart) -> str:
    items = [
        f'<li><svg class="key" width="24" height="16" aria-hidden="true"><use href="#{symbol}" x="12" y="8"/></svg>'
        f"{escape(label)}</li>"
        for label, (symbol, _) in chart.marks.items()
    ]
    return f'<ul class="legend">{"".join(items)}</ul>'
