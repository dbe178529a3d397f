"""Runs a calibration: validates every market on all cores, counts passes, writes report and picture."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from skills_lib.backtest.identity import code_sha256
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.backtest.sweep.workers import open_workers
from skills_lib.calibrate.family import SHARE
from skills_lib.calibrate.histories import Histories
from skills_lib.calibrate.intervals import PassRate, require_extras
from skills_lib.calibrate.market_log import MarketLog
from skills_lib.calibrate.market_run import MarketTask, StudyInputs, market_tasks, pack_inputs, run_packed_task
from skills_lib.calibrate.markets import NULL_KINDS
from skills_lib.calibrate.model import (
    Calibration,
    CalibrationArtifacts,
    CalibrationKey,
    MarketResult,
    NaiveRule,
    Null,
    Power,
)
from skills_lib.calibrate.naive import NAIVE
from skills_lib.calibrate.planted import STRENGTHS
from skills_lib.calibrate.report.draw import page_of
from skills_lib.calibrate.report.markdown import write_calibration
from skills_lib.calibrate.tradeoff import share, shares, trade_off, without_each
from skills_lib.domain.errors import InputError
from skills_lib.domain.limits import MAX_COUNT, MAX_SEED, require_within
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import PAGE, draw_missing, write_texts
from skills_lib.validate.plan import REDUCED_SAMPLES, Plan, validation_space

_FILES = {
    "result": "result.json",
    "report": "report.md",
    "page": PAGE,
    "picture": "calibration.png",
    "markets": "markets.jsonl",
}
_TASKS_A_SLOT = 4
"""Markets per worker and batch; at most one batch is lost when a calibration is interrupted."""


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """`markets`: total number of null markets; `planted_markets`: number for each of the planted `sharpes`."""

    markets: int
    planted_markets: int
    sharpes: tuple[float, ...]
    seed: int

    @classmethod
    def parse(
        cls, markets: int, planted_markets: int | None, sharpes: Sequence[float], seed: int
    ) -> "CalibrationRequest":
        """Parse the arguments; `planted_markets` defaults to a quarter of `markets`.

        Raises:
            InputError: a number or a seed that is not allowed, or a Sharpe without a known strength.
        """
        for name, given in (("markets", markets), ("planted", planted_markets)):
            if given is not None:
                require_within(name, given, 1, MAX_COUNT)
        require_within("seed", seed, 0, MAX_SEED)
        for sharpe in sharpes:
            if sharpe not in STRENGTHS:
                known = ", ".join(f"{s:g}" for s in STRENGTHS)
                raise InputError(f"Planted Sharpe {sharpe:g} is not available. Allowed: {known}.")
        wanted = tuple(sorted(set(sharpes))) or tuple(STRENGTHS)
        return cls(markets, planted_markets or max(1, markets // 4), wanted, seed)


def calibrate(
    subject: LoadedStrategy,
    request: CalibrationRequest,
    histories: Histories,
    settings: BacktestSettings,
    root: Path,
    progress: Progress = no_progress,
) -> Calibration:
    """Validate on every market and store the result under `root`; an equal request returns the stored result.

    The result depends only on the arguments and the code, not on the number of processes or interruptions. Progress is
    saved: an equal request resumes an interrupted one.

    Raises:
        TwokeyError: the extra `evidence` is missing, workers died repeatedly, or the same calibration is running.
        OSError: the result cannot be written.
    """
    require_extras("scipy", "arch")
    began, plan = time.perf_counter(), plan_of(subject)
    key = _calibration_key(subject, request, histories, plan, settings)
    store = SweepStore(root, Calibration)
    if stored := store.find(key.id):
        return stored
    job = StudyInputs(subject, SHARE, plan, settings, histories.found, request.seed)
    wanted = list(market_tasks(request.markets, request.planted_markets, request.sharpes))
    with MarketLog(root / f".unfinished-{key.id}") as log:
        _run(job, wanted, log, progress)
        results = [log.known[task] for task in wanted]
        folder = root / f"{datetime.now(UTC):%Y-%m-%d}-{key.id}"
        result = _result(key, results, histories, folder, began)
        stored = _store(result, results, store)
        log.discard()
    return stored


def plan_of(subject: LoadedStrategy) -> Plan:
    """The plan of `twokey validate` without options, with smaller samples in each stage."""
    space = validation_space(parameter_space(subject.strategy))
    search = SearchRequest(space, SearchPlan(), Objective("sharpe", 30), "kernel")
    return Plan(search, samples=REDUCED_SAMPLES)


def _run(job: StudyInputs, wanted: Sequence[MarketTask], log: MarketLog, progress: Progress) -> None:
    missing = [task for task in wanted if task not in log.known]
    if not missing:
        return
    progress(len(log.known), len(wanted), "markets")
    with open_workers(None) as workers:
        payload, step = pack_inputs(job), _TASKS_A_SLOT * workers.slots
        for first in range(0, len(missing), step):
            log.append(workers.run(run_packed_task, payload, missing[first : first + step]))
            progress(len(log.known), len(wanted), "markets")


def _calibration_key(
    subject: LoadedStrategy, request: CalibrationRequest, histories: Histories, plan: Plan, settings: BacktestSettings
) -> CalibrationKey:
    return CalibrationKey(
        strategy=subject.name,
        share=SHARE,
        markets=request.markets,
        planted_markets=request.planted_markets,
        sharpes=list(request.sharpes),
        seed=request.seed,
        histories={history.name: history.bars.digest() for history in histories.found},
        code_sha256=code_sha256(subject.source, "calibrate"),
        settings=settings,
        values={name: list(values) for name, values in plan.search.space.values.items()},
        samples=plan.samples,
        rules=plan.rules,
    )


def _result(
    key: CalibrationKey, results: Sequence[MarketResult], histories: Histories, folder: Path, began: float
) -> Calibration:
    names = list(dict.fromkeys(name for found in results for name in found.judged_rules))
    return Calibration(
        **key.model_dump(include={"strategy", "share", "seed", "samples", "rules", "settings", "code_sha256"}),
        id=key.id,
        null=_null([found for found in results if found.sharpe is None]),
        planted=[_power(sharpe, [f for f in results if f.sharpe == sharpe]) for sharpe in key.sharpes],
        naive=_naive(results),
        trade_off=trade_off(results, key.rules),
        without=without_each(results, names),
        histories=[history.name for history in histories.found],
        source=histories.source,
        synthetic=histories.synthetic,
        space=key.values,
        errors=dict(Counter(found.error for found in results if found.error)),
        warnings=_warnings(key, histories),
        artifacts=CalibrationArtifacts(folder=folder, **{name: folder / file for name, file in _FILES.items()}),
        seconds=round(time.perf_counter() - began, 3),
        created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def _null(results: Sequence[MarketResult]) -> Null:
    kinds = {kind: share([found for found in results if found.kind == kind], _passed) for kind in NULL_KINDS}
    return Null(
        **share(results, _passed).model_dump(),
        cautions=sum(found.label == "CAUTION" for found in results),
        kinds={kind: found for kind, found in kinds.items() if found.markets},
        rejected_by=_rejections(results),
    )


def _power(sharpe: float, results: Sequence[MarketResult]) -> Power:
    found = share(results, _passed)
    ideal = [result.ideal_sharpe for result in results if result.ideal_sharpe is not None]
    return Power(
        sharpe=sharpe,
        markets=found.markets,
        passes=found.passes,
        power=found.rate,
        ci95=found.ci95,
        cautions=sum(result.label == "CAUTION" for result in results),
        ideal_sharpe=fmean(ideal) if ideal else None,
        rejected_by=_rejections(results),
    )


def _naive(results: Sequence[MarketResult]) -> dict[str, NaiveRule]:
    found = {}
    for name, rule in NAIVE.items():
        null, planted = shares(results, rule.passes)
        found[name] = NaiveRule(rule=rule.text, null=null, planted=planted)
    return found


def _rejections(results: Sequence[MarketResult]) -> dict[str, int]:
    """Number of markets that each rule rejected, in descending order; several rules may reject a market."""
    return dict(Counter(name for found in results for name in found.rejected_by).most_common())


def _passed(found: MarketResult) -> bool:
    return found.label == "PASS"


def _warnings(key: CalibrationKey, histories: Histories) -> list[str]:
    texts = []
    if key.markets < 1_000:
        best = PassRate.of(0, key.markets).ci95[1]
        texts.append(f"{key.markets} null markets cannot show a false-PASS rate below {best:.1%}, even if none passes.")
    if histories.synthetic:
        texts.append("No real candles found: bootstrapped and flipped markets are made from the synthetic sample.")
    return texts


def _store(result: Calibration, results: Sequence[MarketResult], store: SweepStore[Calibration]) -> Calibration:
    """Store the calibration, then draw its page; a page that fails is a warning of this answer."""
    store.save(result.artifacts.folder, lambda scratch: _write(scratch, result, results))
    problems = draw_missing(page_of(result)).problems
    return result.model_copy(update={"warnings": [*result.warnings, *problems]})


def _write(folder: Path, result: Calibration, results: Sequence[MarketResult]) -> None:
    lines = "".join(f"{found.model_dump_json()}\n" for found in results)
    texts = {"markets": lines, "report": write_calibration(result), "result": result.model_dump_json(indent=2)}
    write_texts(folder, {_FILES[name]: text for name, text in texts.items()})
