"""Runs many sequences in several processes, keeps which seeds are done, and can be resumed.

    python -m tests.live.sequences.study --cases 100000

Prints progress and, at the end, each kind of failure with its shortest sequence. The journal belongs to one state of
the code: if a module that the sequences run, or the list of symbols, has changed, the study begins anew.
"""

import argparse
import multiprocessing
import time
from functools import partial
from pathlib import Path

from skills_lib.market.depth.book import compiled_book  # noqa: F401 - loaded by the first tape, so a part of the code
from tests.live.sequences.sequence import Failure, draw, is_alike, run, shrink
from tests.live.studying import ROOT, StudyJournal, code_digest, studied_files

BLOCK = 100
PROGRESS_S = 10.0


def main() -> int:
    """Run the study; 0 if nothing was found and all cases are done."""
    options = _options()
    real = ROOT.parent / "shared" / "data"
    journal = StudyJournal.open(options.journal, code_digest(studied_files()))
    blocks = [first for first in range(0, options.cases, BLOCK) if first not in journal.blocks]
    tape = "the real tape of 2024-08-08 and drawn ones" if real.is_dir() else "drawn tapes"
    print(f"{options.cases:,} sequences over {tape}; {options.cases - len(blocks) * BLOCK:,} are done", flush=True)
    work = partial(run_block, real=real if real.is_dir() else None)
    started, ran = time.monotonic(), 0
    with multiprocessing.Pool(options.processes) as pool:
        shown = started
        for first, failures in pool.imap_unordered(work, blocks):
            ran += BLOCK
            journal.add(first, {"failed": failures})
            if (now := time.monotonic()) - shown >= PROGRESS_S or ran == len(blocks) * BLOCK:
                shown = now
                _progress(journal, options.cases, ran / (now - started))
            if now - started > options.minutes * 60 or len(_failed(journal)) >= options.most_failures:
                pool.terminate()
                break
    return _ending(journal, options.cases, work.keywords["real"])


def run_block(first: int, real: Path | None) -> tuple[int, list[int]]:
    """Run the seeds of a block; return those that failed."""
    return first, [seed for seed in range(first, first + BLOCK) if run(draw(seed, real))]


def _failed(journal: StudyJournal) -> list[int]:
    """The seeds that failed."""
    return [seed for block in journal.blocks.values() for seed in block["failed"]]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--minutes", type=float, default=240)
    parser.add_argument("--most-failures", type=int, default=200)
    parser.add_argument("--journal", type=Path, default=ROOT / ".study-exchange.journal")
    return parser.parse_args()


def _progress(journal: StudyJournal, cases: int, per_second: float) -> None:
    done, failed = len(journal.blocks) * BLOCK, len(_failed(journal))
    left_min = (cases - done) / per_second / 60
    print(
        f"{done:,} of {cases:,} done, {failed} failed, {per_second:.1f} a second, {left_min:.0f} min left",
        flush=True,
    )


def _ending(journal: StudyJournal, cases: int, real: Path | None) -> int:
    kinds: list[Failure] = []
    for seed in _failed(journal):
        sequence = draw(seed, real)
        failure = run(sequence)
        if failure and not any(is_alike(failure, kind) for kind in kinds):
            kinds.append(failure)
            print(shrink(failure, sequence.tape, sequence.delayed), flush=True)
    done = len(journal.blocks) * BLOCK
    print(f"{done:,} of {cases:,} sequences run, {len(_failed(journal))} failed, {len(kinds)} kinds of failure")
    if done < cases:
        print("Run the same command again to resume.")
    return int(bool(_failed(journal)) or done < cases)


if __name__ == "__main__":
    raise SystemExit(main())
