"""Compares stored runs."""

from collections.abc import Sequence

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestResult
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel


class MetricRow(FrozenModel):
    """One metric of all compared runs, in the order of the runs."""

    name: str
    label: str
    unit: str
    values: list[float | int | None]


class Comparison(FrozenModel):
    """Runs, their metrics, and warnings about unfair comparisons."""

    runs: list[BacktestResult]
    metrics: list[MetricRow]
    warnings: list[str]


def compare(results: Sequence[BacktestResult]) -> Comparison:
    """Compare two or more runs.

    Raises:
        InputError: fewer than two different runs.
    """
    if len({result.run_id for result in results}) < 2:
        raise InputError("A comparison needs at least two different runs. `twokey runs` lists them.")
    rows = [
        MetricRow(name=name, label=metric.label, unit=metric.unit, values=[run.metrics[name] for run in results])
        for name, metric in METRICS.items()
    ]
    return Comparison(runs=list(results), metrics=rows, warnings=_unfair(results))


def _unfair(results: Sequence[BacktestResult]) -> list[str]:
    differences: dict[str, set[object]] = {
        "The runs use different data: returns and risk are not comparable.": {r.data_sha256 for r in results},
        "The runs have different costs.": {r.costs.model_dump_json(exclude={"name"}) for r in results},
        "Some runs use synthetic data, others do not.": {r.synthetic for r in results},
        "The runs start with different cash or execution settings.": {
            r.settings.model_dump_json(exclude={"costs"}) for r in results
        },
    }
    chosen = "Choosing the best of several in-sample runs is overfitting: validate the choice out of sample."
    return [text for text, values in differences.items() if len(values) > 1] + [chosen]
