"""Imports the bootstrap of the `arch` package alone: its volatility models import statsmodels and much of scipy."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from skills_lib.domain.lazy import LazyModule, in_place

_NAME = "arch.bootstrap"


def bootstrap() -> ModuleType:
    """`arch.bootstrap`, complete; scipy's distributions, which only its confidence intervals use, come on first use.

    Raises:
        ImportError: `arch` is not installed.
    """
    found = None if _NAME in sys.modules or "arch" in sys.modules else find_spec("arch")
    if found is None:
        return import_module(_NAME)
    package = LazyModule("arch")
    package.__path__ = list(found.submodule_search_locations or ())
    with in_place(package, LazyModule("scipy.stats")):
        return import_module(_NAME)
