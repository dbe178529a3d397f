"""How long a person waits: whole commands, imports and all, beside the programs they are compared with.

Run by `make bench`. Every round starts each program once, in turn; a row gives the least and the median of the rounds.
Seconds, of the clock and of the processor (the process and those it waited for), run to the last line of the answer; on
a busy machine look at the latter. Ratios are of medians. `--rounds 5`, `--only stored` for rows that contain a word.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import SAMPLE_SPAN, sample_bars
from skills_lib.market.candles.spans import TimeSpan

HERE = Path(__file__).parent
TWOKEY = str(Path(sys.executable).with_name("twokey"))
HOURS, MINUTES = 17_520, 1_051_200
END, ANSWER, VERDICT = "", r"^next: ", r"^(PASS|CAUTION|FAIL)\b"
GRID = ("--param", "fast=5:54:1", "--param", "slow=60:155:5")  # 50 × 20 combinations


class Waited(NamedTuple):
    """Seconds, and processor seconds, to the line waited for."""

    seconds: float
    processor: float


@dataclass(frozen=True)
class Row:
    """One of our commands, its peer, and the largest ratio that is meant to be reached.

    `until`: what the line that is waited for begins with, else the end. `home`: the workspace; None: a new one.
    """

    name: str
    arguments: Sequence[str]
    peer: str
    target: float
    until: str = END
    home: Path | None = None


def rows(hourly: Path, minutes: Path, stored: Path, imported: Path) -> list[Row]:
    """The table of issue 12, "Speed that a person feels"."""
    test = ("test-strategy", "BTC", "1h", "sma_crossover", "--data", str(hourly))
    sweep = ("optimize", "sma_crossover", "BTC", "1h", "--data", str(hourly), *GRID)
    validate = ("validate", "sma_crossover", "BTC", "1h", "--data", str(hourly))
    return [
        Row("--help", ("--help",), "import typer", 3, home=stored),
        Row("runs", ("runs",), "import typer", 3, home=stored),
        Row("a wrong name", ("test-strategy", "BTC", "1h", "no_such"), "import typer", 3, home=stored),
        Row("stored test-strategy", test, "bare script", 0.25, ANSWER, stored),
        Row("stored optimize", sweep, "bare script", 0.25, ANSWER, stored),
        Row("stored validate", validate, "bare script", 0.25, ANSWER, stored),
        Row("new test-strategy", test, "bare script", 0.8, ANSWER),
        Row("new optimize, 1,000", sweep, "import vectorbt", 0.3, ANSWER),
        Row("new validate, verdict", validate, "bare script", 1.5, VERDICT),
        Row("new validate, whole", validate, "bare script", 3),
        Row(
            "data import, 1,051,200 bars",
            ("data", "import", str(minutes), "--symbol", "BTC", "--timeframe", "1m"),
            "pandas.read_csv",
            2,
        ),
        Row(
            "new test-strategy on them",
            ("test-strategy", "BTC", "1m", "sma_crossover", "--source", "cache", "--param", "slow={round}"),
            "pandas.read_csv",
            5,
            ANSWER,
            imported,
        ),
    ]


def peers(hourly: Path, minutes: Path, plot: Path) -> dict[str, list[str]]:
    """Commands of the programs we compare with."""
    return {
        "import typer": [sys.executable, "-c", "import typer"],
        "bare script": [sys.executable, str(HERE / "bare_script.py"), str(hourly), str(plot)],
        "import vectorbt": [sys.executable, "-c", "import vectorbt"],
        "pandas.read_csv": [sys.executable, "-c", f"import pandas; pandas.read_csv({str(minutes)!r})"],
    }


def waited(command: Sequence[str], home: Path, until: str = END) -> Waited:
    """Run one process to its end."""
    folders = {"TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": str(home / "user"), "PYTHONUNBUFFERED": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | folders
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        found = None
        for line in process.stdout:
            if until and found is None and re.match(until, line):
                found = Waited(time.perf_counter() - began, _processor_so_far(process.pid))
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    if until and found is None:
        raise SystemExit(f"{' '.join(command)} printed no line that begins with {until}")
    whole = Waited(time.perf_counter() - began, used.ru_utime + used.ru_stime)
    return whole if found is None else found._replace(processor=found.processor or whole.processor)


def _processor_so_far(process: int) -> float:
    """Processor seconds of a running process and of those it waited for; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def write_candles(path: Path, timeframe: Timeframe, bars: int) -> Path:
    """The last bars of the sample as a CSV file."""
    span = TimeSpan(SAMPLE_SPAN.end_ns - bars * timeframe.nanoseconds, SAMPLE_SPAN.end_ns)
    frame = sample_bars("BTCUSDT", timeframe, span).to_frame()
    frame.columns = [name.lower() for name in frame.columns]
    frame.to_csv(path)
    return path


