"""How long a whole validation takes beside backtesting.py's search of one in-sample. Run by `make bench`.

Twokey: sma_crossover with 100 combinations over four assets and three timeframes: candles read, search, out-of-sample,
walk-forward with the search in each window, eleven other sets of candles, Monte Carlo, overfitting, stress, regimes,
verdict, pictures and report. backtesting.py: its own `optimize` of the same 100 combinations on the in-sample of one
of them, over all cores, and nothing else. They take turns, a process each. First figure: the work alone, as in
bench_sweep.py; second: the whole process, imports and all. `--repeats 3`. Real candles are taken where ../shared/data
is beside the checkout, else the synthetic sample.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.market.candles import CandleArguments
from skills_lib.settings import Settings
from skills_lib.validate.other_markets import file_for
from skills_lib.validate.stages.holdout import split
from tests.benchmarks.peers.whole_validation import RANGES, SYMBOLS, TIMEFRAMES

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "candles"
PAIRS = list(itertools.product(range(5, 51, 5), range(60, 241, 20)))
SEARCH = (
    "import json, sys, time; from pathlib import Path\n"
    "import tests.benchmarks.peers.backtesting_peer as peer, tests.benchmarks.peers.common as work\n"
    "frame, pairs = work.read(Path(sys.argv[1])), [tuple(pair) for pair in json.loads(sys.argv[2])]\n"
    "began = time.perf_counter(); done = peer.sweep(frame, pairs)\n"
    "print(json.dumps({'seconds': time.perf_counter() - began, 'done': done}))\n"
)
COMMAND = ["-c", "from scripts.cli import main; main()", "validate", "sma_crossover", "BTC", "1h", "--seed", "7"]


def in_sample() -> Bars:
    """What backtesting.py searches: the first 70 % of BTC 1h."""
    file = file_for(SHARED, "BTC", "1h") if SHARED.is_dir() else None
    bars = CandleArguments("BTC", "1h", source="auto" if file else "sample", data=file).answer(Settings()).bars
    return bars[slice(*split(len(bars)).in_sample)]


def process(arguments: list[str], **environment: str) -> tuple[float, dict[str, object]]:
    """Seconds of a whole process, and the object it printed last."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"TQDM_DISABLE": "1"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


def one_round(folder: Path, bars: Path) -> dict[str, float]:
    """Seconds of each side, the work alone and the whole process."""
    data = str(SHARED) if SHARED.is_dir() else "sample"
    home, other = (tempfile.mkdtemp(dir=folder) for _ in range(2))
    _, ours = process(["-m", "tests.benchmarks.peers.whole_validation", home, data])
    source = ["--data-dir", data] if SHARED.is_dir() else ["--source", "sample"]
    ranges = [word for text in RANGES for word in ("--param", text)]
    command = [*COMMAND, "--symbols", SYMBOLS, "--timeframes", TIMEFRAMES, *ranges, *source, "--json"]
    whole, _ = process(command, TWOKEY_HOME=other, TWOKEY_LEDGER_DIR=f"{other}/ledger")
    whole_search, theirs = process(["-c", SEARCH, str(bars), json.dumps(PAIRS)])
    assert (ours["sets"], theirs["done"]) == (12, len(PAIRS))
    return {
        "twokey": float(str(ours["seconds"])),
        "backtesting": float(str(theirs["seconds"])),
        "twokey, whole process": whole,
        "backtesting, whole process": whole_search,
    }


def main() -> None:
    """Take turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    bars = in_sample()
    with tempfile.TemporaryDirectory() as scratch:
        names = ("open_time_ns", "open", "high", "low", "close", "volume")
        np.savez(Path(scratch) / "bars.npz", **{name: getattr(bars, name) for name in names})
        rounds = [one_round(Path(scratch), Path(scratch) / "bars.npz") for _ in range(repeats)]
    seconds = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(f"whole validation of 12 sets of candles, search of {len(bars):,} in-sample bars; 100 combinations each")
    for name, median in seconds.items():
        print(f"  {name:28s} median {median:7.2f} s of {repeats}")
    for kind in ("", ", whole process"):
        ratio = seconds[f"backtesting{kind}"] / seconds[f"twokey{kind}"]
        print(f"  backtesting / twokey{kind} = {ratio:.1f} (target: above 1)")


if __name__ == "__main__":
    main()
