"""The table of whole processes: its rows run, and a row that does not answer is an error."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.bench_start import VERDICT, waited
from tests.repository import ROOT


def test_a_row_is_measured_beside_its_peer() -> None:
    command = [
        sys.executable,
        str(ROOT / "tests" / "benchmarks" / "bench_start.py"),
        "--rounds",
        "1",
        "--only",
        "wrong",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "load average" in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("a wrong name"))
    assert "import typer" in row
    seconds = [float(cell) for cell in row.replace("import typer", "").split()[3:]]
    assert len(seconds) == 8
    assert min(seconds) > 0


def test_a_line_that_never_comes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="printed no line that begins with"):
        waited([sys.executable, "-c", "print('nothing')"], tmp_path, VERDICT)
