"""Builds the page of an optimisation: recommended point beside the raw maximum, and maps of the space."""

import numpy as np

from skills_lib.backtest.figures import METRICS, PERFECT
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs, describe_figure, format_figure
from skills_lib.domain.quality import describe_defects
from skills_lib.optimize.model import OptimizationResult
from skills_lib.optimize.report.landscape import Cells, Landscape, centre_of, coloured, group_names, group_starts
from skills_lib.optimize.report.markdown import SHOWN, describe_parameters, describe_plateau, provenance, ranked
from skills_lib.optimize.table import optimised, raw_extreme, sign_of
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.heatmap import HeatmapChart
from skills_lib.report.layers import Layer, Limit, Marks, Polyline, Symbol
from skills_lib.report.page import Grid, Page, Section

_MAX_CELLS = 7_000
_WIDEST = 60
_SYMBOLS: tuple[Symbol, Symbol] = ("cross", "circle")


def optimize_page(result: OptimizationResult, landscape: Landscape) -> Page:
    """The page of an optimisation; `landscape`: of the same one."""
    return Page(
        title=f"Optimising {result.strategy} on {result.symbol} {result.timeframe}",
        about=f"{result.bars:,} bars from {result.start} to {result.end} UTC · {result.source} · in-sample",
        lead=_lead(result),
        banner=SYNTHETIC_NOTE if result.synthetic else "",
        warnings=result.warnings,
        sections=[_points(result), _maps(landscape), _sensitivity(result), _data(result)],
        identity=provenance(result),
    )


def _lead(result: OptimizationResult) -> str:
    point, metric = result.recommended, result.maximize
    found = f"{METRICS[metric].label} {describe_figure(metric, point.metrics)}"
    return (
        f"Of {result.evaluated:,} combinations tried, {describe_parameters(point.parameters)} is recommended "
        f"({point.plateau.kind}): it shows {found} after costs ({describe_costs(result.settings)}) on the bars it was "
        "chosen on. In-sample: the best of many looks good by luck alone, so test the choice out of sample."
    )


def _points(result: OptimizationResult) -> Section:
    points, metric = (result.recommended, result.best), result.maximize
    rows = [
        ("Parameters", *(describe_parameters(point.parameters) for point in points)),
        ("Stability", *(describe_plateau(point.plateau, metric) for point in points)),
        *(
            (METRICS[name].label, *(describe_figure(name, point.metrics) for point in points))
            for name in dict.fromkeys((metric, *SHOWN))
        ),
    ]
    counted = f"{result.combinations:,}" if result.combinations is not None else "too many to count"
    tried = (
        f"{result.evaluated:,} of {counted} combinations tried ({result.method}), {result.eligible:,} eligible; "
        f"{optimised(metric)}, at least {result.min_trades} trades."
    )
    why = (
        "The recommended point is the centre of the best plateau: the worse of its own figure and the median over it "
        "and its neighbours, one step away along each parameter, is the best of all points."
    )
    return Section(
        "Recommended point", [tried], grids=[Grid(("", "recommended", raw_extreme(metric)), rows)], limits=[why]
    )


def _maps(landscape: Landscape) -> Section:
    pairs = landscape.pairs
    if not pairs:
        lines = [_profile(landscape, name) for name in landscape.values]
        return Section("The space", charts=lines)
    widest = min(_WIDEST, int((_MAX_CELLS / len(pairs)) ** 0.5))
    charts = [_heatmap(landscape, x, y, landscape.cells(x, y, widest)) for x, y in pairs]
    centre = f"Colours are centred on {centre_of(landscape.metric):g}: blue is better than that, red is worse."
    notes = (
        "Each cell is the median over the parameters that are not shown; empty cells were not tried or not eligible."
    )
    grouped = f" Neighbouring values share a cell where there are more than {widest}."
    is_grouped = any(len(values) > widest for values in landscape.values.values())
    return Section("The space", [centre], charts=charts, limits=[notes + grouped * is_grouped])


def _heatmap(landscape: Landscape, x: str, y: str, cells: Cells) -> HeatmapChart:
    rest = [name for name in landscape.values if name not in (x, y)]
    over = f", median over {', '.join(rest)}" if rest else ""
    values = coloured(cells.values)
    numbers = values[np.isfinite(values)]
    spread = f"From {numbers.min():.4g} to {numbers.max():.4g}." if len(numbers) else "No eligible combination."
    texts = [[_cell_text(landscape.metric, value) for value in row] for row in cells.values.tolist()]
    marks = {label: (symbol, place) for symbol, (label, place) in zip(_SYMBOLS, cells.marks.items(), strict=True)}
    columns, rows = group_names(cells.columns), group_names(cells.rows)
    at = ", ".join(f"{label}: {x} {columns[a]}, {y} {rows[b]}" for label, (a, b) in cells.marks.items())
    return HeatmapChart(
        f"{landscape.label} by {x} and {y}{over}, in-sample",
        f"{spread} {at}.",
        values,
        texts,
        (x, columns, group_starts(cells.columns)),
        (y, rows, group_starts(cells.rows)),
        centre_of(landscape.metric),
        sign_of(landscape.metric),
        marks,
    )


def _cell_text(metric: str, value: float) -> str:
    if np.isnan(value):
        return ""
    return PERFECT.get(metric, "too large") if np.isinf(value) else format_figure(metric, value)


def _profile(landscape: Landscape, name: str) -> Chart:
    places, figures = landscape.profile(name)
    across, values = places.astype(np.float64), coloured(figures)
    names = [str(value) for value in landscape.values[name]]
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), 9)).astype(int)).tolist()
    layers: list[Layer] = [
        Limit(centre_of(landscape.metric), "y", ""),
        Polyline(across, values, "", "strategy", len(values) < 60),
    ]
    for symbol, (label, place) in zip(_SYMBOLS, landscape.marks.items(), strict=True):
        at = np.searchsorted(places, place)
        layers.append(Marks(across[at], values[at], label, symbol))
    x = Axis("linear", name, [(float(i), names[i]) for i in shown])
    text = f"From {values.min():.4g} to {values.max():.4g}."
    return Chart(
        f"{landscape.label} by {name}, in-sample", text, layers, x, Axis("linear", METRICS[landscape.metric].unit)
    )


def _sensitivity(result: OptimizationResult) -> Section:
    rows = [(name, format_figure(result.maximize, found.effect)) for name, found in ranked(result)]
    head = ("parameter", f"largest difference between medians of {METRICS[result.maximize].label}")
    return Section("Sensitivity", grids=[Grid(head, rows)])


def _data(result: OptimizationResult) -> Section:
    defects = describe_defects(result.quality) or "no gap, duplicate, broken bar or spike found"
    return Section("Data quality", [f"{result.bars:,} bars from {result.source}: {defects}."])
