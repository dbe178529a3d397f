"""Strategies, one file each. `load("sma_crossover")` returns the class; `available()` lists the names."""

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.settings import Settings

if TYPE_CHECKING:
    from backtesting import Strategy


def available() -> list[str]:
    """Names of all strategy files, sorted; none of them is imported."""
    return sorted(_files())


def source_file(name: str) -> Path:
    """The file that holds strategy `name`.

    Raises:
        InputError: no such strategy; the message suggests the closest name.
    """
    files = _files()
    if name not in files:
        raise InputError(
            f"Unknown strategy '{name}'.{did_you_mean(name, files)} Available: {', '.join(sorted(files))}."
        )
    return files[name]


def load(name: str) -> "type[Strategy]":
    """Import one strategy file and return its strategy class; other files are not touched.

    Raises:
        InputError: unknown name, a file that cannot be imported, or not exactly one strategy class in it.
    """
    path = source_file(name)
    try:
        module = importlib.import_module(f"strategies.{name}")
    except Exception as error:
        raise InputError(f"{path.name} cannot be imported: {_one_line(error)}. Fix the file.") from error
    return _only_strategy(module.__name__, vars(module), path)


def _only_strategy(module: str, names: dict[str, object], path: Path) -> "type[Strategy]":
    from backtesting import Strategy

    found = [
        cls for cls in names.values() if inspect.isclass(cls) and issubclass(cls, Strategy) and cls.__module__ == module
    ]
    public = [cls for cls in found if not cls.__name__.startswith("_")]
    if len(public) != 1:
        listed = ", ".join(cls.__name__ for cls in public) or "none"
        raise InputError(f"{path.name} defines {len(public)} strategies ({listed}). One file holds exactly one.")
    return public[0]


def _files() -> dict[str, Path]:
    folders = [Path(__file__).parent, _own_folder()]
    return {p.stem: p for folder in folders for p in sorted(folder.glob("*.py")) if not p.stem.startswith("_")}


@cache
def _own_folder() -> Path:
    """`$TWOKEY_HOME/strategies`, made part of this package so its files import like the bundled ones."""
    folder = Settings().strategies_dir
    if str(folder) not in __path__:
        __path__.append(str(folder))
    return folder


def _one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} in line {error.lineno}"
    return f"{type(error).__name__}: {error}".splitlines()[0]
