"""A replay is counted before it runs, stored whole or not at all, and found again."""

from functools import partial
from pathlib import Path

import msgspec
import pytest

from live.engine.settings import ImbalanceSettings
from live.money import SCALE
from live.replay.study.comparisons import ControlArguments
from live.replay.study.study import Candidate, StudiedTape, StudyRequest
from scripts.replay.store import RESULT, find_replay, run_replay
from scripts.replay.trials import tape_meter
from skills_lib.ledger.ledger import Ledger
from skills_lib.progress import no_progress
from skills_lib.settings import Settings
from tests.live.replay.test_study import BASE, EDGE, STRATEGY
from tests.live.replay.touch_replays import TouchReplays

OPENS = partial(TouchReplays, [EDGE])


def asked(*buy_ratios: int, name: str = "a", seed: int = 7) -> StudyRequest:
    swept = (msgspec.structs.replace(ImbalanceSettings(), buy_ratio=ratio * SCALE) for ratio in buy_ratios)
    return StudyRequest(
        id=name * 16,
        synthetic=False,
        tapes=(StudiedTape("tape", "5" * 64),),
        strategy=STRATEGY.model_copy(update={"seed": seed}),
        base=BASE,
        candidates=tuple(Candidate({"buy_ratio": str(one.buy_ratio // SCALE)}, one) for one in swept),
        controls=ControlArguments(random_runs=19, delay_ns=10_000_000_000, seed=seed),
        seed=seed,
    )


def test_a_replay_is_stored_whole_and_found_again(workspace: Settings) -> None:
    assert find_replay(workspace, "a" * 16) is None
    made = run_replay(workspace, asked(), OPENS, 1, no_progress)
    assert find_replay(workspace, "a" * 16) == made
    names = {file.name for file in made.folder.iterdir()}
    assert names == {RESULT, "trades.csv", "journal-1.jsonl"}
    assert [folder.name for folder in workspace.replays_dir.iterdir()] == [made.folder.name]
    assert find_replay(workspace, "b" * 16) is None


def test_what_a_replay_adds_is_said_before_it_runs(workspace: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run_replay(workspace, asked(2, 3, 4), OPENS, 1, no_progress)
    assert "Adds 3 new trials to the trial ledger, of 3 to choose from" in capsys.readouterr().err
    run_replay(workspace, asked(3, 4, 5, name="b"), OPENS, 1, no_progress)
    assert "Adds 1 new trial to the trial ledger, of 3" in capsys.readouterr().err


def test_trials_of_earlier_searches_on_the_same_minutes_deflate_the_next(workspace: Settings) -> None:
    searched = run_replay(workspace, asked(2, 3, 4), OPENS, 1, no_progress).report
    assert searched.deflation.trials == 3
    later = run_replay(workspace, asked(6, name="b"), OPENS, 1, no_progress).report
    assert later.deflation.trials > 3
    meter = tape_meter(Ledger.of(workspace), later)
    assert meter.attempts >= later.deflation.trials
    assert f"Attempt {meter.attempts:,} on BTCUSDT" in meter.text


def test_another_seed_is_another_trial_of_the_same_parameters(workspace: Settings) -> None:
    run_replay(workspace, asked(), OPENS, 1, no_progress)
    again = run_replay(workspace, asked(name="b", seed=8), OPENS, 1, no_progress).report
    assert again.deflation.trials > 1


@pytest.mark.parametrize("step", ["Sweep", "Replay", "Random entries", "Controls and fill models", "Sensitivity"])
def test_interrupted_anywhere_it_leaves_the_count_and_nothing_else(workspace: Settings, step: str) -> None:
    def stop(_done: int, _total: int, message: str) -> None:
        if message == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_replay(workspace, asked(2, 3), OPENS, 1, stop)
    assert list(workspace.replays_dir.iterdir()) == []
    (entry, _, counted), *_ = Ledger.of(workspace).read().reserved
    assert (entry.kind, len(counted)) == ("trials", 2)


def test_without_a_ledger_nothing_runs(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = workspace.home / "file"
    blocked.write_text("no folder")
    barred = workspace.model_copy(update={"ledger_dir": blocked})

    class Untouched(TouchReplays):
        def run(self, *_: object, **__: object) -> object:  # type: ignore[override]
            raise AssertionError("it ran without being counted")

    with pytest.raises(OSError, match="nothing is evaluated without being counted"):
        run_replay(barred, asked(), partial(Untouched, [EDGE]), 1, no_progress)
    assert list(Path(workspace.replays_dir).iterdir()) == []
