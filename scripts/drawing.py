"""Finishes pages and pictures after the answer is printed, and says so in one line on standard error."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import print_error

if TYPE_CHECKING:
    from skills_lib.report.drawings import Drawings


def finish_drawings(drawings: "Drawings") -> None:
    """Draw what is missing of an answer that is printed and stored. A drawing that fails is a warning, no failure."""
    from skills_lib.report.drawings import draw_missing

    sys.stdout.flush()
    began = time.perf_counter()
    try:
        outcome = draw_missing(drawings)
    except KeyboardInterrupt:
        print_error("The answer is complete and stored; its drawings are not finished.")
        raise
    for problem in outcome.problems:
        print_error(f"! {problem}")
    if outcome.files:
        names = ", ".join(path.name for path in outcome.files)
        print_error(f"Drawn in {time.perf_counter() - began:.1f} s: {names} in {_folder(outcome.files)}")


def _folder(files: list[Path]) -> Path:
    return files[0].parent
