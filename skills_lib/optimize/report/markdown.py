"""Writes the Markdown report of an optimisation."""

import math

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.report.markdown import (
    SYNTHETIC_NOTE,
    describe_figure,
    format_figure,
    provenance_rows,
)
from skills_lib.domain.constraints import Value
from skills_lib.optimize.model import OptimizationResult, Plateau, Sensitivity
from skills_lib.optimize.table import optimised, raw_extreme

SHOWN = ("return_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")


def describe_parameters(parameters: dict[str, Value]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name}={value}" for name, value in parameters.items()) or "none"


def describe_plateau(plateau: Plateau, metric: str) -> str:
    """Describes the stability of a point."""
    median = format_figure(metric, plateau.neighbourhood_median)
    return f"{plateau.kind}; its neighbourhood ({plateau.neighbours} neighbours) has median {median}"


def write_optimization(result: OptimizationResult) -> str:
    """The report as Markdown."""
    banner = f"> **{SYNTHETIC_NOTE}**\n\n" if result.synthetic else ""
    counted = f"{result.combinations:,}" if result.combinations is not None else "too many to count"
    return "\n".join(
        [
            f"# Optimising {result.strategy} on {result.symbol} {result.timeframe}\n",
            f"{banner}**In-sample.** The best of {result.evaluated:,} combinations is inflated by luck: among many "
            "trials one looks good by chance. These figures describe the data they were selected on.\n",
            f"{result.evaluated:,} of {counted} combinations tried ({result.method}), {result.eligible:,} eligible, "
            f"{optimised(result.maximize)}, at least {result.min_trades} trades.\n",
            *_points(result),
            *(f"- Warning: {text}" for text in result.warnings),
            *_sensitivity(result),
            *_pictures(result),
            *_provenance(result),
        ]
    )


def _points(result: OptimizationResult) -> list[str]:
    best, recommended, metric = result.best, result.recommended, result.maximize
    names = dict.fromkeys((metric, *SHOWN))
    rows = [
        f"| {METRICS[name].label} | {describe_figure(name, recommended.metrics)} | "
        f"{describe_figure(name, best.metrics)} |"
        for name in names
    ]
    return [
        f"| | recommended | {raw_extreme(metric)} |",
        "|---|---:|---:|",
        f"| Parameters | {describe_parameters(recommended.parameters)} | {describe_parameters(best.parameters)} |",
        f"| Stability | {describe_plateau(recommended.plateau, metric)} | {describe_plateau(best.plateau, metric)} |",
        *rows,
        "\nThe recommended point is the centre of the best plateau: the worse of its own figure and the median "
        "over it and its neighbours, one step away along each parameter, is the best of all points.\n",
    ]


def _sensitivity(result: OptimizationResult) -> list[str]:
    rows = [f"| {name} | {format_figure(result.maximize, found.effect)} |" for name, found in ranked(result)]
    heading = f"| parameter | largest difference between medians of {METRICS[result.maximize].label} |"
    return ["\n## Sensitivity\n", heading, "|---|---:|", *rows, ""] if rows else []


def ranked(result: OptimizationResult) -> list[tuple[str, Sensitivity]]:
    """The parameters by their effect, largest first."""
    return sorted(result.sensitivity.items(), key=lambda item: -_effect(item[1]))


def _effect(found: Sensitivity) -> float:
    """Perfect in part, hence without a number, is the largest."""
    return math.inf if found.effect is None else found.effect


def _pictures(result: OptimizationResult) -> list[str]:
    shown = [f"![{' and '.join(filter(None, (m.x, m.y)))}]({m.png.name})" for m in result.artifacts.heatmaps]
    page = f"\nThe [page]({result.artifacts.page.name}) has them with the figure of each cell.\n"
    note = "Each cell is the median over the parameters that are not shown.\n"
    return ["## Heatmaps\n", note, *shown, page] if shown else []


def provenance(result: OptimizationResult) -> list[tuple[str, str]]:
    """What identifies the result, as names and values."""
    space = ", ".join(f"{name}: {_values(values)}" for name, values in result.space.items())
    searched = ("Space", f"{space}; constraints: {', '.join(result.constraints) or 'none'}")
    return provenance_rows(result, "Sweep", searched, f"{result.engine}, seed {result.seed}, {result.seconds:,.1f} s")


def _provenance(result: OptimizationResult) -> list[str]:
    return [
        "\n## Provenance\n",
        *(f"- {name}: {value}" for name, value in provenance(result)),
        "- Every combination with all metrics: [table.csv](table.csv)",
        "",
    ]


def _values(values: list[Value]) -> str:
    if len(values) <= 6:
        return " ".join(str(value) for value in values)
    return f"{values[0]} {values[1]} … {values[-1]} ({len(values)} values)"
