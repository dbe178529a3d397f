"""Answers about validations, single stages, resampled runs and calibrations."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.backtests import Figures
from skills_lib.answers.model import FIGURE_UNITS, Answer, SearchAnswer, files_of
from skills_lib.domain.constraints import Value

if TYPE_CHECKING:
    from skills_lib.calibrate.model import Calibration, NaiveRule
    from skills_lib.validate.model import CostFigures, StageAnswers, ValidationResult
    from skills_lib.validate.resample import RunResampled
    from skills_lib.validate.stages.breadth import CrossMarketResult
    from skills_lib.validate.stages.monte_carlo import ResampledDistribution

SAMPLE_FIGURES = ("return_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")
_CURVES = frozenset({"fan", "drawdown_histogram", "null_histogram", "limits"})
_DOUBLE = 2.0


def _other_markets(found: "Sequence[CrossMarketResult]") -> list[dict[str, Any]]:
    """The chosen parameters on other candles, those that could not run and the worst first; five digits of a figure.

    `problem`: why they could not run there, which is left out where they could.
    """
    worst_first = sorted(found, key=lambda one: (one.problem is None, one.metrics.get("return_pct") or 0.0))
    return [_other_market(one) for one in worst_first]


def _other_market(found: "CrossMarketResult") -> dict[str, Any]:
    about = found.model_dump(include={"symbol", "timeframe", "days", "sharpe_error", "problem"}, exclude_none=True)
    figures = {name: found.metrics.get(name) for name in ("sharpe", "return_pct", "max_drawdown_pct", "trades")}
    return {
        name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in (about | figures).items()
    }


class ValidationAnswer(SearchAnswer):
    """A validation. In-sample figures describe the bars that chose the parameters.

    `verdict`: label, rules (`margin` below 0: missed; `value` null: unavailable, counts as missed), `would_change`,
    `not_covered`. `decay`: the fall of the Sharpe ratio out of sample. `trials`: configurations ever evaluated on these
    candles. `random_entry_p`, `deflated_sharpe`, `pbo`, `spa_p`: evidence against luck. `costs`: charged;
    `cost_stress`: what twice as much leaves. `assets`, `timeframes`: the worst first.
    """

    MATTERS: ClassVar = ("verdict", "in_sample", "out_of_sample", "walk_forward", "costs", "cost_stress")

    verdict: dict[str, Any]
    synthetic: bool
    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    bars: int
    start: str
    end: str
    parameters: dict[str, Value]
    in_sample: dict[str, Any]
    out_of_sample: Figures
    decay: str
    walk_forward: Figures
    units: str = FIGURE_UNITS
    trials: int
    deflated_sharpe: float | None
    pbo: float | None
    spa_p: float | None
    random_entry_p: float | None
    costs: dict[str, Any]
    cost_stress: dict[str, Any]
    unseen_regimes: list[str]
    assets: list[dict[str, Any]]
    timeframes: list[dict[str, Any]]
    missing: list[str]
    sealed: dict[str, Any]
    warnings: list[str]
    seed: int
    seconds: float
    artifacts: dict[str, Path]

    @classmethod
    def of(cls, found: "ValidationResult") -> Self:
        """The answer about a stored validation."""
        names = ("synthetic", "id", "strategy", "symbol", "timeframe", "source", "bars", "start", "end", "parameters")
        fields = {name: getattr(found, name) for name in (*names, "missing", "seed", "seconds")}
        return cls(
            **fields,
            **_samples(found),
            **_evidence(found),
            verdict=_verdict(found),
            unseen_regimes=found.regimes.unseen,
            assets=_other_markets(found.assets),
            timeframes=_other_markets(found.timeframes),
            sealed={name: value for name, value in found.sealed.model_dump().items() if name != "metrics"}
            | {"metrics": _sample(found.sealed.metrics or {})},
            warnings=[*found.audit.warnings, *found.warnings],
            artifacts=files_of(found.artifacts),
            path=found.artifacts.result,
        )


def _verdict(found: "ValidationResult") -> dict[str, Any]:
    names = {"name", "comparison", "threshold", "value", "unit", "margin", "passed", "level"}
    rules = [rule.model_dump(include=names) for rule in found.verdict.rules]
    return found.verdict.model_dump(include={"label"}) | {
        "rules": rules,
        "would_change": found.verdict.would_change,
        "not_covered": found.verdict.not_covered,
    }


def _samples(found: "ValidationResult") -> dict[str, Any]:
    inside, walked = found.in_sample, found.walk_forward
    about = inside.model_dump(include={"chosen_by", "kind", "evaluated", "eligible"})
    windows = {"mean_sharpe": walked.mean_sharpe, "positive_share": walked.positive_share}
    return {
        "in_sample": about | _sample(inside.metrics),
        "out_of_sample": _sample(found.out_of_sample.metrics),
        "decay": found.out_of_sample.fall.words,
        "walk_forward": windows
        | {"efficiency": walked.efficiency, "windows": len(walked.windows)}
        | _sample(walked.stitched.metrics),
    }


def _evidence(found: "ValidationResult") -> dict[str, Any]:
    judged, luck = found.judged, found.overfitting
    return {
        "trials": luck.trials,
        "deflated_sharpe": luck.dsr,
        "pbo": luck.pbo,
        "spa_p": luck.spa_p,
        "random_entry_p": judged.random_entry_p,
        "costs": found.settings.costs.model_dump(),
        "cost_stress": _stress(found.costs),
    }


def _stress(found: "CostFigures") -> dict[str, Any]:
    at_double = [one.metrics.get("return_pct") for one in found.stitched if one.multiple == _DOUBLE]
    fixed = found.fixed.model_dump(include={"break_even_cost_bps", "survives_double"})
    return {"double_cost_return_pct": at_double[0] if at_double else None, **fixed}


def _sample(metrics: Figures) -> Figures:
    return {name: metrics[name] for name in SAMPLE_FIGURES if name in metrics}


class StagesAnswer(SearchAnswer):
    """Single stages of a validation: no verdict. Curves and histograms are in the file of `path`."""

    synthetic: bool
    strategy: str
    symbol: str
    timeframe: str
    source: str
    parameters: dict[str, Value]
    warnings: list[str]
    stages: dict[str, Any]
    seconds: float

    @classmethod
    def of(cls, found: "StageAnswers") -> Self:
        """The answer about single stages."""
        return cls(**found.model_dump(exclude={"stages"}), stages=_without_curves(found.stages))


def _without_curves(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_curves(part) for name, part in value.items() if name not in _CURVES}
    return [_without_curves(part) for part in value] if isinstance(value, list) else value


class ResampledAnswer(Answer):
    """A resampled stored run, in-sample like the run. `limits`: what each method does not show."""

    MATTERS: ClassVar = ("trades", "days", "order", "random_entries")

    run_id: str
    synthetic: bool
    sample: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    samples: int
    seed: int
    trades: dict[str, Any] | None
    days: dict[str, Any] | None
    order: dict[str, Any] | None
    random_entries: dict[str, Any] | None
    notes: list[str]
    limits: dict[str, str]

    @classmethod
    def of(cls, found: "RunResampled") -> Self:
        """The answer about a resampled run."""
        methods = {"trades": found.trades, "days": found.days, "order": found.order}
        null = found.random_entries
        fields = found.model_dump(exclude={*methods, "random_entries"})
        return cls(
            **fields,
            **{name: _distribution(one) for name, one in methods.items()},
            random_entries=None if null is None else _without_curves(null.model_dump()),
            limits={name: one.limits for name, one in methods.items() if one is not None},
        )


def _distribution(found: "ResampledDistribution | None") -> dict[str, Any] | None:
    return None if found is None else _without_curves(found.model_dump())


class CalibrationAnswer(Answer):
    """Error rates of the verdict on generated markets. `false_pass`: without an edge, with its 95 % interval.

    `planted`: the share that passed (`power`) by planted annual Sharpe ratio. `naive`: pass rates of simpler rules.
    """

    MATTERS: ClassVar = ("false_pass", "planted")

    id: str
    strategy: str
    synthetic: bool
    false_pass: dict[str, Any]
    planted: list[dict[str, Any]]
    naive: list[dict[str, Any]]
    source: str
    seed: int
    errors: dict[str, int]
    warnings: list[str]
    seconds: float
    artifacts: dict[str, Path]

    @classmethod
    def of(cls, found: "Calibration") -> Self:
        """The answer about a stored calibration."""
        names = ("id", "strategy", "synthetic", "source", "seed", "errors", "warnings", "seconds")
        return cls(
            **{name: getattr(found, name) for name in names},
            false_pass=found.null.model_dump(include={"markets", "passes", "rate", "ci95", "cautions", "rejected_by"}),
            planted=_rates(found.planted),
            naive=[_naive(rule) for rule in found.naive.values()],
            artifacts=files_of(found.artifacts),
            path=found.artifacts.result,
        )


def _naive(rule: "NaiveRule") -> dict[str, Any]:
    power = {f"{planted.sharpe:g}": planted.power for planted in rule.planted}
    return {"rule": rule.rule, "false_pass": rule.null.rate, "power": power}


def _rates(found: Sequence[Any]) -> list[dict[str, Any]]:
    names = {"sharpe", "markets", "passes", "power", "ci95", "cautions", "ideal_sharpe"}
    return [one.model_dump(include=names) for one in found]
