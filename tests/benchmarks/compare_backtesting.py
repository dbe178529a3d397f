"""How far Twokey's answers are from those of a bare backtesting.py script, on every shared candle file.

`python -m tests.benchmarks.compare_backtesting [GLOB]` runs every bundled strategy in both and prints, for each, how
many runs differ, why they may (what is the first bar at which they part, see tests/backtest/test_ten_line_script.py),
and by how much the total return differs, in percentage points.
"""

import statistics
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from tests.backtest.test_ten_line_script import UNITS, first_difference, ten_line_script
from tests.repository import SHARED_CANDLES


class Compared(NamedTuple):
    """Both total returns of one run in percent, and what first sets them apart."""

    file: str
    strategy: str
    bare_pct: float
    ours_pct: float
    cause: str

    @property
    def difference(self) -> float:
        """Ours less the bare script's, in percentage points."""
        return self.ours_pct - self.bare_pct


def main() -> None:
    """Print one line a run that differs by more than 0.01 points, then the summary."""
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*"
    warnings.simplefilter("ignore")
    found = []
    for one in compared(pattern):
        found.append(one)
        if abs(one.difference) > 0.01:
            figures = f"{one.bare_pct:>10.2f} {one.ours_pct:>10.2f}"
            print(f"{one.file:<50} {one.strategy:<24} {figures}  {one.cause}", flush=True)
    sizes = sorted(abs(one.difference) for one in found)
    print(f"{len(found)} runs; {sum(size > 0.01 for size in sizes)} differ by more than 0.01 percentage points")
    ninetieth = sizes[int(len(sizes) * 0.9)]
    print(f"median {statistics.median(sizes):.4f}, 90th percentile {ninetieth:.2f}, most {sizes[-1]:.2f}")
    print("first cause:", dict(Counter(one.cause for one in found)))


def compared(pattern: str) -> Iterator[Compared]:
    """Every bundled strategy on every file whose name matches."""
    for file in (file for file in SHARED_CANDLES if file.match(pattern)):
        base, timeframe = file.name.split("_")[-4].removesuffix("USDT"), file.name.split("_")[-3]
        bars = candles.load_file(file, Instrument(base), Timeframe(timeframe)).bars
        for name in strategies.available():
            strategy = strategies.load(name)
            bare = ten_line_script(file, strategy)["_equity_curve"]["Equity"].iloc[-1] / UNITS
            execution = run_reference(strategy, bars, {}, BacktestSettings()).execution
            until = first_difference(execution, bars)
            held = execution.trades["exit_reason"].isin(["last bar"]).any()
            cause = "another rule" if until < len(bars) - 1 else "last bar" if held else "none"
            yield Compared(file.name, name, (bare / 1e5 - 1) * 100, (execution.equity[-1] / 1e5 - 1) * 100, cause)


if __name__ == "__main__":
    main()
