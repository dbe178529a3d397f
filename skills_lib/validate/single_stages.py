"""Computes single stages of a validation, without storing them and without a verdict."""

import time
from collections.abc import Sequence
from typing import Any

from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.trials import OpenTrialCounter
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.time import utc
from skills_lib.market.candles.model import Candles
from skills_lib.progress import Progress, no_progress
from skills_lib.validate.examination import STAGES
from skills_lib.validate.model import StageAnswers
from skills_lib.validate.pipeline import BREADTH, missing_markets, run_other_markets
from skills_lib.validate.request import ValidationRequest, refuse_breaks, unsealed
from skills_lib.validate.runs import Runs
from skills_lib.validate.stages.audit import audit


def stage_names() -> list[str]:
    """Stages that `--only` can select."""
    return [*STAGES, *BREADTH]


def parse_stages(text: str) -> tuple[str, ...]:
    """Stages from a list such as "lookahead,costs"; all if it is empty.

    Raises:
        InputError: an unknown stage.
    """
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    known = stage_names()
    for name in names:
        if name not in known:
            raise InputError(f"Unknown stage '{name}'.{did_you_mean(name, known)} Allowed: {', '.join(known)}.")
    return tuple(dict.fromkeys(names)) or tuple(known)


def validate_stages(
    subject: LoadedStrategy,
    candles: Candles,
    request: ValidationRequest,
    open_counter: OpenTrialCounter,
    names: Sequence[str],
    progress: Progress = no_progress,
) -> StageAnswers:
    """Compute the stages `names`; nothing is stored, and a verdict needs all stages.

    Raises:
        InputError: as `validate`.
        OSError: trials cannot be counted.
    """
    if set(names) != {"audit"}:
        refuse_breaks(candles)
    began, answers = time.perf_counter(), dict[str, Any]()
    counter = open_counter(subject.source, unsealed(candles), request.settings)
    with Runs(subject, candles, request.plan, request.settings, counter, progress=progress) as runs:
        for number, name in enumerate(names):
            progress(number, len(names), name.replace("_", " "))
            answers[name] = _single_stage(name, runs, request, open_counter)
        return StageAnswers(
            strategy=subject.name,
            symbol=candles.instrument.symbol,
            timeframe=candles.timeframe.value,
            source=str(candles.origin),
            synthetic=candles.origin.synthetic,
            start=utc(runs.bars.open_time_ns[0]),
            end=utc(runs.bars.open_time_ns[-1]),
            data_sha256=runs.bars.digest(),
            parameters=runs.chosen if "found" in vars(runs) else {},
            stages=answers,
            warnings=[*missing_markets(request), *runs.notes()],
            seconds=round(time.perf_counter() - began, 3),
        )


def _single_stage(name: str, runs: Runs, request: ValidationRequest, open_counter: OpenTrialCounter) -> Any:
    if name in BREADTH:
        return [one.model_dump(mode="json") for one in run_other_markets(runs, request, open_counter, name)]
    found = audit(runs.candles) if name == "audit" else STAGES[name](runs)
    return found.model_dump(mode="json")
