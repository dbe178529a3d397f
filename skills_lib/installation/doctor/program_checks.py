"""Looks at Python, the installed packages, the compiled code and the command that skills call."""

import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

import skills_lib
from skills_lib.installation.doctor.model import Finding, broken, note, ok

TESTED = ((3, 11), (3, 14))
"""Oldest and newest Python that the tests have run on."""
SHOWN = ("numpy", "pandas", "numba", "backtesting", "ccxt", "duckdb", "mcp", "pydantic", "typer")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_COMPILED = ("backtest/kernel", "market/depth/book/compiled", "market/depth/tape/scanning")


def check_python() -> Iterator[Finding]:
    """The interpreter and its version."""
    found = f"{sys.version.split()[0]}, {sys.executable}"
    if sys.version_info[:2] > TESTED[1]:
        yield note("python", f"{found}; the newest that was tested is {TESTED[1][0]}.{TESTED[1][1]}")
    else:
        yield ok("python", found)


def check_packages() -> Iterator[Finding]:
    """Twokey and what it needs."""
    yield ok("twokey", f"{skills_lib.__version__}, {Path(skills_lib.__file__).parent}")
    try:
        needed = [line for line in requires("twokey") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        yield broken("packages", "twokey is not installed in this environment", "Run `make demo` in the checkout.")
        return
    missing = [name for line in needed if (name := _name_of(line)) and _version(name) is None]
    if missing:
        yield broken("packages", f"missing: {', '.join(missing)}", "Install Twokey again: `make demo`, or pip or uv.")
    yield ok("packages", ", ".join(f"{name} {found}" for name in SHOWN if (found := _version(name))))


def check_compiled_code() -> Iterator[Finding]:
    """Whether the compiled executor and order book are there, or the first search has to compile them."""
    if find_spec("numba") is None:
        yield note("compiled code", "numba is not installed: searches run on backtesting.py, and are slow")
        return
    counts = {name: _count_compiled(name) for name in _COMPILED}
    absent = [name for name, count in counts.items() if not count]
    if absent:
        advice = "Run `twokey compile`, or let the first search do it: about half a minute, once."
        yield note("compiled code", f"not there yet for {', '.join(absent)}: the first use compiles it", advice)
    else:
        yield ok("compiled code", f"{sum(counts.values())} compiled functions")


def check_command(home: Path) -> Iterator[Finding]:
    """Whether the command that skills and agents name is in the workspace."""
    command = home / ".venv" / "bin" / "twokey"
    if command.is_file() and os.access(command, os.X_OK):
        yield ok("command", str(command))
    elif (home / ".claude").is_dir() or (home / ".mcp.json").is_file():
        advice = "Run `make demo` there." if (home / "Makefile").is_file() else f"Run `twokey init {home}`."
        yield broken("command", f"skills and .mcp.json call {command}, which cannot be run", advice)
    else:
        yield note("command", f"{home} has no skills and no .mcp.json", f"Run `twokey init {home}` if it shall.")


def _count_compiled(package: str) -> int:
    """Compiled functions of a package in the caches that numba uses: beside the source, or below a common folder."""
    folder = Path(skills_lib.__file__).parent / package
    common = Path(os.environ.get("NUMBA_CACHE_DIR") or Path.home() / ".cache" / "numba")
    beside = [] if os.environ.get("NUMBA_CACHE_DIR") else list(folder.glob("__pycache__/*.nbi"))
    return len(beside) or len(list(common.glob(f"{folder.name}_*/*.nbi")))


def _name_of(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else ""


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
