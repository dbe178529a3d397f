"""`twokey compile`: compile the kernel before the first sweep needs it; `make demo` and `make setup` do it."""

import sys
import time

import typer

from scripts.console import progress_bar
from scripts.next_step import command, print_ending
from skills_lib.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compile")(compile_kernel)


def compile_kernel() -> None:
    """Compile the kernel and the order book ahead, once for this machine and version: half a minute.

    The first sweep or order book would compile otherwise. `make demo` and `make setup` run this.
    """
    from skills_lib.backtest.kernel.compiling import compile_ahead

    began = time.perf_counter()
    with progress_bar() as shown:
        functions = compile_ahead(shown if sys.stderr.isatty() else _say_once()).functions
    seconds = time.perf_counter() - began
    sys.stdout.write(
        f"Compiled {len(functions)} functions in {seconds:.0f} s.\n" if functions else "Compiled already.\n"
    )
    print_ending(command("demo"))


def _say_once() -> Progress:
    """What tells a log that compiling has begun."""
    said: list[str] = []

    def say(_done: int, _total: int, message: str) -> None:
        if not said:
            said.append(message)
            sys.stderr.write(f"{message}; this takes about half a minute.\n")

    return say
