"""Computes the stages of a validation from its runs; each stage's docstring names the bars it uses."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel

from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.backtest.trials import TrialCounter
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.time import DAY_NS, utc
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.table import is_eligible
from skills_lib.progress import Progress, no_progress
from skills_lib.validate.model import (
    CostFigures,
    Examination,
    InSample,
    Lookahead,
    MonteCarlo,
    OutOfSample,
    OverfittingFigures,
    StitchedCosts,
    WalkedForward,
)
from skills_lib.validate.plan import Plan
from skills_lib.validate.runs import Runs
from skills_lib.validate.stages.audit import DataAudit, audit
from skills_lib.validate.stages.holdout import sharpe_decay
from skills_lib.validate.stages.lookahead import truncation, warm_up
from skills_lib.validate.stages.monte_carlo import block_bootstrap, order_shuffle, trade_bootstrap, trade_returns
from skills_lib.validate.stages.overfit import overfitting
from skills_lib.validate.stages.price_noise import Noise, price_noise
from skills_lib.validate.stages.random_entries import random_entries
from skills_lib.validate.stages.regimes import Regimes, daily_closes, regimes
from skills_lib.validate.stages.stress import MULTIPLES, scaled, stress
from skills_lib.validate.verdict import judge_validation
from skills_lib.validate.verdict_figures import figures_to_judge, warnings_of
from skills_lib.walk_forward.model import StitchedSpan
from skills_lib.walk_forward.pipeline import window_result
from skills_lib.walk_forward.walk import WindowChoice, efficiency, positive_share


def examine(
    subject: LoadedStrategy,
    candles: Candles,
    plan: Plan,
    settings: BacktestSettings,
    counter: TrialCounter | None = None,
    progress: Progress = no_progress,
) -> Examination:
    """Compute all stages and the verdict, in memory; equal arguments give equal results.

    `counter` counts the trials; without one only those of this examination count. The sealed last tenth is never used.

    Raises:
        InputError: too few bars, a space that cannot be searched, or no combination that trades.
    """
    with Runs(subject, candles, plan, settings, counter) as runs:
        return examination(runs, progress)


def examination(runs: Runs, progress: Progress = no_progress) -> Examination:
    """All stages on `runs`, with the verdict."""
    answers: dict[str, Any] = {}
    for number, (name, stage) in enumerate(STAGES.items()):
        progress(number, len(STAGES), name.replace("_", " "))
        answers[name] = stage(runs)
    progress(len(STAGES), len(STAGES), "verdict")
    judged = figures_to_judge(runs, answers)
    return Examination(
        parameters=runs.chosen,
        verdict=judge_validation(judged, runs.plan.rules),
        judged=judged,
        warnings=[*warnings_of(runs), *runs.trials.notices, *runs.notes()],
        **answers,
    )


def _audit(runs: Runs) -> DataAudit:
    """All candles, including the sealed ones: gaps reveal nothing about returns."""
    walked = runs.metrics(runs.stitched)
    return audit(runs.candles, walked["trades"], walked["sharpe"])  # type: ignore[arg-type]


def _lookahead(runs: Runs) -> Lookahead:
    """The chosen parameters' signals on all unsealed bars."""
    arguments = (runs.subject.strategy, runs.bars, runs.chosen, runs.stage_settings)
    samples, seed = runs.plan.samples, runs.plan.seed
    return Lookahead(
        truncation=truncation(*arguments, cuts=samples.cuts, seed=seed),
        warm_up=warm_up(*arguments, starts=samples.starts, seed=seed),
    )


def _in_sample(runs: Runs) -> InSample:
    """The first 70 %, where the parameters were chosen."""
    found = runs.found
    return InSample(
        **sample_span(runs.bars, runs.split.in_sample),
        chosen_by="search" if runs.plan.is_search else "given",
        parameters=found.chosen,
        kind=found.place.kind,
        evaluated=len(found.table),
        eligible=int(is_eligible(found.scores).sum()),
        metrics=runs.metrics(runs.in_sample),
        highest=found.table.figures(found.peaks.best.row),
    )


def _out_of_sample(runs: Runs) -> OutOfSample:
    """The next 20 %, run once with the same parameters."""
    return OutOfSample(
        **sample_span(runs.bars, runs.split.out_of_sample),
        metrics=runs.metrics(runs.out_of_sample),
        fall=sharpe_decay(runs.in_sample.daily(), runs.out_of_sample.daily()),
    )


