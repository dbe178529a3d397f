"""Draws pictures and pages into an answer that is already stored; one that fails is a warning and costs nothing else.

The order: the answer is stored without drawings, they are drawn beside it, and its texts are rewritten to name those
that succeeded. Whatever a drawing does, even ending the process, the figures stay.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

Draw = Callable[[Path], object]
"""Draws one file at the path it is given."""
Texts = Mapping[str, str]
"""Contents of text files by name, in the order in which they are written."""

INTERRUPTED = "Drawings are missing: the program ended while it drew them. Delete its folder and rerun to draw them."


class Drawable(Protocol):
    """The files of an answer."""

    def without(self, files: Collection[str]) -> Self:
        """The same without the drawings of these file names."""
        ...


class Answer(Protocol):
    """A result with warnings and files."""

    @property
    def warnings(self) -> list[str]: ...
    @property
    def artifacts(self) -> Drawable: ...
    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


A = TypeVar("A", bound=Answer)


def store_then_draw(
    answer: A, folder: Path, drawings: Mapping[str, Draw], save: Callable[[A], None], texts: Callable[[A], Texts]
) -> A:
    """Store `answer` with `save`, draw `drawings` by file name into its `folder`, and rewrite its `texts`.

    `answer` names all files; returned is the answer with the files that exist, and a warning for each that failed.

    Raises:
        OSError: the answer cannot be stored. After that nothing is raised but interruptions.
    """
    save(_changed(answer, drawings, [INTERRUPTED]))
    failed = draw_into(folder, drawings)
    complete = _changed(answer, failed, failed.values())
    if problem := _rewrite(folder, lambda: texts(complete)):
        return _changed(complete, [], [problem])
    return complete


def draw_into(folder: Path, drawings: Mapping[str, Draw]) -> dict[str, str]:
    """Draw each file whole or not at all; a warning for each that failed, by file name."""
    failed = {}
    for name, draw in drawings.items():
        if problem := _failure(name, lambda: _draw_whole(folder / name, draw)):  # noqa: B023 called at once
            failed[name] = problem
    return failed


def write_texts(folder: Path, texts: Texts) -> None:
    """Write text files by name into a folder that nobody reads yet."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _changed(answer: A, files: Collection[str], warnings: Collection[str]) -> A:
    if not files and not warnings:
        return answer
    update = {"artifacts": answer.artifacts.without(files), "warnings": [*answer.warnings, *warnings]}
    return answer.model_copy(update=update)


def _draw_whole(path: Path, draw: Draw) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".drawing-") as scratch:
        made = Path(scratch) / path.name
        draw(made)
        made.replace(path)


def _rewrite(folder: Path, texts: Callable[[], Texts]) -> str | None:
    def write() -> None:
        for name, text in texts().items():
            _draw_whole(folder / name, lambda path: path.write_text(text, encoding="utf-8"))  # noqa: B023 called at once

    return _failure("The list of drawings", write)


def _failure(name: str, make: Callable[[], None]) -> str | None:
    try:
        make()
    except Exception as error:  # noqa: BLE001 an answer never depends on a drawing, whatever breaks in it
        reason = (str(error).splitlines() or ["no reason given"])[0]
        return f"{name} could not be written: {type(error).__name__}: {reason}. All figures are complete."
    return None
