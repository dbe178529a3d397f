"""The charts of a validation's page."""

import numpy as np

from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Area, Columns, Layer, Limit, Polyline, Segments, Shade, Style
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.curves import Curves
from skills_lib.validate.stages.percentiles import Histogram
from skills_lib.walk_forward.report.page import windows_chart

MULTIPLE = Axis("logarithmic", "multiple of the start, log axis")


def charts(result: ValidationResult, curves: Curves) -> dict[str, Chart]:
    """The charts that there are figures for, by name."""
    walked = result.walk_forward
    found = {
        "equity": _equity(result, curves),
        "windows": windows_chart(walked.windows, "sharpe", walked.mean_sharpe),
        "monte_carlo": _monte_carlo(result, curves),
        "drawdowns": _drawdowns(result),
        "random_entries": _random_entries(result),
        "regimes": _regimes(result),
        "costs": _costs(result),
    }
    return {name: chart for name, chart in found.items() if chart is not None}


def _equity(result: ValidationResult, curves: Curves) -> Chart:
    sealed = result.sealed
    start, end = (float(np.datetime64(edge, "ns").astype(np.int64)) for edge in (sealed.start, sealed.end))
    layers: list[Layer] = [
        Shade(start, end, "Sealed"),
        Polyline(*curves.market, "Buy and hold, no costs", "market"),
        Polyline(*curves.in_sample, "In-sample, where the parameters were chosen", "plain"),
        Polyline(*curves.out_of_sample, "Out-of-sample, the same parameters", "outside"),
    ]
    inside, whole = float(curves.in_sample.y[-1]), float(curves.out_of_sample.y[-1])
    text = f"In-sample it grows to {inside:.3g} times the start, out-of-sample on to {whole:.3g} times."
    return Chart("Equity of the chosen parameters, after costs", text, layers, y=MULTIPLE, height=280)


def _monte_carlo(result: ValidationResult, curves: Curves) -> Chart | None:
    sampled = result.monte_carlo.days
    if sampled is None:
        return None
    fan = sampled.fan
    steps, p5, p25, p50, p75, p95 = (
        np.asarray(getattr(fan, name), dtype=np.float64) for name in ("steps", "p5", "p25", "p50", "p75", "p95")
    )
    layers: list[Layer] = [
        Area(steps, p5, p95, "5 to 95 %", "outside", faint=True),
        Area(steps, p25, p75, "25 to 75 %", "outside"),
        Limit(1.0, "y", ""),
        Polyline(steps, p50, "Median", "outside"),
        Polyline(*curves.observed, "Observed", "plain"),
    ]
    text = f"At the end 90 % of the samples lie between {p5[-1]:.3g} and {p95[-1]:.3g} times the start."
    x = Axis("linear", "days")
    return Chart("Stitched out-of-sample days, block bootstrap", text, layers, x, MULTIPLE, 240)


def _drawdowns(result: ValidationResult) -> Chart | None:
    found = result.monte_carlo
    if found.trades is None:
        return None
    limit = next(rule.threshold for rule in result.verdict.rules if rule.name == "Drawdown")
    layers: list[Layer] = [_histogram(found.trades.drawdown_histogram, found.trades.method.capitalize(), "outside")]
    if found.order is not None:
        layers.append(_histogram(found.order.drawdown_histogram, found.order.method.capitalize(), "inside"))
    observed = found.trades.observed_max_drawdown_pct
    layers += [
        Limit(observed, "x", f"Observed at trade ends, {observed:.1f} %", "plain"),
        Limit(-float(limit), "x", f"The rule's limit, {-float(limit):g} %", "bad"),
    ]
    text = f"Half of the samples have a drawdown deeper than {found.trades.max_drawdown_pct.p50:.1f} %."
    x, y = Axis("linear", "max drawdown, %"), Axis("linear", "samples")
    return Chart("Deepest drawdown of resampled trades", text, layers, x, y, 180)


def _random_entries(result: ValidationResult) -> Chart | None:
    null = result.monte_carlo.random_entries
    if null is None or null.null_histogram is None or null.p is None:
        return None
    layers: list[Layer] = [
        _histogram(null.null_histogram, "The same trades at random times", "inside"),
        Limit(null.observed_return_pct, "x", f"Observed, p = {null.p:.3f}", "outside"),
    ]
    text = f"Observed {null.observed_return_pct:.1f} %; {null.p:.1%} of the random samples do at least as well."
    x, y = Axis("linear", "total return, %"), Axis("linear", "samples")
    return Chart("Returns of random entries", text, layers, x, y, 180)


def _histogram(found: Histogram, label: str, style: Style) -> Columns:
    edges, counts = np.asarray(found.edges, dtype=np.float64), np.asarray(found.counts, dtype=np.float64)
    return Columns(edges[:-1], edges[1:], counts, label, style)


def _regimes(result: ValidationResult) -> Chart | None:
    cells = result.regimes.cells
    if not any(cell.sharpe is not None for cell in cells):
        return None
    place = np.arange(len(cells), dtype=np.float64)
    sharpe, error = (
        np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        for values in ([cell.sharpe for cell in cells], [cell.error for cell in cells])
    )
    few = np.array([cell.too_few_days for cell in cells], dtype=np.bool_)
    defined = np.isfinite(sharpe) & np.isfinite(error)
    layers: list[Layer] = [Limit(0.0, "y", "")]
    for chosen, label, style in ((~few, "Enough days", "outside"), (few, "Too few days to judge", "inside")):
        values = np.where(chosen, sharpe, np.nan)
        layers.append(Columns(place - 0.3, place + 0.3, values, label, style))  # type: ignore[arg-type]
    at = place[defined]
    ends = (sharpe[defined] - error[defined], sharpe[defined] + error[defined])
    layers.append(Segments(at, ends[0], at, ends[1], "± one standard error", "plain"))
    ticks = [(float(i), f"{cell.trend}\n{cell.volatility}") for i, cell in enumerate(cells)]
    text = "; ".join(f"{c.trend}, {c.volatility}: {c.days} days" for c in cells)
    x = Axis("linear", "", ticks, include=(-0.5, len(cells) - 0.5))
    return Chart("Sharpe ratio by market regime", text, layers, x, Axis("linear", "annual"), 200)


def _costs(result: ValidationResult) -> Chart:
    layers: list[Layer] = [Limit(0.0, "y", "")]
    stitched = {level.multiple: level.metrics["return_pct"] for level in result.costs.stitched}
    fixed = {level.multiple: level.metrics["return_pct"] for level in result.costs.fixed.levels}
    named: list[tuple[dict[float, float | int | None], str, Style]] = [
        (stitched, "Stitched walk-forward", "outside"),
        (fixed, "Out-of-sample, fixed parameters", "inside"),
    ]
    for levels, label, style in named:
        values = np.array([np.nan if value is None else value for value in levels.values()], dtype=np.float64)
        layers.append(Polyline(np.array(list(levels), dtype=np.float64), values, label, style, dots=True))
    multiples = sorted({*stitched, *fixed})
    x = Axis("linear", "multiple of the assumed costs", [(m, f"{m:g} ×") for m in multiples])
    text = f"Break-even of the chosen parameters out of sample: {result.costs.fixed.break_even_cost_bps} bps per side."
    return Chart("Return by costs", text, layers, x, Axis("linear", "%"), 200)
