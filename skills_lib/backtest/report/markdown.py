"""Writes the report of a run as Markdown and formats figures and costs."""

from collections.abc import Mapping

from skills_lib.backtest.metrics import METRICS, perfect
from skills_lib.backtest.model import BacktestResult

_ENGINES = {"reference": "backtesting.py", "kernel": "the compiled kernel (trades equal to backtesting.py's)"}
SYNTHETIC_NOTE = "SYNTHETIC DATA: made by this program, not a market. It shows that the machinery works, nothing more."
IN_SAMPLE_NOTE = (
    "In-sample: the parameters may have been chosen with knowledge of this span, so these figures describe the past "
    "and are not a performance to expect."
)


def format_figure(name: str, value: float | int | None) -> str:
    """A figure with its unit: `-12.30 %`, `1.24`, `n/a`."""
    if value is None:
        return "n/a"
    unit = METRICS[name].unit
    number = f"{value:,d}" if isinstance(value, int) else f"{value:,.2f}"
    return f"{number} {unit}".strip()


def describe_figure(name: str, figures: Mapping[str, float | int | None] | None) -> str:
    """One of a run's figures with its unit; `no loss` or the like where it is perfect, `n/a` where undefined."""
    if figures is None:
        return format_figure(name, None)
    return perfect(figures).get(name) or format_figure(name, figures.get(name))


def describe_costs(result: BacktestResult) -> str:
    """Costs in one line."""
    costs = result.costs
    parts = [f"{costs.commission_bps:g} bps commission per side"]
    if costs.commission_per_unit:
        parts = [f"{costs.commission_per_unit:g} per unit, minimum {costs.commission_minimum:g} per order"]
    if costs.round_trip_spread:
        parts.append(f"{costs.spread_bps:g} bps spread, {costs.slippage_bps:g} bps slippage per side")
    if costs.funding_bps_per_8h:
        parts.append(f"{costs.funding_bps_per_8h:g} bps funding per 8 h (assumed constant)")
    return f"{costs.name}: {', '.join(parts)}"


def write_report(result: BacktestResult) -> str:
    """The report as Markdown."""
    title = f"# {result.strategy} on {result.symbol} {result.timeframe}\n"
    banner = f"> **{SYNTHETIC_NOTE}**\n\n" if result.synthetic else ""
    return "\n".join(
        [
            title,
            f"{banner}**{result.verdict.label}**\n",
            *(f"- {reason}" for reason in result.verdict.reasons),
            f"\n{IN_SAMPLE_NOTE}\n",
            "![Equity and drawdown](equity.png)\n",
            "The [interactive plot](plot.html) is backtesting.py's own; its equity excludes funding.\n",
            *_figures(result),
            *_provenance(result),
        ]
    )


def _figures(result: BacktestResult) -> list[str]:
    rows = [
        f"| {metric.label} | {describe_figure(name, result.metrics)} | {metric.definition} |"
        for name, metric in METRICS.items()
    ]
    return ["## Figures\n", "| | | definition |", "|---|---:|---|", *rows, ""]


def _provenance(result: BacktestResult) -> list[str]:
    parameters = ", ".join(f"{name}={value}" for name, value in result.parameters.items()) or "none"
    defects = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.quality.items() if count)
    warnings = [f"- Warning: {text}" for text in result.warnings]
    return [
        "## Provenance\n",
        f"- Data: {result.source}; {result.bars:,} bars from {result.start} to {result.end} UTC; {defects}",
        f"- Parameters: {parameters}",
        f"- Costs: {describe_costs(result)}",
        f"- Execution: {_ENGINES[result.settings.engine]}, {result.settings.cash:,.0f} starting equity, "
        f"orders fill at the next open, units of {result.settings.fractional_unit:g}",
        f"- Data SHA-256 `{result.data_sha256}`, code SHA-256 `{result.code_sha256}`, run `{result.run_id}`",
        *warnings,
        "\n## Limits\n",
        "- Fills at the open with fixed spread and slippage: no queue, market impact or outages.",
        "- The break-even cost assumes the same trades; other costs would change their sizes.",
        "- One span of one instrument: no evidence about other instruments or the future.",
        "",
    ]
