"""Builds the sections shared by the Markdown report and the page from the stored result."""

from skills_lib.backtest.report.markdown import describe_figure, provenance_rows
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.optimize.table import optimised
from skills_lib.report.page import Grid
from skills_lib.validate.model import SampleSpan, ValidationResult
from skills_lib.validate.report import luck as luck
from skills_lib.validate.report.tables import ReportSection, cross_market_grid, figures_grid, number
from skills_lib.walk_forward.model import WindowResult
from skills_lib.walk_forward.report.markdown import describe_efficiency

PROVENANCE = "Provenance"


def sections(result: ValidationResult) -> list[ReportSection]:
    """All sections, in the order of the pipeline."""
    return [
        _data(result),
        _lookahead(result),
        _samples(result),
        _walk_forward(result),
        _cross_market(result),
        luck.monte_carlo(result),
        luck.overfitting(result),
        luck.costs(result),
        luck.regimes(result),
        _sealed(result),
        _provenance(result),
    ]


def _span(span: SampleSpan) -> str:
    return f"{span.start[:10]} to {span.end[:10]}, {span.bars:,} bars"


def _data(result: ValidationResult) -> ReportSection:
    found = result.audit
    longest = ", ".join(f"{outage.hours:g} h after {outage.after}" for outage in found.outages[:3]) or "none"
    needed = found.minimum_days_for_claim
    claim = "" if needed is None else f" The Sharpe ratio found needs {needed:,.0f} days to be above 0 at 95 %."
    return ReportSection(
        "Data",
        [
            f"{found.bars:,} bars over {found.days:,.0f} days; {found.missing_bars:,} missing in {found.gaps:,} gaps."
            f"{claim}"
        ],
        [f"Longest outages: {longest}", *found.fatal, *found.warnings],
        limits=(found.limits,),
    )


def _lookahead(result: ValidationResult) -> ReportSection:
    cut, warm = result.lookahead.truncation, result.lookahead.warm_up
    return ReportSection(
        "Look-ahead",
        ["Signals must not change when the bars after a cut are removed or when history starts later."],
        [
            f"Truncation, {cut.cuts} cuts, {cut.compared_bars:,} bars compared: {cut.words or _passed(cut.passed)}",
            f"Start of history, {warm.starts} starts: {warm.words or _passed(warm.passed)}",
        ],
    )


def _passed(passed: bool) -> str:
    return "passed" if passed else "failed"


def _samples(result: ValidationResult) -> ReportSection:
    inside, outside = result.in_sample, result.out_of_sample
    chosen = "as given" if inside.chosen_by == "given" else f"chosen among {inside.evaluated:,}, on a {inside.kind}"
    return ReportSection(
        "In-sample and out-of-sample",
        [
            f"Parameters {describe_parameters(inside.parameters)} ({chosen}). In-sample {_span(inside)}; out-of-sample "
            f"{_span(outside)}; the last {result.sealed.bars:,} bars are sealed.",
            "The in-sample column describes the bars on which the parameters were chosen. It is not performance.",
            outside.fall.words,
        ],
        grids=[figures_grid({"in-sample": inside.metrics, "out-of-sample": outside.metrics})],
        pictures=("equity",),
        limits=(outside.fall.limits,),
    )


def _walk_forward(result: ValidationResult) -> ReportSection:
    walked = result.walk_forward
    kind = "anchored" if walked.anchored else "rolling"
    return ReportSection(
        "Walk-forward",
        [
            f"{len(walked.windows)} {kind} windows: train {walked.train_days:g} days, embargo {walked.embargo_days:g}, "
            f"test {walked.test_days:g}, step {walked.step_days:g}; {optimised(result.maximize)} on each train span. "
            f"Mean test Sharpe {number(walked.mean_sharpe)}, {walked.positive_share * 100:.0f} % of the windows earned "
            f"money, efficiency {describe_efficiency(walked.efficiency)}.",
        ],
        grids=[
            figures_grid({"stitched out-of-sample": walked.stitched.metrics}),
            Grid(
                ("test", "parameters", "Sharpe train", "Sharpe test", "return test"),
                [_window(window) for window in walked.windows],
                words=(1,),
            ),
        ],
        pictures=("windows",),
        limits=("The windows test the repeated search as much as the parameters it found.",),
    )


def _window(window: WindowResult) -> tuple[str, ...]:
    chosen = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
    figures = ((window.train, "sharpe"), (window.test, "sharpe"), (window.test, "return_pct"))
    shown = (describe_figure(name, sample) for sample, name in figures)
    return (f"{window.test_start[:10]} to {window.test_end[:10]}", chosen, *shown)


def _cross_market(result: ValidationResult) -> ReportSection:
    found = [*result.timeframes, *result.assets]
    return ReportSection(
        "Other timeframes and assets",
        [
            "The same parameters on other candles, cut where the sealed bars begin; not a rule of the verdict.",
            *([] if found or result.missing else ["No other candles were asked for."]),
        ],
        [f"Missing: {text}" for text in result.missing],
        grids=[cross_market_grid(found)],
        limits=tuple(dict.fromkeys(one.limits for one in found)),
    )


def _sealed(result: ValidationResult) -> ReportSection:
    found = result.sealed
    paragraphs = [
        f"The last {found.bars:,} bars ({_span(found)}) are closed; nothing in this report was computed on them."
    ]
    if found.opened:
        paragraphs = [
            f"These {found.bars:,} bars ({_span(found)}) were first opened at {found.first_opened_at} UTC, "
            f"{found.openings} times in all; only the first opening is evidence."
        ]
    if found.metrics is not None:
        paragraphs.append(f"This validation opened them: {found.reason}")
    if found.tried_before:
        paragraphs.append(
            f"{found.tried_before:,} configurations had been evaluated on some of them before: not unseen."
        )
    grids = [] if found.metrics is None else [figures_grid({"sealed, opened": found.metrics})]
    return ReportSection("Sealed", paragraphs, grids=grids)


def provenance(result: ValidationResult) -> list[tuple[str, str]]:
    """What identifies the result, as names and values."""
    space = ", ".join(f"{name}: {' '.join(map(str, values))}" for name, values in result.space.items())
    searched = ("Space", f"{space}; constraints: {', '.join(result.constraints) or 'none'}")
    return provenance_rows(
        result, "Validation", searched, f"{result.engine}, seed {result.seed}, {result.seconds:,.1f} s"
    )


def _provenance(result: ValidationResult) -> ReportSection:
    return ReportSection(PROVENANCE, points=[f"{name}: {value}" for name, value in provenance(result)])