def measured(every: Sequence[Row], programs: dict[str, list[str]], rounds: int) -> dict[str, list[Waited]]:
    """All rounds of every row and peer, by name; the first round, which warms caches, is not counted."""
    found: dict[str, list[Waited]] = {}
    for number in range(rounds + 1):
        turns = {name: command for name, command in programs.items() if any(row.peer == name for row in every)}
        for name, command in turns.items():
            with tempfile.TemporaryDirectory() as home:
                found.setdefault(name, []).append(waited(command, Path(home)))
        for row in every:
            command = [TWOKEY, *(text.format(round=31 + number) for text in row.arguments)]
            with tempfile.TemporaryDirectory() as home:
                found.setdefault(row.name, []).append(waited(command, row.home or Path(home), row.until))
    return {name: runs[1:] for name, runs in found.items()}


def table(every: Iterable[Row], found: dict[str, list[Waited]]) -> Table:
    """One line a row: both programs, and the ratios of their medians."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("twokey", "s least", "median", "processor s", "beside", "s median", "processor s", "ratio"):
        shown.add_column(heading, justify="left" if heading in ("twokey", "beside") else "right")
    shown.add_column("of processor", justify="right")
    shown.add_column("at most", justify="right")
    for row in every:
        ours, peer = found[row.name], found[row.peer]
        seconds, processor = (_median(ours, i) / _median(peer, i) for i in (0, 1))
        figures = (min(run.seconds for run in ours), _median(ours, 0), _median(ours, 1))
        beside = (_median(peer, 0), _median(peer, 1))
        numbers = [*(f"{value:.2f}" for value in figures), row.peer, *(f"{value:.2f}" for value in beside)]
        shown.add_row(row.name, *numbers, f"{seconds:.2f}", f"{processor:.2f}", f"{row.target:g}")
    return shown


def _median(runs: Sequence[Waited], place: int) -> float:
    return statistics.median(run[place] for run in runs)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hourly, minutes = folder / "BTCUSDT_1h.csv", folder / "BTCUSDT_1m.csv"
        stored, imported = folder / "stored", folder / "imported"
        programs = peers(hourly, minutes, folder / "plot.html")
        every = [row for row in rows(hourly, minutes, stored, imported) if options.only in row.name]
        if find_spec("vectorbt") is None and any(row.peer == "import vectorbt" for row in every):
            console.print("vectorbt is not installed: its row is left out. `make bench` installs it.")
            every = [row for row in every if row.peer != "import vectorbt"]
        prepare(every, hourly, minutes, (stored, imported))
        load = os.getloadavg()[0]
        found = measured(every, programs, options.rounds)
        console.print(f"{HOURS:,} hourly bars, {options.rounds} rounds; load average {load:.1f} before the first")
        console.print(table(every, found))


def prepare(every: Sequence[Row], hourly: Path, minutes: Path, homes: Sequence[Path]) -> None:
    """Write the files that the rows need, and store what is answered from the store."""
    for home in homes:
        home.mkdir()
    if any(row.peer != "import typer" for row in every):
        write_candles(hourly, Timeframe.H1, HOURS)
    if any(row.peer == "pandas.read_csv" for row in every):
        write_candles(minutes, Timeframe.M1, MINUTES)
        for row in every:
            if row.home == homes[1]:
                waited([TWOKEY, "data", "import", str(minutes), "--symbol", "BTC", "--timeframe", "1m"], homes[1])
    for row in every:
        if row.home == homes[0] and row.until:
            waited([TWOKEY, *row.arguments], homes[0])


if __name__ == "__main__":
    main()
