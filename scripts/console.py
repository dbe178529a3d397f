"""Console output of the commands: errors, progress bars, tables and JSON."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skills_lib.domain.errors import TwokeyError
from skills_lib.domain.options import spell_options
from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 120
_INTERRUPTED = 130
_INTERRUPTED_MESSAGE = "Interrupted. Progress saved; rerun the same command to resume."


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn errors into one line on standard error and an exit code: 2 for bad input, 1 for failure, 130 for ctrl-C."""
    try:
        yield
    except TwokeyError as error:
        print_error(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print_error(_INTERRUPTED_MESSAGE)
        sys.exit(_INTERRUPTED)
    except SystemExit as error:
        if error.code == _INTERRUPTED:  # Typer turns ctrl-C into this code
            print_error(_INTERRUPTED_MESSAGE)
        raise
    except OSError as error:
        print_error(f"System error: {error}. Free space or fix permissions, then rerun the command.")
        sys.exit(1)


def print_error(message: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(" ".join(with_flags(message).split()) + "\n")


def with_flags(message: str) -> str:
    """`message` with the options that it names written as this command takes them: --min-trades 5."""
    return spell_options(message, _flag)


def _flag(name: str, value: str | None) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if value is None else f"{flag} {value}"


def print_json(payload: dict[str, Any]) -> None:
    """Print one JSON object to standard output; nan and infinity raise ValueError."""
    sys.stdout.write(json.dumps(payload, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def wide_console() -> "Console":
    """A console on standard output, as wide as the terminal; on a pipe a fixed width, so that tables are not cut."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(highlight=False, width=width)


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress]:
    """Show a progress bar on standard error if `shown` and it is a terminal; yields the progress callback."""
    if not (shown and sys.stderr.isatty()):
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=None, count="")

        def show(done: int, total: int, message: str) -> None:
            if not total:
                bar.tasks[0].total = None  # unknown, which `update` cannot set: a bar that moves, without a count
            count = f"{done:,}/{total:,}" if total else ""
            bar.update(task, completed=done, total=total or None, description=message, count=count)

        yield show
