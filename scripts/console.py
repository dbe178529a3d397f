"""What the commands print beside tables: errors, progress, JSON, and their exit codes."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from scripts.invocation import readable
from skills_lib import log
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from skills_lib.answers.model import Answer

FAILURE, BAD_INPUT, SYNTHETIC, INTERRUPTED = 1, 2, 3, 130
"""Exit codes beside 0, documented in docs/command-line.md."""
_UsageError: Any = typer.BadParameter.__mro__[1]
"""What Typer raises for arguments that it cannot parse."""
_INTERRUPTED_MESSAGE = "Interrupted. Progress saved; rerun the same command to resume."


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn errors into one line on standard error and an exit code: 2 for bad input, 1 for failure, 130 for ctrl-C."""
    try:
        yield
    except TwokeyError as error:
        _fail(str(error), error.exit_code)
    except _UsageError as error:
        _refuse(error)
    except (KeyboardInterrupt, typer.Abort):
        _fail(_INTERRUPTED_MESSAGE, INTERRUPTED)
    except SystemExit as error:
        if error.code == INTERRUPTED:  # Typer turns ctrl-C into this code
            print_error(_INTERRUPTED_MESSAGE)
        raise
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Failed(FAILURE) from None
    except OSError as error:
        _fail(f"System error: {error}. Free space or fix permissions, then rerun the command.", FAILURE)


def _refuse(error: Any) -> None:
    """Arguments that do not fit the command: one line, or the help where a verb is missing."""
    message = error.format_message()
    if "\n" in message:
        sys.stderr.write(f"{message}\n")
        sys.exit(BAD_INPUT)
    help_ = f" `{error.ctx.command_path} --help` lists what is allowed." if error.ctx else ""
    _fail(f"{message.rstrip('.')}.{help_}", BAD_INPUT)


class Failed(SystemExit):
    """The exit of a command whose error was printed; nothing follows its line."""


def _fail(message: str, code: int) -> None:
    log.info("failed", exit_code=code)
    print_traceback()
    print_error(message)
    raise Failed(code)


def print_traceback() -> None:
    """With --debug, print where the current exception was raised, and what caused it, to standard error."""
    if log.shown() == "debug":
        import traceback

        sys.stderr.write(log.without_secrets(traceback.format_exc()))


def print_error(message: str) -> None:
    """Print one line to standard error; the commands that it names run as printed, and addresses show no password."""
    sys.stderr.write(" ".join(log.without_secrets(readable(message)).split()) + "\n")


def print_unexpected(kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    """Print an error that the program does not expect; installed as `sys.excepthook`."""
    import traceback

    if log.shown() == "debug":
        sys.stderr.write(log.without_secrets("".join(traceback.format_exception(error))))
        print_error("This is a bug in Twokey: report it with the lines above.")
        return
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {place[0].name} ({place[0].filename}:{place[0].lineno})" if place else ""
    print_error(
        f"{kind.__name__}{where}: a bug in Twokey, not in the input. Rerun with --debug and report what it prints."
    )


def print_answer(answer: "Answer", verb: str, whole: Mapping[str, Any] | None = None, is_stored: bool = True) -> None:
    """Print a short answer as one JSON object.

    Where no result is stored, the complete answer is stored first, for its `path`, unless not `is_stored`; `whole`:
    its fields, by default those of `answer`.
    """
    if answer.path is None and is_stored:
        answer = answer.model_copy(update={"path": _stored(verb, answer.payload() if whole is None else whole)})
    _write(answer.text(spell=readable))


def print_whole(fields: Mapping[str, Any]) -> None:
    """Print a complete answer as one JSON object."""
    from skills_lib.answers.bounds import plain, text_of

    _write(text_of(plain(fields)))


def require_real(asked: str, synthetic: bool) -> None:
    """Leave with exit code 3, after the answer, if the sample was used though it was not asked for.

    Raises:
        typer.Exit: exit code 3.
    """
    if not synthetic or asked != "auto":
        return
    print_error(
        "No real candles were found, so the answer is about the synthetic sample. Connect to the network, run "
        "`twokey data import FILE`, or ask for the sample with --source sample."
    )
    raise typer.Exit(SYNTHETIC)


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress]:
    """Show a progress bar on standard error if `shown` and it is a terminal; yields the progress callback.

    With --verbose each step is a line instead.
    """
    if log.shown():
        yield _step_lines()
        return
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


def _step_lines() -> Progress:
    """A callback that says each step when it begins and, in detail, how far it is."""
    last = ""

    def say(done: int, total: int, message: str) -> None:
        nonlocal last
        log_line = log.debug if message == last else log.info
        log_line(message, done=done, total=total)
        last = message

    return say


def _stored(verb: str, fields: Mapping[str, Any]) -> Any:
    from skills_lib.answers.files import store_answer
    from skills_lib.settings import Settings

    try:
        return store_answer(Settings().answers_dir, verb, dict(fields))
    except (OSError, InputError) as error:
        reason = str(error).rstrip(".")
        print_error(f"The complete answer is not stored: {reason}. What is printed is what there is.")
        return None


def _write(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:  # a terminal or pipe without UTF-8
        import json

        text = json.dumps(json.loads(text), allow_nan=False) + "\n"
    sys.stdout.write(text)
