"""Imports backtesting.py without pandas and Bokeh, which it imports itself when it first uses them.

`import backtesting` takes longer than a sweep, nearly all of it for these two: Bokeh draws its plots, and strategies
that run on the kernel need neither. While it is imported, stand-ins take their places; afterwards only its own modules
hold them, and everyone else imports the real ones. backtesting.py itself is unchanged.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from skills_lib.domain.lazy import LazyModule, in_place

_LIBRARY = "backtesting"
_FUNCTIONS = {
    "backtesting._plotting": ("plot", "plot_heatmaps", "set_bokeh_output"),
    "backtesting._stats": ("compute_stats", "dummy_stats"),
}
"""Its modules that need Bokeh or pandas when they are imported, and the functions that the others take from them."""


class QuickFinder(MetaPathFinder):
    """Finds backtesting.py where it is, with a loader that puts the stand-ins in place."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _LIBRARY else None
        if spec is not None and spec.loader is not None:
            spec.loader = _QuickLoader(spec.loader)
        return spec


class _QuickLoader(Loader):
    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with in_place(LazyModule("pandas"), *map(_with_functions, _FUNCTIONS)):
            self._own.exec_module(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def install() -> None:
    """Import backtesting.py quickly from now on; without effect if it is imported already."""
    if not any(isinstance(finder, QuickFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, QuickFinder())


def _with_functions(name: str) -> LazyModule:
    module = LazyModule(name)
    for function in _FUNCTIONS[name]:
        setattr(module, function, _deferred(name, function))
    return module


def _deferred(module: str, name: str) -> Callable[..., Any]:
    """The function of this name, imported when it is called."""

    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **options)

    return call
