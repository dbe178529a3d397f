"""Runs in processes: in order, cancelled by whoever watches, and reported where a process dies."""

import multiprocessing
import os
from functools import partial
from pathlib import Path

import pytest

from live.engine.settings import ImbalanceSettings
from live.replay.study.parallel import open_runner
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant, depths
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED
from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import no_progress
from tests.live.replay.touch_replays import TouchReplays

TAPES = [(0.9, 12, 1), (0.9, 12, 2)]
BASE = Variant(settings=ImbalanceSettings(), fills=FillModel.PESSIMISTIC, latency=ASSUMED)
VARIANTS = [BASE, *(place.variant for place in depths(BASE))]


class DyingReplays(TouchReplays):
    """Replays that end their process at the second tape, as the kernel does for lack of memory."""

    def run(self, tape: int, variant: Variant, journal: Path | None = None) -> TapeRun:
        if tape:
            os._exit(9)
        return super().run(tape, variant, journal)


@pytest.mark.parametrize("workers", [1, 2])
def test_runs_come_by_variant_and_tape_whatever_ends_first(workers: int) -> None:
    expected = TouchReplays(TAPES)
    with open_runner(partial(TouchReplays, TAPES), 2, workers, no_progress) as runner:
        found = runner.all_tapes(VARIANTS, "Depths")
    assert found == [[expected.run(tape, variant) for tape in (0, 1)] for variant in VARIANTS]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_every_run_and_cancels_by_raising(workers: int) -> None:
    seen: list[tuple[int, int, str]] = []
    others = multiprocessing.active_children()  # workers that earlier tests of this process keep

    def watch(done: int, total: int, message: str) -> None:
        seen.append((done, total, message))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_runner(partial(TouchReplays, TAPES), 2, workers, watch) as runner:
        runner.all_tapes(VARIANTS, "Depths")
    assert seen == [(done, 2 * len(VARIANTS), "Depths") for done in range(4)]
    assert [child for child in multiprocessing.active_children() if child not in others] == []


def test_a_process_that_dies_is_one_line_that_says_what_to_do() -> None:
    opens = partial(DyingReplays, TAPES)
    with (
        pytest.raises(TwokeyError, match=r"^A process of the replay died.* Run it again with TWOKEY_WORKERS=1\.$"),
        open_runner(opens, 2, 2, no_progress) as runner,
    ):
        runner.all_tapes(VARIANTS, "Depths")
