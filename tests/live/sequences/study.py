"""Runs many sequences in several processes, keeps which seeds are done, and can be resumed.

    python -m tests.live.sequences.study --cases 100000

Prints progress and, at the end, each kind of failure with its shortest sequence. The journal belongs to one state of
the code: if a module that the sequences run, or the list of symbols, has changed, the study begins anew.
"""

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.live.sequences.sequence import Failure, draw, is_alike, run, shrink

ROOT = Path(__file__).parents[3]
BLOCK = 100
PROGRESS_S = 10.0


def main() -> int:
    """Run the study; 0 if nothing was found and all cases are done."""
    options = _options()
    real = ROOT.parent / "shared" / "data"
    journal = Journal.open(options.journal, code_digest())
    blocks = [first for first in range(0, options.cases, BLOCK) if first not in journal.done]
    tape = "the real tape of 2024-08-08 and drawn ones" if real.is_dir() else "drawn tapes"
    print(f"{options.cases:,} sequences over {tape}; {options.cases - len(blocks) * BLOCK:,} are done", flush=True)
    work = partial(run_block, real=real if real.is_dir() else None)
    started, ran = time.monotonic(), 0
    with multiprocessing.Pool(options.processes) as pool:
        shown = started
        for first, failures in pool.imap_unordered(work, blocks):
            ran += BLOCK
            journal.add(first, failures)
            if (now := time.monotonic()) - shown >= PROGRESS_S or ran == len(blocks) * BLOCK:
                shown = now
                _progress(journal, options.cases, ran / (now - started))
            if now - started > options.minutes * 60 or len(journal.failed) >= options.most_failures:
                pool.terminate()
                break
    return _ending(journal, options.cases, work.keywords["real"])


def run_block(first: int, real: Path | None) -> tuple[int, list[int]]:
    """Run the seeds of a block; return those that failed."""
    return first, [seed for seed in range(first, first + BLOCK) if run(draw(seed, real))]


@dataclass
class Journal:
    """Finished blocks and failed seeds, one JSON line for each block."""

    path: Path
    done: set[int] = field(default_factory=set)
    failed: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, digest: str) -> "Journal":
        """Read a journal; begin a new one if it belongs to other code."""
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        journal = cls(path)
        if not lines or lines[0] != digest:
            path.write_text(f"{digest}\n", encoding="utf-8")
            return journal
        for line in lines[1:]:
            if line.endswith("}"):  # else cut by a kill
                entry = json.loads(line)
                journal.done.add(entry["first"])
                journal.failed += entry["failed"]
        return journal

    def add(self, first: int, failed: list[int]) -> None:
        """A block is done."""
        self.done.add(first)
        self.failed += failed
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"first": first, "failed": failed}) + "\n")


def code_digest() -> str:
    """Identifies the code under test and these tests."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in studied_files())).hexdigest()


def studied_files() -> list[Path]:
    """Every module of this project that is loaded, and what the simulator reads of its own beside them.

    To be called in a process that runs this study alone: its imports are what the sequences run, because none of those
    modules imports another one later.
    """
    loaded = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    files = {Path(file) for file in loaded if file}
    own = (file for file in files if file.is_relative_to(ROOT) and not file.is_relative_to(sys.prefix))
    return sorted([*own, *(ROOT / "live" / "simulator").rglob("*.json")])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--minutes", type=float, default=240)
    parser.add_argument("--most-failures", type=int, default=200)
    parser.add_argument("--journal", type=Path, default=ROOT / ".study-exchange.journal")
    return parser.parse_args()


def _progress(journal: Journal, cases: int, per_second: float) -> None:
    done = len(journal.done) * BLOCK
    left_min = (cases - done) / per_second / 60
    print(
        f"{done:,} of {cases:,} done, {len(journal.failed)} failed, {per_second:.1f} a second, {left_min:.0f} min left",
        flush=True,
    )


def _ending(journal: Journal, cases: int, real: Path | None) -> int:
    kinds: list[Failure] = []
    for seed in journal.failed:
        sequence = draw(seed, real)
        failure = run(sequence)
        if failure and not any(is_alike(failure, kind) for kind in kinds):
            kinds.append(failure)
            print(shrink(failure, sequence.tape, sequence.delayed), flush=True)
    done = len(journal.done) * BLOCK
    print(f"{done:,} of {cases:,} sequences run, {len(journal.failed)} failed, {len(kinds)} kinds of failure")
    if done < cases:
        print("Run the same command again to resume.")
    return int(bool(journal.failed) or done < cases)


if __name__ == "__main__":
    raise SystemExit(main())
