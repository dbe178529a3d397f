"""Replays a strategy, or the combinations of a sweep, with all that its verdict needs."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from live.engine.settings import ImbalanceSettings
from live.replay.figures.luck import deflated
from live.replay.figures.trades import trade_figures
from live.replay.figures.verdict import MIN_TRADES, judge
from live.replay.study.comparisons import ControlArguments, controls_of, sensitivity_of
from live.replay.study.lines import line_of, trades_of
from live.replay.study.model import ReplayedStrategy, ReplayReport, SweepPoint, TapeFigures
from live.replay.study.parallel import ReplayRunner
from live.replay.study.runs import TapeRun
from live.replay.study.trades_file import write_trades
from live.replay.study.variants import Variant, depths, thresholds
from skills_lib.domain.time import utc

CountTrials = Callable[[Sequence[ImbalanceSettings]], int]
"""Counts configurations before they are evaluated; returns how many were ever counted on these tapes."""


class StudiedTape(msgspec.Struct, frozen=True):
    """A tape as the report names it."""

    name: str
    sha256: str


class Candidate(msgspec.Struct, frozen=True):
    """A combination of parameters: as given, and as settings."""

    parameters: dict[str, str]
    settings: ImbalanceSettings


class StudyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay. base: the variant of the given settings; candidates: of a sweep, or none."""

    id: str
    synthetic: bool
    tapes: tuple[StudiedTape, ...]
    strategy: ReplayedStrategy
    base: Variant
    candidates: tuple[Candidate, ...]
    controls: ControlArguments
    seed: int


def study(request: StudyRequest, runner: ReplayRunner, count: CountTrials, folder: Path) -> ReplayReport:
    """Replay, compare and judge. Journals, one a tape, and the trades are written to `folder`.

    Raises:
        TwokeyError: a worker process died.
        OSError: trials cannot be counted, or a file cannot be written.
    """
    began = time.monotonic()
    trials = count([one.settings for one in request.candidates] or [request.base.settings])
    swept = _swept(request, runner)
    chosen = _chosen(request, swept)
    base = msgspec.structs.replace(request.base, settings=chosen.settings)
    strategy = request.strategy.model_copy(update={"settings": request.strategy.settings | chosen.parameters})
    journals = [folder / f"journal-{number}.jsonl" for number in range(1, len(request.tapes) + 1)]
    runs = runner.journalled(base, journals, "Replay")
    write_trades(folder, [tape.name for tape in request.tapes], runs)
    figures = trade_figures(trades_of(runs), request.seed)
    controls = controls_of(runner, base, runs, figures, request.controls)
    # The sensitivities show other configurations: whoever chooses by them has searched. They had no part in this
    # choice, so they count for what follows and do not deflate this result.
    count([place.variant.settings for place in (*thresholds(base), *depths(base))])
    deflation = deflated(figures.net_bps, trials)
    return ReplayReport(
        id=request.id,
        synthetic=request.synthetic,
        verdict=judge(figures, deflation, controls.rank),
        strategy=strategy,
        figures=figures,
        deflation=deflation,
        controls=controls,
        sensitivity=sensitivity_of(runner, base, runs, request.seed),
        swept=tuple(swept),
        tapes=tuple(
            _tape_line(*one, request.seed) for one in zip(request.tapes, runner.spans, runs, journals, strict=True)
        ),
        seconds=time.monotonic() - began,
        created_at=utc(time.time_ns()),
        **_totals(runs),
    )


def decisions_of(runs: Sequence[TapeRun]) -> str:
    """The hash of the decisions of one tape; of several, the hash of theirs in order."""
    hashes = [run.decisions_sha256 for run in runs]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _swept(request: StudyRequest, runner: ReplayRunner) -> list[SweepPoint]:
    """The combinations of a sweep, the best marked: highest t of the net mean among those with enough trades."""
    variants = [msgspec.structs.replace(request.base, settings=one.settings) for one in request.candidates]
    found = []
    for candidate, runs in zip(request.candidates, runner.all_tapes(variants, "Sweep"), strict=True):
        line = line_of(runs, request.seed)
        found.append(SweepPoint(parameters=candidate.parameters, t=line.net_bps.t, **dict(line)))
    if not found:
        return []
    best = max(range(len(found)), key=lambda place: _preference(found[place]))
    return [point.model_copy(update={"chosen": place == best}) for place, point in enumerate(found)]


def _preference(point: SweepPoint) -> tuple[bool, float, int]:
    t = float("-inf") if point.t is None else point.t
    return point.trades >= MIN_TRADES, t, point.trades


def _chosen(request: StudyRequest, swept: Sequence[SweepPoint]) -> Candidate:
    """The best combination of the sweep; without one, the settings as given."""
    for candidate, point in zip(request.candidates, swept, strict=True):
        if point.chosen:
            return candidate
    return Candidate({}, request.base.settings)


def _tape_line(tape: StudiedTape, span: tuple[int, int], run: TapeRun, journal: Path, seed: int) -> TapeFigures:
    return TapeFigures(
        tape=tape.name,
        sha256=tape.sha256,
        first_ns=span[0],
        end_ns=span[1],
        updates=run.updates,
        signals=run.signals,
        decisions_sha256=run.decisions_sha256,
        journal=journal.name,
        journal_head=run.journal_head,
        open_at_end=run.open_at_end,
        **dict(line_of([run], seed)),
    )


def _totals(runs: Sequence[TapeRun]) -> dict[str, Any]:
    refused: Counter[str] = Counter()
    for run in runs:
        refused.update(run.refused)
    return {
        "decisions_sha256": decisions_of(runs),
        "updates": sum(run.updates for run in runs),
        "signals": sum(run.signals for run in runs),
        "entries": sum(run.entries for run in runs),
        "refused": dict(refused.most_common()),
    }
