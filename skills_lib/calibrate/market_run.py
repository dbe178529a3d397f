"""Generates one market of a calibration from its seed and validates it as `twokey validate` does."""

import math
import pickle
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.backtest.sweep.workers import unpacked
from skills_lib.calibrate.family import sized
from skills_lib.calibrate.markets import NULL_KINDS, AssetHistory, null_market
from skills_lib.calibrate.model import MarketKind, MarketResult
from skills_lib.calibrate.planted import STRENGTHS, planted_market
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import measure
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.model import Candles, Origin
from skills_lib.validate.examination import examine
from skills_lib.validate.model import Examination
from skills_lib.validate.plan import Plan
from skills_lib.validate.verdict import VerdictFigures

if TYPE_CHECKING:
    from skills_lib.backtest.sweep.local_workers import Payload

_KINDS: tuple[MarketKind, ...] = (*NULL_KINDS, "planted")


class MarketTask(NamedTuple):
    """One market: the `number`-th of its kind and, where planted, Sharpe."""

    kind: MarketKind
    number: int
    sharpe: float | None


class StudyInputs(NamedTuple):
    """Inputs shared by all markets."""

    subject: LoadedStrategy
    share: float
    plan: Plan
    settings: BacktestSettings
    histories: tuple[AssetHistory, ...]
    seed: int


def market_tasks(markets: int, planted_markets: int, sharpes: Sequence[float]) -> Iterator[MarketTask]:
    """`markets` null markets, of each kind in turn, then `planted_markets` of each Sharpe."""
    for number in range(markets):
        yield MarketTask(NULL_KINDS[number % len(NULL_KINDS)], number // len(NULL_KINDS), None)
    for number in range(planted_markets):
        for sharpe in sharpes:
            yield MarketTask("planted", number, sharpe)


def pack_inputs(job: StudyInputs) -> "Payload":
    """The job as bytes, sent once to each worker."""
    return np.frombuffer(pickle.dumps(job), dtype=np.uint8)


def run_packed_task(payload: "Payload", task: MarketTask) -> MarketResult:
    """`run_market` in a worker."""
    return run_market(unpacked(payload), task)


def run_market(job: StudyInputs, task: MarketTask) -> MarketResult:
    """Generate the market and validate on it; the same job and task give the same record."""
    bars = generate_market(job, task)
    strategy = sized(_signals_of(job.subject), job.share)
    subject = LoadedStrategy(job.subject.name, strategy, job.subject.source_file)
    try:
        found = examine(subject, _candles(bars, task), job.plan, job.settings)
    except InputError as error:  # without a verdict the market does not pass
        return MarketResult(
            **_market_name(task), label="FAIL", rejected_by=[], judged=VerdictFigures(), error=str(error)
        )
    return MarketResult(
        **_market_name(task),
        label=found.verdict.label,
        rejected_by=[rule.name for rule in found.verdict.rules if not rule.passed],
        judged=found.judged,
        in_sample_sharpe=found.in_sample.highest["sharpe"],
        ideal_sharpe=_ideal_sharpe(job, task, strategy, bars),
        overfitting=_overfitting(found),
    )


def generate_market(job: StudyInputs, task: MarketTask) -> Bars:
    """The bars of one market, from a random stream of its own."""
    strength = round(100 * (task.sharpe or 0))
    rng = np.random.default_rng([job.seed, _KINDS.index(task.kind), strength, task.number])
    if task.sharpe is not None:
        return planted_market(STRENGTHS[task.sharpe].drift, rng)
    assert task.kind != "planted"
    return null_market(task.kind, job.histories, task.number, rng)


def _candles(bars: Bars, task: MarketTask) -> Candles:
    origin = Origin("calibration", f"{task.kind} {task.number}", synthetic=True)
    return Candles(Instrument("NULL" if task.sharpe is None else "EDGE"), Timeframe.H1, bars, origin, measure(bars))


def _ideal_sharpe(job: StudyInputs, task: MarketTask, strategy: type[SignalStrategy], bars: Bars) -> float | None:
    """Annual Sharpe, on this market, of the point that is best on average over such markets."""
    if task.sharpe is None:
        return None
    from skills_lib.backtest.sweep.kernel import KernelSweep

    sweep = KernelSweep(strategy, bars, job.settings, threads=1)
    rows = sweep.evaluate([STRENGTHS[task.sharpe].best], Span(0, len(bars)))
    return _defined(float(rows[0, COLUMNS["sharpe"]]))


def _overfitting(found: Examination) -> dict[str, float | None]:
    """Figures that the rules do not use, for testing other rules afterwards."""
    names = ("trials", "days", "sharpe", "skewness", "kurtosis", "expected_maximum_sharpe", "psr", "pbo", "spa_p")
    figures = {name: getattr(found.overfitting, name) for name in names}
    return figures | {
        "loss_probability": found.overfitting.cscv.loss_probability,
        "out_of_sample_sharpe": found.out_of_sample.metrics["sharpe"],
        "stitched_sharpe": found.walk_forward.stitched.metrics["sharpe"],
    }


def _market_name(task: MarketTask) -> dict[str, object]:
    return {"kind": task.kind, "number": task.number, "sharpe": task.sharpe}


def _signals_of(subject: LoadedStrategy) -> type[SignalStrategy]:
    if not issubclass(subject.strategy, SignalStrategy):
        raise InputError(f"{subject.name} has its own next(). Calibrate a SignalStrategy.")
    return subject.strategy


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
