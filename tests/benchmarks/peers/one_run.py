"""One peer does one work once, in a separate process: `one_run.py PEER WORK BARS.npz` prints JSON.

Neither imports nor compilation nor a process's first touch of its memory are timed: the work is done once before, by
backtesting.py, which has nothing to warm up and takes minutes, not. Work of milliseconds is then repeated for a second,
and the median counts. Peak memory is the whole process's.
"""

import importlib
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import tests.benchmarks.peers.common as work

MIN_SECONDS = 1.0


def main() -> None:
    """Warm up, then time."""
    peer, what, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if peer == "twokey":  # which does not need scipy, but numba imports it where another peer has brought it
        sys.modules["scipy"] = None  # type: ignore[assignment]
    module, frame = importlib.import_module(f"tests.benchmarks.peers.{peer}_peer"), work.read(path)
    run = {
        "sweep": lambda bars, pairs: module.sweep(bars, pairs),
        "stops": lambda bars, pairs: module.sweep(bars, pairs, stops=True),
        "minutes": lambda bars, pairs: module.sweep(bars, pairs),
        "walk-forward": lambda bars, pairs: module.walk_forward(bars, pairs),
    }[what]
    pairs = work.thousand() if what in ("sweep", "stops") else work.twenty_five()
    if peer != "backtesting":
        run(frame, pairs)
    seconds: list[float] = []
    while sum(seconds) < MIN_SECONDS:
        began = time.perf_counter()
        done = run(frame, pairs)
        seconds.append(time.perf_counter() - began)
    sys.stdout.write(json.dumps({"seconds": statistics.median(seconds), "peak_mb": peak_mb(), "done": done}) + "\n")


def peak_mb() -> float:
    """This program's own peak; getrusage reports at least the peak of the parent process."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
