"""Stored runs side by side."""

from collections.abc import Sequence

from skills_lib.backtest.metrics import METRICS
from skills_lib.backtest.model import BacktestResult
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel


class MetricRow(FrozenModel):
    """One figure of every compared run, in the order of the runs."""

    name: str
    label: str
    unit: str
    values: list[float | int | None]


class Comparison(FrozenModel):
    """Runs, their figures, and what makes the comparison unfair."""

    runs: list[BacktestResult]
    metrics: list[MetricRow]
    warnings: list[str]


def compare(results: Sequence[BacktestResult]) -> Comparison:
    """Lay two or more runs side by side.

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
        "The runs are on different data: returns and risk are not comparable.": {r.data_sha256 for r in results},
        "The runs pay different costs.": {r.costs.model_dump_json(exclude={"name"}) for r in results},
        "Some runs are on synthetic data, some are not.": {r.synthetic for r in results},
        "The runs start with different cash or execution settings.": {
            r.settings.model_dump_json(exclude={"costs"}) for r in results
        },
    }
    chosen = "Picking the best of several in-sample runs is itself a fit: validate the choice out of sample."
    return [text for text, values in differences.items() if len(values) > 1] + [chosen]
