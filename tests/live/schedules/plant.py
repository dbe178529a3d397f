"""Plants each defect of `defects.toml` in a copy of the engine and shows after how many schedules it is found.

    python -m tests.live.schedules.plant --schedules 3000

Each defect runs in a process of its own, on a copy of `live`, so that nothing of this checkout changes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
TABLE = Path(__file__).with_name("defects.toml")
SEARCH = """
import sys
from live.schedules.many import results
for result in results(1, int(sys.argv[1]), processes=1):
    if result.violations:
        print(f"{result.number}\\t{result.violations[0].invariant}")
        break
"""


@dataclass(frozen=True)
class Change:
    """A change of the only place of `old` in a file."""

    file: str
    old: str
    new: str

    def carried_out(self, text: str) -> str:
        """The file's text after it.

        Raises:
            ValueError: the place is not there, or not the only one.
        """
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has {text.count(self.old)} places for {self.old[:60]!r}.")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Defect:
    """Changes that make one defect."""

    name: str
    changes: tuple[Change, ...]

    def plant(self, folder: Path) -> None:
        """Change the files of a copy; raises ValueError as `Change.carried_out` does."""
        for change in self.changes:
            path = folder / change.file
            path.write_text(change.carried_out(path.read_text(encoding="utf-8")), encoding="utf-8")


def defects() -> list[Defect]:
    """The table."""
    return [_defect(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["defects"]]


def _defect(name: str, file: str, old: str, new: str, further: Sequence[dict[str, str]] = ()) -> Defect:
    return Defect(name, (Change(file, old, new), *(Change(**change) for change in further)))


def search(defect: Defect, schedules: int) -> str:
    """Run schedules until one finds the defect: its count and the invariant, or what happened instead."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "live", Path(folder) / "live", ignore=shutil.ignore_patterns("__pycache__"))
        defect.plant(Path(folder))
        environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        done = subprocess.run(
            [sys.executable, "-c", SEARCH, str(schedules)], cwd=folder, env=environment, capture_output=True, text=True
        )
    if done.returncode:
        return f"ended with an error: {done.stderr.strip().splitlines()[-1][:80]}"
    if not done.stdout:
        return f"not found in {schedules}"
    number, invariant = done.stdout.strip().split("\t")
    return f"found by schedule {int(number) // 256}: {invariant}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Search for each defect, two at a time; 0 if all are found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=3_000)
    schedules, missed = parser.parse_args(arguments).schedules, 0
    with ThreadPoolExecutor(2) as pool:
        table = defects()
        for defect, result in zip(table, pool.map(lambda one: search(one, schedules), table), strict=True):
            missed += not result.startswith("found")
            print(f"{defect.name}: {result}", flush=True)
    print(f"{len(table) - missed} of {len(table)} defects are found within {schedules:,} schedules.")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
