"""Builds the page of a calibration: how often the verdict is wrong on markets with a known edge."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs
from skills_lib.calibrate.intervals import PassRate
from skills_lib.calibrate.model import Calibration, PlantedShare
from skills_lib.calibrate.report import markdown as texts
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Layer, Limit, Polyline, Segments, Style
from skills_lib.report.page import Grid, Page, Section

_STYLES: tuple[Style, ...] = ("outside", "inside", "bad")


def calibration_page(result: Calibration) -> Page:
    """The page of a calibration."""
    return Page(
        title=f"Calibration of the verdict with {result.strategy}",
        about=f"{result.null.markets:,} markets without an edge, {texts.planted_markets(result)} with a planted one",
        lead=_lead(result),
        banner=SYNTHETIC_NOTE if result.synthetic else "",
        warnings=[*result.warnings, *(f"Not examined: {n} markets: {why}" for why, n in result.errors.items())],
        sections=[
            Section(
                "Pass rates",
                charts=[_power(result)],
                grids=[_grid(texts.headings(result), _plain(texts.rows(result)))],
                limits=[texts.interval_note(result)],
            ),
            Section("Null markets by kind", grids=[_grid(["kind", "markets", "passes", "rate"], texts.kinds(result))]),
            Section("Rejections by rule", grids=[_grid(texts.rule_headings(result), texts.rejections(result))]),
            Section("Without one rule", grids=[_grid(["dropped", *texts.headings(result)[1:]], texts.without(result))]),
            Section(
                "Trade-off",
                ["All thresholds together: 1 is the verdict, 0 requires only a profit."],
                grids=[_grid(["strictness", *texts.headings(result)[1:]], texts.trade_off(result))],
            ),
            Section("Limits", [texts.LIMITS]),
        ],
        identity=[
            ("Calibration", result.id),
            ("Seed", str(result.seed)),
            ("Markets from", result.source),
            ("Costs", describe_costs(result.settings)),
            ("Code SHA-256", result.code_sha256),
            ("Created", f"{result.created_at[:19]} UTC, {result.seconds:,.0f} s"),
        ],
    )


def _lead(result: Calibration) -> str:
    null = result.null
    low, high = (texts.percent(edge) for edge in null.ci95)
    found = (
        f"The verdict passed {null.passes:,} of {null.markets:,} markets without an edge ({texts.percent(null.rate)}, "
        f"95 % interval {low} to {high})"
    )
    strongest = max(result.planted, key=lambda one: one.sharpe, default=None)
    if strongest is None:
        return f"{found}."
    return (
        f"{found}, and {texts.percent(strongest.power)} of those with a planted Sharpe ratio of {strongest.sharpe:g}."
    )


class _Curve(NamedTuple):
    label: str
    null: PassRate
    planted: Sequence[PlantedShare]


def _power(result: Calibration) -> Chart:
    curves = [_Curve("PASS of the verdict", result.null, result.planted)]
    curves += [_Curve(f"Naive: {rule.rule}", rule.null, rule.planted) for rule in result.naive.values()]
    layers: list[Layer] = [Limit(0.0, "y", "")]
    for curve, style in zip(curves, _STYLES, strict=False):
        points = [
            (0.0, curve.null.rate, curve.null.ci95),
            *((one.sharpe, one.power, one.ci95) for one in curve.planted),
        ]
        sharpe, rate = (np.array([point[i] for point in points], dtype=np.float64) for i in (0, 1))
        low, high = (np.array([point[2][i] for point in points]) for i in (0, 1))
        layers += [
            Segments(sharpe, low * 100, sharpe, high * 100, "", "plain"),
            Polyline(sharpe, rate * 100, curve.label, style, dots=True),
        ]
    x = Axis("linear", "planted annual Sharpe after costs; 0: no edge")
    return Chart("Share of markets that pass", _lead(result), layers, x, Axis("linear", "%, with 95 % intervals"), 300)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
    return Grid(tuple(head), [tuple(row) for row in rows])


def _plain(rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    """Rows without Markdown's signs for bold text."""
    return ([cell.replace("**", "") for cell in row] for row in rows)
