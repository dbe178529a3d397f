"""The `twokey` command as a process of its own, as a person or a job has it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.repository import ROOT

TWOKEY = [sys.executable, "-c", "from scripts.cli import main; main()"]

COUNTING = '''
"""SMA crossover that leaves a line in a file for every run."""

import os
from pathlib import Path

from tests.repository import ROOT

from skills_lib.domain.signals import Signals
from strategies.sma_crossover import SmaCrossover as _SmaCrossover


class Counting(_SmaCrossover):
    def signals(self, bars) -> Signals:
        with (Path(os.environ["TWOKEY_HOME"]) / "runs.txt").open("a") as file:
            file.write(f"{self.fast} {self.slow}\\n")
        return super().signals(bars)
'''


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start the command in a process group of its own, with `home` as its workspace."""
    environment = os.environ | {"TWOKEY_HOME": str(home), "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*TWOKEY, *arguments], cwd=ROOT, env=environment, text=True, start_new_session=True, **pipes
    )


def counted_runs(home: Path) -> list[str]:
    """Combinations the counting strategy ran, in order."""
    file = home / "runs.txt"
    return file.read_text().splitlines() if file.exists() else []


def wait_until(
    happened: Callable[[], bool], seconds: float = 180, process: "subprocess.Popen[str] | None" = None
) -> None:
    """Look again and again until it happened; not for longer than `process` lives."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        assert process is None or process.poll() is None, f"ended before it happened: {process.communicate()}"
        pause.wait(0.01)


def processes_of_group(group: int) -> list[str]:
    """Command lines of living processes of a process group."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = (line.split(maxsplit=2) for line in listed.splitlines())
    return [row[2] for row in rows if int(row[0]) == group and not row[1].startswith("Z")]
