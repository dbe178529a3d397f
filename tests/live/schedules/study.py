"""Runs many schedules in several processes, keeps which seeds are done, and can be resumed.

    python -m tests.live.schedules.study --cases 100000

Prints progress and, at the end, how often each kind of fault applied and the first schedule of each invariant broken.
The journal belongs to one state of the code: if a module that the schedules run has changed, the study begins anew.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from live.schedules.many import RunsSchedule, run_many
from live.schedules.numbers import ScheduleNumber
from live.schedules.run import run_schedule
from live.schedules.shrink import shrink
from live.schedules.story import story
from live.simulator.faults import KINDS
from live.torture.daemon.schedule import run_daemon_schedule
from tests.live.studying import ROOT, StudyJournal, code_digest, studied_files

BLOCK = 50
PROGRESS_S = 30.0
KIND_SHARE = 100
"""Of this many schedules, each kind of fault has to apply in one at the least: 1,000 times in 100,000."""


def run_block(first: int, run: RunsSchedule = run_schedule) -> tuple[int, dict[str, Any]]:
    """Run the seeds of a block: what they came to, and each that failed with its first broken invariant."""
    tally = run_many(first, BLOCK, processes=1, run=run)
    failed = {str(ScheduleNumber.of(one.number).seed): one.violations[0].invariant for one in tally.failures}
    return first, {"events": tally.events, "trades": tally.trades, "kinds": dict(tally.kinds), "failed": failed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; 0 if no invariant was broken, all cases are done and every kind of fault applied often enough."""
    options = _options(arguments)
    run: RunsSchedule = run_daemon_schedule if options.daemon else run_schedule
    folder, kind = ROOT / "backtests" / "answers", "daemon-schedules" if options.daemon else "schedules"
    journal = StudyJournal.open(options.journal or folder / f"study-{kind}.journal", code_digest(studied_files()))
    firsts = range(1, 1 + options.cases, BLOCK)
    blocks = [first for first in firsts if first not in journal.blocks]
    print(f"{options.cases:,} schedules; {(len(firsts) - len(blocks)) * BLOCK:,} are done", flush=True)
    started = shown = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for ran, (first, came_to) in enumerate(pool.imap_unordered(partial(run_block, run=run), blocks), 1):
            journal.add(first, came_to)
            now = time.monotonic()
            if now - shown >= PROGRESS_S or ran == len(blocks):
                shown = now
                _print_progress(len(blocks) - ran, len(failures(journal)), ran * BLOCK / (now - started))
            if now - started > options.minutes * 60:
                pool.terminate()
                break
    return _ending(journal, firsts, run)


def failures(journal: StudyJournal) -> dict[int, str]:
    """The seeds that failed, with the invariant that each broke."""
    found = {int(seed): name for block in journal.blocks.values() for seed, name in block["failed"].items()}
    return dict(sorted(found.items()))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--daemon", action="store_true", help="the daemon, whose process dies, instead of the engine")
    return parser.parse_args(arguments)


def _print_progress(blocks_left: int, failed: int, per_second: float) -> None:
    left_min = blocks_left * BLOCK / per_second / 60
    print(f"{failed} failed, {per_second:.1f} a second, {left_min:.0f} min left", flush=True)


def _ending(journal: StudyJournal, firsts: Sequence[int], run: RunsSchedule) -> int:
    done = [journal.blocks[first] for first in firsts if first in journal.blocks]
    kinds: Counter[str] = Counter()
    for block in done:
        kinds.update(block["kinds"])
    for kind in sorted(KINDS):
        print(f"{kind:22}{kinds[kind]:>10,}")
    failed = failures(journal)
    for invariant in sorted(set(failed.values())):
        seeds = [seed for seed, name in failed.items() if name == invariant]
        print(f"\n{invariant}: {len(seeds)} schedules, seeds {', '.join(map(str, seeds[:20]))}")
        print("\n".join(story(shrink(run(ScheduleNumber(seeds[0]).integer), run).number, run)))
    trades, events = (sum(block[name] for block in done) for name in ("trades", "events"))
    rare = [kind for kind in KINDS if kinds[kind] * KIND_SHARE < len(firsts) * BLOCK]
    print(f"{len(done) * BLOCK:,} schedules, {trades:,} trades, {events:,} events, {len(failed)} schedules failed")
    print(f"Kinds of fault that applied too seldom: {', '.join(rare) or 'none'}")
    if len(done) < len(firsts):
        print("Run the same command again to resume.")
    return int(bool(failed or rare) or len(done) < len(firsts))


if __name__ == "__main__":
    sys.exit(main())
