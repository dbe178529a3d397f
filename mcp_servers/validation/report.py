"""Results of finished jobs, by section and bounded."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from mcp_servers.reports import bounded_report
from mcp_servers.trials import meter_text
from mcp_servers.validation import answers as answers
from mcp_servers.validation.answers import Section
from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus
from skills_lib.optimize.model import OptimizationResult
from skills_lib.validate.model import ValidationResult
from skills_lib.walk_forward.model import WalkForwardResult

MAX_WINDOWS = 100
MAX_WARNINGS = 20
Result = OptimizationResult | WalkForwardResult | ValidationResult
Content = (
    answers.OptimizationAnswer
    | answers.WalkForwardAnswer
    | answers.ValidationAnswer
    | answers.StageAnswer
    | answers.ReportText
)
_MODELS: Mapping[str, type[BaseModel]] = {
    "optimize": OptimizationResult,
    "walk-forward": WalkForwardResult,
    "validate": ValidationResult,
}
_AFTERWARDS = {
    "optimize": "Report the recommended point first, call it in-sample, and repeat the warnings; then "
    "validation_start_walk_forward tests such a choice out of sample.",
    "walk-forward": "Report efficiency, share of positive windows and the stitched figures, with the warnings.",
    "validate": "Report the verdict and its rules before any figure, what would change it and what it does not cover; "
    "never call in-sample figures performance.",
}
_STAGES = {
    Section.DATA: ("audit",),
    Section.LOOKAHEAD: ("lookahead",),
    Section.IN_SAMPLE: ("in_sample",),
    Section.OUT_OF_SAMPLE: ("out_of_sample",),
    Section.WALK_FORWARD: ("walk_forward",),
    Section.OTHER_MARKETS: ("timeframes", "assets", "missing"),
    Section.MONTE_CARLO: ("monte_carlo",),
    Section.OVERFITTING: ("overfitting",),
    Section.COSTS: ("costs",),
    Section.REGIMES: ("regimes",),
    Section.SEALED: ("sealed",),
}
_CURVES = frozenset({"fan", "drawdown_histogram", "null_histogram"})
_FIGURES = (
    *("return_pct", "buy_hold_return_pct", "cagr_pct", "sharpe", "sortino", "max_drawdown_pct", "win_rate_pct"),
    *("profit_factor", "trades", "exposure_pct", "fees_paid", "break_even_cost_bps"),
)


def parse(job: JobStatus, text: str) -> Result:
    """The result in the output of a finished job."""
    found: Any = _MODELS[job.verb].model_validate_json(text)
    result: Result = found
    return result


def read(job: JobStatus, text: str, section: Section) -> answers.ReportAnswer:
    """One section of the output of a finished job.

    Raises:
        InputError: a section that only validations have.
    """
    verb, found = job.verb, parse(job, text)
    if section in _STAGES and not isinstance(found, ValidationResult):
        raise InputError(
            f"section={section} belongs to a validation, but job {job.job_id} is {verb}. Use summary or report."
        )
    more = ' section="report" is the full report.' if section is Section.SUMMARY else ""
    return answers.ReportAnswer(job_id=job.job_id, content=_content(found, section), next_step=_AFTERWARDS[verb] + more)


def _content(found: Result, section: Section) -> Content:
    if section is Section.REPORT:
        return _report(found)
    if section in _STAGES:
        return _stage(found, section)
    return _validation(found) if isinstance(found, ValidationResult) else _summary(found)


def _stage(found: Any, section: Section) -> answers.StageAnswer:
    figures = found.model_dump(mode="json", include=set(_STAGES[section]))
    plain = figures[_STAGES[section][0]] if len(_STAGES[section]) == 1 else figures
    return answers.StageAnswer(stage=section.value, synthetic=found.synthetic, figures=_bounded(plain))


def _bounded(value: Any) -> Any:
    """`value` without curves and histograms; lists are cut to the newest entries, runs to the main figures."""
    if isinstance(value, dict):
        figures = {name: part for name, part in value.items() if name not in _CURVES}
        is_run = _FIGURES[0] in figures and "fees_paid" in figures
        return _few(figures) if is_run else {n: _bounded(v) for n, v in figures.items()}
    return [_bounded(part) for part in value[-MAX_WINDOWS:]] if isinstance(value, list) else value


def _validation(found: ValidationResult) -> answers.ValidationAnswer:
    fields = answers.ValidationAnswer.model_fields
    plain = {name: value for name, value in found.model_dump(mode="json").items() if name in fields}
    walked = found.walk_forward
    return answers.ValidationAnswer.model_validate(
        plain
        | {
            "in_sample": _few(found.in_sample.metrics),
            "out_of_sample": _few(found.out_of_sample.metrics),
            "fall": found.out_of_sample.fall.words,
            "walk_forward": _few(walked.stitched.metrics),
            "mean_window_sharpe": walked.mean_sharpe,
            "positive_window_share": walked.positive_share,
            "trials": found.overfitting.trials,
            "deflated_sharpe": found.overfitting.dsr,
            "probability_of_overfitting": found.overfitting.pbo,
            "sealed_opened": found.sealed.opened,
            "trial_meter": found.trial_meter().text,
            "warnings": [*found.audit.warnings, *found.warnings, *found.missing][:MAX_WARNINGS],
            "folder": str(found.artifacts.folder),
        }
    )


def _summary(found: OptimizationResult | WalkForwardResult) -> answers.OptimizationAnswer | answers.WalkForwardAnswer:
    plain = found.model_dump(mode="json", exclude={"sensitivity", "windows", "out_of_sample", "settings", "space"})
    plain |= {"warnings": found.warnings[:MAX_WARNINGS], "folder": str(found.artifacts.folder)}
    plain |= {"trial_meter": meter_text(found)}
    if isinstance(found, OptimizationResult):
        effects = {name: parameter.effect for name, parameter in found.sensitivity.items()}
        return answers.OptimizationAnswer.model_validate(plain | {"sensitivity": effects})
    halves = found.halves
    return answers.WalkForwardAnswer.model_validate(
        plain
        | {
            "out_of_sample": _few(found.out_of_sample.metrics),
            "first_half": _few(halves.first.metrics) if halves.first else None,
            "second_half": _few(halves.second.metrics) if halves.second else None,
            "windows": [_window(window, found.maximize) for window in found.windows[-MAX_WINDOWS:]],
            "windows_total": len(found.windows),
        }
    )


def _window(window: Any, metric: str) -> dict[str, Any]:
    plain: dict[str, Any] = window.model_dump(
        include={"train_start", "train_end", "test_start", "test_end", "parameters"}
    )
    return plain | {
        "train_metric": window.train[metric] if window.train else None,
        "test_metric": window.test[metric] if window.test else None,
        "test_return_pct": window.test["return_pct"] if window.test else None,
    }


def _report(found: Result) -> answers.ReportText:
    text, is_cut = bounded_report(found.artifacts.report)
    return answers.ReportText(markdown=text, truncated=is_cut, path=str(found.artifacts.report))


def _few(metrics: Mapping[str, answers.Figure]) -> answers.Figures:
    return {name: metrics[name] for name in _FIGURES}
