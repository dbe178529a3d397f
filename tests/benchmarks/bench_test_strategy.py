"""How long a whole `twokey test-strategy` run takes beside a bare backtesting.py script. Run by `make bench`.

Paired: the two programs take turns, whole processes, on the same 17,520 bars; every run starts in an empty workspace,
so no stored result is returned. The target is a ratio of medians of at most 1.3.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from skills_lib.market.candles.model import CandleRequest, Source
from skills_lib.settings import Settings

BARS = 17_520
REPEATS = 5
TARGET = 1.3
HERE = Path(__file__).parent
TWOKEY = Path(sys.executable).parent / "twokey"


@dataclass(frozen=True)
class Timed:
    """Wall time of one process and the run it did."""

    seconds: float
    trades: int
    final_equity: float


def write_candles(path: Path, home: Path) -> None:
    """Two years of hourly bars from the sample as one CSV file."""
    request = CandleRequest(Instrument("BTC"), Timeframe("1h"), source=Source.SAMPLE)
    frame = candles.load(request, Settings(home=home)).bars.to_frame().tail(BARS)
    if len(frame) < BARS:
        raise SystemExit(f"The sample holds {len(frame)} bars; {BARS} are needed.")
    frame.columns = [name.lower() for name in frame.columns]
    frame.tz_localize("UTC").to_csv(path, index_label="open_time")


def timed(command: list[str], home: Path) -> tuple[float, str]:
    """Seconds that a process took in an empty workspace, and what it printed."""
    environment = {**os.environ, "TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": str(home / "user")}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=home)
    return time.perf_counter() - start, done.stdout


def run_twokey(file: Path) -> Timed:
    """One run of the command."""
    with tempfile.TemporaryDirectory() as home:
        command = [str(TWOKEY), "test-strategy", "BTC", "1h", "sma_crossover", "--data", str(file), "--json"]
        seconds, printed = timed(command, Path(home))
    metrics = json.loads(printed)["metrics"]
    return Timed(seconds, metrics["trades"], metrics["final_equity"])


def run_bare(file: Path) -> Timed:
    """One run of the bare script."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, str(HERE / "bare_script.py"), str(file), str(Path(home) / "plot.html")]
        seconds, printed = timed(command, Path(home))
    trades, equity = printed.split()
    return Timed(seconds, int(trades), float(equity))


def main() -> int:
    """Time both in turn and print the ratio; exit 1 if it is above the target or the runs differ."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "BTCUSDT_1h.csv"
        write_candles(file, Path(folder))
        run_twokey(file), run_bare(file)
        pairs = [(run_twokey(file), run_bare(file)) for _ in range(REPEATS)]
    ours, bare = ([pair[i] for pair in pairs] for i in (0, 1))
    medians = [statistics.median(run.seconds for run in runs) for runs in (ours, bare)]
    ratio = medians[0] / medians[1]
    same = all((a.trades, a.final_equity) == (b.trades, b.final_equity) for a, b in pairs)
    say(f"{BARS} bars, {ours[0].trades} trades, {REPEATS} pairs; {'the same run' if same else 'THE RUNS DIFFER'}")
    say(f"twokey test-strategy  median {medians[0]:.2f} s  of {seconds_of(ours)}")
    say(f"bare backtesting.py   median {medians[1]:.2f} s  of {seconds_of(bare)}")
    say(f"ratio {ratio:.2f}  (target: at most {TARGET})")
    return 0 if same and ratio <= TARGET else 1


def seconds_of(runs: list[Timed]) -> str:
    """All times, sorted."""
    return " ".join(f"{seconds:.2f}" for seconds in sorted(run.seconds for run in runs))


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
