"""Builds the page of a validation: the verdict and its rules, then each stage."""

from collections.abc import Mapping
from dataclasses import replace

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.report.charts import Chart
from skills_lib.report.page import Mood, Page, Section, Verdict
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.charts import charts
from skills_lib.validate.report.curves import Curves
from skills_lib.validate.report.sections import PROVENANCE, provenance, sections
from skills_lib.validate.report.tables import ReportSection, number, rules_grid

_MOODS: dict[str, Mood] = {"PASS": "good", "CAUTION": "medium", "FAIL": "bad"}


def validation_page(result: ValidationResult, curves: Curves) -> Page:
    """The page of a validation; `curves`: of the same one."""
    shown_charts = charts(result, curves)
    verdict = result.verdict
    head = [
        Section("Rules", grids=[rules_grid(verdict.rules)]),
        Section("What would change the verdict", points=verdict.would_change),
        Section("Limits", points=verdict.not_covered),
    ]
    stages = [section for section in sections(result) if section.title != PROVENANCE]
    return Page(
        title=f"Validation of {result.strategy} on {result.symbol} {result.timeframe}",
        about=f"{result.bars:,} bars from {result.start} to {result.end} UTC · {result.source}",
        lead=_lead(result),
        banner=SYNTHETIC_NOTE if result.synthetic else "",
        verdict=Verdict(verdict.label, _MOODS[verdict.label]),
        warnings=result.warnings,
        sections=[*head, *(_section(section, shown_charts) for section in stages)],
        identity=provenance(result),
    )


def _lead(result: ValidationResult) -> str:
    missed = [rule.name for rule in result.verdict.rules if not rule.passed]
    rules = f"{len(missed)} of {len(result.verdict.rules)} rules are missed" if missed else "Every rule is met"
    named = f" ({', '.join(missed[:3])}{' and others' if len(missed) > 3 else ''})" if missed else ""
    return (
        f"{rules}{named}. {describe_parameters(result.parameters)}, after costs ({describe_costs(result.settings)}): "
        f"mean Sharpe of the walk-forward's tests {number(result.walk_forward.mean_sharpe)}; "
        f"{result.overfitting.trials:,} trials were counted on these candles."
    )


def _section(section: ReportSection, shown_charts: Mapping[str, Chart]) -> Section:
    shown = [shown_charts[name] for name in section.pictures if name in shown_charts]
    fields = {name: getattr(section, name) for name in ("title", "paragraphs", "points", "grids", "limits")}
    return replace(Section(**fields), charts=shown)
