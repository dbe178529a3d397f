"""What the report and the page both say: sections of words and tables, built once from the stored answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from skills_lib.backtest.metrics import METRICS
from skills_lib.backtest.report import format_figure
from skills_lib.validate.model import Figures
from skills_lib.validate.report import describe_parameters
from skills_lib.validate.stages.breadth import Elsewhere
from skills_lib.validate.stages.monte_carlo import Distribution
from skills_lib.validate.stages.percentiles import Percentiles
from skills_lib.validate.validation_model import Breadth, Piece, ValidationResult
from skills_lib.validate.verdict import RuleResult
from skills_lib.validate.walk_model import WindowResult
from skills_lib.validate.walk_report import describe_efficiency

SHOWN = ("return_pct", "cagr_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")
NONE = "n/a"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of words; the first column is a name, the others are figures."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading. `picture`: name in the artifacts; `limits`: what the figures cannot say."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    pictures: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def sections(result: ValidationResult) -> list[Section]:
    """Everything behind the verdict, in the order of the pipeline."""
    return [
        _data(result),
        _lookahead(result),
        _samples(result),
        _walk_forward(result),
        _elsewhere(result),
        _monte_carlo(result),
        _overfitting(result),
        _costs(result),
        _regimes(result),
        _sealed(result),
        _provenance(result),
    ]


def rules_grid(rules: Sequence[RuleResult]) -> Grid:
    """The verdict's table."""
    rows = [
        (rule.name, rule_value(rule), rule_threshold(rule), number(rule.margin, rule.unit), rule.level)
        for rule in rules
    ]
    return Grid(("rule", "figure", "PASS needs", "margin", ""), rows)


def rule_value(rule: RuleResult) -> str:
    """The figure of a rule in words."""
    if isinstance(rule.value, bool):
        return "yes" if rule.value else "no"
    return number(rule.value, rule.unit)


def rule_threshold(rule: RuleResult) -> str:
    """What a rule wants, in words."""
    if isinstance(rule.threshold, bool):
        return "yes" if rule.threshold else "no"
    caution = "" if rule.caution is None else f" (CAUTION from {rule.caution:g})"
    return f"{rule.comparison} {rule.threshold:g}{f' {rule.unit}' if rule.unit else ''}{caution}"


def number(value: float | int | None, unit: str = "") -> str:
    """A figure with its unit, as short as it may be."""
    if value is None:
        return NONE
    shown = f"{value:,d}" if isinstance(value, int) else f"{value:,.3f}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{shown} {unit}".strip()


def _span(piece: Piece) -> str:
    return f"{piece.start[:10]} to {piece.end[:10]}, {piece.bars:,} bars"


def _data(result: ValidationResult) -> Section:
    found = result.audit
    longest = ", ".join(f"{outage.hours:g} h after {outage.after}" for outage in found.outages[:3]) or "none"
    needed = found.minimum_days_for_claim
    claim = "" if needed is None else f" A Sharpe ratio as found needs {needed:,.0f} days to stand above 0 at 95 %."
    return Section(
        "Data",
        [
            f"{found.bars:,} bars over {found.days:,.0f} days; {found.missing_bars:,} missing in {found.gaps:,} gaps.{claim}"
        ],
        [f"Longest outages: {longest}", *found.fatal, *found.warnings],
        limits=(found.limits,),
    )


def _lookahead(result: ValidationResult) -> Section:
    cut, warm = result.lookahead.truncation, result.lookahead.warm_up
    return Section(
        "Look-ahead",
        ["The bars after a cut are taken away, and history is begun later: neither may change what was wished before."],
        [
            f"Truncation, {cut.cuts} cuts, {cut.compared_bars:,} bars compared: {cut.words or _passed(cut.passed)}",
            f"Start of history, {warm.starts} starts: {warm.words or _passed(warm.passed)}",
        ],
    )


def _passed(passed: bool) -> str:
    return "passed" if passed else "failed"


