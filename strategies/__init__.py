"""Finds and loads strategies, one file each: `load("sma_crossover")` returns the class, `available()` the names.

Files in the workspace's `strategies` are part of this package too and override bundled ones of the same name.
"""

import hashlib
import inspect
import sys
from contextlib import redirect_stdout, suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.workspace.location import locate

if TYPE_CHECKING:
    from backtesting import Strategy

_BUNDLED = Path(__file__).resolve().parent
_executed: dict[str, str] = {}  # module name to the SHA-256 of the source it was executed from


def available() -> list[str]:
    """Sorted names of all strategy files, without importing them."""
    return sorted(_files())


def source_file(name: str) -> Path:
    """The file of strategy `name`.

    Raises:
        InputError: unknown strategy; the message suggests the closest name.
    """
    files = _files()
    if name not in files:
        raise InputError(
            f"Unknown strategy '{name}'.{did_you_mean(name, files)} Available: {', '.join(sorted(files))}."
        )
    return files[name]


def load(name: str) -> "type[Strategy]":
    """Import one strategy file, or reimport it if it changed, and return its strategy class.

    Other files are not imported. Output of the file goes to standard error.

    Raises:
        InputError: unknown name, a file that cannot be imported, or not exactly one strategy class in it.
    """
    path = source_file(name)
    try:
        with redirect_stdout(sys.stderr):
            module = _module(f"{__name__}.{name}", path)
    except (Exception, SystemExit) as error:  # a file that calls exit() must not stop the server
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
    """Execute the hashed bytes themselves; bytecode caches have a resolution of seconds and may be stale."""
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
            f"{path.name} defines {len(public)} strategies ({listed}). Define exactly one per file; "
            "start the names of helper classes with an underscore."
        )
    return public[0]


def _files() -> dict[str, Path]:
    folders = [folder for folder in (_BUNDLED, _own_folder()) if folder is not None and folder.is_dir()]
    files = [path for folder in folders for path in folder.iterdir() if path.name.endswith(".py")]
    return {path.stem: path for path in files if not path.name.startswith("_")}


def _own_folder() -> Path | None:
    """The workspace's `strategies`, put first on the path of this package; None if it is this package, or none."""
    home = locate().folder
    folder = None if home is None else (home / "strategies").resolve()
    own = folder if folder != _BUNDLED else None
    __path__[:] = [str(_BUNDLED)] if own is None else [str(own), str(_BUNDLED)]
    return own


def _one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} in line {error.lineno}"
    return f"{type(error).__name__}: {error}".splitlines()[0]


with suppress(InputError):  # which the first call reports
    _own_folder()  # worker processes only import strategy classes, to unpickle them
