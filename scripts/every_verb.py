"""What every verb has: `--verbose` and `--debug`, and help whose examples run as they are printed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.main import get_command

from scripts.console import Failed
from scripts.invocation import as_typed
from skills_lib import log


def complete(command: Any) -> None:
    """Complete the help of a verb, or of a group and all of its verbs, and add the two options."""
    carrier = typer.Typer(add_completion=False)
    carrier.command()(_options)
    _complete(command, [option for option in get_command(carrier).params if option.name in ("verbose", "debug")])


def _complete(command: Any, options: list[Any]) -> None:
    for text in (command, *command.params):
        text.help = as_typed(getattr(text, "help", None) or "")
    command.short_help = " ".join(command.help.partition("\n\n")[0].split())  # by default a list of verbs cuts it
    command.params += options
    for child in getattr(command, "commands", {}).values():
        _complete(child, options)


@contextmanager
def logged() -> Iterator[None]:
    """Say how a command ends, if TWOKEY_LOG or an option asks for it; an error says so in its own line."""
    began = time.perf_counter()
    log.start(None)
    try:
        yield
    except Failed:
        raise
    except SystemExit as left:
        log.info("finished", exit_code=left.code or 0, seconds=round(time.perf_counter() - began, 3))
        raise


def listen_to_environment() -> None:
    """Say what TWOKEY_LOG asks for.

    Raises:
        InputError: an unknown level.
    """
    if (level := log.level_of_environment()) is not None:
        _show(level)


def _verbose(is_asked: bool) -> None:
    if is_asked and log.shown() != "debug":
        _show("info")


def _debug(is_asked: bool) -> None:
    if is_asked:
        _show("debug")


def _options(
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            callback=_verbose,
            is_eager=True,
            expose_value=False,
            help="Say on standard error what is done.",
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            callback=_debug,
            is_eager=True,
            expose_value=False,
            help="As --verbose, with details and the traceback of an error.",
        ),
    ] = False,
) -> None:
    """Carries the options; it is never called."""


def _show(level: log.Level) -> None:
    is_new = log.shown() is None
    log.start(level, sys.argv)
    if is_new:
        _describe_surroundings()


def _describe_surroundings() -> None:
    import platform
    from pathlib import Path

    from skills_lib.settings import Settings

    settings = Settings()
    log.info("started", arguments=sys.argv[1:], folder=str(Path.cwd()), python=platform.python_version())
    log.info("workspace", home=str(settings.home), ledger=str(settings.ledger_dir), exchange=settings.exchange)
