"""Writes the Markdown report of a walk-forward."""

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_figure, provenance_rows
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.optimize.table import optimised
from skills_lib.walk_forward.model import ParameterDrift, StitchedSpan, WalkForwardResult, WindowResult

SHOWN = ("return_pct", "cagr_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")

LIMITS = (
    "Changing the strategy after reading this report turns the out-of-sample bars into in-sample bars.",
    "Overlapping test spans share bars: the windows are not independent evidence.",
)


def write_walk_forward(result: WalkForwardResult) -> str:
    """The report as Markdown."""
    banner = f"> **{SYNTHETIC_NOTE}**\n\n" if result.synthetic else ""
    kind = "anchored" if result.anchored else "rolling"
    picked = "centre of the best plateau" if result.pick == "plateau" else "raw maximum"
    return "\n".join(
        [
            f"# Walk-forward of {result.strategy} on {result.symbol} {result.timeframe}\n",
            f"{banner}{len(result.windows)} {kind} windows: train {result.train_days:g} days, embargo "
            f"{result.embargo_days:g}, test {result.test_days:g}, step {result.step_days:g}. On each train span the "
            f"{picked} of {optimised(result.maximize)} was chosen (at least {result.min_trades} trades), and "
            "tested on the span after it.\n",
            f"![All windows]({result.artifacts.picture.name})\n",
            f"The [page]({result.artifacts.page.name}) has the same charts, larger.\n",
            *_judgement(result),
            *(f"- Warning: {text}" for text in result.warnings),
            *_stitched_spans(result),
            *_windows(result),
            *_provenance(result),
        ]
    )


def describe_efficiency(efficiency: float | None) -> str:
    """Describes the walk-forward efficiency."""
    return "undefined: the train spans did not earn money" if efficiency is None else f"{efficiency * 100:.0f} %"


def describe_drift(name: str, drift: ParameterDrift) -> str:
    """Describes in one line how one parameter changed between windows."""
    step = "" if drift.mean_step is None else f", by {drift.mean_step * 100:.0f} % of its range on average"
    return f"{name} changed in {drift.changed_share * 100:.0f} % of windows{step}"


def _judgement(result: WalkForwardResult) -> list[str]:
    drift = [describe_drift(name, found) for name, found in result.parameter_drift.items()]
    return [
        f"- Walk-forward efficiency (daily return out of sample / in sample): {describe_efficiency(result.efficiency)}",
        f"- Windows with a positive test: {result.positive_share * 100:.0f} %",
        *(f"- {text}" for text in drift),
    ]


def _stitched_spans(result: WalkForwardResult) -> list[str]:
    halves = (
        ("stitched", result.out_of_sample),
        ("first half", result.halves.first),
        ("second half", result.halves.second),
    )
    shown: list[tuple[str, StitchedSpan]] = [(name, found) for name, found in halves if found is not None]
    rows = [
        f"| {METRICS[name].label} | {' | '.join(describe_figure(name, found.metrics) for _, found in shown)} |"
        for name in SHOWN
    ]
    spans = " | ".join(f"{found.start[:10]} to {found.end[:10]}" for _, found in shown)
    return [
        "\n## Out of sample\n",
        f"| | {' | '.join(name for name, _ in shown)} |",
        f"|---|{'---:|' * len(shown)}",
        f"| Bars | {spans} |",
        *rows,
        "\nThe stitched run uses each bar once: every window contributes its test span up to the next window's "
        "test, the last all of it. Each part starts flat with the final equity of the part before and ends flat.\n",
    ]


def _windows(result: WalkForwardResult) -> list[str]:
    metric = METRICS[result.maximize].label
    head = f"| train from | test | parameters | {metric} train | {metric} test | return test |"
    return [
        "## Windows\n",
        head,
        "|---|---|---|---:|---:|---:|",
        *(_row(w, result.maximize) for w in result.windows),
        "",
    ]


def _row(window: WindowResult, metric: str) -> str:
    parameters = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
    figures = [
        describe_figure(name, sample)
        for sample, name in ((window.train, metric), (window.test, metric), (window.test, "return_pct"))
    ]
    days = f"{window.train_start[:10]} | {window.test_start[:10]} to {window.test_end[:10]}"
    return f"| {days} | {parameters} | {' | '.join(figures)} |"


def provenance(result: WalkForwardResult) -> list[tuple[str, str]]:
    """What identifies the result, as names and values."""
    constraints = ", ".join(result.constraints) or "none"
    found = f"{result.method}, {result.evaluated:,} evaluations, seed {result.seed}; constraints: {constraints}"
    return provenance_rows(result, "Walk-forward", ("Search", found), f"{result.engine}, {result.seconds:,.1f} s")


def _provenance(result: WalkForwardResult) -> list[str]:
    return [
        "## Provenance\n",
        *(f"- {name}: {value}" for name, value in provenance(result)),
        "\n## Limits\n",
        *(f"- {text}" for text in LIMITS),
        "",
    ]
