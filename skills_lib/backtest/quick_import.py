"""Imports backtesting.py without pandas and Bokeh, which it imports itself when it first uses them.

`import backtesting` takes longer than a sweep, nearly all of it for these two: Bokeh draws its plots, and strategies
that run on the kernel need neither. While it is imported, stand-ins take their places; afterwards only its own modules
hold them, and everyone else imports the real ones. backtesting.py itself is unchanged.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from skills_lib.domain.lazy import LazyModule

_FUNCTIONS = {
    "backtesting._plotting": ("plot", "plot_heatmaps", "set_bokeh_output"),
    "backtesting._stats": ("compute_stats", "dummy_stats"),
}
"""Its modules that need Bokeh or pandas when they are imported, and the functions that the others take from them."""


def import_backtesting() -> None:
    """Import backtesting.py, if nobody has yet."""
    if "backtesting" in sys.modules:
        return
    with ExitStack() as places:
        for module in (LazyModule("pandas"), *map(_with_functions, _FUNCTIONS)):
            places.enter_context(_in_place(module))
        import backtesting  # noqa: F401


@contextmanager
def _in_place(stand_in: ModuleType) -> Iterator[None]:
    """The stand-in under its name, unless that module is there already."""
    if stand_in.__name__ in sys.modules:
        yield
        return
    sys.modules[stand_in.__name__] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(stand_in.__name__) is stand_in:
            del sys.modules[stand_in.__name__]


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
