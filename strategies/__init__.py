"""Strategies, one file each. `load("sma_crossover")` returns the class; `available()` lists the names.

Files in `$TWOKEY_HOME/strategies` belong to this package too, before the bundled ones of the same name.
"""

import hashlib
import inspect
import sys
from contextlib import redirect_stdout
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.settings import current as current_settings

if TYPE_CHECKING:
    from backtesting import Strategy

_BUNDLED = Path(__file__).resolve().parent
_executed: dict[str, str] = {}  # module name to the SHA-256 of the source it was executed from


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
    """Import one strategy file, again where it was edited, and return its strategy class.

    Other files are not touched. What the file prints goes to standard error.

    Raises:
        InputError: unknown name, a file that cannot be imported, or not exactly one strategy class in it.
    """
    path = source_file(name)
    try:
        with redirect_stdout(sys.stderr):
            module = _module(f"{__name__}.{name}", path)
    except (Exception, SystemExit) as error:  # a file that calls exit() must not end the server that lists it
        raise InputError(f"{path.name} cannot be imported: {_one_line(error)}. Fix the file.") from error
    return _only_strategy(module.__name__, vars(module), path)


def _module(full_name: str, path: Path) -> ModuleType:
    source = path.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    module = sys.modules.get(full_name)
    if module is None or module.__file__ != str(path) or _executed.setdefault(full_name, digest) != digest:
        module = _execute(full_name, path, source)
        _executed[full_name] = digest
    return module


def _execute(full_name: str, path: Path, source: bytes) -> ModuleType:
    """Run the very bytes that were hashed; bytecode caches are keyed on seconds and may be older."""
    loader = SourceFileLoader(full_name, str(path))
    spec = ModuleSpec(full_name, loader, origin=str(path))
    spec.has_location = True
    module = module_from_spec(spec)
    before = sys.modules.get(full_name)
    sys.modules[full_name] = module
    try:
        exec(loader.source_to_code(source, str(path)), vars(module))
    except BaseException:
        del sys.modules[full_name]
        if before is not None:
            sys.modules[full_name] = before
        raise
    return module


def _only_strategy(module: str, names: dict[str, object], path: Path) -> "type[Strategy]":
    from backtesting import Strategy

    found = [
        cls for cls in names.values() if inspect.isclass(cls) and issubclass(cls, Strategy) and cls.__module__ == module
    ]
    public = [cls for cls in found if not cls.__name__.startswith("_")]
    if len(public) != 1:
        listed = ", ".join(cls.__name__ for cls in public) or "none"
        raise InputError(
            f"{path.name} defines {len(public)} strategies ({listed}). One file holds exactly one; "
            "start the names of helper classes with an underscore."
        )
    return public[0]


def _files() -> dict[str, Path]:
    folders = [folder for folder in dict.fromkeys([_BUNDLED, _own_folder()]) if folder.is_dir()]
    files = [path for folder in folders for path in folder.iterdir() if path.name.endswith(".py")]
    return {path.stem: path for path in files if not path.name.startswith("_")}


def _own_folder() -> Path:
    """`$TWOKEY_HOME/strategies`, put first in this package, so that its files import like the bundled ones."""
    folder = current_settings().strategies_dir.resolve()
    __path__[:] = [str(folder), str(_BUNDLED)] if folder != _BUNDLED else [str(_BUNDLED)]
    return folder


def _one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} in line {error.lineno}"
    return f"{type(error).__name__}: {error}".splitlines()[0]


_own_folder()  # worker processes unpickle strategy classes by import alone
