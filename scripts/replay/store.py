"""Answers a replay from its stored report, or counts, replays and stores it."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts.console import print_error
from scripts.counting import trial_origin

if TYPE_CHECKING:
    from live.replay.study.model import ReplayReport
    from live.replay.study.parallel import OpenReplays, ReplayRunner
    from live.replay.study.study import CountTrials, StudyRequest
    from skills_lib.optimize.store import SweepStore
    from skills_lib.progress import Progress
    from skills_lib.settings import Settings

RESULT = "result.json"


class StoredReplay(NamedTuple):
    """A report and the folder that holds it."""

    report: "ReplayReport"
    folder: Path


def find_replay(home: "Settings", replay_id: str) -> StoredReplay | None:
    """The stored replay with this id."""
    store = _store(home)
    folder, report = store.folder_of(replay_id), store.find(replay_id)
    return StoredReplay(report, folder) if folder and report else None


def run_replay(
    home: "Settings", request: "StudyRequest", opens: "OpenReplays", workers: int, progress: "Progress"
) -> StoredReplay:
    """Count the trials, replay and store the report in one step: interrupted, it leaves nothing but the count.

    Raises:
        TwokeyError: a tape cannot be replayed, or a worker process died.
        OSError: trials cannot be counted, or the report cannot be stored.
    """
    from live.replay.study.parallel import open_runner
    from live.replay.study.study import study

    store = _store(home)
    target = store.folder("-".join(request.strategy.symbols), request.id)
    with open_runner(opens, len(request.tapes), workers, progress) as runner:
        count = _counter(home, request, runner)

        def write(folder: Path) -> None:
            report = study(request, runner, count, folder)
            (folder / RESULT).write_text(report.model_dump_json(indent=1), encoding="utf-8")

        home.replays_dir.mkdir(parents=True, exist_ok=True)
        store.save(target, write)
    return _found(home, request.id)


def _counter(home: "Settings", request: "StudyRequest", runner: "ReplayRunner") -> "CountTrials":
    """The trial counter; on standard error it is said what this replay adds, before anything runs."""
    from live.replay.figures.words import counted
    from live.replay.identity import SIGNALS, code_sha256
    from live.replay.study.variants import depths, thresholds
    from scripts.replay.trials import ReplayTrials
    from skills_lib.ledger.ledger import Ledger

    trials = ReplayTrials(Ledger.of(home), trial_origin("replay"), request, runner.spans, code_sha256(SIGNALS))
    own = [one.settings for one in request.candidates] or [request.base.settings]
    beside = [place.variant.settings for place in (*thresholds(request.base), *depths(request.base))]
    print_error(
        f"Adds {counted(trials.unseen(own), 'new trial')} to the trial ledger, of {len(own):,} to choose from, and up "
        f"to {len(beside)} for the sensitivities. Trials that were counted before are not counted again."
    )
    return trials


def _store(home: "Settings") -> "SweepStore[ReplayReport]":
    from live.replay.study.model import ReplayReport
    from skills_lib.optimize.store import SweepStore

    return SweepStore(home.replays_dir, ReplayReport)


def _found(home: "Settings", replay_id: str) -> StoredReplay:
    found = find_replay(home, replay_id)
    if found is None:
        raise OSError(f"the replay {replay_id} was stored and is not there")
    return found
