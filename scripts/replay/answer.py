"""The short answer of `twokey replay --json`, from the stored report."""

from pathlib import Path
from typing import TYPE_CHECKING

from live.replay.report.method import METHOD_LIMITS
from skills_lib.answers.replay import (
    ControlsAnswer,
    JournalAnswer,
    LineAnswer,
    MeanAnswer,
    RandomAnswer,
    ReplayAnswer,
)

if TYPE_CHECKING:
    from live.replay.figures.intervals import Interval
    from live.replay.study.model import ReplayReport, VariantLine


def answer_of(report: "ReplayReport", folder: Path) -> ReplayAnswer:
    """The answer about a report that is stored in `folder`."""
    found, first = report.figures, report.tapes[0]
    return ReplayAnswer(
        verdict=report.verdict.word.value,
        sentence=report.verdict.sentence,
        reasons=list(report.verdict.reasons),
        synthetic=report.synthetic,
        id=report.id,
        decisions_sha256=report.decisions_sha256,
        journal=JournalAnswer(file=str(folder / first.journal), head=first.journal_head),
        updates=report.updates,
        signals=report.signals,
        trades=found.trades,
        gross_bps=_mean(found.gross_bps),
        net_bps=_mean(found.net_bps),
        break_even_cost_bps=found.break_even_cost_bps,
        win_rate=found.win_rate,
        break_even_win_rate=found.break_even_win_rate,
        profit_factor=found.profit_factor,
        exits=found.exits,
        controls=_controls(report),
        fills={model: _line(line) for model, line in report.controls.lines["strategy"].items()},
        trials=report.deflation.trials,
        chosen=next((point.parameters for point in report.swept if point.chosen), {}),
        effective_limits=report.strategy.limits,
        limits=list(METHOD_LIMITS),
        seconds=report.seconds,
        path=folder / "result.json",
    )


def _controls(report: "ReplayReport") -> ControlsAnswer:
    own = {name: by_model[report.strategy.fills] for name, by_model in report.controls.lines.items()}
    rank = report.controls.rank
    random = _line(own["random"]).model_dump() | rank.model_dump()
    return ControlsAnswer(
        random=RandomAnswer.model_validate(random), inverted=_line(own["inverted"]), delayed=_line(own["delayed"])
    )


def _line(line: "VariantLine") -> LineAnswer:
    return LineAnswer(trades=line.trades, gross_bps=_mean(line.gross_bps), net_bps=_mean(line.net_bps))


def _mean(found: "Interval") -> MeanAnswer:
    return MeanAnswer(mean=found.mean, ci95=found.ci95)
