"""How the command speaks: tables and progress for people on stderr and stdout, one JSON object for programs."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_PIPE = 120


def complain(message: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(" ".join(message.split()) + "\n")


def print_json(payload: dict[str, Any]) -> None:
    """Print exactly one JSON object to standard output; nan and infinity do not occur in it."""
    sys.stdout.write(json.dumps(payload, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def wide_console() -> "Console":
    """Standard output, as wide as the terminal; a pipe has no width, and a table must not be cut there."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_PIPE
    return Console(highlight=False, width=width)


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress]:
    """A bar on standard error while long work runs; silent where nobody would see it."""
    if not (shown and sys.stderr.isatty()):
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, message: bar.update(task, completed=done, total=total, description=message)
