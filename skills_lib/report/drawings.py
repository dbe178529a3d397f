"""Draws pages and pictures of an answer that is already stored, from its own files.

A stored answer never depends on its drawings: one that fails is a problem to be reported and costs nothing else, and
one that is missing, for whatever reason, is drawn when the same answer is asked for again.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Draw = Callable[[Path], object]
"""Draws one file at the path it is given."""
Drawings = Mapping[Path, Draw]
"""The drawings of an answer by path."""
Texts = Mapping[str, str]
"""Contents of text files by name, in the order in which they are written."""

PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Files that were drawn now, and one line for each that failed."""

    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def draw_missing(drawings: Drawings) -> Outcome:
    """Draw each file that is not there, whole or not at all.

    Nothing is raised but interruptions.
    """
    outcome = Outcome()
    for path, draw in drawings.items():
        if path.is_file():
            continue
        if problem := _problem(path, draw):
            outcome.problems.append(problem)
        else:
            outcome.files.append(path)
    return outcome


def write_texts(folder: Path, texts: Texts) -> None:
    """Write text files by name into a folder that nobody reads yet."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _problem(path: Path, draw: Draw) -> str | None:
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".drawing-") as scratch:
            made = Path(scratch) / path.name
            draw(made)
            made.replace(path)
    except Exception as error:  # noqa: BLE001 an answer never depends on a drawing, whatever breaks in it
        reason = (str(error).splitlines() or ["no reason given"])[0]
        return f"{path.name} could not be written: {type(error).__name__}: {reason}. All figures are complete."
    return None
