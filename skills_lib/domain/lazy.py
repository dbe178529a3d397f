"""Modules that are imported when something is first taken from them, and put into the place of others for a while."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """Stands for the module of its name, which is imported when an attribute is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for some
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


@contextmanager
def in_place(*stand_ins: ModuleType) -> Iterator[None]:
    """Within the block imports find the stand-ins instead of the modules of their names that are not loaded yet."""
    placed = [module for module in stand_ins if module.__name__ not in sys.modules]
    sys.modules.update((module.__name__, module) for module in placed)
    try:
        yield
    finally:
        for module in placed:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