def _samples(result: ValidationResult) -> Section:
    inside, outside = result.in_sample, result.out_of_sample
    chosen = "as given" if inside.chosen_by == "given" else f"chosen among {inside.evaluated:,}, on a {inside.kind}"
    return Section(
        "In-sample and out-of-sample",
        [
            f"Parameters {describe_parameters(inside.parameters)} ({chosen}). In-sample {_span(inside)}; out-of-sample "
            f"{_span(outside)}; the last {result.sealed.bars:,} bars are sealed.",
            "The in-sample column describes the bars that the choice was made on. It is no performance.",
            outside.fall.words,
        ],
        grids=[figures_grid({"in-sample": inside.metrics, "out-of-sample": outside.metrics})],
        pictures=("equity",),
        limits=(outside.fall.limits,),
    )


def _walk_forward(result: ValidationResult) -> Section:
    walked, metric = result.walk_forward, METRICS[result.maximize].label
    kind = "anchored" if walked.anchored else "rolling"
    return Section(
        "Walk-forward",
        [
            f"{len(walked.windows)} {kind} windows: train {walked.train_days:g} days, embargo {walked.embargo_days:g}, "
            f"test {walked.test_days:g}, step {walked.step_days:g}; {metric} is maximised anew on each train span. Mean "
            f"test Sharpe {number(walked.mean_sharpe)}, {walked.positive_share * 100:.0f} % of the windows earned money, "
            f"efficiency {describe_efficiency(walked.efficiency)}.",
        ],
        grids=[
            figures_grid({"stitched out-of-sample": walked.stitched.metrics}),
            Grid(
                ("test", "parameters", "Sharpe train", "Sharpe test", "return test"),
                [_window(window) for window in walked.windows],
            ),
        ],
        pictures=("windows",),
        limits=("A choice repeated is not a strategy kept: the windows judge the search as much as what it found.",),
    )


def _window(window: WindowResult) -> tuple[str, ...]:
    chosen = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
    figures = ((window.train, "sharpe"), (window.test, "sharpe"), (window.test, "return_pct"))
    shown = (format_figure(name, sample[name] if sample else None) for sample, name in figures)
    return (f"{window.test_start[:10]} to {window.test_end[:10]}", chosen, *shown)


def _elsewhere(result: ValidationResult) -> Section:
    return Section(
        "Other timeframes and assets",
        ["The same parameters on other candles, cut where the sealed bars begin; not a rule of the verdict."],
        [f"Missing: {text}" for text in _missing(result.timeframes, result.assets)],
        grids=[elsewhere_grid([*result.timeframes.found, *result.assets.found])],
        limits=tuple(dict.fromkeys(one.limits for one in [*result.timeframes.found, *result.assets.found])),
    )


def _missing(*breadths: Breadth) -> list[str]:
    return [text for breadth in breadths for text in breadth.missing]


def elsewhere_grid(found: Sequence[Elsewhere]) -> Grid:
    """One row a set of candles."""
    rows = [
        (
            f"{one.symbol} {one.timeframe}",
            f"{one.days:,}",
            one.problem or f"{number(one.metrics['sharpe'])} ± {number(one.sharpe_error)}",
            *(format_figure(name, one.metrics.get(name)) for name in ("return_pct", "max_drawdown_pct", "trades")),
        )
        for one in found
    ]
    return Grid(("candles", "days", "Sharpe ± standard error", "return", "max drawdown", "trades"), rows)


def _monte_carlo(result: ValidationResult) -> Section:
    found = result.monte_carlo
    drawn = [one for one in (found.trades, found.days, found.order) if one is not None]
    null, noise = found.random_entries, found.price_noise
    points, limits = [], [f"{one.method.capitalize()}: {one.limits}" for one in drawn]
    if null is not None and null.p is not None:
        points.append(
            f"Random entries: the same {null.trades:,} trades at random places do at least as well in {null.p:.1%} of "
            f"{null.samples:,} tries (observed {null.observed_return_pct:,.1f} %)."
        )
        limits.append(f"Random entries: {null.limits}")
    if noise is not None:
        points += [
            f"Prices off by {level.size_bps:g} bps: {_noise(level.return_pct)} over {level.runs} runs, "
            f"{number(noise.return_pct)} % without."
            for level in noise.levels
        ]
        limits.append(f"Price noise: {noise.limits}")
    return Section(
        "Monte Carlo",
        ["Drawn again from the stitched out-of-sample run; noise is added to the out-of-sample bars."],
        points,
        [Grid(("method", "total return, 5 / 50 / 95 %", "max drawdown, 5 / 50 / 95 %", "ends in loss"), _drawn(drawn))],
        ("monte_carlo", "drawdowns", "random_entries"),
        tuple(limits),
    )


