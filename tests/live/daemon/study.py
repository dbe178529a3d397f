"""Every death at every record of many schedules: `.venv/bin/python -m tests.live.daemon.study --seeds 20`.

A schedule of the size of a test takes about a minute on one core.
"""

import argparse
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.live.daemon.lives import FIRST, Death, World, faults_of, survive


def main() -> int:
    """Print each fault; the exit code says whether there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    lives = faults = 0
    for seed in range(arguments.start, arguments.start + arguments.seeds):
        lived, found = _all_deaths(seed, arguments.steps)
        lives, faults = lives + lived, faults + found
        print(f"schedule {seed}: {lived} deaths, {found} with a fault", flush=True)
    print(f"{lives} deaths, {faults} with a fault")
    return bool(faults)


def _all_deaths(seed: int, steps: int) -> tuple[int, int]:
    """Deaths, and those after which something did not hold."""
    lives = faults = 0
    for at in count(FIRST):
        for death in Death:
            found = _death(seed, steps, at, death)
            if found is None:
                return lives, faults
            lives += 1
            faults += bool(found)
            for line in found:
                print(f"schedule {seed}, record {at}, {death}: {line}", flush=True)
    raise AssertionError("no schedule is endless")


def _death(seed: int, steps: int, at: int, death: Death) -> list[str] | None:
    """What did not hold; None if the client lived to its end."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder) / "a.journal", seed, steps)
        return faults_of(world) if survive(world, at, death) else None


if __name__ == "__main__":
    sys.exit(main())
