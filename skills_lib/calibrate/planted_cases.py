"""Judges strategies whose truth is planted: a look-ahead, the best of many tries without an edge, and a true edge.

`twokey demo --liar` shows them. Each is judged by the pipeline of `twokey validate`; nothing knows its case's name.
Nothing is stored, and the trials are counted in memory only.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from skills_lib.backtest.figures import Figures
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy, parameter_space
from skills_lib.calibrate.family import SHARE, sized
from skills_lib.calibrate.markets import HOURS
from skills_lib.calibrate.planted import STRENGTHS, planted_market
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.quality import measure
from skills_lib.domain.signals import Signals
from skills_lib.domain.timeframes import Timeframe
from skills_lib.ledger.meter import best_by_luck
from skills_lib.market.candles.model import Candles, Origin
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.table import Objective
from skills_lib.progress import Progress, no_progress
from skills_lib.validate.examination import examine
from skills_lib.validate.model import Examination
from skills_lib.validate.plan import REDUCED_SAMPLES, Plan, validation_space
from skills_lib.validate.report.luck import reasons
from skills_lib.validate.verdict import Label
from skills_lib.walk_forward.walk import Pick

CaseName = Literal["look-ahead", "luck", "edge"]
_LOOKAHEAD_RULE = "No look-ahead"


class PlantedCase(NamedTuple):
    """What is planted: the truth that the judgement is compared with.

    `bars_ahead`: bars by which the strategy's signals come too early; above 0 it uses later bars. `drift`: hourly drift
    of the market in hourly standard deviations, its sign changing at random; 0 leaves no edge. `ranges`: parameters to
    try, as of `twokey validate --param`; none is its default grid. `pick`: the best plateau, or the raw maximum.
    `share`: of equity in each position.
    """

    name: CaseName
    seed: int
    bars_ahead: int = 0
    drift: float = 0.0
    ranges: tuple[str, ...] = ()
    pick: Pick = "plateau"
    share: float = SHARE

    @property
    def right(self) -> tuple[Label, ...]:
        """The verdicts that are right: PASS only for an edge without look-ahead."""
        if self.bars_ahead:
            return ("FAIL",)
        return ("PASS",) if self.drift else ("FAIL", "CAUTION")


LOOK_AHEAD = PlantedCase("look-ahead", seed=1, bars_ahead=3, ranges=("fast=10", "slow=30"), share=1.0)
BEST_OF_200 = PlantedCase("luck", seed=65, ranges=("fast=10:100:10", "slow=110:395:15"), pick="peak", share=1.0)
"""On the first of the seeds 1, 2, 3, ... where the best of the 200 has an in-sample Sharpe ratio above 1.9."""
EDGE = PlantedCase("edge", seed=1, drift=STRENGTHS[3.0].drift)
CASES = (LOOK_AHEAD, BEST_OF_200, EDGE)


class JudgedCase(FrozenModel):
    """One case with its verdict. `tries`: combinations searched. `claim`: in-sample figures of the choice, which a
    backtest alone would report; not performance. `luck_sharpe`: annual Sharpe ratio that the best of so many
    independent tries without an edge shows in-sample. `missed`: rules not met. `right`: verdicts that fit what is
    planted; `judged_rightly`: whether `label` is one of them, for the planted reason."""

    name: CaseName
    seed: int
    bars_ahead: int
    drift: float
    tries: int
    bars: int
    start: str
    end: str
    parameters: dict[str, Value]
    claim: Figures
    luck_sharpe: float
    label: Label
    missed: list[str]
    right: tuple[Label, ...]
    judged_rightly: bool
    why: str


def judge_cases(
    subject: LoadedStrategy, cases: Sequence[PlantedCase], progress: Progress = no_progress
) -> list[JudgedCase]:
    """Judge each case, in order."""
    judged = []
    for number, case in enumerate(cases):
        progress(number, len(cases), f"Judging the planted {case.name}")
        judged.append(judge_case(subject, case))
    progress(len(cases), len(cases), "Done")
    return judged


def judge_case(subject: LoadedStrategy, case: PlantedCase) -> JudgedCase:
    """Validate the planted strategy on its generated market; equal arguments give equal results."""
    strategy = early(sized(_signals_of(subject), case.share), case.bars_ahead)
    planted = replace(subject, strategy=strategy)
    found = examine(planted, _candles(case), _plan(planted, case), BacktestSettings())
    missed = [rule.name for rule in found.verdict.rules if not rule.passed]
    seen = (_LOOKAHEAD_RULE in missed) == bool(case.bars_ahead)
    inside = found.in_sample
    return JudgedCase(
        name=case.name,
        seed=case.seed,
        bars_ahead=case.bars_ahead,
        drift=case.drift,
        tries=inside.evaluated,
        bars=inside.bars,
        start=inside.start,
        end=inside.end,
        parameters=found.parameters,
        claim=inside.metrics,
        luck_sharpe=best_by_luck(inside.evaluated, inside.bars / 24),
        label=found.verdict.label,
        missed=missed,
        right=case.right,
        judged_rightly=found.verdict.label in case.right and seen,
        why=_why(found),
    )


def early(strategy: type[SignalStrategy], bars_ahead: int) -> type[SignalStrategy]:
    """`strategy` with every signal `bars_ahead` bars too early, as averages centred on their bar give them."""

    class Early(strategy):  # type: ignore[misc,valid-type]
        def signals(self, bars: Bars) -> Signals:
            found: Signals = super().signals(bars)
            return replace(
                found,
                long_entry=_moved(found.long_entry, bars_ahead),
                short_entry=_moved(found.short_entry, bars_ahead),
                long_exit=_moved(found.long_exit, bars_ahead),
                short_exit=_moved(found.short_exit, bars_ahead),
            )

    if not bars_ahead:
        return strategy
    Early.__name__ = Early.__qualname__ = f"{strategy.__name__}Early"
    return Early


def _moved(signal: BoolArray, bars: int) -> BoolArray:
    return np.concatenate([signal[bars:], np.zeros(min(bars, len(signal)), dtype=np.bool_)])


def _candles(case: PlantedCase) -> Candles:
    bars = planted_market(case.drift, np.random.default_rng(case.seed), HOURS)
    origin = Origin("demo", f"generated, seed {case.seed}", synthetic=True)
    return Candles(Instrument("PLANTED"), Timeframe.H1, bars, origin, measure(bars))


def _plan(subject: LoadedStrategy, case: PlantedCase) -> Plan:
    space = validation_space(parameter_space(subject.strategy), case.ranges)
    search = SearchRequest(space, SearchPlan(), Objective("sharpe", 30), "kernel")
    return Plan(search, pick=case.pick, samples=REDUCED_SAMPLES)


def _why(found: Examination) -> str:
    """The deciding figures in two or three sentences, whatever is planted."""
    truncation = found.lookahead.truncation
    if not truncation.passed:
        return f"Its past signals change when later bars are removed, so it uses them. {truncation.words}"
    return reasons(found.verdict)


def _signals_of(subject: LoadedStrategy) -> type[SignalStrategy]:
    assert issubclass(subject.strategy, SignalStrategy), f"{subject.name} has a next() of its own"
    return subject.strategy