def _drawn(found: Sequence[Distribution]) -> list[tuple[str, ...]]:
    return [
        (
            f"{one.method} ({one.samples:,} × {one.observations:,})",
            _three(one.total_return_pct),
            _three(one.max_drawdown_pct),
            NONE if one.loss_share is None else f"{one.loss_share:.0%}",
        )
        for one in found
    ]


def _three(found: Percentiles | None) -> str:
    return NONE if found is None else f"{found.p5:,.1f} / {found.p50:,.1f} / {found.p95:,.1f} %"


def _noise(found: Percentiles | None) -> str:
    return "no run" if found is None else f"return {found.p5:,.1f} to {found.p95:,.1f} %"


def _overfitting(result: ValidationResult) -> Section:
    found = result.overfitting
    rows = [
        ("Trials counted on these candles", f"{found.trials:,}"),
        ("Sharpe of the chosen parameters, all unsealed days", number(found.sharpe)),
        ("Sharpe the best of so many trials shows without an edge", number(found.expected_maximum_sharpe)),
        ("Probabilistic Sharpe ratio (true Sharpe > 0)", number(found.psr)),
        ("Deflated Sharpe ratio (true Sharpe > that of luck)", number(found.dsr)),
        ("Track record needed, days", number(found.minimum_track_record_days)),
        (f"Probability of backtest overfitting, {found.cscv.configurations:,} configurations", number(found.pbo)),
        ("Hansen's SPA, p that none beats staying out", number(found.spa_p)),
    ]
    return Section("Overfitting", points=list(found.notes), grids=[Grid(("", "figure"), rows)], limits=(found.limits,))


def _costs(result: ValidationResult) -> Section:
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
    even = number(found.fixed.break_even_cost_bps, "bps a side")
    return Section(
        "Costs",
        [f"Break-even cost of the chosen parameters out of sample: {even}."],
        list(found.fixed.notes),
        [Grid(head, rows)],
        ("costs",),
    )


def _regimes(result: ValidationResult) -> Section:
    rows = [
        (
            f"{cell.trend}, {cell.volatility}",
            f"{cell.days:,}",
            f"{cell.share:.0%}",
            f"{cell.return_pct:,.1f} %",
            f"{number(cell.sharpe)} ± {number(cell.error)}{' (few days)' if cell.too_few_days else ''}",
        )
        for cell in result.regimes.cells
    ]
    return Section(
        "Regimes",
        ["The stitched out-of-sample days, sorted by what the market had done before each."],
        grids=[Grid(("regime", "days", "share", "return", "Sharpe ± standard error"), rows)],
        pictures=("regimes",),
        limits=(result.regimes.limits,),
    )


def _sealed(result: ValidationResult) -> Section:
    found = result.sealed
    words = f"The last {found.bars:,} bars ({_span(found)}) are closed; nothing in this report was computed on them."
    if found.opened:
        words = f"The last {found.bars:,} bars ({_span(found)}) were opened on {found.opened_at}: {found.reason}"
    grids = [] if found.metrics is None else [figures_grid({"sealed, opened": found.metrics})]
    return Section("Sealed", [words], grids=grids)


def figures_grid(columns: dict[str, Figures]) -> Grid:
    """Figures by name, one column a sample."""
    rows = [(METRICS[name].label, *(format_figure(name, found[name]) for found in columns.values())) for name in SHOWN]
    return Grid(("", *columns), rows)


def _provenance(result: ValidationResult) -> Section:
    space = ", ".join(f"{name}: {' '.join(map(str, values))}" for name, values in result.space.items())
    costs = result.settings.costs
    return Section(
        "What made it",
        points=[
            f"Data: {result.source}; {result.bars:,} bars from {result.start} to {result.end} UTC",
            f"Space: {space}; constraints: {', '.join(result.constraints) or 'none'}",
            f"Costs: {costs.name}, {costs.side_bps():g} bps a side; engine {result.engine}, seed {result.seed}, "
            f"{result.seconds:,.1f} s",
            f"Data SHA-256 {result.data_sha256}, code SHA-256 {result.code_sha256}, validation {result.id}",
        ],
    )
