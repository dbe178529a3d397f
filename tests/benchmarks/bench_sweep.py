"""How long sweeps take on the kernel beside backtesting.py and vectorbt. Run by `make bench`.

Peers take turns, a process each, on the same bars; medians and the ratios of medians. All sides compute the same
table of metrics for each combination. `--repeats 5`; `--slow-repeats 1` does fewer for backtesting.py, whose share of
the time is nearly all of it. Targets are those of the issue that requested the kernel.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("twokey", "vectorbt", "backtesting")
WORKS = {
    "sweep": ("1000 combinations, 17,520 bars", "1h", 17_520, 2_000, 80),
    "minutes": ("25 combinations, 1,051,200 bars", "1m", 1_051_200, 1_000, 40),
    "walk-forward": ("walk-forward, 17 windows × 25", "1h", 17_520, 1_500, 80),
    "stops": ("with stop and target, 1000 × 17,520", "1h", 17_520, 300, None),
}


def write_bars(folder: Path, timeframe: str, count: int) -> Path:
    """The last `count` bars of the synthetic sample."""
    path = folder / f"{timeframe}.npz"
    if not path.exists():
        bars = sample_bars("BTCUSDT", Timeframe(timeframe))[-count:]
        names = ("open_time_ns", "open", "high", "low", "close", "volume")
        np.savez(path, **{name: getattr(bars, name) for name in names})
    return path


def one_run(peer: str, work: str, bars: Path) -> dict[str, float]:
    """One process of one peer."""
    command = [sys.executable, "-m", "tests.benchmarks.peers.one_run", peer, work, str(bars)]
    environment = dict(os.environ, TQDM_DISABLE="1")
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(work: str, folder: Path, repeats: int, slow_repeats: int) -> None:
    """Print medians and ratios of one work."""
    title, timeframe, count, against_backtesting, against_vectorbt = WORKS[work]
    bars = write_bars(folder, timeframe, count)
    found: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
    for repeat in range(repeats):
        for peer in PEERS:
            if peer != "backtesting" or repeat < slow_repeats:
                found[peer].append(one_run(peer, work, bars))
    seconds = {peer: statistics.median(run["seconds"] for run in runs) for peer, runs in found.items() if runs}
    print(title)
    for peer, median in seconds.items():
        peak = statistics.median(run["peak_mb"] for run in found[peer])
        print(f"  {peer:12s} median {median * 1e3:12.1f} ms of {len(found[peer])}, peak {peak:7.0f} MB")
    for peer, target in (("backtesting", against_backtesting), ("vectorbt", against_vectorbt)):
        if peer in seconds:
            wanted = f"(target: at least {target:,})" if target else ""
            print(f"  {peer} / twokey = {seconds[peer] / seconds['twokey']:,.0f} {wanted}")


def cold_start() -> None:
    """A first sweep in a new process, caches warm, beside `import vectorbt` alone."""
    code = (
        "import tests.benchmarks.peers.twokey_peer as p, tests.benchmarks.peers.common as w, sys\n"
        "from pathlib import Path\np.sweep(w.read(Path(sys.argv[1])), w.thousand())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        bars = str(write_bars(Path(folder), "1h", 17_520))
        taken: dict[str, list[float]] = {"first sweep": [], "import vectorbt": []}
        for _ in range(6):
            for name, command in (("first sweep", ["-c", code, bars]), ("import vectorbt", ["-c", "import vectorbt"])):
                began = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
                taken[name].append(time.perf_counter() - began)
    for name, times in taken.items():
        print(f"{name}: median {statistics.median(times[1:]):.2f} s of {len(times) - 1}, whole process")


def main() -> None:
    """Run the requested works."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=list(WORKS), help=", ".join(WORKS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--slow-repeats", type=int, default=5)
    options = parser.parse_args()
    cold_start()
    with tempfile.TemporaryDirectory() as folder:
        for work in options.works:
            compare(work, Path(folder), options.repeats, options.slow_repeats)


if __name__ == "__main__":
    main()
