"""Every death at every record of many schedules: `.venv/bin/python -m tests.live.daemon.study --seeds 20`.

A schedule of the size of a test takes about a minute on one core. The same command resumes, unless code has changed.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.live.daemon.lives import FIRST, Death, World, faults_of, survive
from tests.live.studying import ROOT, StudyJournal, code_digest, studied_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each fault; 0 if there is none and every schedule is done."""
    options = _options(arguments)
    journal = StudyJournal.open(options.journal, code_digest(studied_files()))
    seeds = range(options.start, options.start + options.seeds)
    end_s = time.monotonic() + options.minutes * 60
    for seed in seeds:
        if seed not in journal.blocks and time.monotonic() < end_s:
            lives, faults = _all_deaths(seed, options.steps)
            journal.add(seed, {"deaths": lives, "faults": faults})
            print(f"schedule {seed}: {lives} deaths, {len(faults)} faults", flush=True)
    return _ending(journal, seeds)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--journal", type=Path, default=ROOT / "backtests" / "answers" / "study-daemon.journal")
    return parser.parse_args(arguments)


def _all_deaths(seed: int, steps: int) -> tuple[int, list[str]]:
    """Deaths, and what did not hold after one."""
    lives, faults = 0, []
    for at in count(FIRST):
        for death in Death:
            found = _death(seed, steps, at, death)
            if found is None:
                return lives, faults
            lives += 1
            faults += [f"schedule {seed}, record {at}, {death}: {line}" for line in found]
    raise AssertionError("no schedule is endless")


def _death(seed: int, steps: int, at: int, death: Death) -> list[str] | None:
    """What did not hold; None if the client lived to its end."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder) / "a.journal", seed, steps)
        return faults_of(world) if survive(world, at, death) else None


def _ending(journal: StudyJournal, seeds: range) -> int:
    done = [journal.blocks[seed] for seed in seeds if seed in journal.blocks]
    faults = [line for block in done for line in block["faults"]]
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{len(done)} schedules, {sum(block['deaths'] for block in done)} deaths, {len(faults)} faults")
    if len(done) < len(seeds):
        print("Run the same command again to resume.")
    return int(bool(faults) or len(done) < len(seeds))


if __name__ == "__main__":
    sys.exit(main())
