"""`twokey compile`: compile the kernel before the first sweep needs it; `make demo` and `make setup` do it."""

import sys
import time

import typer

from scripts.console import progress_bar


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compile")(compile_kernel)


def compile_kernel() -> None:
    """Compile the kernel and the order book ahead, once for this machine and version: half a minute.

    The first sweep or order book would compile otherwise. `make demo` and `make setup` run this.
    """
    from skills_lib.backtest.kernel.compiling import compile_ahead

    began = time.perf_counter()
    if not sys.stderr.isatty():
        sys.stderr.write("Compiling the kernel, once for this machine and version; this takes about half a minute.\n")
    with progress_bar() as progress:
        functions = compile_ahead(progress).functions
    seconds = time.perf_counter() - began
    text = f"Compiled {len(functions)} functions in {seconds:.0f} s." if functions else "The kernel is compiled already."
    sys.stdout.write(text + "\n")
