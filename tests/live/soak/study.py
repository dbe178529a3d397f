"""24 hours of a drawn tape under random faults, in parts; the same command resumes.

    python -m tests.live.soak.study --speed 20

Each part is an exchange and a session of its own, played by the daemon's process. A part passes if its journals
replay, profit by the journals is the exchange's to the unit of 1e-8, no order was repeated, and memory is flat: the
mean of its last quarter is at most a tenth above that of its second quarter.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from tests.live.soak.part import run_part
from tests.live.studying import ROOT, StudyJournal, code_digest, studied_files

HOURS = 24
GROWTH = 1.1


def main() -> int:
    """Play the parts that are not done; 0 if all are done and passed."""
    options = _options()
    digest = code_digest(studied_files())
    journal = StudyJournal.open(options.journal, f"{digest} {options.minutes_of_tape} {options.speed}")
    parts = range(HOURS * 60 // options.minutes_of_tape)
    began = time.monotonic()
    for number in parts:
        if number in journal.blocks:
            continue
        if time.monotonic() - began + 60 * options.minutes_of_tape / options.speed > 60 * options.minutes:
            break
        with TemporaryDirectory(prefix="twokey-soak-") as home:
            journal.add(number, run_part(Path(home), number + 1, options.minutes_of_tape * 60, options.speed))
        show(number, journal.blocks[number])
    done = [journal.blocks[number] for number in parts if number in journal.blocks]
    failed = sum(bool(problems(block)) for block in done)
    sys.stdout.write(f"{len(done)} of {len(parts)} parts are done, {failed} failed.\n")
    return int(failed or len(done) < len(parts))


def problems(block: dict[str, Any]) -> list[str]:
    """What of a part did not hold."""
    found, memory = list(block["violations"]), longest_life(block)
    quarter = len(memory) // 4
    if quarter and mean(memory[-quarter:]) > GROWTH * mean(memory[quarter : 2 * quarter]):
        found.append("memory grows")
    return found


def longest_life(block: dict[str, Any]) -> list[float]:
    """The memory of the process that lived longest."""
    lives: list[list[float]] = block["memory_mb"]
    return max(lives, key=len, default=[])


def show(number: int, block: dict[str, Any]) -> None:
    """Print what a part came to."""
    memory = longest_life(block)
    series = " ".join(f"{size:.0f}" for size in memory[:: max(1, len(memory) // 20)])
    lines = (
        f"part {number}: {block['seconds'] / 60:.0f} min of tape, {block['runs']} runs, {block['orders']} orders, "
        f"{block['fills']} fills, {sum(block['kinds'].values())} times a fault of {len(block['kinds'])} kinds",
        f"  memory, MB: {series}",
        f"  profit, 1e-8: {block['known']} by the journals, {block['wallet']} by the exchange",
        f"  longest without a stop: {block['longest_naked_ms'] / 1000:.1f} s of tape; ends: {_counted(block['ends'])}",
        f"  {'; '.join(problems(block)) or 'passed'}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _counted(ends: list[str]) -> str:
    return "; ".join(f"{count} x {end}" for end, count in Counter(ends).items())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=int, default=20)
    parser.add_argument("--minutes-of-tape", type=int, default=180)
    parser.add_argument("--minutes", type=float, default=40, help="at most, of this call")
    parser.add_argument("--journal", type=Path, default=ROOT / "backtests" / "answers" / "study-soak.journal")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