def _walk_forward(runs: Runs) -> WalkedForward:
    """All unsealed bars, with the search repeated on each train span."""
    outcomes, plan, run = runs.outcomes, runs.window_plan, runs.stitched
    return WalkedForward(
        train_days=plan.train_ns / DAY_NS,
        test_days=plan.test_ns / DAY_NS,
        step_days=plan.step_ns / DAY_NS,
        embargo_days=plan.embargo_ns / DAY_NS,
        anchored=plan.anchored,
        pick=runs.plan.pick,
        windows=[window_result(outcome) for outcome in outcomes],
        mean_sharpe=_mean_sharpe(outcomes),
        positive_share=positive_share(outcomes),
        efficiency=efficiency(outcomes),
        stitched=StitchedSpan(
            **sample_span(run.bars, Span(0, len(run.bars))), windows=len(outcomes), metrics=runs.metrics(run)
        ),
    )


def _monte_carlo(runs: Runs) -> MonteCarlo:
    """The stitched run of the walk-forward: trades and days on which nothing was chosen."""
    samples, seed, run = runs.plan.samples, runs.plan.seed, runs.stitched
    trades, costs = trade_returns(run.execution), runs.settings.costs
    return MonteCarlo(
        trades=trade_bootstrap(trades, samples.monte_carlo, seed),
        days=block_bootstrap(run.daily(), samples.monte_carlo, seed),
        order=order_shuffle(trades, samples.monte_carlo, seed),
        random_entries=random_entries(run.execution, run.bars, costs, samples.random_entries, seed),
        price_noise=_price_noise(runs),
    )


def _overfitting(runs: Runs) -> OverfittingFigures:
    """The chosen parameters and the other searched ones over all unsealed days; trials from the counter."""
    counted, samples = runs.trials, runs.plan.samples
    found = overfitting(
        runs.whole.daily(),
        runs.compared,
        counted.configurations,
        counted.sharpe_variance,
        samples.blocks,
        runs.plan.seed,
        samples.spa,
        searched=len(runs.found.table),
    )
    return OverfittingFigures.model_validate(dict(found) | {"pbo": found.pbo.pbo, "cscv": found.pbo})


def _costs(runs: Runs) -> CostFigures:
    """The stitched run and the out-of-sample run of the chosen parameters, at several costs."""
    levels = []
    for multiple in MULTIPLES:
        costs = scaled(runs.settings.costs, multiple)
        settings = runs.settings.model_copy(update={"costs": costs})
        run = runs.stitched if multiple == 1 else runs.stitched_at(settings)
        levels.append(StitchedCosts(multiple=multiple, metrics=runs.metrics(run, settings)))
    arguments = (runs.subject.strategy, runs.bars, runs.chosen, runs.stage_settings, runs.split.out_of_sample)
    return CostFigures(stitched=levels, fixed=stress(*arguments))


def _regimes(runs: Runs) -> Regimes:
    """The stitched run's days, classified by the closes of all unsealed days before each."""
    past = runs.bars[: runs.windows[-1].test.stop]
    return regimes(runs.stitched.daily(), daily_closes(past))


STAGES: Mapping[str, Callable[[Runs], BaseModel]] = MappingProxyType(
    {
        "lookahead": _lookahead,
        "in_sample": _in_sample,
        "out_of_sample": _out_of_sample,
        "walk_forward": _walk_forward,
        "audit": _audit,
        "monte_carlo": _monte_carlo,
        "overfitting": _overfitting,
        "costs": _costs,
        "regimes": _regimes,
    }
)
"""Each stage by its name in the result."""


def sample_span(bars: Bars, span: Span) -> dict[str, Any]:
    """The fields of a `SampleSpan`."""
    times = bars.open_time_ns
    return {"start": utc(times[span.start]), "end": utc(times[span.stop - 1]), "bars": span.stop - span.start}


def _mean_sharpe(outcomes: Sequence[WindowChoice]) -> float:
    """Mean annual Sharpe of the windows' tests: 0 where nothing was chosen or traded; perfect ones are left out."""
    column = COLUMNS["sharpe"]
    found = np.array([outcome.chosen.test[column] if outcome.chosen else 0.0 for outcome in outcomes])
    numbers = np.nan_to_num(found[~np.isposinf(found)], nan=0.0)
    return float(numbers.mean()) if len(numbers) else 0.0


def _price_noise(runs: Runs) -> Noise | None:
    samples, span = runs.plan.samples.price_noise, runs.split.out_of_sample
    if not samples:
        return None
    bars = runs.bars[span.start : span.stop]
    arguments = (runs.subject.strategy, bars, runs.chosen, runs.settings)
    try:
        return price_noise(*arguments, samples=samples, seed=runs.plan.seed)
    except InputError:  # the span is shorter than the strategy's warm-up
        return None
