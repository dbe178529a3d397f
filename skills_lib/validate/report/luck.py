"""Builds the report's sections on Monte Carlo, overfitting, costs and regimes, and the reasons in plain words."""

from collections.abc import Sequence

from skills_lib.backtest.report.markdown import format_figure
from skills_lib.report.page import Grid
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.tables import NONE, ReportSection, number
from skills_lib.validate.stages.monte_carlo import ResampledDistribution
from skills_lib.validate.stages.percentiles import Percentiles
from skills_lib.validate.verdict import ValidationVerdict

_SMALLEST = 0.001


def reasons(verdict: ValidationVerdict) -> str:
    """What decided, in plain words: the rules missed, and the two figures that say most directly what luck explains."""
    rules = {rule.name: rule for rule in verdict.rules}
    missed = sum(not rule.passed for rule in verdict.rules)
    found = [f"{missed} of {len(rules)} rules are missed." if missed else f"All {len(rules)} rules are met."]
    random, deflated = rules["Random-entry p"], rules["Deflated Sharpe ratio"]
    if random.value is not None:
        found.append(
            f"The same trades at random times do as well in {_percent(random.value)} of cases "
            f"(PASS below {_percent(random.threshold)})."
        )
    if deflated.value is not None:
        found.append(
            f"The Sharpe ratio is above what luck reaches with a probability of {_percent(deflated.value)} "
            f"(PASS above {_percent(deflated.threshold)})."
        )
    return " ".join(found)


def monte_carlo(result: ValidationResult) -> ReportSection:
    """The section on Monte Carlo."""
    found = result.monte_carlo
    sampled = [one for one in (found.trades, found.days, found.order) if one is not None]
    null, noise = found.random_entries, found.price_noise
    points, limits = [], [f"{one.method.capitalize()}: {one.limits}" for one in sampled]
    if null is not None and null.p is not None:
        points.append(
            f"Random entries: the same {null.trades:,} trades at random times do at least as well in "
            f"{null.p * 100:.1f} % of {null.samples:,} samples (observed {null.observed_return_pct:,.1f} %)."
        )
        limits.append(f"Random entries: {null.limits}")
    if noise is not None:
        points += [
            f"Noise of {level.size_bps:g} bps: {_noise(level.return_pct)} over {level.runs} runs, "
            f"{number(noise.return_pct)} % without."
            for level in noise.levels
        ]
        limits.append(f"Price noise: {noise.limits}")
    return ReportSection(
        "Monte Carlo",
        [
            "Resampled from the stitched out-of-sample run. Noise is added to the out-of-sample bars alone, with a "
            "warm-up of their own, so the figure without noise differs slightly from the one above."
        ],
        points,
        [
            Grid(
                ("method", "total return, 5 / 50 / 95 %", "max drawdown, 5 / 50 / 95 %", "ends in loss"),
                _sampled(sampled),
            )
        ],
        ("monte_carlo", "drawdowns", "random_entries"),
        tuple(limits),
    )


def overfitting(result: ValidationResult) -> ReportSection:
    """The section on overfitting."""
    found = result.overfitting
    rows = [
        ("Trials counted on these candles", f"{found.trials:,}"),
        ("Sharpe of the chosen parameters, all unsealed days", number(found.sharpe)),
        ("Expected best Sharpe of so many trials without an edge", number(found.expected_maximum_sharpe)),
        ("Probabilistic Sharpe ratio (true Sharpe > 0)", number(found.psr)),
        ("Deflated Sharpe ratio (true Sharpe > expected best without an edge)", number(found.dsr)),
        ("Track record needed, days", number(found.minimum_track_record_days)),
        (f"Probability of backtest overfitting, {found.cscv.configurations:,} configurations", number(found.pbo)),
        ("Splits in which the best of one half lost money in the other", number(found.cscv.loss_probability)),
        ("Hansen's SPA, p that none beats no position", number(found.spa_p)),
    ]
    return ReportSection(
        "Overfitting", points=list(found.notes), grids=[Grid(("", "figure"), rows)], limits=(found.limits,)
    )


def costs(result: ValidationResult) -> ReportSection:
    """The section on costs and delay."""
    found = result.costs
    fixed = {level.multiple: level.metrics for level in found.fixed.levels}
    rows = [
        (
            f"{level.multiple:g} × costs",
            format_figure("return_pct", level.metrics["return_pct"]),
            number(level.metrics["sharpe"]),
            format_figure("return_pct", fixed[level.multiple]["return_pct"]),
            number(fixed[level.multiple]["sharpe"]),
        )
        for level in found.stitched
    ]
    late = found.fixed.delayed_one_bar
    if late is not None:
        rows.append(
            ("one bar late", NONE, NONE, format_figure("return_pct", late["return_pct"]), number(late["sharpe"]))
        )
    head = ("", "return, stitched", "Sharpe, stitched", "return, out-of-sample", "Sharpe, out-of-sample")
    even = number(found.fixed.break_even_cost_bps, "bps per side")
    return ReportSection(
        "Costs",
        [f"Break-even cost of the chosen parameters out of sample: {even}."],
        list(found.fixed.notes),
        [Grid(head, rows)],
        ("costs",),
    )


def regimes(result: ValidationResult) -> ReportSection:
    """The section on market regimes."""
    rows = [
        (
            f"{cell.trend}, {cell.volatility}",
            f"{cell.days:,}",
            f"{cell.share * 100:.0f} %",
            f"{cell.return_pct:,.1f} %",
            f"{number(cell.sharpe)} ± {number(cell.error)}{' (few days)' if cell.too_few_days else ''}",
        )
        for cell in result.regimes.cells
    ]
    return ReportSection(
        "Regimes",
        ["The stitched out-of-sample days by market regime, known before each day."],
        grids=[Grid(("regime", "days", "share", "return", "Sharpe ± standard error"), rows)],
        pictures=("regimes",),
        limits=(result.regimes.limits,),
    )


def _percent(share: float) -> str:
    """A share in percent; never a rounded 0 or 100, which would claim certainty."""
    if 0 < share < _SMALLEST or 1 - _SMALLEST < share <= 1:
        return f"{'less than 0.1' if share < _SMALLEST else 'more than 99.9'} %"
    return f"{100 * share:.3g} %"


def _sampled(found: Sequence[ResampledDistribution]) -> list[tuple[str, ...]]:
    return [
        (
            f"{one.method} ({one.samples:,} × {one.observations:,})",
            _percentile_text(one.total_return_pct),
            _percentile_text(one.max_drawdown_pct),
            NONE if one.loss_share is None else f"{one.loss_share * 100:.0f} %",
        )
        for one in found
    ]


def _percentile_text(found: Percentiles | None) -> str:
    return NONE if found is None else f"{found.p5:,.1f} / {found.p50:,.1f} / {found.p95:,.1f} %"


def _noise(found: Percentiles | None) -> str:
    return "no run" if found is None else f"return {found.p5:,.1f} to {found.p95:,.1f} %"
