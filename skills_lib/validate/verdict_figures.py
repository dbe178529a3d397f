"""Extracts the verdict's figures from the stages, and warnings about the choice and the windows."""

from collections.abc import Iterator, Mapping
from typing import Any

from skills_lib.optimize.sensitivity import at_edges
from skills_lib.validate.model import Lookahead, OverfittingFigures, WalkedForward
from skills_lib.validate.runs import Runs
from skills_lib.validate.verdict import VerdictFigures
from skills_lib.walk_forward.pipeline import FEW_WINDOWS


def figures_to_judge(runs: Runs, answers: Mapping[str, Any]) -> VerdictFigures:
    """The figures of the verdict, on the bars listed in docs/validation.md; `answers`: results by stage."""
    walked: WalkedForward = answers["walk_forward"]
    overfit: OverfittingFigures = answers["overfitting"]
    looked: Lookahead = answers["lookahead"]
    double = next(level for level in answers["costs"].stitched if level.multiple == 2)
    null = answers["monte_carlo"].random_entries
    return VerdictFigures(
        walk_forward_sharpe=walked.mean_sharpe,
        positive_windows_pct=walked.positive_share * 100,
        max_drawdown_pct=walked.stitched.metrics["max_drawdown_pct"],
        trades=walked.stitched.metrics["trades"],
        random_entry_p=null.p if null else None,
        deflated_sharpe=overfit.dsr,
        pbo=_costly_overfitting(overfit),
        double_cost_return_pct=double.metrics["return_pct"],
        lookahead_passed=looked.truncation.passed,
        starts_agree=looked.warm_up.passed,
        audit_passed=answers["audit"].passed,
        funding_charged=bool(runs.settings.costs.funding_bps_per_8h),
        synthetic=runs.candles.origin.synthetic,
        days=len(runs.stitched.daily()),
        unseen_regimes=answers["regimes"].unseen,
    )


def _costly_overfitting(found: OverfittingFigures) -> float | None:
    """The smaller of PBO and the share of splits in which the choice lost money.

    PBO compares with the median of the tried configurations. If most of the space has the edge, the best of one half is
    often below that median in the other and still earns money, which is not overfitting.
    """
    figures = [figure for figure in (found.pbo, found.cscv.loss_probability) if figure is not None]
    return min(figures, default=None)


def warnings_of(runs: Runs) -> Iterator[str]:
    """Warnings about the choice and the windows."""
    found, outcomes, request = runs.found, runs.outcomes, runs.plan.search
    if found.few_trades:
        yield f"No combination has {request.objective.min_trades} trades in-sample: chosen among those with fewer."
    if runs.plan.is_search and found.place.kind == "spike":
        yield "The chosen point is a spike in-sample: its neighbours do much worse."
    if edges := list(at_edges(found.table, found.place.row)):
        yield f"The chosen point lies at the edge of the space: {', '.join(edges)}."
    if len(outcomes) < FEW_WINDOWS:
        yield f"{len(outcomes)} windows are few: a single lucky window can dominate the result."
    if empty := sum(outcome.chosen is None for outcome in outcomes):
        yield f"{empty} of {len(outcomes)} windows chose nothing: too few trades in train. They hold no position."
    if runs.window_plan.step_ns < runs.window_plan.test_ns:
        yield "Test spans overlap: windows are not independent. The stitched run uses every bar once."
    if (compared := runs.compared.shape[1]) < len(found.table):
        yield f"PBO and SPA compare {compared:,} of {len(found.table):,} configurations, an evenly spaced subset."
    yield from runs.stitched.execution.warnings
