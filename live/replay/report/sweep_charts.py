"""Pictures of a sweep: means along one parameter, or a heatmap of two."""

from collections.abc import Sequence

import numpy as np

from live.replay.figures.words import in_bps
from live.replay.report.charts import means_chart
from live.replay.study.model import SweepPoint
from skills_lib.report.charts import Chart
from skills_lib.report.heatmap import HeatmapChart
from skills_lib.report.layers import Symbol


def sweep_charts(swept: Sequence[SweepPoint]) -> list[Chart | HeatmapChart]:
    """One chart where one or two parameters were swept; none for more, which the table shows."""
    names = list(swept[0].parameters) if swept else []
    if len(names) == 1:
        return [_along(names[0], swept)]
    return [_heatmap(names[0], names[1], swept)] if len(names) == 2 else []


def _along(name: str, swept: Sequence[SweepPoint]) -> Chart:
    values = _ordered(swept, name)
    numbers = _numbers(values)
    places = numbers or [float(place) for place in range(len(values))]
    at = dict(zip(values, places, strict=True))
    points = sorted((one.at(at[one.parameters[name]], one.parameters[name]) for one in swept), key=lambda one: one.x)
    ticks = None if numbers else list(zip(places, values, strict=True))
    return means_chart(f"By {name}", name, points, ticks)


def _heatmap(column: str, row: str, swept: Sequence[SweepPoint]) -> HeatmapChart:
    columns, rows = _ordered(swept, column), _ordered(swept, row)
    values = np.full((len(rows), len(columns)), np.nan)
    texts = [["no trade"] * len(columns) for _ in rows]
    marks: dict[str, tuple[Symbol, tuple[int, int]]] = {}
    for point in swept:
        place = rows.index(point.parameters[row]), columns.index(point.parameters[column])
        if point.net_bps.mean is not None:
            values[place] = point.net_bps.mean
            texts[place[0]][place[1]] = f"net {in_bps(point.net_bps)}, {point.trades} trades"
        if point.chosen:
            marks["Judged"] = ("circle", (place[1], place[0]))
    text = f"{np.isfinite(values).sum()} of {values.size} combinations traded."
    return HeatmapChart(
        f"Net mean, bp a trade, by {column} and {row}",
        text,
        values,
        texts,
        (column, columns, columns),
        (row, rows, rows),
        0.0,
        1.0,
        marks,
    )


def _ordered(swept: Sequence[SweepPoint], name: str) -> list[str]:
    """The values of a parameter: numbers by size, words as they were given."""
    values = list(dict.fromkeys(point.parameters[name] for point in swept))
    return sorted(values, key=float) if _numbers(values) else values


def _numbers(values: Sequence[str]) -> list[float]:
    """The values as numbers; empty where one is none."""
    try:
        return [float(value) for value in values]
    except ValueError:
        return []
