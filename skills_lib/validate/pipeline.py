"""Runs a validation: counts trials, computes all stages and the verdict, writes report and pictures."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.trials import OpenTrialCounter
from skills_lib.domain.time import utc
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.store import SweepStore
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import PAGE, draw_missing, write_texts
from skills_lib.validate.examination import examination, sample_span
from skills_lib.validate.model import (
    Examination,
    Sealed,
    ValidationArtifacts,
    ValidationKey,
    ValidationResult,
)
from skills_lib.validate.report.curves import FILE as CURVES
from skills_lib.validate.report.curves import Curves
from skills_lib.validate.report.draw import page_of
from skills_lib.validate.report.markdown import write_validation
from skills_lib.validate.request import (
    Services,
    ValidationRequest,
    find_stored,
    refuse_breaks,
    unsealed,
    validation_key,
)
from skills_lib.validate.runs import Runs
from skills_lib.validate.stages.breadth import CrossMarketResult, cross_market_results
from skills_lib.validate.verdict import judge_validation

BREADTH = ("timeframes", "assets")
"""Stages on other candles; all others are in `examination.STAGES`."""


def validate(
    subject: LoadedStrategy,
    candles: Candles,
    request: ValidationRequest,
    services: Services,
    progress: Progress = no_progress,
) -> ValidationResult:
    """Validate `subject` on `candles` and store the result.

    An equal request returns the stored result unless trials or openings were added on these candles, which change the
    result; then it is recomputed. Progress is saved: an equal request resumes an interrupted one.

    Raises:
        InputError: a price that does not continue, too few bars, a space that cannot be searched, or no combination
            that trades.
        TwokeyError: the same validation is running in another process.
        OSError: trials cannot be counted, or the result cannot be written.
    """
    refuse_breaks(candles)
    key, store = validation_key(subject.source, candles, request), services.store
    counter = services.open_counter(subject.source, unsealed(candles), request.settings)
    if answer := find_stored(key, services, counter):
        return answer
    outdated, began = store.find(key.id), time.perf_counter()
    folder = outdated.artifacts.folder if outdated else store.folder(subject.name, key.id)
    with store.checkpoint(key.id) as checkpoint:
        with Runs(subject, candles, request.plan, request.settings, counter, checkpoint, progress) as runs:
            found = _examine_all(runs, request, services, progress)
            result = _result(runs, key, found, folder, began)
            progress(1, 1, "report")
            result = _store(result, runs, store)
        store.discard(checkpoint)
    return result


@dataclass(frozen=True, slots=True)
class _AllResults:
    examination: Examination
    timeframes: list[CrossMarketResult]
    assets: list[CrossMarketResult]
    missing: list[str]
    sealed: Sealed


def _examine_all(runs: Runs, request: ValidationRequest, services: Services, progress: Progress) -> _AllResults:
    """Run the other candles before the trials are counted, because those of the same market are trials too."""
    progress(0, 1, "other candles")
    timeframes, assets = (run_other_markets(runs, request, services.open_counter, name) for name in BREADTH)
    found = examination(runs, progress)
    sealed = _sealed(runs, request, services)
    judged = found.judged.model_copy(
        update={
            "assets": 1 + len({one.symbol for one in assets if one.problem is None}),
            "sealed_opened": sealed.opened,
        }
    )
    verdict = judge_validation(judged, request.plan.rules)
    return _AllResults(
        found.model_copy(update={"judged": judged, "verdict": verdict}),
        timeframes,
        assets,
        missing_markets(request),
        sealed,
    )


def run_other_markets(
    runs: Runs, request: ValidationRequest, open_counter: OpenTrialCounter, name: str
) -> list[CrossMarketResult]:
    """The chosen parameters on the other timeframes of the same asset, or on other assets."""
    own = runs.candles.instrument.symbol
    candles = [
        market.candles
        for market in request.other_markets
        if market.candles and (market.symbol == own) == (name == "timeframes")
    ]
    for one in candles:
        open_counter(runs.subject.source, one, request.settings).reserve([runs.chosen])
    return cross_market_results(runs.subject.strategy, runs.chosen, candles, runs.stage_settings)


def missing_markets(request: ValidationRequest) -> list[str]:
    """Requested candles besides the main ones that were not found, with the reason."""
    return [
        f"{market.symbol} {market.timeframe}: {market.problem}"
        for market in request.other_markets
        if market.candles is None
    ]


def _sealed(runs: Runs, request: ValidationRequest, services: Services) -> Sealed:
    """The sealed bars; if they are opened, the opening is recorded before anything runs on them."""
    span, bars = runs.split.sealed, runs.candles.bars
    metrics = None
    if request.opening is not None:
        services.seal.open(runs.chosen, request.opening)
        sealed = replace(runs.candles, bars=bars[slice(*span)])
        services.open_counter(runs.subject.source, sealed, request.settings).reserve([runs.chosen])
        metrics = runs.metrics(runs.opened())
    openings = list(services.seal.openings())
    return Sealed(
        **sample_span(bars, span),
        opened=bool(openings),
        openings=len(openings),
        first_opened_at=openings[0].opened_at if openings else None,
        tried_before=openings[0].tried_before if openings else None,
        reason=request.opening,
        metrics=metrics,
    )


def _result(runs: Runs, key: ValidationKey, found: _AllResults, folder: Path, began: float) -> ValidationResult:
    bars, candles = runs.candles.bars, runs.candles
    return ValidationResult(
        **dict(found.examination),
        **key.model_dump(include={"strategy", "symbol", "timeframe", "maximize", "min_trades", "constraints"}),
        **key.model_dump(include={"data_sha256", "code_sha256"}),
        id=key.id,
        settings=key.settings.model_copy(update={"engine": runs.evaluator.name}),
        source=str(candles.origin),
        synthetic=candles.origin.synthetic,
        bars=len(bars),
        start=utc(bars.open_time_ns[0]),
        end=utc(bars.open_time_ns[-1]),
        engine=runs.evaluator.name,
        seed=key.validation_seed,
        space=key.values,
        timeframes=found.timeframes,
        assets=found.assets,
        missing=found.missing,
        sealed=found.sealed,
        artifacts=ValidationArtifacts(
            folder=folder,
            result=folder / "result.json",
            report=folder / "report.md",
            page=folder / PAGE,
            picture=folder / "validation.png",
            curves=folder / CURVES,
        ),
        seconds=round(time.perf_counter() - began, 3),
        created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def _store(result: ValidationResult, runs: Runs, store: SweepStore[ValidationResult]) -> ValidationResult:
    """Store the validation, then draw its page; a page that fails is a warning of this answer."""
    curves = Curves.of(runs)
    texts = {
        CURVES: curves.text(),
        "report.md": write_validation(result),
        "result.json": result.model_dump_json(indent=2),
    }
    store.save(result.artifacts.folder, lambda scratch: write_texts(scratch, texts))
    problems = draw_missing(page_of(result, curves)).problems
    return result.model_copy(update={"warnings": [*result.warnings, *problems]})
