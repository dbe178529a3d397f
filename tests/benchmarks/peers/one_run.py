"""One peer does one work once, in a process of its own: `one_run.py PEER WORK BARS.npz` prints JSON.

Imports and compilation are not timed: a small run of the same kind comes first. Peak memory is the whole process's.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path

import tests.benchmarks.peers.common as work


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
    if peer != "backtesting":  # nothing to compile there
        run(frame[:8_000], work.twenty_five())
    pairs = work.thousand() if what in ("sweep", "stops") else work.twenty_five()
    began = time.perf_counter()
    done = run(frame, pairs)
    seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "done": done}) + "\n")


if __name__ == "__main__":
    main()
